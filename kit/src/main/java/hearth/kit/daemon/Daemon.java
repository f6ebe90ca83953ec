// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.daemon;

import hearth.kit.configuration.Setting;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A host that can be started in this process. */
public interface Daemon {
  /** Settings of a host; the same list for its flags, its environment and its files. */
  List<Setting> SETTINGS =
      List.of(
          new Setting("listen", "127.0.0.1:7070", "Address and port of web pages and API"),
          new Setting(
              "iscsi-listen",
              "127.0.0.1:3260",
              "Addresses and ports of the iSCSI target, each a path to it"),
          new Setting(
              "lio-listen",
              null,
              "Addresses and ports of the kernel's target, for volumes with --target lio"),
          new Setting("data-folder", null, "Folder for records and volumes"),
          new Setting("volume-cache", "64MiB", "Memory for the maps of all volumes together"),
          new Setting("database", null, "postgresql://USER@HOST/DATABASE instead of SQLite"),
          new Setting(
              "domain", null, "Domain name in the names of targets, fixed at the first start"),
          new Setting("tls-certificate", null, "File with the certificate chain in PEM"),
          new Setting("tls-key-file", null, "File with the private key in PEM"));

  /**
   * Starts a host.
   *
   * @param settings values of {@link #SETTINGS} by name; {@code listen}, {@code iscsi-listen} and
   *     {@code data-folder} are present
   * @throws hearth.kit.problem.Problem if it cannot start
   */
  Running start(Map<String, String> settings);

  /** A started host. */
  interface Running {
    /** Address of the web pages and the API. */
    String uri();

    /** Address and port of the iSCSI target. */
    String portal();

    Path dataFolder();

    /**
     * At the first start: a token of the new administrator, and a link that logs a browser in once.
     */
    Optional<First> first();

    /** Finishes requests and commands in hand, flushes, and stops. */
    void stop();
  }

  /** What only the first start has to hand over. */
  record First(String account, String token, String loginLink) {}
}
