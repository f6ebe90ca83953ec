// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * libiscsi's own suite, 1.20, with data loss and sanitizing allowed and over two portals, on our
 * target and on tgt in one run. Some tests need a volume that can be ejected and erased, some one
 * with physical blocks of 512 bytes, one a volume that cannot be written: each runs on an ordinary
 * volume first and on the others only if it was skipped there or failed. Each runs in a process of
 * its own, so that one that hangs is one that failed and takes no other along.
 */
@Tag("system")
class LibiscsiSuiteTest {
  private static final Pattern TEST =
      Pattern.compile("(?m)^(ALL\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+)$");

  private record Score(Set<String> passed, Set<String> skipped, Set<String> failed) {}

  @TempDir Path scratch;

  /** Volumes to run on: what each is called, and how it is created. */
  private static final Map<String, List<String>> VOLUMES =
      new TreeMap<>(
          Map.of(
              "1-ordinary", List.of("--size", "1GiB"),
              "2-removable",
                  List.of(
                      "--size",
                      "2GiB",
                      "--removable",
                      "yes",
                      "--sanitize",
                      "yes",
                      "--physical-block",
                      "512"),
              "3-read-only", List.of("--size", "1GiB", "--read-only", "yes")));

  @Test
  void everyTestPassesOnTheVolumeThatItNeeds() throws Exception {
    Outside.need("everyTestPassesOnTheVolumeThatItNeeds", "tgtd");
    Path suite = suite();
    List<String> tests = tests(suite);
    assertThat(tests).hasSizeGreaterThan(230);
    Map<String, Score> scores = new TreeMap<>();
    Set<String> left = new TreeSet<>(tests);
    try (Host host = Host.start(scratch)) {
      for (String volume : VOLUMES.keySet()) {
        List<String> create = new ArrayList<>(List.of("volume", "create", volume));
        create.addAll(VOLUMES.getOrDefault(volume, List.of()));
        host.ok(create.toArray(String[]::new));
        String url = host.ok("volume", "show", volume, "-o", "jsonpath={.iscsi.url}");
        String first = host.ok("volume", "show", volume, "-o", "jsonpath={.iscsi.portals[0]}");
        String second = host.ok("volume", "show", volume, "-o", "jsonpath={.iscsi.portals[1]}");
        assertThat(second).isNotEqualTo(first);
        Score score = run(suite, List.copyOf(left), url, url.replace(first, second));
        scores.put(volume, score);
        left.removeAll(score.passed());
      }
    }
    Score tgt = runOnTgt(suite, tests);
    scores.forEach((volume, score) -> print("Hearth, volume " + volume, score));
    System.out.println(
        "Hearth: " + (tests.size() - left.size()) + " of " + tests.size() + " passed");
    print("tgt", tgt);
    assertThat(left).as("never passed").isEmpty();
    Set<String> failed = new TreeSet<>();
    scores.values().forEach(score -> failed.addAll(score.failed()));
    // With several logical blocks in a physical one it asks for the status of the block behind the
    // first and expects an answer that begins at the next physical one: no target can pass it.
    assertThat(failed).isSubsetOf("ALL.GetLBAStatus.UnmapSingle");
  }

  /** Debian's newer suite has 1.20; it brings its own C library. */
  private static Path suite() throws Exception {
    Path folder = Host.HOME.resolve(".hearth/libiscsi");
    Host.Result result =
        Host.run(
            Host.HOME.resolve("system-tests/tools/unpack-debian").toString(),
            "trixie",
            folder.toString(),
            "libiscsi-bin",
            "libc6",
            "libcunit1");
    if (result.code() != 0) {
      Outside.notRun("LibiscsiSuiteTest: libiscsi-bin 1.20 cannot be unpacked: " + result.err());
    }
    return folder;
  }

  private static Host.Result suite(Path suite, String... arguments)
      throws IOException, InterruptedException {
    String libraries = suite + "/usr/lib/x86_64-linux-gnu";
    List<String> command =
        new ArrayList<>(
            List.of(
                "timeout",
                String.join(" ", arguments).contains("Sanitize") ? "150" : "20",
                libraries + "/ld-linux-x86-64.so.2",
                "--library-path",
                libraries + ":/usr/lib/x86_64-linux-gnu",
                suite + "/usr/bin/iscsi-test-cu"));
    command.addAll(List.of(arguments));
    return Host.run(command, environment -> {});
  }

  private static List<String> tests(Path suite) throws Exception {
    List<String> tests = new ArrayList<>();
    Matcher matcher = TEST.matcher(suite(suite, "--list").out());
    while (matcher.find()) {
      tests.add(matcher.group(1));
    }
    tests.add("SCSI.ReportLUNs.Simple"); // the only one that is missing from ALL
    return tests;
  }

  private static Score run(Path suite, List<String> tests, String url, String second)
      throws Exception {
    Score score = new Score(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    for (String test : tests) {
      Host.Result result =
          suite(suite, "--dataloss", "--allow-sanitize", "-v", "-V", "--test=" + test, url, second);
      String said = result.out() + result.err();
      if (result.code() != 0 || said.contains("had failures")) {
        score.failed().add(test);
      } else if (said.contains("[SKIPPED]")) {
        score.skipped().add(test);
      } else {
        score.passed().add(test);
      }
    }
    return score;
  }

  private Score runOnTgt(Path suite, List<String> tests) throws Exception {
    Path file = Files.createFile(scratch.resolve("tgt.raw"));
    assertThat(Host.run("truncate", "-s", "1G", file.toString()).code()).isZero();
    int port = Host.freePort();
    String control = String.valueOf(port % 30_000);
    Process daemon =
        new ProcessBuilder("tgtd", "-f", "-C", control, "--iscsi", "portal=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("tgt.log").toFile())
            .start();
    try {
      String iqn = "iqn.2026-11.test:tgt";
      tgtadm(control, "--lld", "iscsi", "--op", "new", "--mode", "target", "--tid", "1", "-T", iqn);
      tgtadm(
          control,
          "--lld",
          "iscsi",
          "--op",
          "new",
          "--mode",
          "logicalunit",
          "--tid",
          "1",
          "--lun",
          "1",
          "-b",
          file.toString());
      tgtadm(
          control,
          "--lld",
          "iscsi",
          "--op",
          "update",
          "--mode",
          "logicalunit",
          "--tid",
          "1",
          "--lun",
          "1",
          "--params",
          "thin_provisioning=1");
      tgtadm(
          control, "--lld", "iscsi", "--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL");
      String url = "iscsi://127.0.0.1:" + port + "/" + iqn + "/1";
      return run(suite, tests, url, url);
    } finally {
      daemon.destroyForcibly().waitFor();
    }
  }

  private static void tgtadm(String control, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("tgtadm", "-C", control));
    command.addAll(List.of(arguments));
    Host.Result result = Host.run(command, environment -> {});
    for (int i = 0; i < 50 && result.code() != 0; i++) {
      TimeUnit.MILLISECONDS.sleep(100);
      result = Host.run(command, environment -> {});
    }
    assertThat(result.code()).as(result.toString()).isZero();
  }

  private static void print(String name, Score score) {
    System.out.println(
        name
            + ": "
            + score.passed().size()
            + " passed, "
            + score.skipped().size()
            + " skipped, "
            + score.failed().size()
            + " failed");
    System.out.println("  skipped: " + String.join(" ", score.skipped()));
    System.out.println("  failed: " + String.join(" ", score.failed()));
  }
}
