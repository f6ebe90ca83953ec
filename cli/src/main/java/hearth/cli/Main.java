// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.posix.Terminal;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Where the process begins. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends the process with its exit code. */
  public static void main(String[] arguments) {
    List<String> line = List.of(arguments);
    int status = run(line);
    if (status != 0 || isService(line)) {
      System.exit(status);
    }
    // No thread of a command keeps the virtual machine, whose exit would look for a logger to tell
    // first: ten milliseconds.
  }

  /** A host or a driver, which say themselves that they stop. */
  private static boolean isService(List<String> line) {
    return !line.isEmpty() && List.of("up", "csi").contains(line.getFirst());
  }

  private static void tellInterruption(AtomicBoolean ended) {
    if (!ended.get()) {
      System.err.println();
      System.err.println("hearth: interrupted");
    }
  }

  /** Runs the command line on the process's own streams; the exit code. */
  static int run(List<String> arguments) {
    AtomicBoolean ended = new AtomicBoolean();
    // Of every command but those it is told here that it was ended.
    if (!isService(arguments)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> tellInterruption(ended)));
    }
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192),
            false,
            StandardCharsets.UTF_8);
    CliContext context =
        new CliContext(
            System.in,
            out,
            System.err,
            System.getenv(),
            Path.of("").toAbsolutePath(),
            InstantSource.system(),
            Terminal.is(0),
            Terminal.is(1),
            Terminal.is(2));
    int code = new Hearth(context).run(arguments);
    out.flush();
    ended.set(true);
    return code;
  }
}
