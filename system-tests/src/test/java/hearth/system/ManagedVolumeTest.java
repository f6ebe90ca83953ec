// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes whose owners allow, forbid, limit and watch, with qemu's initiator. */
@Tag("system")
class ManagedVolumeTest {
  @TempDir Path home;

  @BeforeEach
  void needsQemu() throws Exception {
    Outside.need("ManagedVolumeTest", "qemu-io");
  }

  private static String url(Host host, String volume) throws Exception {
    return host.ok("volume", "show", volume, "-o", "jsonpath={.iscsi.url}");
  }

  private static Host.Result io(String url, String command) throws Exception {
    return Host.run("qemu-io", "-f", "raw", "-c", command, url);
  }

  @Test
  void aVolumeKeepsToItsLimitsFromOneMomentToTheNext() throws Exception {
    try (Host host = Host.start(home)) {
      host.ok("volume", "create", "data", "--size", "1GiB", "--bandwidth", "8MiB");
      String url = url(host, "data");
      long began = System.nanoTime();
      assertThat(io(url, "write -P 3 0 24M").code()).isZero();
      // Nothing is told of how fast it is, only that it is not faster: 24 MiB less the first tenth.
      assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(2800));
      host.ok("volume", "update", "data", "--iops", "10", "--iops-burst", "5");
      assertThat(host.ok("volume", "show", "data", "-o", "jsonpath={.limits.bytesPerSecond}"))
          .as("the other limit stays")
          .isEqualTo("8388608");
      began = System.nanoTime();
      assertThat(
              Host.run("qemu-img", "bench", "-f", "raw", "-c", "40", "-d", "1", "-s", "4k", url)
                  .code())
          .isZero();
      assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(3300));
      Host.Result low = host.hearth("volume", "update", "data", "--iops", "3");
      assertThat(low.code()).isEqualTo(2);
      assertThat(low.err()).contains("expected: >= 10");
      host.ok("volume", "update", "data", "--iops", "none", "--bandwidth", "none");
      assertThat(host.ok("volume", "show", "data", "-o", "jsonpath={.limits.bytesPerSecond}"))
          .isIn("", "0");
    }
  }

  @Test
  void onlyInitiatorsOnTheListLogIn() throws Exception {
    try (Host host = Host.start(home)) {
      String mine = "iqn.2008-11.org.linux-kvm";
      host.ok(
          "volume", "create", "data", "--size", "1GiB", "--initiator", "iqn.2026-11.test:other");
      Host.Result refused = io(url(host, "data"), "read 0 4k");
      assertThat(refused.code()).isNotZero();
      host.ok(
          "volume", "update", "data", "--initiator", "iqn.2026-11.test:other", "--initiator", mine);
      assertThat(io(url(host, "data"), "read 0 4k").code()).as("qemu says it is " + mine).isZero();
      host.ok("volume", "update", "data", "--initiator", "iqn.2026-11.test:other");
      assertThat(io(url(host, "data"), "read 0 4k").code()).isNotZero();
      host.ok("volume", "update", "data", "--reader", mine);
      assertThat(
              Host.run("qemu-io", "-r", "-f", "raw", "-c", "read 0 4k", url(host, "data")).code())
          .isZero();
      assertThat(io(url(host, "data"), "write 0 4k").code()).isNotZero();
      host.ok("volume", "update", "data", "--initiator", mine);
      assertThat(io(url(host, "data"), "write 0 4k").code()).isZero();
      host.ok("volume", "update", "data", "--initiator", "any");
      assertThat(io(url(host, "data"), "read 0 4k").code()).isZero();
      Host.Result wrong = host.hearth("volume", "update", "data", "--initiator", "my-laptop");
      assertThat(wrong.code()).isEqualTo(2);
      assertThat(wrong.err()).contains("initiatorname.iscsi");
    }
  }

  @Test
  void prometheusAndTheDashboardSpeakOfTheSameThings() throws Exception {
    try (Host host = Host.start(home)) {
      host.ok("volume", "create", "data", "--size", "1GiB");
      assertThat(io(url(host, "data"), "write -P 3 0 1M").code()).isZero();
      assertThat(io(url(host, "data"), "read -P 3 0 1M").code()).isZero();
      host.ok("account", "create", "ann");
      String secret = host.ok("token", "create", "t", "-o", "jsonpath={.secret}");
      String members =
          host.ok("token", "create", "t", "--account", "ann", "-o", "jsonpath={.secret}");
      assertThat(metrics(host, members).statusCode()).isEqualTo(403);
      String metrics = metrics(host, secret).body();
      assertThat(metrics)
          .contains(
              "hearth_volume_size_bytes{volume=\"accounts/admin/volumes/data\"} 1.073741824E9")
          .containsPattern(
              "hearth_volume_command_bytes_total\\{operation=\"write\","
                  + "volume=\"accounts/admin/volumes/data\"} 1048576.0")
          .containsPattern(
              "hearth_volume_command_duration_seconds_bucket\\{operation=\"flush\",.*le=\"\\+Inf\"");
      Matcher names =
          Pattern.compile("hearth_[a-z_]+")
              .matcher(Files.readString(Host.HOME.resolve("deploy/grafana/hearth-volumes.json")));
      Set<String> missing = new TreeSet<>();
      while (names.find()) {
        if (!metrics.contains("\n" + names.group())) {
          missing.add(names.group());
        }
      }
      assertThat(missing).as("what the dashboard shows and the host does not tell").isEmpty();
    }
  }

  private static HttpResponse<String> metrics(Host host, String token) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(host.uri() + "/metrics"))
              .header("authorization", "Bearer " + token)
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
