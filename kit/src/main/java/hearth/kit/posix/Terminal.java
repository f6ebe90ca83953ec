// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells terminals from files and pipes, without the foreign calls of {@link Posix}. */
public final class Terminal {
  private Terminal() {}

  /**
   * Whether a descriptor (0 standard input, 1 standard output, 2 standard error) is a terminal.
   * Reads its name in {@code /proc}: the first foreign call of a process costs more than all the
   * rest of a short command.
   */
  public static boolean is(int descriptor) {
    try {
      String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return name.startsWith("/dev/pts/")
          || name.startsWith("/dev/tty")
          || name.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }
}
