// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builds a program, or the tests of a package, for debugging: without optimisation.
 *
 * @param tests whether the tests are built, and not the program
 * @param packages the package, or files of it; empty for that of the folder
 * @param flags for {@code go build} or {@code go test}
 * @param folder where the compiler runs
 */
public record GoBuild(boolean tests, List<String> packages, List<String> flags, Path folder) {
  /** A name for what is built that nothing else has. */
  public Path freshOutput() {
    String unique = Long.toUnsignedString(System.nanoTime() ^ ProcessHandle.current().pid() << 40);
    return folder.resolve((tests ? "debug.test" : "__debug_bin") + unique);
  }

  /** The compiler's command line. */
  public List<String> command(Path output) {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(tests ? List.of("test", "-c") : List.of("build"));
    command.addAll(List.of("-o", output.toString()));
    command.addAll(flags);
    command.addAll(List.of("-gcflags", "all=-N -l"));
    command.addAll(packages);
    return command;
  }

  /**
   * Runs the compiler.
   *
   * @param messages where what it says goes
   * @return its exit status
   * @throws SessionException if it cannot be run
   */
  public int run(Path output, OutputStream messages) throws SessionException {
    Process go;
    try {
      go =
          new ProcessBuilder(command(output))
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .start();
      go.getOutputStream().close();
      try (InputStream said = go.getInputStream()) {
        said.transferTo(messages);
      }
      messages.flush();
      return go.waitFor();
    } catch (IOException e) {
      throw new SessionException("could not run go: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SessionException("interrupted while go was building");
    }
  }

  /** Removes what was built; what cannot be removed is told, as Delve does. */
  public static void remove(@Nullable Path output, OutputStream messages) {
    try {
      if (output != null) {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      try {
        messages.write(
            ("could not remove " + output + ": " + e.getMessage() + "\n").getBytes(UTF_8));
      } catch (IOException told) {
        return;
      }
    }
  }
}
