// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real kernel, in User-Mode Linux: its initiator, its device mapper, and the CSI driver with all
 * of csi-sanity and no fake anywhere.
 */
@Tag("system")
class KernelTest {
  private static final String SANITY =
      "github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v5.6.0";
  private static final String GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4";

  /** Alpha, and not claimed: snapshots here can be used wherever their volumes can. */
  private static final List<String> NOT_CLAIMED =
      List.of("should succeed when creating a snapshot with accessibility requirements");

  private static final Pattern SKIPPED =
      Pattern.compile("^S \\[SKIPPED\\].*\\R.* \\[It\\] (.*)$", Pattern.MULTILINE);

  @Test
  void aFileSystemOnAVolumeSurvivesTheKillingOfTheHost(@TempDir Path scratch) throws Exception {
    assertThat(
            Kernel.boot(
                scratch,
                "kernel-initiator",
                Map.of(),
                "linux.uml",
                "iscsiadm",
                "mkfs.ext4",
                "depmod"))
        .contains("everything is still there")
        .contains("the disk was served");
  }

  @Test
  void pathsReservationsGrowthAndSnapshotsHold(@TempDir Path scratch) throws Exception {
    assertThat(
            Kernel.boot(
                scratch,
                "kernel-paths",
                Map.of(),
                "linux.uml",
                "iscsiadm",
                "dmsetup",
                "sg_persist"))
        .contains("one path was cut")
        .contains("reservations were kept")
        .contains("the snapshot was clean")
        .contains("all of it held");
  }

  @Test
  void thinVolumesOfLvmAreServedAndSurviveWhatHappensToThem(@TempDir Path scratch)
      throws Exception {
    assertThat(
            Kernel.boot(
                scratch, "kernel-lvm", Map.of(), "linux.uml", "iscsiadm", "lvm", "mkfs.ext4"))
        .contains("pools were made")
        .contains("the snapshot was clean")
        .contains("restored and given back")
        .contains("it went on after a crash")
        .contains("a full pool did no harm")
        .contains("nobody was misled")
        .contains("pools came and went");
  }

  @Test
  void theKernelsTargetServesVolumesOfLvm(@TempDir Path scratch) throws Exception {
    assertThat(
            Kernel.boot(
                scratch,
                "kernel-lio",
                Map.of(),
                "linux.uml",
                "iscsiadm",
                "lvm",
                "mkfs.ext4",
                "mkfs.xfs",
                "iscsi-inq"))
        .contains("LIO serves")
        .contains("the snapshot was clean")
        .contains("exported and given back")
        .contains("the session came back")
        .contains("it went on without the host")
        .contains("who may come in")
        .contains("from one target to the other")
        .contains("both ways")
        .contains("LIO came and went");
  }

  @Test
  void theDriverDoesAllThatTheInterfaceAsks(@TempDir Path scratch) throws Exception {
    String console =
        Kernel.boot(
            scratch,
            "kernel-csi",
            Map.of("SANITY", go(SANITY), "GRPCURL", go(GRPCURL)),
            "linux.uml",
            "iscsiadm",
            "mkfs.ext4",
            "mkfs.xfs");
    String sanity = Files.readString(scratch.resolve("sanity.log"));
    console
        .lines()
        .filter(line -> line.startsWith("Ran ") || line.contains("| "))
        .forEach(System.out::println);
    assertThat(sanity).contains("SUCCESS! -- 101 Passed | 0 Failed | 1 Pending | 1 Skipped");
    assertThat(SKIPPED.matcher(sanity).results().map(result -> result.group(1)))
        .containsExactlyElementsOf(NOT_CLAIMED);
    assertThat(Files.readString(scratch.resolve("sanity-block.log")))
        .contains(" Passed | 0 Failed |");
    assertThat(console)
        .contains("csi-sanity left nothing behind")
        .contains("xfs grew and was cloned")
        .contains("changes were told")
        .contains("raw disks were protected")
        .contains("nothing stayed behind")
        .contains("groups were of one moment")
        .contains("the driver did it all");
  }

  private static String go(String module) throws Exception {
    Path folder = Host.HOME.resolve(".hearth/go");
    Host.Result result =
        Host.run(
            Host.HOME.resolve("system-tests/tools/go-program").toString(),
            folder.toString(),
            module);
    if (result.code() != 0) {
      Outside.notRun("KernelTest: " + module + " cannot be built: " + result.err());
    }
    String name = module.substring(module.lastIndexOf('/') + 1).replace('@', '-');
    return folder.resolve(name).toString();
  }
}
