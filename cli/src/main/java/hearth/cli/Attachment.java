// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Logs this machine's kernel initiator in and out of a volume, through {@code iscsiadm} of
 * open-iscsi.
 */
final class Attachment {
  private static final Path SESSIONS = Path.of("/sys/class/iscsi_session");

  private Attachment() {}

  static List<Verb> verbs() {
    return List.of(
        new Verb(
            "attach",
            "Attach a volume to this machine and print its device",
            "NAME",
            flags(List.of("account", "dry-run"), Flag.NETWORK),
            List.of(
                "# Attach it",
                "hearth volume attach data",
                "# And make a file system",
                "mkfs.ext4 $(hearth volume attach data)"),
            Attachment::attach),
        new Verb(
            "detach",
            "Detach a volume from this machine",
            "NAME",
            flags(List.of("account", "dry-run"), Flag.NETWORK),
            List.of(
                "# After unmounting it",
                "hearth volume detach data",
                "# One of another account",
                "hearth volume detach ann/photos"),
            Attachment::detach));
  }

  private static JsonObject volume(Invocation invocation) {
    return invocation.get(invocation.resource("volumes", invocation.name()));
  }

  private static void attach(Invocation invocation) {
    JsonObject volume = volume(invocation);
    String iqn = Output.text(volume, "iscsi.iqn");
    String portal = Output.text(volume, "iscsi.portal");
    if (invocation.isSet("dry-run")) {
      invocation
          .context()
          .out()
          .println("volume/" + invocation.name() + " attached (dry run: nothing was changed)");
      return;
    }
    if (device(iqn).isEmpty()) {
      requireTools();
      node(iqn, portal, "--op", "new");
      try {
        setting(iqn, portal, "node.session.auth.authmethod", "CHAP");
        setting(iqn, portal, "node.session.auth.username", Output.text(volume, "iscsi.chapUser"));
        setting(
            iqn, portal, "node.session.auth.username_in", Output.text(volume, "iscsi.chapUser"));
        secrets(
            iqn,
            portal,
            Map.of(
                "node.session.auth.password", Output.text(volume, "iscsi.chapSecret"),
                "node.session.auth.password_in", Output.text(volume, "iscsi.targetChapSecret")));
        setting(iqn, portal, "node.startup", "manual");
        node(iqn, portal, "--login");
      } catch (CliFailure e) {
        forget(iqn, portal);
        throw e;
      }
    }
    Instant deadline = invocation.context().clock().instant().plus(invocation.timeout());
    Optional<String> device = device(iqn);
    while (device.isEmpty()) {
      if (invocation.context().clock().instant().isAfter(deadline)) {
        throw new CliFailure(
            ExitCode.UNAVAILABLE,
            "The kernel logged in but showed no disk",
            "Look at: dmesg | tail; then hearth volume detach " + invocation.name());
      }
      pause();
      device = device(iqn);
    }
    invocation.context().out().println(device.get());
    invocation.next("mkfs.ext4 " + device.get() + " when it is new, or mount it");
  }

  private static void detach(Invocation invocation) {
    JsonObject volume = volume(invocation);
    String iqn = Output.text(volume, "iscsi.iqn");
    String portal = Output.text(volume, "iscsi.portal");
    if (!invocation.isSet("dry-run")) {
      requireTools();
      if (device(iqn).isPresent()) {
        node(iqn, portal, "--logout");
      }
      forget(iqn, portal);
    }
    invocation.changed(
        volume, List.of(), "volume/" + invocation.name() + " detached", "hearth volume list");
  }

  private static void requireTools() {
    if (!Files.isExecutable(Path.of("/usr/sbin/iscsiadm"))
        && !Files.isExecutable(Path.of("/sbin/iscsiadm"))) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "This machine has no iscsiadm",
          "Install it: apt-get install open-iscsi");
    }
  }

  /** The disk of a target's session, from sysfs. */
  private static Optional<String> device(String iqn) {
    if (!Files.isDirectory(SESSIONS)) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> sessions = Files.newDirectoryStream(SESSIONS)) {
      for (Path session : sessions) {
        Path name = session.resolve("targetname");
        if (Files.exists(name) && Files.readString(name).strip().equals(iqn)) {
          try (DirectoryStream<Path> targets =
              Files.newDirectoryStream(session.resolve("device"), "target*")) {
            for (Path target : targets) {
              try (var found =
                  Files.find(
                      target,
                      3,
                      (path, ignored) ->
                          path.getParent() != null && path.getParent().endsWith("block"))) {
                Optional<Path> disk = found.findFirst();
                if (disk.isPresent()) {
                  return Optional.of("/dev/" + disk.get().getFileName());
                }
              }
            }
          }
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void setting(String iqn, String portal, String name, String value) {
    node(iqn, portal, "--op", "update", "-n", name, "-v", value);
  }

  /** Writes secrets into the initiator's own record, so that no process list ever shows them. */
  private static void secrets(String iqn, String portal, Map<String, String> secrets) {
    int colon = portal.lastIndexOf(':');
    String address = portal.substring(0, colon).replaceAll("[\\[\\]]", "");
    for (String root : List.of("/etc/iscsi/nodes", "/var/lib/iscsi/nodes")) {
      Path folder = Path.of(root, iqn, address + "," + portal.substring(colon + 1));
      if (!Files.exists(folder)) {
        folder = Path.of(root, iqn, address + "," + portal.substring(colon + 1) + ",1");
      }
      Path record = Files.isDirectory(folder) ? folder.resolve("default") : folder;
      if (Files.isRegularFile(record)) {
        try {
          List<String> lines = new ArrayList<>(Files.readAllLines(record, StandardCharsets.UTF_8));
          secrets.forEach((name, secret) -> {
            lines.removeIf(line -> line.startsWith(name + " ="));
            int at = lines.indexOf("# END RECORD");
            lines.add(at < 0 ? lines.size() : at, name + " = " + secret);
          });
          hearth.kit.file.PrivateFiles.write(
              record, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
          return;
        } catch (IOException e) {
          throw new CliFailure(
              ExitCode.DENIED, "Cannot write " + record + ": " + e.getMessage(), "Run it as root");
        }
      }
    }
    throw new CliFailure(
        ExitCode.FAILURE,
        "iscsiadm made no record of the target",
        "Run it as root, and check that open-iscsi is configured");
  }

  private static void forget(String iqn, String portal) {
    try {
      node(iqn, portal, "--op", "delete");
    } catch (CliFailure e) {
      // There was no record to forget.
    }
  }

  private static void node(String iqn, String portal, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of("iscsiadm", "--mode", "node", "--targetname", iqn, "--portal", portal));
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new CliFailure(
            ExitCode.FAILURE,
            "iscsiadm failed: " + why(output, process.exitValue()),
            "Run it as root, with iscsid running: systemctl start iscsid");
      }
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "Cannot run iscsiadm: " + e.getMessage(),
          "Install it: apt-get install open-iscsi");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure(ExitCode.INTERRUPTED, "Interrupted", "");
    }
  }

  /** The first thing that iscsiadm says is the cause; what follows repeats it in other words. */
  private static String why(String output, int status) {
    return output
        .lines()
        .map(line -> line.replaceFirst("^iscsiadm: ", "").strip())
        .filter(line -> !line.isEmpty())
        .findFirst()
        .orElse("status " + status);
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure(ExitCode.INTERRUPTED, "Interrupted", "");
    }
  }
}
