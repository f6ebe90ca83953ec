// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.contract.volume.v1.Volume;
import hearth.kit.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the driver makes of the words of others: names, parameters, the kernel's mount table. */
class NamesTest {
  @Test
  void namesThatTheHostTakesStayAndOthersAlwaysBecomeTheSame() {
    assertThat(Names.id("name", "pvc-0a1b")).isEqualTo("pvc-0a1b");
    for (String odd : List.of("Data", "a/b", "../x", "ä", "x".repeat(64), "-a", "a".repeat(128))) {
      assertThat(Names.id("name", odd))
          .isEqualTo(Names.id("name", odd))
          .matches("csi-[0-9a-f]{40}");
    }
    assertThat(Names.id("name", "Data")).isNotEqualTo(Names.id("name", "data"));
    for (String wrong : List.of("", "a".repeat(129), "ä".repeat(65))) {
      assertThatThrownBy(() -> Names.id("name", wrong)).isInstanceOf(Problem.class);
    }
  }

  @Test
  void identitiesCannotLeaveTheirPlace() {
    assertThat(Names.snapshot("data/monday")).contains("accounts/me/volumes/data/snapshots/monday");
    for (String wrong : List.of("", "/", "data", "data/", "/monday", "a/b/c", "../x/y", "a/..")) {
      assertThat(Names.snapshot(wrong)).as(wrong).isEmpty();
    }
    for (String wrong : List.of("", "a/b", "..", "A", "x\n", "x".repeat(64))) {
      assertThatThrownBy(() -> Names.volume(wrong)).as(wrong).isInstanceOf(Problem.class);
    }
    assertThat(Names.volumeId("accounts/ann/volumes/data")).isEqualTo("data");
    assertThat(Names.snapshotId("accounts/ann/volumes/data/snapshots/monday"))
        .isEqualTo("data/monday");
    assertThat(Names.node("iqn.1993-08.org.debian:01:abc")).isNotEmpty();
    for (String wrong :
        List.of("", "node-1", "iqn.", "iqn.A", "iqn.a b", "iqn." + "x".repeat(220))) {
      assertThatThrownBy(() -> Names.node(wrong)).as(wrong).isInstanceOf(Problem.class);
    }
  }

  @Test
  void parametersAreKnownOrRefused() {
    Volume.Builder volume = Volume.newBuilder();
    Parameters.apply(
        Map.of(
            "engine", "raw",
            "iops", "1000",
            "csi.storage.k8s.io/pvc/name", "claim",
            "csi.storage.k8s.io/pvc/namespace", "space"),
        Map.of("bandwidth", "100MiB"),
        volume);
    assertThat(volume.getEngine()).isEqualTo(Volume.Engine.RAW);
    assertThat(volume.getLimits().getOperationsPerSecond()).isEqualTo(1000);
    assertThat(volume.getLimits().getBytesPerSecond()).isEqualTo(100L << 20);
    assertThat(volume.getDescription()).isEqualTo("PersistentVolumeClaim space/claim");
    for (Map<String, String> wrong :
        List.of(
            Map.of("iop", "1"),
            Map.of("iops", "many"),
            Map.of("iops", "-1"),
            Map.of("bandwidth", "fast"),
            Map.of("engine", "lvm"))) {
      assertThatThrownBy(() -> Parameters.apply(wrong, Map.of(), Volume.newBuilder()))
          .as("%s", wrong)
          .isInstanceOf(Problem.class)
          .hasMessageContaining("parameters");
    }
    assertThatThrownBy(
            () -> Parameters.change(Volume.Limits.getDefaultInstance(), Map.of("engine", "raw")))
        .isInstanceOf(Problem.class);
  }

  @Test
  void theMountTableIsReadAsTheKernelWritesIt() {
    Mounts.Mount mount =
        Mounts.parse(
            "36 35 8:16 /a\\040b /mnt\\134x\\040y ro,noatime master:1 shared:2 - ext4 /dev/sdb rw");
    assertThat(mount)
        .isEqualTo(new Mounts.Mount("8:16", "/a b", Path.of("/mnt\\x y"), true, "ext4"));
    assertThat(Mounts.parse("22 1 0:5 /sda /run/pod rw - devtmpfs none rw,size=4k"))
        .isEqualTo(new Mounts.Mount("0:5", "/sda", Path.of("/run/pod"), false, "devtmpfs"));
    assertThat(Mounts.at(Path.of("/proc"))).isPresent();
    assertThat(Mounts.at(Path.of("/proc/self"))).isEmpty();
    assertThat(Mounts.at(Path.of("/there/is/no/such/path"))).isEmpty();
  }
}
