// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.initiator;

import hearth.kit.file.PrivateFiles;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.process.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Logs the kernel's initiator in and out, through {@code iscsiadm} of open-iscsi. What is logged in
 * is always read from the kernel (sysfs) and never from {@code iscsiadm}'s records, which may be
 * gone or tell of another time. Safe for any thread; calls for one target are the caller's to put
 * in order.
 */
public final class KernelInitiator {
  private static final Path SESSIONS = Path.of("/sys/class/iscsi_session");
  private static final Path NAME = Path.of("/etc/iscsi/initiatorname.iscsi");
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String FIX = "Run it as root, with iscsid running: systemctl start iscsid";

  /**
   * A target and what it takes to log in.
   *
   * @param portals addresses and ports; the first that lets us in is used
   * @param user name in CHAP, of both sides
   * @param secret what we prove
   * @param targetSecret what the target must prove
   */
  public record Login(
      String iqn, List<String> portals, String user, String secret, String targetSecret) {
    @Override
    public String toString() {
      return "Login[" + iqn + "]";
    }
  }

  /** Whether {@code iscsiadm} is installed. */
  public static boolean isInstalled() {
    return Files.isExecutable(Path.of("/usr/sbin/iscsiadm"))
        || Files.isExecutable(Path.of("/sbin/iscsiadm"));
  }

  /** This machine's name among initiators, unless it has none. */
  public static Optional<String> name() {
    try {
      return Files.readAllLines(NAME).stream()
          .map(String::strip)
          .filter(line -> line.startsWith("InitiatorName="))
          .map(line -> line.substring("InitiatorName=".length()).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The disk of a target's session, if there is one. */
  public Optional<Path> device(String iqn) {
    for (Path session : sessions(iqn)) {
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
              return Optional.of(Path.of("/dev", String.valueOf(disk.get().getFileName())));
            }
          }
        }
      } catch (IOException e) {
        // It went away meanwhile.
      }
    }
    return Optional.empty();
  }

  /** Whether the kernel has a session on a target. */
  public boolean isLoggedIn(String iqn) {
    return !sessions(iqn).isEmpty();
  }

  private static List<Path> sessions(String iqn) {
    List<Path> found = new ArrayList<>();
    if (!Files.isDirectory(SESSIONS)) {
      return found;
    }
    try (DirectoryStream<Path> sessions = Files.newDirectoryStream(SESSIONS)) {
      for (Path session : sessions) {
        Path name = session.resolve("targetname");
        try {
          if (Files.readString(name).strip().equals(iqn)) {
            found.add(session);
          }
        } catch (IOException e) {
          // It went away meanwhile.
        }
      }
    } catch (IOException e) {
      // The module was unloaded: no sessions.
    }
    return found;
  }

  /**
   * Logs in, unless that was done before, and waits for the disk.
   *
   * @return the disk, such as {@code /dev/sda}
   */
  public Path login(Login login, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    if (!isLoggedIn(login.iqn())) {
      requireInstalled();
      Problem last = null;
      for (String portal : login.portals()) {
        try {
          login(login, portal);
          last = null;
          break;
        } catch (Problem e) {
          forget(login.iqn());
          last = e;
        }
      }
      if (last != null) {
        throw last;
      }
    }
    Optional<Path> device = device(login.iqn());
    while (device.isEmpty() || !Files.exists(device.get())) {
      if (System.nanoTime() > deadline) {
        throw new Problem(
            Code.UNAVAILABLE,
            "NO_DISK",
            "The kernel logged in but showed no disk",
            "Look at: dmesg | tail; then detach it and try again");
      }
      pause();
      device = device(login.iqn());
    }
    return device.get();
  }

  private static void login(Login login, String portal) {
    String iqn = login.iqn();
    node(iqn, portal, "--op", "new");
    setting(iqn, portal, "node.session.auth.authmethod", "CHAP");
    setting(iqn, portal, "node.session.auth.username", login.user());
    setting(iqn, portal, "node.session.auth.username_in", login.user());
    setting(iqn, portal, "node.startup", "manual");
    writeSecrets(
        iqn,
        portal,
        Map.of(
            "node.session.auth.password", login.secret(),
            "node.session.auth.password_in", login.targetSecret()));
    node(iqn, portal, "--login");
  }

  /** Ends all sessions on a target, by the kernel's numbers, and forgets its records. */
  public void logout(String iqn) {
    List<Path> sessions = sessions(iqn);
    if (!sessions.isEmpty()) {
      requireInstalled();
    }
    for (Path session : sessions) {
      String number = String.valueOf(session.getFileName()).replaceFirst("^session", "");
      Program.Result result =
          Program.run(
              PATIENCE, List.of("iscsiadm", "--mode", "session", "--sid", number, "--logout"));
      if (result.code() != 0 && Files.exists(session)) {
        throw new Problem(
            Code.INTERNAL,
            "LOGOUT_FAILED",
            "iscsiadm cannot end session " + number + " on " + iqn + ": " + result.why(),
            FIX);
      }
    }
    if (isInstalled()) {
      forget(iqn);
    }
  }

  /** Has the kernel look again how large a disk is. */
  public void rescan(Path device) {
    Path rescan = Path.of("/sys/block", String.valueOf(device.getFileName()), "device/rescan");
    try {
      Files.writeString(rescan, "1");
    } catch (IOException e) {
      throw new Problem(
          Code.INTERNAL,
          "RESCAN_FAILED",
          "The kernel does not look at " + device + " again: " + e.getMessage(),
          "Run it as root");
    }
  }

  /** Size of a disk in bytes, as the kernel knows it. */
  public long size(Path device) {
    return 512 * Long.parseLong(attribute(device, "size"));
  }

  /** Whether the kernel only reads from a disk. */
  public boolean isReadOnly(Path device) {
    return attribute(device, "ro").equals("1");
  }

  private static String attribute(Path device, String name) {
    Path file = Path.of("/sys/block", String.valueOf(device.getFileName()), name);
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new Problem(
          Code.UNAVAILABLE,
          "DISK_GONE",
          "The disk " + device + " is gone",
          "Detach the volume and attach it again");
    }
  }

  private static void requireInstalled() {
    if (!isInstalled()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "NO_ISCSIADM",
          "This machine has no iscsiadm",
          "Install it: apt-get install open-iscsi");
    }
  }

  private static void forget(String iqn) {
    var _ =
        Program.run(
            PATIENCE, List.of("iscsiadm", "--mode", "node", "--targetname", iqn, "--op", "delete"));
  }

  private static void setting(String iqn, String portal, String name, String value) {
    node(iqn, portal, "--op", "update", "-n", name, "-v", value);
  }

  private static void node(String iqn, String portal, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of("iscsiadm", "--mode", "node", "--targetname", iqn, "--portal", portal));
    command.addAll(List.of(arguments));
    String _ = Program.must(PATIENCE, FIX, command);
  }

  /** Writes secrets into the initiator's own record, so that no process list ever shows them. */
  private static void writeSecrets(String iqn, String portal, Map<String, String> secrets) {
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
          PrivateFiles.write(
              record, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
          return;
        } catch (IOException e) {
          throw new Problem(
              Code.PERMISSION_DENIED,
              "NOT_ROOT",
              "Cannot write " + record + ": " + e.getMessage(),
              "Run it as root");
        }
      }
    }
    throw new Problem(
        Code.FAILED_PRECONDITION,
        "NO_RECORD",
        "iscsiadm made no record of the target",
        "Run it as root, and check that open-iscsi is configured");
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Problem(Code.CANCELLED, "INTERRUPTED", "Interrupted", "Try again");
    }
  }
}
