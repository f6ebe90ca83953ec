// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host whose disk is full, whose members are curious, and whose connections are encrypted. */
@Tag("system")
class AdversityTest {
  @TempDir Path home;

  private static Path random(Path file, int bytes, int seed) throws Exception {
    byte[] content = new byte[bytes];
    new Random(seed).nextBytes(content);
    return Files.write(file, content);
  }

  private static int copy(Path image, String url) throws Exception {
    return Host.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), url)
        .code();
  }

  @Test
  void aFullDiskRefusesNewDataAndLosesNone() throws Exception {
    Outside.need("aFullDiskRefusesNewDataAndLosesNone", "qemu-img");
    if (!Host.run("id", "-u").out().strip().equals("0")) {
      Outside.notRun("aFullDiskRefusesNewDataAndLosesNone: mounting a small disk needs root");
    }
    Path disk = Files.createDirectories(home.resolve("data"));
    assertThat(Host.run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk.toString()).code())
        .isZero();
    try (Host host = Host.start(home)) {
      host.ok("volume", "create", "kept", "--size", "30MiB");
      host.ok("volume", "create", "more", "--size", "30MiB");
      String kept = host.ok("volume", "show", "kept", "-o", "jsonpath={.iscsi.url}");
      String more = host.ok("volume", "show", "more", "-o", "jsonpath={.iscsi.url}");
      Path image = random(home.resolve("image"), 30 << 20, 1);
      Path other = random(home.resolve("other"), 30 << 20, 2);
      assertThat(copy(image, kept)).isZero();
      assertThat(copy(other, more)).as("there is no room for this").isNotZero();
      // What was stored can be read and written again, and the records still work.
      assertThat(copy(image, kept)).isZero();
      assertThat(host.ok("volume", "list", "-o", "name")).contains("kept").contains("more");
      host.ok("account", "create", "ann");
      // Now something else takes the rest.
      Host.run("sh", "-c", "head -c 100M /dev/zero >" + disk + "/filler");
      Host.Result refused = host.hearth("account", "create", "ben");
      assertThat(refused.code()).as(refused.err() + host.log()).isEqualTo(5);
      assertThat(refused.err()).contains("is full").contains("Free space");
      assertThat(host.hearth("doctor").out()).contains("WRONG The disk has room");
      String warning = host.ok("host", "show", "-o", "jsonpath={.warnings[0]}");
      for (int i = 0; i < 100 && !warning.contains("95 %"); i++) {
        java.util.concurrent.TimeUnit.MILLISECONDS.sleep(100);
        warning = host.ok("host", "show", "-o", "jsonpath={.warnings[0]}");
      }
      assertThat(warning).contains("more than 95 % full");
      assertThat(host.ok("volume", "list", "-o", "name")).contains("kept");
      host.killAndRestart();
      Path back = home.resolve("back");
      assertThat(
              Host.run("qemu-img", "convert", "-f", "raw", "-O", "raw", kept, back.toString())
                  .code())
          .isZero();
      assertThat(Files.mismatch(image, back)).isEqualTo(-1);
      Files.delete(disk.resolve("filler"));
      host.ok("volume", "delete", "more", "--yes");
      host.ok("account", "create", "ben");
    } finally {
      Host.run("umount", disk.toString());
    }
  }

  @Test
  void aMembersInitiatorReachesNothingOfOthers() throws Exception {
    Outside.need("aMembersInitiatorReachesNothingOfOthers", "iscsi-ls");
    Outside.need("aMembersInitiatorReachesNothingOfOthers", "qemu-img");
    try (Host host = Host.start(home)) {
      host.ok("account", "create", "ann");
      host.ok("account", "create", "ben");
      host.ok("volume", "create", "ann/hers", "--size", "16MiB");
      host.ok("volume", "create", "ben/his", "--size", "16MiB");
      String hers = host.ok("volume", "show", "ann/hers", "-o", "jsonpath={.iscsi.url}");
      String his = host.ok("volume", "show", "ben/his", "-o", "jsonpath={.iscsi.url}");
      assertThat(Host.run("qemu-img", "info", hers).code()).isZero();
      assertThat(Host.run("qemu-img", "info", his).code()).isZero();
      // Ben's own name and secret at Ann's target.
      String crossed = his.substring(0, his.indexOf('@')) + hers.substring(hers.indexOf('@'));
      Host.Result login = Host.run("qemu-img", "info", crossed);
      assertThat(login.code()).isNotZero();
      assertThat(login.err()).containsIgnoringCase("auth");
      // Discovery shows him his own, and nobody anything without a secret.
      String portal = his.substring(0, his.indexOf('/', his.indexOf('@')));
      assertThat(Host.run("iscsi-ls", portal).out())
          .contains(":ben.his")
          .doesNotContain("ann")
          .doesNotContain("hers");
      Host.Result stranger = Host.run("iscsi-ls", "iscsi://127.0.0.1:" + host.iscsiPort());
      assertThat(stranger.out()).doesNotContain("iqn.");
      assertThat(stranger.code()).isNotZero();
    }
  }

  @Test
  void withACertificateEverythingIsEncryptedAndHttp2IsSpoken() throws Exception {
    Outside.need("withACertificateEverythingIsEncryptedAndHttp2IsSpoken", "openssl");
    Outside.need("withACertificateEverythingIsEncryptedAndHttp2IsSpoken", "curl");
    Path certificate = home.resolve("host.pem");
    Path key = home.resolve("host.key");
    Host.Result made =
        Host.run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key.toString(),
            "-out",
            certificate.toString());
    assertThat(made.code()).as(made.err()).isZero();
    try (Host host =
        Host.start(
            home, "--tls-certificate", certificate.toString(), "--tls-key-file", key.toString())) {
      String uri = host.uri().replace("http:", "https:");
      assertThat(host.log()).contains(uri);
      Host.Result page =
          Host.run(
              "curl",
              "-s",
              "--http2",
              "-w",
              "%{http_version} %{http_code}",
              "--cacert",
              certificate.toString(),
              uri + "/healthz");
      assertThat(page.out()).endsWith("2 200");
      assertThat(Host.run("curl", "-s", "-m", "5", host.uri() + "/healthz").code()).isNotZero();
      Host.Result untrusted = host.hearth("volume", "list");
      assertThat(untrusted.code()).isEqualTo(6);
      assertThat(untrusted.err()).contains("certificate");
    }
  }
}
