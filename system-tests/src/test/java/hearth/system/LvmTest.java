// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pools of LVM, with a real kernel's device mapper and initiator, in User-Mode Linux. */
@Tag("system")
class LvmTest {
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
}
