// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import hearth.debug.json.BadFieldException;
import hearth.debug.json.Fields;
import hearth.debug.session.GoBuild;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.snapshot.Processes;
import hearth.debug.target.LiveProcess;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds and starts what a client asks for, and carries its output to the client. */
final class Start {
  private final Channel channel;
  private @Nullable GoBuild build;
  private @Nullable Path built;
  private boolean keep;
  private @Nullable Path pipes;
  private @Nullable Process alone;
  private final List<Thread> readers = new ArrayList<>();

  Start(Channel channel) {
    this.channel = channel;
  }

  private record What(Path program, Path folder) {}

  private What what(Fields fields) throws SessionException {
    String mode = fields.string("mode").isEmpty() ? "debug" : fields.string("mode");
    String program = fields.string("program");
    switch (mode) {
      case "debug", "test", "exec" -> {}
      case "core", "replay" ->
          throw new SessionException("'mode' \"" + mode + "\" is not offered yet");
      default -> throw new BadFieldException("unsupported 'mode' attribute \"" + mode + "\"");
    }
    if (program.isEmpty()) {
      throw new SessionException("The program attribute is missing in debug configuration.");
    }
    String base = fields.string("dlvCwd");
    Path here = Path.of(base).toAbsolutePath();
    Path folder = here.resolve(fields.string("cwd")).normalize();
    if (mode.equals("exec")) {
      Path binary = here.resolve(program).normalize();
      if (!Files.isExecutable(binary) || Files.isDirectory(binary)) {
        throw new SessionException(
            "could not launch process: " + binary + " is no executable file");
      }
      return new What(binary, folder);
    }
    boolean tests = mode.equals("test");
    Path place = here.resolve(program).normalize();
    boolean isFolder = Files.isDirectory(place);
    GoBuild made =
        new GoBuild(
            tests,
            List.of(isFolder ? "." : program),
            Configuration.buildFlags(fields),
            isFolder ? place : here);
    String output = fields.string("output");
    keep = !output.isEmpty();
    Path target = keep ? here.resolve(output) : made.freshOutput();
    build = made;
    built = target;
    channel.output("stdout", "Building " + (tests ? "tests of " : "") + program + "\n");
    compile();
    boolean ownFolder = tests && isFolder && fields.string("cwd").isEmpty();
    return new What(target, ownFolder ? place : folder);
  }

  /**
   * Builds again what was built.
   *
   * @throws SessionException if the compiler refuses
   */
  void compile() throws SessionException {
    GoBuild how = build;
    Path output = built;
    if (how == null || output == null) {
      return;
    }
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    int status = how.run(output, said);
    if (status != 0) {
      channel.output(
          "stderr",
          "Build Error: "
              + String.join(" ", how.command(output))
              + "\n"
              + said.toString(StandardCharsets.UTF_8).trim()
              + " (exit status "
              + status
              + ")\n");
      throw new SessionException("Build error: Check the debug console for details.");
    }
  }

  private static List<String> line(Path program, Fields fields) {
    List<String> line = new ArrayList<>();
    line.add(program.toString());
    line.addAll(fields.strings("args"));
    return line;
  }

  private static boolean isRemote(Fields fields) throws SessionException {
    String output = fields.string("outputMode");
    boolean remote = output.equals("remote");
    if (!remote && !output.isEmpty() && !output.equals("local")) {
      throw new BadFieldException("unsupported 'outputMode' attribute \"" + output + "\"");
    }
    if (remote && (fields.has("stdoutTo") || fields.has("stderrTo"))) {
      throw new SessionException(
          "output == \"remote\" can not be used together with stdoutTo or stderrTo");
    }
    return remote;
  }

  /**
   * Starts a program under the debugger.
   *
   * @throws SessionException if it cannot be built or started
   */
  Session launch(Fields fields) throws SessionException {
    boolean remote = isRemote(fields);
    What what = what(fields);
    Map<String, String> environment = Configuration.environment(fields);
    @Nullable String[] redirects = new @Nullable String[3];
    redirects[0] = given(fields, "stdinFrom");
    redirects[1] = remote ? pipe("stdout") : given(fields, "stdoutTo");
    redirects[2] = remote ? pipe("stderr") : given(fields, "stderrTo");
    try {
      return Session.launch(
          new LiveProcess.Launch(
              line(what.program, fields), environment, what.folder.toString(), redirects, true));
    } finally {
      release(redirects[1], remote);
      release(redirects[2], remote);
    }
  }

  private static @Nullable String given(Fields fields, String name) {
    return fields.has(name) ? fields.string(name) : null;
  }

