// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.lio;

import hearth.volume.iscsi.IscsiTarget;
import hearth.volume.iscsi.SessionInfo;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The target in Linux (LIO), through its configuration file system. Of each volume it makes a
 * backstore {@code core/iblock_0/hearth-UID} and a target {@code iscsi/IQN} with one portal group;
 * the backstore's alias tells which host made it. Safe for any thread; changes run one after the
 * other.
 */
public final class Lio {
  /** Where Linux has it. */
  public static final Path ROOT = Path.of("/sys/kernel/config/target");

  private static final String PREFIX = "hearth-";
  private static final Pattern UID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern ADDRESS =
      Pattern.compile("^\\s*Address (\\S+) TCP", Pattern.MULTILINE);
  private static final Pattern ISID = Pattern.compile("ISID: 0x((?: ?[0-9a-f]{2}){6})");

  private final Path root;
  private final String alias;
  private final String revision;
  private final List<String> portals;
  private final Map<String, Long> numbers = new HashMap<>();
  private long lastNumber;

  /**
   * @param root where the configuration file system has LIO; {@link #ROOT}
   * @param owner what tells this host's targets from those of others on the machine, such as its
   *     data folder
   * @param revision four characters that disks tell as theirs
   * @param portals where to listen; ports are not 0, and our own target does not have them
   */
  public Lio(Path root, String owner, String revision, List<InetSocketAddress> portals) {
    this.root = root;
    this.alias = "hearth " + owner;
    this.revision = revision;
    this.portals = portals.stream().map(IscsiTarget::format).toList();
  }

  /** Addresses and ports where it listens. */
  public List<String> portals() {
    return portals;
  }

  private void requireKernel() throws IOException {
    if (!Files.isDirectory(root.resolve("core"))) {
      throw new IOException(
          "the kernel's target is not there; load it: modprobe -a target_core_mod target_core_iblock"
              + " iscsi_target_mod && mount -t configfs none /sys/kernel/config");
    }
  }

  private Path store(String uid) {
    if (!UID.matcher(uid).matches()) {
      throw new IllegalArgumentException("uid: " + uid + " (expected: 32 hexadecimal digits)");
    }
    return root.resolve("core/iblock_0").resolve(PREFIX + uid);
  }

  private Path group(String iqn) {
    return root.resolve("iscsi").resolve(iqn).resolve("tpgt_1");
  }

  /**
   * Makes LIO serve a device just as told. What is so already stays, with its sessions; those of
   * initiators that may not be there any more end.
   *
   * @throws IOException if the kernel refuses, for example since the device is in use
   */
  public synchronized void serve(KernelTarget target) throws IOException {
    requireKernel();
    Path store = store(target.uid());
    if (Files.exists(store) && !isAsWanted(store, target)) {
      remove(target.iqn(), target.uid());
    }
    offerDevice(store, target);
    make(root.resolve("iscsi"));
    make(root.resolve("iscsi").resolve(target.iqn()));
    Path group = group(target.iqn());
    make(group);
    // The secrets below are readable for everybody otherwise.
    Files.setPosixFilePermissions(group, PosixFilePermissions.fromString("rwx------"));
    make(group.resolve("lun/lun_0"));
    link(group.resolve("lun/lun_0/data"), store);
    boolean everybody = target.initiators().isEmpty();
    set(group.resolve("attrib/authentication"), "1");
    set(group.resolve("attrib/demo_mode_write_protect"), "0");
    set(group.resolve("attrib/demo_mode_discovery"), "0");
    set(group.resolve("attrib/cache_dynamic_acls"), "0");
    set(group.resolve("attrib/generate_node_acls"), everybody ? "1" : "0");
    credentials(group.resolve("auth"), target);
    admit(group, target);
    listen(group.resolve("np"));
    set(group.resolve("enable"), "1");
  }

  private static boolean isAsWanted(Path store, KernelTarget target) throws IOException {
    return read(store.resolve("enable")).equals("1")
        && read(store.resolve("udev_path")).equals(target.device().toString())
        && read(store.resolve("info")).contains("readonly: " + (target.readOnly() ? 1 : 0));
  }

