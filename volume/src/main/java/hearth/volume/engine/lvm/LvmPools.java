// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/** Makes thin pools of volume groups, and volume groups of files. */
public final class LvmPools {
  /** The thin pool that is made in a volume group. */
  public static final String THIN_POOL = "hearth";

  private LvmPools() {}

  /** The identity of a volume group, which stays when it is renamed; empty if there is none. */
  public static Optional<String> identity(String group) throws IOException {
    return Lvm.report("vgs", "vg_uuid", List.of("--select", "vg_name=" + group)).stream()
        .findFirst()
        .map(row -> row.get("vg_uuid").getAsString());
  }

  /**
   * Makes a file, and a volume group of it. What was made is undone if it fails.
   *
   * @param file must not exist
   */
  public static void createLoopback(Path file, long sizeBytes, String group) throws IOException {
    if (identity(group).isPresent()) {
      throw new IOException("there is a volume group " + group + " already");
    }
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        bytes.setLength(sizeBytes);
      }
      String device = attach(file);
      try {
        String _ = Lvm.run(List.of("pvcreate", "--yes", device));
        String _ = Lvm.run(List.of("vgcreate", "--yes", group, device));
      } catch (IOException e) {
        detach(file);
        throw e;
      }
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** Takes a volume group and its file away again. */
  public static void deleteLoopback(Path file, String group) throws IOException {
    if (identity(group).isPresent()) {
      String _ = Lvm.run(List.of("vgremove", "--force", "--yes", group));
    }
    detach(file);
    Files.deleteIfExists(file);
  }

  /** The loop device of a file, which is made if there is none. */
  private static String attach(Path file) throws IOException {
    Optional<String> there = loopDevice(file);
    if (there.isPresent()) {
      return there.get();
    }
    // Directly: the page cache of the volumes is enough.
    try {
      return Lvm.program(List.of("losetup", "--find", "--show", "--direct-io=on", file.toString()));
    } catch (IOException e) {
      return Lvm.program(List.of("losetup", "--find", "--show", file.toString()));
    }
  }

  private static void detach(Path file) throws IOException {
    Optional<String> device = loopDevice(file);
    if (device.isPresent()) {
      String _ = Lvm.program(List.of("losetup", "--detach", device.get()));
    }
  }

  private static Optional<String> loopDevice(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    return Lvm.program(
            List.of("losetup", "--associated", file.toString(), "--noheadings", "--output", "NAME"))
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst();
  }

  /** Makes the thin pool in a volume group, of nine tenths of what is free there. */
  public static void createThinPool(String group) throws IOException {
    String _ =
        Lvm.run(
            List.of(
                "lvcreate",
                "--yes",
                "--type",
                "thin-pool",
                "--extents",
                "90%FREE",
                "--zero",
                "y",
                "--discards",
                "passdown",
                "--name",
                THIN_POOL,
                group));
    // What does not fit shall fail, and not wait for a minute first.
    String _ = Lvm.run(List.of("lvchange", "--errorwhenfull", "y", group + "/" + THIN_POOL));
  }

  /** Deletes the thin pool; all volumes in it must be gone. */
  public static void deleteThinPool(String group) throws IOException {
    boolean there =
        !Lvm.report("lvs", "lv_name", List.of("--select", "lv_name=" + THIN_POOL, group)).isEmpty();
    boolean used =
        !Lvm.report("lvs", "lv_name", List.of("--select", "pool_lv=" + THIN_POOL, group)).isEmpty();
    if (used) {
      throw new IOException("there are logical volumes in " + group + "/" + THIN_POOL + " still");
    }
    if (there) {
      String _ = Lvm.run(List.of("lvremove", "--force", "--yes", group + "/" + THIN_POOL));
    }
  }

  /**
   * Gets a pool ready after a start of the machine.
   *
   * @param loopback its file, if it is made of one
   * @param identity what {@link #identity} said when it was made
   * @return the engine
   * @throws IOException which says why that cannot be
   */
  public static LvmEngine open(String group, String identity, Optional<Path> loopback)
      throws IOException {
    if (loopback.isPresent()) {
      if (!Files.exists(loopback.get())) {
        throw new IOException("its file " + loopback.get() + " is not there");
      }
      String _ = attach(loopback.get());
    }
    Optional<String> found = identity(group);
    if (found.isEmpty()) {
      Optional<String> other =
          Lvm.report("vgs", "vg_name", List.of("--select", "vg_uuid=" + identity)).stream()
              .findFirst()
              .map(row -> row.get("vg_name").getAsString());
      throw new IOException(
          other.isPresent()
              ? "the volume group "
                  + group
                  + " is called "
                  + other.get()
                  + " now; call it as before (vgrename "
                  + other.get()
                  + " "
                  + group
                  + ") and start the host again"
              : "there is no volume group " + group);
    }
    if (!found.get().equals(identity)) {
      throw new IOException(
          "the volume group "
              + group
              + " is another than it was: its UUID is "
              + found.get()
              + " (expected: "
              + identity
              + ")");
    }
    List<JsonObject> pool =
        Lvm.report("lvs", "lv_name", List.of("--select", "lv_name=" + THIN_POOL, group));
    if (pool.isEmpty()) {
      throw new IOException("the thin pool " + group + "/" + THIN_POOL + " is gone");
    }
    String _ = Lvm.run(List.of("lvchange", "--activate", "y", group + "/" + THIN_POOL));
    return new LvmEngine(group, THIN_POOL);
  }
}
