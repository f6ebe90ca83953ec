// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real kernel's initiator, in User-Mode Linux. */
@Tag("system")
class KernelInitiatorTest {
  @Test
  void aFileSystemOnAVolumeSurvivesTheKillingOfTheHost(@TempDir Path scratch) throws Exception {
    assertThat(boot(scratch, "kernel-initiator", "linux.uml", "iscsiadm", "mkfs.ext4", "depmod"))
        .contains("everything is still there")
        .contains("the disk was served");
  }

  @Test
  void pathsReservationsGrowthAndSnapshotsHold(@TempDir Path scratch) throws Exception {
    assertThat(boot(scratch, "kernel-paths", "linux.uml", "iscsiadm", "dmsetup", "sg_persist"))
        .contains("one path was cut")
        .contains("reservations were kept")
        .contains("the snapshot was clean")
        .contains("all of it held");
  }

  /** Runs a script in User-Mode Linux; what it printed. */
  private static String boot(Path scratch, String name, String... programs) throws Exception {
    for (String program : programs) {
      Outside.need(name, program);
    }
    Path tools = Host.HOME.resolve("system-tests/tools");
    Path script = scratch.resolve("script");
    Files.writeString(
        script, "export HEARTH_HOME=" + Host.HOME + "\nexec sh -x " + tools.resolve(name) + "\n");
    Host.Result boot =
        Host.run(tools.resolve("uml-boot").toString(), scratch.toString(), script.toString());
    String console =
        Files.exists(scratch.resolve("console"))
            ? Files.readString(scratch.resolve("console"))
            : "";
    assertThat(boot.code()).as(boot.err() + console).isZero();
    assertThat(Files.readString(scratch.resolve("result"))).as(console).isEqualTo("0\n");
    return console;
  }
}
