// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.configuration.Configuration;
import hearth.kit.configuration.Setting;
import hearth.kit.daemon.Daemon;
import hearth.kit.file.UserFolders;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Every flag is also a setting of the environment and of the files; this is where they are read.
 */
final class Settings {
  private Settings() {}

  static Setting of(Flag flag) {
    return Daemon.SETTINGS.stream()
        .filter(setting -> setting.name().equals(flag.name()))
        .findFirst()
        .orElseGet(() -> new Setting(flag.name(), fallback(flag.name()), flag.help()));
  }

  private static @org.jspecify.annotations.Nullable String fallback(String name) {
    return switch (name) {
      case "output" -> "table";
      case "timeout" -> "30s";
      default -> null;
    };
  }

  static List<Setting> known() {
    List<Setting> all = new ArrayList<>();
    Flag.names().stream()
        .filter(name -> !name.equals("help"))
        .map(Flag::named)
        .map(Settings::of)
        .forEach(all::add);
    all.sort(Comparator.comparing(Setting::name));
    return all;
  }

  /** Reads environment and files: the project's, the user's, the system's. */
  static Configuration read(CliContext context) {
    UserFolders folders =
        UserFolders.of(context.environment(), context.workingFolder().getFileSystem());
    return Configuration.read(
        context.environment(),
        List.of(
            context.workingFolder().resolve("hearth.conf"),
            folders.configuration().resolve("hearth.conf"),
            context.workingFolder().getFileSystem().getPath("/etc/hearth/hearth.conf")),
        Flag.names());
  }
}
