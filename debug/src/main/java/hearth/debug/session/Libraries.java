// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Shared libraries of the process, as the kernel has them mapped. */
public final class Libraries {
  private Libraries() {}

  /** A library and where it was loaded. */
  public record Library(long address, String path) {}

  /** All of a session's process, in the order of their addresses; none of what ended. */
  public static List<Library> of(Session session) throws SessionException {
    session.requireAlive();
    Map<String, Long> found = new LinkedHashMap<>();
    if (session.target().canRun()) {
      try {
        for (String line :
            Files.readAllLines(Path.of("/proc/" + session.target().pid() + "/maps"))) {
          String[] parts = line.split(" +", 6);
          boolean library = parts.length == 6 && parts[5].matches("/.*\\.so(\\.[0-9.]+)?");
          if (library) {
            long start = Long.parseUnsignedLong(parts[0].substring(0, parts[0].indexOf('-')), 16);
            found.putIfAbsent(parts[5], start);
          }
        }
      } catch (IOException e) {
        throw new SessionException("cannot read what is mapped: " + e.getMessage());
      }
    }
    List<Library> result = new ArrayList<>();
    found.forEach((path, address) -> result.add(new Library(address, path)));
    return result;
  }
}
