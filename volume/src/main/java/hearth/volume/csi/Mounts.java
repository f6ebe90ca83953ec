// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.process.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is mounted where, as the kernel tells it (proc(5), {@code /proc/self/mountinfo}); nothing is
 * remembered.
 */
final class Mounts {
  private static final Path TABLE = Path.of("/proc/self/mountinfo");
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  private Mounts() {}

  /**
   * A mount.
   *
   * @param device major and minor number of the file system's device, such as {@code 8:0}
   * @param root the path within the file system that is seen there
   * @param point where
   * @param readOnly whether this mount only reads, be the file system as it may
   * @param type of the file system
   */
  record Mount(String device, String root, Path point, boolean readOnly, String type) {}

  /** All mounts, in the order in which they were made. */
  static List<Mount> all() {
    try {
      return Files.readAllLines(TABLE).stream().map(Mounts::parse).toList();
    } catch (IOException e) {
      throw new Problem(
          Code.INTERNAL,
          "NO_MOUNT_TABLE",
          "Cannot read " + TABLE + ": " + e.getMessage(),
          "Mount /proc");
    }
  }

  static Mount parse(String line) {
    String[] fields = line.split(" ", -1);
    int dash = 6;
    while (!fields[dash].equals("-")) {
      dash++;
    }
    return new Mount(
        fields[2],
        unescape(fields[3]),
        Path.of(unescape(fields[4])),
        List.of(fields[5].split(",", -1)).contains("ro"),
        fields[dash + 1]);
  }

  private static String unescape(String text) {
    return OCTAL
        .matcher(text)
        .replaceAll(octal ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))));
  }

  /** The mount that is seen at a path, if it is a mount point. */
  static Optional<Mount> at(Path point) {
    Path real = real(point);
    return all().stream().filter(mount -> mount.point().equals(real)).reduce((one, two) -> two);
  }

  /** A path without symbolic links, as far as it exists. */
  private static Path real(Path path) {
    Path parent = path.toAbsolutePath().normalize();
    List<Path> rest = new ArrayList<>();
    while (parent != null) {
      try {
        Path real = parent.toRealPath();
        for (Path name : rest.reversed()) {
          real = real.resolve(name);
        }
        return real;
      } catch (IOException e) {
        // A mount whose device is gone still has its parent.
        Path name = parent.getFileName();
        if (name != null) {
          rest.add(name);
        }
        parent = parent.getParent();
      }
    }
    return path;
  }

  /** Mounts a disk. */
  static void mount(Path device, Path point, String type, List<String> options) {
    List<String> command = new ArrayList<>(List.of("mount", "-t", type));
    if (!options.isEmpty()) {
      command.addAll(List.of("-o", String.join(",", options)));
    }
    command.addAll(List.of(device.toString(), point.toString()));
    String _ = Program.must(PATIENCE, "Look at: dmesg | tail", command);
  }

  /** Shows a folder or file in another place, for reading only if wanted. */
  static void bind(Path from, Path to, boolean readOnly) {
    String _ =
        Program.must(
            PATIENCE,
            "Look at: dmesg | tail",
            List.of("mount", "--bind", from.toString(), to.toString()));
    if (readOnly) {
      try {
        String _ =
            Program.must(
                PATIENCE,
                "Look at: dmesg | tail",
                List.of("mount", "-o", "remount,bind,ro", to.toString()));
      } catch (Problem e) {
        unmount(to);
        throw e;
      }
    }
  }

  /** Unmounts whatever is mounted at a path, however often; also when its device is gone. */
  static void unmount(Path point) {
    for (int layers = 0; layers < 100 && at(point).isPresent(); layers++) {
      Program.Result result = Program.run(PATIENCE, List.of("umount", point.toString()));
      if (result.code() != 0 && at(point).isPresent()) {
        boolean busy = result.output().contains("busy");
        if (busy) {
          throw new Problem(
              Code.FAILED_PRECONDITION,
              "MOUNT_BUSY",
              point + " is in use",
              "End what uses it: fuser -vm " + point);
        }
        // Input and output fail: nothing can be written any more, so nothing is lost by this.
        String _ =
            Program.must(
                PATIENCE, "Look at: dmesg | tail", List.of("umount", "-l", point.toString()));
      }
    }
  }

  /** Deletes an empty folder or a file, if it is there. */
  static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new Problem(
          Code.INTERNAL,
          "CANNOT_REMOVE",
          "Cannot remove " + path + ": " + e.getMessage(),
          "Look at what is in it");
    }
  }

  /** Device number of a block device, such as {@code 8:0}. */
  static String number(Path device) {
    try {
      return Files.readString(Path.of("/sys/block", String.valueOf(device.getFileName()), "dev"))
          .strip();
    } catch (NoSuchFileException e) {
      return "gone";
    } catch (IOException e) {
      throw new Problem(
          Code.UNAVAILABLE,
          "DISK_GONE",
          "The disk " + device + " cannot be looked at: " + e.getMessage(),
          "Try again");
    }
  }
}
