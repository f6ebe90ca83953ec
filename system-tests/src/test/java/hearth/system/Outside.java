// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that tests need and that are not ours; a test that lacks one is told at the end of
 * {@code ./check}.
 */
final class Outside {
  private Outside() {}

  static void need(String test, String program) {
    boolean there =
        Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin")
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    if (!there) {
      notRun(test + ": needs " + program);
    }
  }

  static void notRun(String line) {
    String file = System.getenv("HEARTH_NOT_RUN");
    if (file != null) {
      try {
        Files.writeString(
            Path.of(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    Assumptions.abort(line);
  }
}
