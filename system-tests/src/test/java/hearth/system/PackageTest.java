// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packages, installed where they cannot hurt, without the sources and without a JDK. */
@Tag("system")
class PackageTest {
  @TempDir static Path folder;

  @BeforeAll
  static void make() throws Exception {
    Host.Result made = Host.run(Host.HOME.resolve("tools/package").toString(), folder.toString());
    assertThat(made.code()).as(made.err()).isZero();
  }

  private static Path file(String ending) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(path -> path.toString().endsWith(ending)).findFirst().orElseThrow();
    }
  }

  private static void bare(Map<String, String> environment) {
    environment.remove("JAVA_HOME");
    environment.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
  }

  @Test
  void theTarRunsWhereverItIsUnpacked() throws Exception {
    Path place = Files.createDirectory(folder.resolve("some where"));
    assertThat(Host.run("tar", "-C", place.toString(), "-xzf", file(".tar.gz").toString()).code())
        .isZero();
    Path unpacked;
    try (Stream<Path> files = Files.list(place)) {
      unpacked = files.findFirst().orElseThrow();
    }
    Path launcher = unpacked.resolve("bin/hearth");
    Path home = Files.createDirectory(folder.resolve("home"));
    Host.Result result =
        Host.run(
            List.of("sh", "-c", LIFE, "sh", launcher.toString(), home.toString()),
            PackageTest::bare);
    assertThat(result.out()).as(result.err()).contains("volume/data created").contains("fine");
    // The caches were made for this runtime and these jars, and serve from any folder.
    Host.Result cached =
        Host.run(
            List.of(
                "sh",
                "-c",
                "lib=$1/lib; sed s/-Xlog:disable/-Xlog:class+load/ \"$lib/cli.options\" >\"$2/options\";"
                    + " options=$2/options; set -- version; . \"$options\";"
                    + " \"$lib/runtime/bin/java\" \"$@\"",
                "sh",
                unpacked.toString(),
                home.toString()),
            PackageTest::bare);
    assertThat(cached.out()).contains("hearth.cli.Main source: shared objects file");
    assertThat(unpacked.resolve("share/man/man1/hearth-volume.1.gz")).exists();
    assertThat(unpacked.resolve("share/doc/hearth/LICENSE")).exists();
  }

  /** Starts a host, makes a volume, and stops it: with the launcher and a home folder given. */
  private static final String LIFE =
      """
      export XDG_CONFIG_HOME="$2/c" XDG_DATA_HOME="$2/d"
      "$1" up --listen 127.0.0.1:0 --iscsi-listen 127.0.0.1:0 >"$2/log" 2>&1 &
      host=$!
      tries=0
      until grep -q 'Hearth is up' "$2/log"; do
        tries=$((tries + 1)); [ $tries -lt 300 ] || { cat "$2/log"; exit 1; }; sleep 0.1
      done
      "$1" volume create data --size 1GiB && "$1" doctor && echo fine
      kill $host
      wait $host
      """;

  @Test
  void theDebianPackageInstallsRunsAsItsOwnUserAndKeepsDataWhenPurged() throws Exception {
    if (!Host.run("id", "-u").out().strip().equals("0")) {
      Outside.notRun("PackageTest: installing a package needs root");
    }
    Host.Result result =
        Host.run(
            List.of(
                "unshare",
                "--mount",
                "--net",
                "sh",
                "-c",
                INSTALL,
                "sh",
                file(".deb").toString(),
                folder.toString()),
            PackageTest::bare);
    assertThat(result.code()).as(result.out() + result.err()).isZero();
    assertThat(result.out())
        .contains("uid ok")
        .contains("volume/data created")
        .contains("manual ok")
        .contains("is kept")
        .contains("gone");
  }

  /** In a mount and network name space of its own, on a copy-on-write view of this system. */
  private static final String INSTALL =
      """
      set -e
      mkdir -p "$2/overlay"
      mount -t tmpfs tmpfs "$2/overlay"
      mkdir "$2/overlay/upper" "$2/overlay/work" "$2/overlay/root"
      mount -t overlay overlay -o "lowerdir=/,upperdir=$2/overlay/upper,workdir=$2/overlay/work" "$2/overlay/root"
      cp "$1" "$2/overlay/root/tmp/hearth.deb"
      mount -t proc proc "$2/overlay/root/proc"
      mount --bind /dev "$2/overlay/root/dev"
      ip link set lo up
      chroot "$2/overlay/root" sh -ec '
        rm -rf /root/.m2 /usr/lib/jvm/temurin-25*
        apt-get install -y --no-install-recommends /tmp/hearth.deb >/tmp/apt.log 2>&1 \
          || dpkg -i /tmp/hearth.deb >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }
        grep "create-login-link" /tmp/apt.log
        dpkg -s hearth | grep "^Status: install ok"
        [ "$(stat -c %U:%a /var/lib/hearth)" = hearth:700 ]
        su -s /bin/sh hearth -c "hearth up --data-folder /var/lib/hearth/data" >/tmp/log 2>&1 &
        tries=0
        until grep -q "Hearth is up" /tmp/log; do
          tries=$((tries + 1)); [ $tries -lt 300 ] || { cat /tmp/log; exit 1; }; sleep 0.1
        done
        pgrep -u hearth java >/dev/null && echo uid ok
        su -s /bin/sh hearth -c "hearth volume create data --size 1GiB"
        su -s /bin/sh hearth -c "hearth account create-login-link" | grep -q /login/
        man -l --warnings /usr/share/man/man1/hearth-volume.1.gz 2>&1 | grep -q "hearth volume create" && echo manual ok
        pkill -u hearth java
        sleep 1
        dpkg --purge hearth
        [ -e /var/lib/hearth/data/volumes ] && [ ! -e /usr/bin/hearth ] && echo gone
      '
      """;

  @Test
  void theUnitIsValidAndHardened() throws Exception {
    Outside.need("theUnitIsValidAndHardened", "systemd-analyze");
    Path unit = Host.HOME.resolve("dist/src/main/package/hearth.service");
    Host.Result security =
        Host.run(
            "systemd-analyze",
            "security",
            "--offline=true",
            "--no-pager",
            "--threshold=25",
            unit.toString());
    assertThat(security.code()).as(security.out() + security.err()).isZero();
    assertThat(security.out() + security.err()).contains("OK");
  }
}
