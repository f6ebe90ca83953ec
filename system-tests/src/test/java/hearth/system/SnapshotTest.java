// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots, clones, restoring and checking, by the command line and qemu's initiator. */
@Tag("system")
class SnapshotTest {
  private static final int MIB = 1 << 20;

  private static final String SNAPSHOT = ".monday/";

  @TempDir Path home;
  private Host host;

  @BeforeEach
  void start() throws Exception {
    host = Host.start(home);
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private static void io(String url, String... commands) throws Exception {
    Host.Result result = tryIo(url, commands);
    assertThat(result.code()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).doesNotContain("verification failed").doesNotContain("failed:");
  }

  private static Host.Result tryIo(String url, String... commands) throws Exception {
    List<String> line = new java.util.ArrayList<>(List.of("qemu-io", "-f", "raw", "-t", "none"));
    for (String command : commands) {
      line.add("-c");
      line.add(command);
    }
    if (url.contains(SNAPSHOT)) {
      line.add("-r");
    }
    line.add(url);
    return Host.run(line.toArray(new String[0]));
  }

  private String url(String volume) throws Exception {
    return host.ok("volume", "show", volume, "-o", "jsonpath={.iscsi.url}");
  }

  /** A snapshot is logged in to with the volume's secret. */
  private String snapshotUrl(String volume, String snapshot) throws Exception {
    String iqn =
        host.ok("snapshot", "show", volume + "/" + snapshot, "-o", "jsonpath={.iscsi.iqn}");
    return url(volume).replaceFirst("/iqn[^/]*/0$", "/" + iqn + "/0");
  }

  @Test
  void aSnapshotKeepsWhatWasThereThroughAllThatFollows() throws Exception {
    Outside.need("aSnapshotKeepsWhatWasThereThroughAllThatFollows", "qemu-io");
    host.ok("volume", "create", "data", "--size", "64MiB");
    io(url("data"), "write -P 1 0 4M", "write -P 2 32M 4M", "flush");
    assertThat(host.ok("snapshot", "create", "data/monday", "--description", "before"))
        .isEqualTo("snapshot/monday created");
    io(url("data"), "write -P 3 0 2M", "discard 32M 4M", "write -P 4 60M 1M", "flush");
    assertThat(host.ok("snapshot", "list", "--volume", "data", "-o", "name"))
        .isEqualTo("accounts/admin/volumes/data/snapshots/monday");

    // The snapshot is a disk of its own that nobody can write.
    io(snapshotUrl("data", "monday"), "read -P 1 0 4M", "read -P 2 32M 4M", "read -P 0 60M 1M");
    assertThat(
            Host.run("qemu-io", "-f", "raw", "-c", "write 0 64k", snapshotUrl("data", "monday"))
                .err())
        .contains("LUN is write protected");

    // A clone is a volume like any other.
    host.ok("volume", "create", "trial", "--from-snapshot", "data/monday", "--size", "128MiB");
    io(url("trial"), "read -P 1 0 4M", "write -P 5 0 1M", "write -P 6 100M 1M", "flush");
    io(url("data"), "read -P 3 0 2M", "read -P 1 2M 2M", "read -P 0 32M 4M", "read -P 4 60M 1M");

    host.killAndRestart();
    io(url("trial"), "read -P 5 0 1M", "read -P 1 1M 3M", "read -P 2 32M 4M", "read -P 6 100M 1M");
    io(snapshotUrl("data", "monday"), "read -P 1 0 4M", "read -P 0 60M 1M");
    io(url("data"), "read -P 3 0 2M", "read -P 4 60M 1M");

    host.ok("volume", "restore", "data", "--snapshot", "monday", "--yes");
    io(url("data"), "read -P 1 0 4M", "read -P 2 32M 4M", "read -P 0 60M 1M");

    Host.Result refused = host.hearth("volume", "delete", "data", "--yes");
    assertThat(refused.code()).isEqualTo(5);
    assertThat(refused.err()).contains("snapshots").contains("--force");
    host.ok("snapshot", "delete", "data/monday", "--yes");
    assertThat(host.ok("snapshot", "list", "-o", "name")).isEmpty();
    host.ok("volume", "delete", "data", "--yes");
    io(url("trial"), "read -P 5 0 1M", "read -P 1 1M 3M", "read -P 2 32M 4M");
    assertThat(host.ok("volume", "check", "trial", "-o", "json")).isEqualTo("[]");
    host.ok("volume", "delete", "trial", "--yes");
    try (var left = Files.list(host.dataFolder().resolve("volumes"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void snapshotsOfOneMomentAreMadeAllOrNone() throws Exception {
    host.ok("volume", "create", "data", "--size", "64MiB");
    host.ok("volume", "create", "log", "--size", "64MiB");
    assertThat(host.ok("snapshot", "create", "data/monday", "log/monday"))
        .contains("snapshot/data/monday created")
        .contains("snapshot/log/monday created");
    String group = host.ok("snapshot", "show", "data/monday", "-o", "jsonpath={.group}");
    assertThat(group).startsWith("monday-");
    assertThat(host.ok("snapshot", "list", "--filter", "group = \"" + group + "\"", "-o", "name"))
        .hasLineCount(2);
    assertThat(host.hearth("snapshot", "create", "data/tuesday", "log/monday").code()).isEqualTo(5);
    assertThat(host.hearth("snapshot", "create", "data/tuesday", "data/also").code()).isEqualTo(2);
    assertThat(host.hearth("snapshot", "create", "data/tuesday", "none/tuesday").code())
        .isEqualTo(3);
    assertThat(host.ok("snapshot", "list", "-o", "name")).hasLineCount(2);
  }

  @Test
  void aMemberReachesNoSnapshotOfOthers() throws Exception {
    host.ok("volume", "create", "data", "--size", "16MiB");
    host.ok("snapshot", "create", "data/one");
    host.ok("account", "create", "ben");
    String token = host.ok("token", "create", "t", "--account", "ben", "-o", "jsonpath={.secret}");
    Path file = home.resolve("ben.token");
    Files.writeString(file, token + "\n");
    for (List<String> line :
        List.of(
            List.of("snapshot", "show", "admin/data/one"),
            List.of("snapshot", "create", "admin/data/two"),
            List.of("snapshot", "delete", "admin/data/one", "--yes"),
            List.of("volume", "create", "mine", "--from-snapshot", "admin/data/one"),
            List.of("volume", "restore", "admin/data", "--snapshot", "one", "--yes"),
            List.of("volume", "check", "admin/data"))) {
      List<String> all = new java.util.ArrayList<>(line);
      all.addAll(List.of("--token-file", file.toString()));
      Host.Result result = host.hearth(all.toArray(new String[0]));
      assertThat(result.code()).as(line + result.out() + result.err()).isEqualTo(3);
    }
    assertThat(
            host.ok("snapshot", "list", "--account", "-", "-o", "name", "--token-file", "" + file))
        .isEmpty();
    assertThat(host.ok("snapshot", "list", "-o", "name")).contains("one");
  }

  @Test
  void theCheckFindsWhatTheDiskChangedAndSaysWhatIsLost() throws Exception {
    Outside.need("theCheckFindsWhatTheDiskChangedAndSaysWhatIsLost", "qemu-io");
    host.ok("volume", "create", "data", "--size", "16MiB");
    host.ok("volume", "create", "other", "--size", "16MiB");
    io(url("data"), "write -P 77 0 8M", "flush");
    io(url("other"), "write -P 78 0 1M", "flush");
    assertThat(host.hearth("volume", "check", "data").err()).contains("Nothing is wrong in 8");
    String uid = host.ok("volume", "show", "data", "-o", "jsonpath={.uid}");
    Path store = host.dataFolder().resolve("volumes/" + uid + ".chunks/store");
    damage(store);
    Host.Result check = host.hearth("volume", "check", "data", "-o", "json");
    assertThat(check.code()).as(check.err()).isEqualTo(1);
    assertThat(check.out()).contains("accounts/admin/volumes/data").contains("\"4096\"");
    assertThat(host.log()).contains("do not match their checksum");
    // What is lost is an error, never wrong bytes; everything else is there.
    Host.Result read = tryIo(url("data"), "read -P 77 0 8M");
    assertThat(read.out() + read.err()).contains("Input/output error");
    io(url("other"), "read -P 78 0 1M");
    assertThat(host.hearth("volume", "check", "other").code()).isZero();
  }

  @Test
  void theMerkleRootOfASnapshotIsThatOfAnyCopy() throws Exception {
    Outside.need("theMerkleRootOfASnapshotIsThatOfAnyCopy", "qemu-io");
    host.ok("volume", "create", "data", "--size", (37 * MIB + 8192) + "");
    io(url("data"), "write -P 77 3M 5000k", "write -P 78 " + 37 * MIB + " 4096", "flush");
    host.ok("snapshot", "create", "data/one");
    assertThat(host.ok("snapshot", "show", "data/one", "-o", "jsonpath={.merkleRoot}")).isEmpty();
    Path copy = home.resolve("copy.raw");
    host.ok("volume", "export", "data", copy.toString());
    byte[] bytes = Files.readAllBytes(copy);
    String root = HexFormat.of().formatHex(merkleTreeHash(bytes, 0, 38));
    assertThat(host.hearth("snapshot", "check", "data/one").err()).contains("Merkle root: " + root);
    assertThat(host.ok("snapshot", "show", "data/one", "-o", "jsonpath={.merkleRoot}"))
        .isEqualTo(root);
    io(url("data"), "write -P 79 20M 4096", "flush");
    host.ok("snapshot", "create", "data/two");
    host.ok("snapshot", "create", "data/three");
    Host.Result two = host.hearth("snapshot", "check", "data/two");
    assertThat(two.err()).contains("Merkle root: ").doesNotContain(root);
    assertThat(host.hearth("snapshot", "check", "data/three").err()).isEqualTo(two.err());
    assertThat(host.hearth("snapshot", "check", "data/one").code()).isZero();
    String uid = host.ok("volume", "show", "data", "-o", "jsonpath={.uid}");
    damage(host.dataFolder().resolve("volumes/" + uid + ".chunks/store"));
    Host.Result damaged = host.hearth("snapshot", "check", "data/one", "-o", "json");
    assertThat(damaged.code()).as(damaged.err()).isEqualTo(1);
    assertThat(damaged.out()).contains("snapshots/one").contains("checksum");
  }

  @Test
  void aHostThatIsDownIsCheckedAndNotChanged() throws Exception {
    Outside.need("aHostThatIsDownIsCheckedAndNotChanged", "qemu-io");
    host.ok("volume", "create", "data", "--size", "16MiB");
    io(url("data"), "write -P 77 0 4M", "flush");
    host.ok("snapshot", "create", "data/one");
    io(url("data"), "write -P 78 8M 1M", "flush", "write -P 79 9M 64k");
    String uid = host.ok("volume", "show", "data", "-o", "jsonpath={.uid}");
    String folder = host.dataFolder().toString();
    Host.Result up = host.hearth("host", "check", "--data-folder", folder);
    assertThat(up.code()).isEqualTo(5);
    assertThat(up.err()).contains("hearth volume check NAME");
    host.kill();
    Path files = host.dataFolder().resolve("volumes/" + uid + ".chunks");
    List<ByteBuffer> before = contents(files);
    Host.Result well = host.hearth("host", "check", "--data-folder", folder);
    assertThat(well.code()).as(well.err()).isZero();
    assertThat(well.err()).contains("Nothing is wrong in 9.").contains("of 1 store ");
    assertThat(contents(files)).isEqualTo(before);
    damage(files.resolve("store"));
    try (RandomAccessFile file = new RandomAccessFile(files.resolve("log").toFile(), "rw")) {
      file.seek(100);
      file.write(1);
    }
    Host.Result damaged = host.hearth("host", "check", "--data-folder", folder, "-o", "json");
    assertThat(damaged.code()).isEqualTo(1);
    assertThat(damaged.out()).contains("log").contains(files.toString());
    try (RandomAccessFile file = new RandomAccessFile(files.resolve("log").toFile(), "rw")) {
      file.seek(100);
      file.write(0);
    }
    damaged = host.hearth("host", "check", "--data-folder", folder, "-o", "json");
    assertThat(damaged.out()).contains("admin/data/one").contains("\"4096\"");
    assertThat(host.hearth("host", "check", "--data-folder", home.toString()).err())
        .contains("is no data folder of a host");
    host.start();
  }

  private static List<ByteBuffer> contents(Path folder) throws IOException {
    List<ByteBuffer> contents = new ArrayList<>();
    for (String file : List.of("store", "log", "recent")) {
      contents.add(ByteBuffer.wrap(Files.readAllBytes(folder.resolve(file))));
    }
    return contents;
  }

  /** MTH of RFC 9162 2.1.1 as it is written there, over pieces of a mebibyte. */
  private static byte[] merkleTreeHash(byte[] disk, int from, int count) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    if (count == 1) {
      digest.update((byte) 0);
      digest.update(disk, from * MIB, Math.min(MIB, disk.length - from * MIB));
      return digest.digest();
    }
    int left = Integer.highestOneBit(count - 1);
    digest.update((byte) 1);
    digest.update(merkleTreeHash(disk, from, left));
    digest.update(merkleTreeHash(disk, from + left, count - left));
    return digest.digest();
  }

  /** Changes a byte of what was written as 77, some way into it. */
  private static void damage(Path store) throws IOException {
    byte[] bytes = Files.readAllBytes(store);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("MMMMMMMM");
    try (RandomAccessFile file = new RandomAccessFile(store.toFile(), "rw")) {
      file.seek(at + (1 << 20));
      file.write('N');
    }
  }

  @Test
  void rawVolumesSayThatTheyHaveNoSnapshots() throws Exception {
    host.ok("volume", "create", "plain", "--size", "16MiB", "--engine", "raw");
    assertThat(host.ok("volume", "show", "plain", "-o", "jsonpath={.engine}")).isEqualTo("RAW");
    Host.Result refused = host.hearth("snapshot", "create", "plain/one");
    assertThat(refused.code()).isEqualTo(5);
    assertThat(refused.err()).contains("engine RAW").contains("copy the data");
    assertThat(host.hearth("volume", "check", "plain").code()).isEqualTo(5);
    assertThat(host.hearth("volume", "create", "x", "--size", "16MiB", "--engine", "zfs").code())
        .isEqualTo(2);
  }
}