  private void offerDevice(Path store, KernelTarget target) throws IOException {
    if (Files.exists(store)) {
      return;
    }
    make(root.resolve("core/iblock_0"));
    make(store);
    try {
      write(store.resolve("alias"), alias);
      write(
          store.resolve("control"),
          "udev_path=" + target.device() + ",readonly=" + (target.readOnly() ? 1 : 0));
      write(store.resolve("udev_path"), target.device().toString());
      // The same words as those of our own target: LVM on this machine is told to leave them alone.
      write(store.resolve("wwn/vendor_id"), "HEARTH");
      write(store.resolve("wwn/product_id"), "VOLUME");
      write(store.resolve("wwn/revision"), revision);
      write(store.resolve("wwn/vpd_unit_serial"), target.uid());
      enable(store, target);
      if (!read(store.resolve("attrib/max_unmap_lba_count")).equals("0")) {
        set(store.resolve("attrib/emulate_tpu"), "1");
        set(store.resolve("attrib/emulate_tpws"), "1");
      }
    } catch (IOException e) {
      Files.delete(store);
      throw e;
    }
  }

  private static void enable(Path store, KernelTarget target) throws IOException {
    try {
      write(store.resolve("enable"), "1");
    } catch (IOException e) {
      throw new IOException(
          "the kernel's target cannot take "
              + target.device()
              + ": it is not there, or this machine uses it itself",
          e);
    }
  }

  private static void credentials(Path auth, KernelTarget target) throws IOException {
    set(auth.resolve("userid"), target.chapUser());
    set(auth.resolve("password"), target.chapSecret());
    set(auth.resolve("userid_mutual"), target.chapUser());
    set(auth.resolve("password_mutual"), target.targetSecret());
  }

  /** Lets those in that may be there, and ends the sessions of all others. */
  private void admit(Path group, KernelTarget target) throws IOException {
    Path acls = group.resolve("acls");
    for (String initiator : list(acls)) {
      if (!target.initiators().contains(initiator)) {
        forget(acls.resolve(initiator));
      }
    }
    for (String initiator : target.initiators()) {
      Path acl = acls.resolve(initiator);
      make(acl);
      credentials(acl.resolve("auth"), target);
      make(acl.resolve("lun_0"));
      link(acl.resolve("lun_0/lun"), group.resolve("lun/lun_0"));
      set(acl.resolve("lun_0/write_protect"), target.readers().contains(initiator) ? "1" : "0");
    }
    if (!target.initiators().isEmpty()) {
      for (String initiator : passing(group)) {
        end(group, initiator);
      }
    }
  }

  private void listen(Path np) throws IOException {
    for (String portal : list(np)) {
      if (!portals.contains(portal)) {
        Files.delete(np.resolve(portal));
      }
    }
    for (String portal : portals) {
      try {
        make(np.resolve(portal));
      } catch (IOException e) {
        throw new IOException("the kernel's target cannot listen on " + portal, e);
      }
    }
  }

  /**
   * Ends all sessions of a target, and no longer serves it. Of one that is not there it does
   * nothing.
   */
  public synchronized void remove(String iqn, String uid) throws IOException {
    Path group = group(iqn);
    if (Files.isDirectory(group)) {
      set(group.resolve("enable"), "0");
      for (String initiator : list(group.resolve("acls"))) {
        forget(group.resolve("acls").resolve(initiator));
      }
      Files.deleteIfExists(group.resolve("lun/lun_0/data"));
      Files.deleteIfExists(group.resolve("lun/lun_0"));
      for (String portal : list(group.resolve("np"))) {
        Files.delete(group.resolve("np").resolve(portal));
      }
      Files.delete(group);
    }
    Files.deleteIfExists(root.resolve("iscsi").resolve(iqn));
    Files.deleteIfExists(store(uid));
  }

  private static void forget(Path acl) throws IOException {
    Files.deleteIfExists(acl.resolve("lun_0/lun"));
    Files.deleteIfExists(acl.resolve("lun_0"));
    Files.delete(acl);
  }

  /** A target that this host made once. */
  public record Left(String iqn, String uid) {}

