// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A flag; each is defined once here, so that it means the same wherever it is used.
 *
 * @param letter short form, or 0 for none
 * @param label what its value is called in help; empty for a switch
 * @param repeats whether it may come several times
 */
record Flag(String name, char letter, String label, boolean repeats, String help) {
  private static final Map<String, Flag> ALL =
      Stream.of(
              of("help", 'h', "", "Show this help"),
              of(
                  "output",
                  'o',
                  "FORMAT",
                  "Format: table, wide, json, yaml, name, jsonpath=PATH or template=TEXT"),
              of("context", 'c', "NAME", "Host to speak to, as in: hearth context list"),
              of("server", 's', "URL", "Address of the host to speak to"),
              of("token-file", '\0', "FILE", "File with the token, or - for standard input"),
              of("timeout", '\0', "TIME", "Longest time to wait for the host, such as 30s"),
              of("no-input", '\0', "", "Never ask anything"),
              of("no-color", '\0', "", "Never use colour"),
              of("debug", '\0', "", "Show where an error came from"),
              of("dry-run", '\0', "", "Check whether it would succeed, and change nothing"),
              of("no-wait", '\0', "", "Begin it, and do not wait for its end"),
              of("yes", 'y', "", "Do not ask before destroying something"),
              of("force", 'f', "", "Do it even while initiators use it, and with all snapshots"),
              of("account", 'a', "NAME", "Account whose things are meant, or - for all"),
              of("volume", '\0', "NAME", "Volume whose things are meant"),
              of(
                  "retry-delay",
                  '\0',
                  "TIME",
                  "How long the initiator shall stay away, such as 60s"),
              of("filter", '\0', "TEXT", "Show only what matches, such as 'size_bytes > 1GiB'"),
              of("sort", '\0', "FIELDS", "Fields to sort by, such as 'size_bytes desc'"),
              of("limit", '\0', "NUMBER", "Most items of a page"),
              of(
                  "page-token",
                  '\0',
                  "TOKEN",
                  "Begin at the page that this token of the last one names"),
              of("all", '\0', "", "Show all pages"),
              of("size", '\0', "SIZE", "Size, such as 10GiB"),
              of("description", 'd', "TEXT", "What it is for"),
              new Flag("label", 'l', "KEY=VALUE", true, "Label to set; may come several times"),
              of("format", '\0', "raw|qcow2|stream", "Format of the file; by its name unless told"),
              of("engine", '\0', "chunks|raw|lvm", "What keeps the bytes; chunks unless told"),
              of("pool", '\0', "NAME", "Pool to take the space from; the data folder unless told"),
              of("target", '\0', "hearth|lio", "What serves it to initiators; hearth unless told"),
              of("volume-group", '\0', "NAME", "LVM volume group, as vgs shows it"),
              of("loopback", '\0', "FILE", "File to make, of which a volume group is made"),
              of("from-snapshot", '\0', "NAME", "Snapshot to begin with, such as data/monday"),
              of("snapshot", '\0', "NAME", "Snapshot of the volume, such as monday"),
              of("read-only", '\0', "yes|no", "Whether initiators may only read"),
              of("removable", '\0', "yes|no", "Whether initiators can eject and load it"),
              of("sanitize", '\0', "yes|no", "Whether initiators may erase it for good"),
              of("physical-block", '\0', "512|4096", "Bytes of a physical block; 4096 unless told"),
              new Flag(
                  "initiator",
                  '\0',
                  "IQN",
                  true,
                  "Initiator that may log in, or any; may come several times"),
              new Flag(
                  "reader",
                  '\0',
                  "IQN",
                  true,
                  "Initiator that may log in and only read; may come several times"),
              of("iops", '\0', "NUMBER", "Most commands in a second, or none for no limit"),
              of("iops-burst", '\0', "NUMBER", "Commands that may come at once after a quiet time"),
              of("bandwidth", '\0', "SIZE", "Most bytes in a second, or none for no limit"),
              of("bandwidth-burst", '\0', "SIZE", "Bytes that may come at once after a quiet time"),
              of("device", '\0', "PATH", "Block device of the host that holds the data"),
              of("if-match", '\0', "ETAG", "Refuse if it was changed since it had this etag"),
              of("request-id", '\0', "UUID", "Identity of the request, to repeat it safely"),
              of("role", '\0', "admin|member", "What the account may do"),
              of(
                  "quota",
                  '\0',
                  "SIZE",
                  "Most bytes that its volumes may have together, or none for no limit"),
              of("display-name", '\0', "TEXT", "Name for people"),
              of("disabled", '\0', "yes|no", "Whether its credentials are refused"),
              of("password-file", '\0', "FILE", "File with the password, or - for standard input"),
              of(
                  "expires",
                  '\0',
                  "TIME",
                  "When it stops working: 2027-01-31T00:00:00Z, or after 90d"),
              of("show-origin", '\0', "", "Tell where each value comes from"),
              of("shell", '\0', "bash|zsh|fish", "Shell to write for"),
              of(
                  "endpoint",
                  '\0',
                  "SOCKET",
                  "Unix socket to serve at; else what CSI_ENDPOINT says"),
              of("mode", '\0', "all|controller|node", "Which part to serve; all unless told"),
              of("node-id", '\0', "IQN", "Name of this machine's initiator; its own unless told"),
              of("max-volumes", '\0', "NUMBER", "Volumes that a node may have at most"),
              of("state-folder", '\0', "FOLDER", "Folder for what a node must not forget"),
              of("listen", '\0', "ADDRESS", "Address and port of web pages and API"),
              of(
                  "iscsi-listen",
                  '\0',
                  "ADDRESS",
                  "Addresses and ports of the iSCSI target, each a path to it"),
              of(
                  "lio-listen",
                  '\0',
                  "ADDRESS",
                  "Addresses and ports of the kernel's target, for volumes with --target lio"),
              of("data-folder", '\0', "FOLDER", "Folder for records and volumes"),
              of("volume-cache", '\0', "SIZE", "Memory for the maps of all volumes together"),
              of("database", '\0', "URL", "postgresql://USER@HOST/DATABASE instead of SQLite"),
              of(
                  "domain",
                  '\0',
                  "DOMAIN",
                  "Domain name in the names of targets, fixed at the first start"),
              of("tls-certificate", '\0', "FILE", "File with the certificate chain in PEM"),
              of("tls-key-file", '\0', "FILE", "File with the private key in PEM"))
          .collect(Collectors.toMap(Flag::name, Function.identity()));

  /** Flags of every command that speaks to a host. */
  static final List<String> NETWORK = List.of("context", "server", "token-file", "timeout");

  /** Flags of every command. */
  static final List<String> COMMON = List.of("no-input", "no-color", "debug");

  private static Flag of(String name, char letter, String label, String help) {
    return new Flag(name, letter, label, false, help);
  }

  static Flag named(String name) {
    Flag flag = ALL.get(name);
    if (flag == null) {
      throw new IllegalArgumentException("flag: " + name + " (expected: one of the registry)");
    }
    return flag;
  }

  static java.util.Set<String> names() {
    return ALL.keySet();
  }

  boolean isSwitch() {
    return label.isEmpty();
  }
}
