// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.file;

import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.util.Map;

/**
 * The user's folders by the XDG Base Directory Specification 0.8. Relative values are ignored, as
 * it says.
 */
public record UserFolders(Path configuration, Path data, Path state, Path cache) {
  /** Finds the folders from the environment. */
  public static UserFolders of(Map<String, String> environment, FileSystem files) {
    Path home = files.getPath(environment.getOrDefault("HOME", "/"));
    return new UserFolders(
        folder(environment.get("XDG_CONFIG_HOME"), home.resolve(".config"), files),
        folder(environment.get("XDG_DATA_HOME"), home.resolve(".local/share"), files),
        folder(environment.get("XDG_STATE_HOME"), home.resolve(".local/state"), files),
        folder(environment.get("XDG_CACHE_HOME"), home.resolve(".cache"), files));
  }

  private static Path folder(
      @org.jspecify.annotations.Nullable String value, Path otherwise, FileSystem files) {
    Path chosen =
        value == null || value.isEmpty() || !files.getPath(value).isAbsolute()
            ? otherwise
            : files.getPath(value);
    return chosen.resolve("hearth");
  }
}
