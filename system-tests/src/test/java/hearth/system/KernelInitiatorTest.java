// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real kernel's initiator, in User-Mode Linux. */
@Tag("system")
class KernelInitiatorTest {
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
}
