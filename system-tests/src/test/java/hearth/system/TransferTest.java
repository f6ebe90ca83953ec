// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes taken out into files and brought in from them, judged by qemu-img. */
@Tag("system")
class TransferTest {
  private static final long SIZE = 2L << 30;

  @TempDir Path scratch;

  @BeforeEach
  void needsQemu() throws Exception {
    Outside.need("TransferTest", "qemu-img");
  }

  /** A sparse file with data at both ends and in the middle. */
  private Path disk() throws Exception {
    Path file = scratch.resolve("disk.raw");
    Random random = new Random(4);
    try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(SIZE);
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < 160; i++) {
        random.nextBytes(block);
        disk.seek(i < 100 ? (long) i << 20 : (1L << 30) + ((long) i << 20));
        disk.write(block);
      }
      disk.seek(SIZE - 4096);
      disk.write(block, 0, 4096);
    }
    return file;
  }

  private static void qemu(String... arguments) throws Exception {
    Host.Result result = Host.run(arguments);
    assertThat(result.code()).as(String.join(" ", arguments) + result).isZero();
  }

  private void same(Path one, String format, Path other) throws Exception {
    qemu("qemu-img", "compare", "-f", "raw", "-F", format, one.toString(), other.toString());
  }

  @Test
  void whatGoesInComesOutInEveryFormat() throws Exception {
    Path disk = disk();
    try (Host host = Host.start(scratch)) {
      host.ok("volume", "import", "data", disk.toString());
      assertThat(host.ok("volume", "show", "data", "-o", "jsonpath={.labels}")).isEmpty();
      Path raw = scratch.resolve("out.raw");
      host.ok("volume", "export", "data", raw.toString());
      same(disk, "raw", raw);
      assertThat(blocks(raw)).as("holes stay holes").isLessThan(200L << 20);
      Path qcow2 = scratch.resolve("out.qcow2");
      host.ok("volume", "export", "data", qcow2.toString());
      qemu("qemu-img", "check", qcow2.toString());
      same(disk, "qcow2", qcow2);
      assertThat(host.ok("snapshot", "list", "-o", "name")).isEmpty();
      for (String option : new String[] {"-O qcow2", "-c -O qcow2", "-O qcow2 -o compat=0.10"}) {
        Path image = scratch.resolve("image");
        qemu(("qemu-img convert -f raw " + option + " " + disk + " " + image).split(" ", -1));
        host.ok("volume", "import", "copy", image.toString());
        String url = host.ok("volume", "show", "copy", "-o", "jsonpath={.iscsi.url}");
        qemu("qemu-img", "compare", "-f", "raw", "-F", "raw", disk.toString(), url);
        host.ok("volume", "delete", "copy", "--yes");
      }
      String pipe =
          Host.HOME.resolve("hearth")
              + " volume export data - | "
              + Host.HOME.resolve("hearth")
              + " volume import moved - --size 3GiB";
      Host.Result moved = Host.run(List.of("sh", "-c", pipe), host::environment);
      assertThat(moved.code()).as(moved.toString()).isZero();
      Path again = scratch.resolve("again.raw");
      host.ok("volume", "export", "moved", again.toString());
      assertThat(Files.size(again)).isEqualTo(3L << 30);
      same(disk, "raw", again);
    }
  }

  private static long blocks(Path file) throws Exception {
    return Long.parseLong(Host.run("stat", "-c", "%b", file.toString()).out().strip()) * 512;
  }

  @Test
  void anExportThatWasKilledGoesOnWhereItStopped() throws Exception {
    Path disk = disk();
    try (Host host = Host.start(scratch)) {
      host.ok("volume", "import", "data", disk.toString());
      for (String format : new String[] {"raw", "qcow2"}) {
        Path file = scratch.resolve("out." + format);
        Path list = scratch.resolve("out." + format + ".blocks");
        kill(host, list, "volume", "export", "data", file.toString());
        assertThat(file).doesNotExist();
        int before = Files.readAllLines(list).size();
        assertThat(before).as("pieces that are there already").isGreaterThan(6);
        // What the export reads does not change, whatever becomes of the volume.
        String url = host.ok("volume", "show", "data", "-o", "jsonpath={.iscsi.url}");
        qemu("qemu-io", "-f", "raw", "-c", "write -P 7 1900M 64k", "-c", "flush", url);
        host.ok("volume", "export", "data", file.toString());
        assertThat(Files.readAllLines(list).get(before - 1)).isNotEqualTo("end");
        if (format.equals("raw")) {
          same(disk, format, file);
        } else {
          qemu("qemu-img", "check", file.toString());
        }
        assertThat(host.ok("snapshot", "list", "-o", "name")).isEmpty();
        Host.Result twice = host.hearth("volume", "export", "data", file.toString());
        assertThat(twice.code()).isEqualTo(5);
        assertThat(twice.err()).contains("is there already");
      }
    }
  }

  /** Runs a command and kills it once a file has more than a few lines. */
  private void kill(Host host, Path list, String... arguments) throws Exception {
    List<String> command =
        new java.util.ArrayList<>(List.of(Host.HOME.resolve("hearth").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("killed.log").toFile());
    host.environment(builder.environment());
    Process process = builder.start();
    while (process.isAlive() && (!Files.exists(list) || Files.readAllLines(list).size() < 10)) {
      process.waitFor(2, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as("it was too fast to be killed").isTrue();
    process.destroyForcibly().waitFor();
  }

  @Test
  void anImportThatLostItsHostGoesOnWhereItStopped() throws Exception {
    Path disk = disk();
    try (Host host = Host.start(scratch)) {
      List<String> command =
          List.of(
              Host.HOME.resolve("hearth").toString(), "volume", "import", "data", disk.toString());
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(scratch.resolve("killed.log").toFile());
      host.environment(builder.environment());
      Process process = builder.start();
      String offset = "";
      while (process.isAlive() && (offset.isEmpty() || offset.equals("0"))) {
        Host.Result shown =
            host.hearth("volume", "show", "data", "-o", "jsonpath={.labels.import-offset}");
        offset = shown.code() == 0 ? shown.out().strip() : "";
      }
      assertThat(process.isAlive()).as("it was too fast to be interrupted").isTrue();
      host.killAndRestart();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(6);
      host.ok("volume", "import", "data", disk.toString());
      Path raw = scratch.resolve("out.raw");
      host.ok("volume", "export", "data", raw.toString());
      same(disk, "raw", raw);
      Host.Result twice = host.hearth("volume", "import", "data", disk.toString());
      assertThat(twice.code()).isEqualTo(5);
      assertThat(twice.err()).contains("already a volume");
    }
  }

  @Test
  void aFileThatRottedOnItsWayIsNoticed() throws Exception {
    Path disk = disk();
    try (Host host = Host.start(scratch)) {
      host.ok("volume", "import", "data", disk.toString());
      Path raw = scratch.resolve("out.raw");
      host.ok("volume", "export", "data", raw.toString());
      try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
        file.seek(77L << 20);
        int value = file.read();
        file.seek(77L << 20);
        file.write(value ^ 1);
      }
      Host.Result rotten = host.hearth("volume", "import", "back", raw.toString());
      assertThat(rotten.code()).isEqualTo(2);
      assertThat(rotten.err()).contains("are not those that were exported");
      for (String bad : new String[] {"no-such-file", scratch.toString()}) {
        assertThat(host.hearth("volume", "import", "x", bad).code()).isEqualTo(2);
      }
      Host.Result nowhere =
          host.hearth("volume", "export", "data", scratch.resolve("none/x.raw").toString());
      assertThat(nowhere.code()).isEqualTo(2);
      assertThat(nowhere.err()).contains("no folder that can be written to");
      assertThat(host.ok("snapshot", "list", "-o", "name")).isEmpty();
      Path backed = scratch.resolve("backed.qcow2");
      qemu(
          "qemu-img",
          "create",
          "-q",
          "-f",
          "qcow2",
          "-b",
          disk.toString(),
          "-F",
          "raw",
          backed.toString());
      Host.Result refused = host.hearth("volume", "import", "x", backed.toString());
      assertThat(refused.code()).isEqualTo(2);
      assertThat(refused.err()).contains("backing file");
      assertThat(host.hearth("volume", "show", "x").code()).isEqualTo(3);
    }
  }
}
