// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.cli.Output.Column;
import hearth.cli.Output.Kind;
import java.util.List;

/** The nouns, and where the verbs of each are. */
final class Nouns {
  static String root(Invocation invocation) {
    return "";
  }

  private Nouns() {}

  static List<Noun> all() {
    return List.of(
        new Noun("volume", "volumes", "Resources", "Keep block volumes", VolumeVerbs::volume),
        new Noun(
            "snapshot",
            "snapshots",
            "Resources",
            "Keep what a volume holds now",
            VolumeVerbs::snapshot),
        new Noun("pool", "pools", "Resources", "See and add space for volumes", PoolVerbs::pool),
        new Noun(
            "session",
            "sessions",
            "Resources",
            "See who uses volumes, cut them off",
            VolumeVerbs::session),
        new Noun(
            "account", "accounts", "Resources", "Manage who uses the host", AccountVerbs::account),
        new Noun(
            "token",
            "tokens",
            "Resources",
            "Manage the credentials of programs",
            AccountVerbs::token),
        new Noun("audit", "audits", "Resources", "See what was changed", HostVerbs::audit),
        new Noun("backup", "backups", "Resources", "Back the records up", HostVerbs::backup),
        new Noun(
            "operation", "operations", "Resources", "See what takes longer", HostVerbs::operation),
        new Noun("host", "hosts", "Resources", "See how the host is", HostVerbs::host),
        new Noun(
            "context", "contexts", "Settings", "Choose the host to speak to", LocalVerbs::context),
        new Noun("config", "configs", "Settings", "See the settings", LocalVerbs::config));
  }

  static Column column(String heading, String path) {
    return new Column(heading, path, Kind.TEXT, false);
  }

  static Column column(String heading, String path, Kind kind) {
    return new Column(heading, path, kind, false);
  }

  static Column wide(String heading, String path, Kind kind) {
    return new Column(heading, path, kind, true);
  }

  static String parentOf(Invocation invocation) {
    String name = invocation.names().isEmpty() ? "" : invocation.name();
    String account =
        name.startsWith("accounts/")
            ? name.split("/", -1)[1]
            : name.contains("/")
                ? name.substring(0, name.indexOf('/'))
                : invocation.flag("account").orElse("me");
    return Invocation.account(account) + "/";
  }
}