  /** A pipe with a name, whose other end the client sees. */
  private String pipe(String category) throws SessionException {
    try {
      Path folder = pipes;
      if (folder == null) {
        folder = Files.createTempDirectory("hearth-debug");
        pipes = folder;
      }
      Path path = folder.resolve(category);
      Process made = new ProcessBuilder("mkfifo", "-m", "600", path.toString()).start();
      if (made.waitFor() != 0) {
        throw new SessionException("failed to generate stdio pipes - mkfifo " + path);
      }
      readers.add(Thread.ofPlatform().name(category).daemon().start(() -> carry(path, category)));
      return path.toString();
    } catch (IOException e) {
      throw new SessionException("failed to generate stdio pipes - " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SessionException("interrupted");
    }
  }

  /** A reader waits until somebody has opened its pipe for writing: somebody has now. */
  private static void release(@Nullable String path, boolean isPipe) {
    if (isPipe && path != null) {
      try (FileOutputStream opened = new FileOutputStream(path)) {
        opened.flush();
      } catch (IOException e) {
        return; // it went with its reader
      }
    }
  }

  private void carry(Path path, String category) {
    try (InputStream in = new FileInputStream(path.toFile())) {
      carry(in, category);
    } catch (IOException e) {
      return; // the program took its end with it
    }
  }

  private void carry(InputStream in, String category) throws IOException {
    byte[] bytes = new byte[1 << 12];
    int from = 0;
    while (true) {
      int count = in.read(bytes, from, bytes.length - from);
      int have = from + Math.max(count, 0);
      int whole = count < 0 ? have : wholeCharacters(bytes, have);
      if (whole > 0) {
        channel.output(category, new String(bytes, 0, whole, StandardCharsets.UTF_8));
      }
      if (count < 0) {
        return;
      }
      System.arraycopy(bytes, whole, bytes, 0, have - whole);
      from = have - whole;
    }
  }

  /** How many bytes make whole characters; a rest of up to three waits for more. */
  private static int wholeCharacters(byte[] bytes, int length) {
    for (int back = 1; back <= Math.min(3, length); back++) {
      int b = bytes[length - back] & 0xff;
      if (b >= 0xc0) {
        int needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
        return back < needed ? length - back : length;
      }
      if (b < 0x80) {
        break;
      }
    }
    return length;
  }

  /** Attaches to a process. */
  Session attach(Fields fields) throws SessionException {
    int pid = fields.smallNumber("processId");
    String prefix = fields.string("waitFor");
    if (!prefix.isEmpty() && pid != 0) {
      throw new SessionException(
          "'processId' and 'waitFor' are mutually exclusive, and can't be specified at the same"
              + " time");
    }
    if (!prefix.isEmpty()) {
      pid = Processes.waitFor(prefix, 1, 0);
    }
    if (pid == 0) {
      throw new SessionException(
          "The 'processId' or 'waitFor' attribute is missing in debug configuration");
    }
    return Session.attach(pid, null);
  }

  /**
   * Starts a program without the debugger.
   *
   * @param done told when it has ended
   */
  void runAlone(Fields fields, Runnable done) throws SessionException {
    boolean remote = isRemote(fields);
    What what = what(fields);
    try {
      ProcessBuilder builder =
          new ProcessBuilder(line(what.program, fields)).directory(what.folder.toFile());
      builder.environment().clear();
      builder.environment().putAll(Configuration.environment(fields));
      if (!remote) {
        builder.inheritIO();
      }
      Process process = builder.start();
      alone = process;
      if (remote) {
        readers.add(alone(process.getInputStream(), "stdout"));
        readers.add(alone(process.getErrorStream(), "stderr"));
      }
      Thread.ofPlatform()
          .name("program")
          .daemon()
          .start(() -> {
            int status = process.onExit().join().exitValue();
            drain();
            channel.output(
                "console", "Process " + process.pid() + " has exited with status " + status + "\n");
            com.google.gson.JsonObject body = new com.google.gson.JsonObject();
            body.addProperty("exitCode", status);
            channel.event("exited", body);
            done.run();
          });
    } catch (IOException e) {
      throw new SessionException("could not launch process: " + e.getMessage());
    }
  }

  private Thread alone(InputStream in, String category) {
    return Thread.ofPlatform()
        .name(category)
        .daemon()
        .start(() -> {
          try (in) {
            carry(in, category);
          } catch (IOException e) {
            return; // it ended
          }
        });
  }

  /** Waits until the client has all that the program wrote. */
  void drain() {
    for (Thread reader : readers) {
      try {
        reader.join(1000); // a child of the program may hold the other end for long
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Takes away what was made for the session. */
  void clean() {
    Process running = alone;
    if (running != null) {
      running.destroyForcibly();
    }
    try {
      Path output = built;
      if (output != null && !keep) {
        Files.deleteIfExists(output);
      }
      Path folder = pipes;
      if (folder != null) {
        for (String name : List.of("stdout", "stderr")) {
          Files.deleteIfExists(folder.resolve(name));
        }
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      channel.output("console", "could not remove " + e.getMessage() + "\n");
    }
  }
}