  /** Targets that this host made, also before it was started. */
  public synchronized List<Left> left() throws IOException {
    Map<String, String> uids = new HashMap<>();
    for (String name : list(root.resolve("core/iblock_0"))) {
      Path store = root.resolve("core/iblock_0").resolve(name);
      String uid = name.substring(Math.min(PREFIX.length(), name.length()));
      if (name.startsWith(PREFIX)
          && UID.matcher(uid).matches()
          && read(store.resolve("alias")).equals(alias)) {
        uids.put(name, uid);
      }
    }
    List<Left> left = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String iqn : list(root.resolve("iscsi"))) {
      Path data = group(iqn).resolve("lun/lun_0/data");
      if (Files.isSymbolicLink(data)) {
        String uid = uids.get(String.valueOf(Files.readSymbolicLink(data).getFileName()));
        if (uid != null && seen.add(uid)) {
          left.add(new Left(iqn, uid));
        }
      }
    }
    // A crash came before the target was made, or after it was gone.
    uids.values().stream()
        .filter(uid -> !seen.contains(uid))
        .forEach(uid -> left.add(new Left("iqn.none:" + uid, uid)));
    return left;
  }

  /** Initiators that have no entry of their own and are there since everybody may be. */
  private static Set<String> passing(Path group) throws IOException {
    Set<String> names = new TreeSet<>();
    Path file = group.resolve("dynamic_sessions");
    if (Files.exists(file)) {
      for (String name : read(file).split("[\\s\\x00]+", -1)) {
        if (!name.isEmpty()) {
          names.add(name);
        }
      }
    }
    return names;
  }

  /**
   * Sessions of a target, one for each initiator: that is what LIO can end. When they began and
   * what they moved LIO does not tell; of initiators that are not on the target's list it tells the
   * name only.
   */
  public synchronized List<SessionInfo> sessions(String iqn) throws IOException {
    Path group = group(iqn);
    List<SessionInfo> sessions = new ArrayList<>();
    for (String initiator : passing(group)) {
      sessions.add(session(iqn, initiator, ""));
    }
    for (String initiator : list(group.resolve("acls"))) {
      String info = read(group.resolve("acls").resolve(initiator).resolve("info"));
      if (info.contains("LIO Session ID:")) {
        sessions.add(session(iqn, initiator, info));
      }
    }
    return sessions;
  }

  private SessionInfo session(String iqn, String initiator, String info) {
    Matcher address = ADDRESS.matcher(info);
    Matcher isid = ISID.matcher(info);
    return new SessionInfo(
        numbers.computeIfAbsent(iqn + " " + initiator, key -> ++lastNumber),
        initiator,
        isid.find() ? Long.parseLong(isid.group(1).replace(" ", ""), 16) : 0,
        address.find() ? address.group(1) : "",
        Instant.EPOCH,
        0,
        0,
        0,
        false,
        false);
  }

  /** Ends the sessions of an initiator; it may log in again if it may be there. */
  public synchronized void dismiss(KernelTarget target, String initiator) throws IOException {
    end(group(target.iqn()), initiator);
    serve(target);
  }

  /** An entry of its own takes the sessions over, and they go with it. */
  private static void end(Path group, String initiator) throws IOException {
    Path acl = group.resolve("acls").resolve(initiator);
    make(acl);
    forget(acl);
  }

  private static List<String> list(Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
      entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return names;
  }

  private static void make(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      try {
        Files.createDirectory(folder);
      } catch (FileSystemException e) {
        throw refused(folder, e);
      }
    }
  }

  private static void link(Path link, Path target) throws IOException {
    if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.createSymbolicLink(link, target);
      } catch (FileSystemException e) {
        throw refused(link, e);
      }
    }
  }

  private static IOException refused(Path path, FileSystemException e) {
    return new IOException("the kernel's target refused " + path + ": " + e.getReason(), e);
  }

  private static String read(Path attribute) throws IOException {
    String text = Files.readString(attribute, java.nio.charset.StandardCharsets.ISO_8859_1);
    return text.strip();
  }

  private static void set(Path attribute, String value) throws IOException {
    if (!read(attribute).equals(value)) {
      write(attribute, value);
    }
  }

  /** Writes an attribute; the value, which may be a secret, is in no message. */
  private static void write(Path attribute, String value) throws IOException {
    try {
      Files.writeString(attribute, value, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IOException("the kernel's target refused a value for " + attribute, e);
    }
  }
}
