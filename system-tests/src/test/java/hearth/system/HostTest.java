// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole host, driven by the command line and by initiators that are not ours. */
@Tag("system")
class HostTest {
  private static final String TEST_DATA = "member's own";

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

  @Test
  void aFirstStartSaysInEightLinesWhatANewcomerNeeds() throws Exception {
    assertThat(host.log().lines().count()).isLessThanOrEqualTo(8);
    assertThat(host.log())
        .contains(host.uri())
        .contains("hearth account create-login-link")
        .doesNotContain("/login/")
        .contains("hearth volume create");
    Path contexts = home.resolve("config/hearth/contexts.json");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(contexts)))
        .isEqualTo("rw-------");
    assertThat(host.stop()).isIn(0, 130, 143);
  }

  @Test
  void aVolumeLivesFromCreationToDeletion() throws Exception {
    assertThat(host.ok("volume", "create", "data", "--size", "10GiB"))
        .isEqualTo("volume/data created");
    assertThat(host.ok("volume", "list", "-o", "name")).isEqualTo("accounts/admin/volumes/data");
    assertThat(
            host.ok("volume", "show", "accounts/admin/volumes/data", "-o", "jsonpath={.sizeBytes}"))
        .isEqualTo("10737418240");
    host.ok("volume", "update", "data", "--size", "20GiB", "--label", "purpose=test");
    assertThat(
            JsonParser.parseString(host.ok("volume", "show", "data", "-o", "json"))
                .getAsJsonObject()
                .getAsJsonObject("labels")
                .get("purpose")
                .getAsString())
        .isEqualTo("test");
    assertThat(host.hearth("volume", "delete", "data").code()).isEqualTo(2);
    assertThat(host.ok("volume", "delete", "data", "--dry-run")).contains("nothing was changed");
    host.ok("volume", "delete", "data", "--yes");
    assertThat(host.hearth("volume", "show", "data").code()).isEqualTo(3);
    assertThat(host.ok("audit", "list")).contains("volume.create").contains("volume.delete");
    try (var files = Files.list(host.dataFolder().resolve("volumes"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void badSizesAndNamesAreRefusedWithTheNextStep() throws Exception {
    for (String size :
        new String[] {"0", "-1", "1", "4097", "999PiB", "99999999999999999999", "ten"}) {
      Host.Result result = host.hearth("volume", "create", "bad", "--size", size);
      assertThat(result.code()).as(size).isEqualTo(2);
      assertThat(result.err().lines().count()).as(size).isGreaterThanOrEqualTo(2);
    }
    for (String name :
        new String[] {
          "../x", "..", "a/../../b", "UPPER", "-x", "x".repeat(64), "a b", "ä", "a\u0007b"
        }) {
      assertThat(host.hearth("volume", "create", "--size", "1MiB", "--", name).code())
          .as(name)
          .isIn(2, 3);
    }
    assertThat(host.ok("volume", "list", "-o", "name")).isEmpty();
  }

  @Test
  void aMemberNeitherSeesNorTouchesWhatIsAnothers() throws Exception {
    host.ok("account", "create", "ann", "--quota", "1GiB");
    host.ok("account", "create", "ben");
    host.ok("volume", "create", "ann/hers", "--size", "1GiB", "--description", TEST_DATA);
    assertThat(host.hearth("volume", "create", "ann/more", "--size", "1MiB").code()).isEqualTo(5);
    Path token = home.resolve("ben.token");
    Files.writeString(token, host.ok("token", "create", "t", "--account", "ben"));
    String[] asBen = {"--server", host.uri(), "--token-file", token.toString()};
    assertThat(host.ok(with(asBen, "volume", "list", "--account", "-", "-o", "name"))).isEmpty();
    assertThat(host.hearth(with(asBen, "volume", "show", "ann/hers")).code()).isEqualTo(3);
    assertThat(host.hearth(with(asBen, "volume", "update", "ann/hers", "--size", "2GiB")).code())
        .isEqualTo(3);
    assertThat(host.hearth(with(asBen, "volume", "delete", "ann/hers", "--yes")).code())
        .isEqualTo(3);
    assertThat(host.hearth(with(asBen, "account", "create", "eve")).code()).isEqualTo(4);
    assertThat(host.hearth(with(asBen, "backup", "create", "-")).code()).isEqualTo(4);
    assertThat(host.ok(with(asBen, "audit", "list"))).doesNotContain("ann");
    Files.writeString(token, "hearth_wrong");
    assertThat(host.hearth(with(asBen, "volume", "list")).code()).isEqualTo(4);
    host.ok("token", "delete", "ben/t", "--yes");
  }

  private static String[] with(String[] more, String... arguments) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  @Test
  void aBackupRestoresIntoAnEmptyHost(@TempDir Path second) throws Exception {
    host.ok("account", "create", "ann", "--quota", "5GiB");
    host.ok("volume", "create", "ann/photos", "--size", "1GiB");
    String file = home.resolve("records.gz").toString();
    host.ok("backup", "create", file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(file))))
        .isEqualTo("rw-------");
    assertThat(host.hearth("backup", "restore", file, "--yes").code()).isEqualTo(5);
    try (Host other = Host.start(second)) {
      other.ok("backup", "restore", file, "--yes");
      assertThat(other.ok("account", "list", "-o", "name"))
          .isEqualTo("accounts/admin\naccounts/ann");
      assertThat(other.ok("volume", "show", "ann/photos", "-o", "jsonpath={.stateReason}"))
          .contains("data is not there");
      assertThat(other.hearth("backup", "restore", "/etc/passwd", "--yes").code()).isEqualTo(2);
    }
  }

  @Test
  void aSecondHostOnTheSameFolderIsRefusedAndNamesTheFirst() throws Exception {
    Host.Result result =
        host.hearth(
            "up",
            "--data-folder",
            host.dataFolder().toString(),
            "--listen",
            "127.0.0.1:0",
            "--iscsi-listen",
            "127.0.0.1:0");
    assertThat(result.code()).isEqualTo(5);
    assertThat(result.err()).contains("in use by process").contains(host.uri());
  }

  @Test
  void aFolderFromANewerVersionIsRefused() throws Exception {
    Path folder = Files.createDirectories(home.resolve("newer"));
    Files.writeString(folder.resolve("identity"), "99 example.org 2030-01\n");
    Host.Result result =
        host.hearth(
            "up",
            "--data-folder",
            folder.toString(),
            "--listen",
            "127.0.0.1:0",
            "--iscsi-listen",
            "127.0.0.1:0");
    assertThat(result.code()).isEqualTo(5);
    assertThat(result.err()).contains("format 99");
  }

  @Test
  void qemuCopiesAnImageOntoAVolumeAndBack() throws Exception {
    Outside.need("qemuCopiesAnImageOntoAVolumeAndBack", "qemu-img");
    host.ok("volume", "create", "disk", "--size", "64MiB");
    String url = host.ok("volume", "show", "disk", "-o", "jsonpath={.iscsi.url}");
    Path image = home.resolve("image.raw");
    byte[] bytes = new byte[64 << 20];
    new Random(7).nextBytes(bytes);
    java.util.Arrays.fill(bytes, 10 << 20, 30 << 20, (byte) 0);
    Files.write(image, bytes);
    assertThat(
            Host.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), url))
        .extracting(Host.Result::code)
        .isEqualTo(0);
    host.killAndRestart();
    Path back = home.resolve("back.raw");
    assertThat(
            Host.run("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back.toString()).code())
        .isEqualTo(0);
    assertThat(Files.mismatch(image, back)).isEqualTo(-1);
    String wrong = url.replaceFirst("%[^@]+@", "%wrongwrongwrong1@");
    assertThat(Host.run("qemu-img", "info", wrong).code()).isNotEqualTo(0);
    assertThat(Host.run("qemu-img", "info", url.replace(":admin.disk", ":admin.other")).code())
        .isNotEqualTo(0);
  }

  @Test
  void aSessionIsSeenKeepsItsVolumeAndCanBeCutOff() throws Exception {
    Outside.need("aSessionIsSeenKeepsItsVolumeAndCanBeCutOff", "qemu-io");
    host.ok("volume", "create", "busy", "--size", "16MiB");
    host.ok("account", "create", "ben");
    String url = host.ok("volume", "show", "busy", "-o", "jsonpath={.iscsi.url}");
    assertThat(host.ok("session", "list", "-o", "name")).isEmpty();
    Process initiator =
        new ProcessBuilder(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write 0 64k",
                "-c",
                "read 0 64k",
                "-c",
                "sleep 60000",
                url)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("initiator.log").toFile())
            .start();
    try {
      String name = awaitSession("writtenBytes", 65536);
      assertThat(name).matches("accounts/admin/volumes/busy/sessions/\\d+");
      assertThat(host.ok("session", "show", name, "-o", "jsonpath={.initiator}"))
          .startsWith("iqn.");
      assertThat(host.ok("session", "list", "--volume", "busy")).contains("admin/busy/");
      assertThat(host.ok("session", "list", "--account", "ben", "-o", "name")).isEmpty();
      Host.Result kept = host.hearth("volume", "delete", "busy", "--yes");
      assertThat(kept.code()).isEqualTo(5);
      assertThat(kept.err()).contains("sessions open");
      String small = name.substring("accounts/admin/volumes/".length()).replace("/sessions", "");
      assertThat(host.hearth("session", "delete", small, "--retry-delay", "20h", "--yes").code())
          .isEqualTo(2);
      assertThat(host.ok("session", "delete", small, "--dry-run")).contains("dry run");
      assertThat(host.ok("session", "list", "-o", "name")).isEqualTo(name);
      host.ok("session", "delete", small, "--yes");
      assertThat(host.ok("session", "list", "-o", "name")).doesNotContain(name);
      assertThat(host.hearth("session", "show", name).code()).isEqualTo(3);
      assertThat(host.ok("audit", "list")).contains("session.delete");
      host.ok("volume", "delete", "busy", "--force", "--yes");
    } finally {
      initiator.destroyForcibly().waitFor();
    }
  }

  /** Waits until a session has this much in a field; its name. */
  private String awaitSession(String field, long least) throws Exception {
    java.time.Instant deadline = java.time.Instant.now().plusSeconds(30);
    while (java.time.Instant.now().isBefore(deadline)) {
      for (var session :
          JsonParser.parseString(host.ok("session", "list", "-o", "json")).getAsJsonArray()) {
        var object = session.getAsJsonObject();
        if (object.has(field) && object.get(field).getAsLong() >= least) {
          return object.get("name").getAsString();
        }
      }
    }
    throw new AssertionError("no session: " + Files.readString(home.resolve("initiator.log")));
  }
}
