// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.binary;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What Go's linker writes of a build into {@code .go.buildinfo}: the toolchain's version, the main
 * package and module, the modules it was built with, and the build's settings.
 *
 * @param goVersion like {@code go1.26.8}
 * @param mainPath import path of the main package, or empty
 * @param mainModule the main module, if it was built in one
 * @param modules the modules it depends on
 * @param settings like {@code -gcflags=all=-N -l}, {@code vcs.revision=…}
 */
public record BuildInfo(
    String goVersion,
    String mainPath,
    Optional<Module> mainModule,
    List<Module> modules,
    List<String> settings) {

  /** A module and its version. */
  public record Module(String path, String version) {}

  /** Reads it, if the file was made by Go 1.18 or later. */
  public static Optional<BuildInfo> of(Elf elf) throws IOException {
    byte[] bytes = elf.content(".go.buildinfo");
    if (bytes.length < 33
        || !new String(bytes, 0, 14, StandardCharsets.ISO_8859_1).equals("\u00ff Go buildinf:")
        || (bytes[15] & 2) == 0) { // its strings lie elsewhere, as up to Go 1.17
      return Optional.empty();
    }
    Cursor c = new Cursor(bytes);
    c.seek(32);
    String version = new String(c.bytes(c.uleb32()), StandardCharsets.UTF_8);
    String text = c.more() ? new String(c.bytes(c.uleb32()), StandardCharsets.UTF_8) : "";
    // The text lies between two marks of 16 bytes, the second after a line break.
    text = text.length() >= 33 ? stripMarks(text) : "";
    String path = "";
    Optional<Module> main = Optional.empty();
    List<Module> modules = new ArrayList<>();
    List<String> settings = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] parts = line.split("\t", -1);
      switch (parts[0]) {
        case "path" -> path = parts.length > 1 ? parts[1] : "";
        case "mod" -> main = Optional.of(module(parts));
        case "dep", "=>" -> modules.add(module(parts));
        case "build" -> settings.add(parts.length > 1 ? parts[1] : "");
        default -> {}
      }
    }
    return Optional.of(new BuildInfo(version, path, main, modules, settings));
  }

  private static String stripMarks(String text) {
    int first = text.indexOf("path\t");
    int last = text.lastIndexOf('\n');
    return first < 0 || last < first ? "" : text.substring(first, last + 1);
  }

  private static Module module(String[] parts) {
    return new Module(parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
  }
}
