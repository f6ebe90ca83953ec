// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.process.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** File systems on disks: found, made, checked, grown. */
final class FileSystem {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private FileSystem() {}

  /**
   * The type of the file system on a disk; empty if the disk holds nothing that anybody knows.
   *
   * @throws Problem FAILED_PRECONDITION if it holds something else, such as partitions
   */
  static Optional<String> typeOf(Path device) {
    Program.Result result =
        Program.run(PATIENCE, List.of("blkid", "--probe", "--output", "export", device.toString()));
    Optional<String> type =
        result.output().lines().filter(line -> line.startsWith("TYPE=")).findFirst();
    if (type.isPresent()) {
      return Optional.of(type.get().substring("TYPE=".length()));
    }
    boolean nothing = result.code() == 2 && result.output().isEmpty();
    if (nothing) {
      return Optional.empty();
    }
    throw new Problem(
        Code.FAILED_PRECONDITION,
        "NOT_EMPTY",
        "The disk " + device + " holds no file system, but is not empty: " + result.why(),
        "Use it as a raw block volume, or clear it: wipefs " + device);
  }

  /** Makes a file system on a disk that holds nothing. */
  static void make(Path device, String type) {
    // The disk is new and reads as zeros, so there is nothing to discard.
    List<String> command =
        type.equals("xfs")
            ? List.of("mkfs.xfs", "-K", device.toString())
            : List.of("mkfs." + type, "-q", "-F", "-m", "0", "-E", "nodiscard", device.toString());
    String _ = Program.must(PATIENCE, "Look at: dmesg | tail", command);
  }

  /** Mends what can be mended without a question, as at the start of a machine. */
  static void check(Path device, String type) {
    if (!type.startsWith("ext")) {
      return; // xfs replays its log when it is mounted
    }
    Program.Result result = Program.run(PATIENCE, List.of("fsck." + type, "-p", device.toString()));
    if (result.code() >= 4) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "FILE_SYSTEM_DAMAGED",
          "The file system on " + device + " is damaged: " + result.why(),
          "Mend it by hand (fsck." + type + "), or restore a snapshot");
    }
  }

  /** Options that a file system needs beside those that were asked for. */
  static List<String> options(String type) {
    // A clone has the identity of what it was cloned from, and both may be wanted on one node.
    return type.equals("xfs") ? List.of("nouuid") : List.of();
  }

  /** Makes a mounted file system as large as its disk. */
  static void grow(Path device, Path point, String type) {
    List<String> command =
        type.equals("xfs")
            ? List.of("xfs_growfs", point.toString())
            : List.of("resize2fs", device.toString());
    String _ = Program.must(PATIENCE, "Look at: dmesg | tail", command);
  }

  /**
   * How full a file system is.
   *
   * @param total bytes
   * @param used bytes
   * @param available bytes that users may still take
   */
  record Usage(
      long total, long used, long available, long inodes, long usedInodes, long freeInodes) {}

  /** How full the file system at a path is (statfs(2)). */
  static Usage usage(Path point) {
    String[] numbers =
        Program.must(
                PATIENCE,
                "Look at: dmesg | tail",
                List.of("stat", "--file-system", "--format=%S %b %f %a %c %d", point.toString()))
            .split(" ", -1);
    long block = Long.parseLong(numbers[0]);
    long total = Long.parseLong(numbers[1]);
    long free = Long.parseLong(numbers[2]);
    long inodes = Long.parseLong(numbers[4]);
    long freeInodes = Long.parseLong(numbers[5]);
    return new Usage(
        block * total,
        block * (total - free),
        block * Long.parseLong(numbers[3]),
        inodes,
        inodes - freeInodes,
        freeInodes);
  }
}
