// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import hearth.kit.problem.Problem;
import hearth.kit.process.Program;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Runs LVM's commands. Nothing here remembers anything. */
final class Lvm {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Without udev nobody would tell LVM that a device node has appeared; then it makes them. */
  private static final String NO_UDEV =
      "activation/udev_sync=0 activation/udev_rules=0 devices/obtain_device_list_from_udev=0 ";

  private static final Path BLOCKS = Path.of("/sys/block");
  private static final String VENDOR = "HEARTH";
  private static final int DEEPEST = 8;
  private static final int LONGEST = 400;

  private Lvm() {}

  /** Runs a command of LVM, such as {@code lvcreate}; what it printed. */
  static String run(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add("lvm");
    command.addAll(arguments);
    String config = (Files.exists(Path.of("/run/udev/control")) ? "" : NO_UDEV) + withoutOurDisks();
    if (!config.isEmpty()) {
      command.add(2, "--config");
      command.add(3, config);
    }
    return program(command);
  }

  /**
   * A setting that keeps LVM from looking at disks that are volumes of ours, attached to this very
   * machine: it would read from one while we hold that one still, or have not even begun to serve
   * it, and wait for ever.
   */
  private static String withoutOurDisks() throws IOException {
    Set<String> disks = new TreeSet<>();
    try (DirectoryStream<Path> blocks = Files.newDirectoryStream(BLOCKS)) {
      for (Path block : blocks) {
        if (isOurs(block, 0)) {
          disks.add(String.valueOf(block.getFileName()));
        }
      }
    }
    return disks.isEmpty()
        ? ""
        : disks.stream()
            .map(disk -> "\"r|^/dev/" + disk + "p?[0-9]*$|\"")
            .collect(Collectors.joining(",", "devices/filter=[", "]"));
  }

  private static boolean isOurs(Path block, int depth) {
    try {
      Path vendor = block.resolve("device/vendor");
      if (Files.exists(vendor)) {
        return Files.readString(vendor).strip().equals(VENDOR);
      }
      Path slaves = block.resolve("slaves");
      if (depth < DEEPEST && Files.isDirectory(slaves)) {
        try (DirectoryStream<Path> below = Files.newDirectoryStream(slaves)) {
          for (Path slave : below) {
            if (isOurs(BLOCKS.resolve(slave.getFileName()), depth + 1)) {
              return true;
            }
          }
        }
      }
    } catch (IOException e) {
      // It went away meanwhile.
    }
    return false;
  }

  /** What device-mapper tells of a device: the words behind its length. */
  static List<String> mapped(String verb, String group, String name) throws IOException {
    String device = group.replace("-", "--") + "-" + name.replace("-", "--");
    return mapped(verb, device);
  }

  private static List<String> mapped(String verb, String device) throws IOException {
    List<String> words = List.of(program(List.of("dmsetup", verb, device)).split("\\s+", -1));
    if (words.size() < 4) {
      throw new IOException("dmsetup tells nothing of " + device + ": is it active?");
    }
    return words.subList(2, words.size());
  }

  /**
   * The same of a thin pool, which lies below the logical volume of its name while it has volumes
   * that are active.
   */
  static List<String> pool(String verb, String group, String name) throws IOException {
    String device = group.replace("-", "--") + "-" + name.replace("-", "--");
    try {
      return mapped(verb, device + "-tpool");
    } catch (IOException e) {
      return mapped(verb, device);
    }
  }

  /** Runs any program; what it printed. */
  static String program(List<String> command) throws IOException {
    try {
      Program.Result result = Program.run(PATIENCE, command);
      if (result.code() != 0) {
        throw new IOException(
            command.getFirst().equals("lvm")
                ? command.get(1) + ": " + why(result)
                : command.getFirst() + ": " + result.why());
      }
      return result.output();
    } catch (Problem e) {
      throw new IOException(e.what(), e);
    }
  }

  /** All that it said, but for warnings: the cause may be in any line. */
  private static String why(Program.Result result) {
    String said =
        result
            .output()
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("WARNING"))
            .collect(Collectors.joining("; "));
    return said.isEmpty()
        ? "status " + result.code()
        : said.substring(0, Math.min(said.length(), LONGEST));
  }

  /**
   * Rows of a report.
   *
   * @param verb {@code lvs} or {@code vgs}
   * @param fields what to tell, as in {@code lvs -o help}; sizes come in bytes
   * @param which names or selections
   */
  static List<JsonObject> report(String verb, String fields, List<String> which)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                verb, "--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields));
    command.addAll(which);
    String output = run(command);
    try {
      List<JsonObject> rows = new ArrayList<>();
      // Warnings may come before the report.
      String json = output.substring(Math.max(output.indexOf('{'), 0));
      for (JsonElement report :
          JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("report")) {
        String key = verb.substring(0, verb.length() - 1);
        for (JsonElement row : report.getAsJsonObject().getAsJsonArray(key)) {
          rows.add(row.getAsJsonObject());
        }
      }
      return rows;
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw new IOException(verb + " printed no report: " + output, e);
    }
  }
}
