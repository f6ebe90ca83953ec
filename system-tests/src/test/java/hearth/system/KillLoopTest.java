// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host that is killed again and again while fio writes and later verifies what it wrote. */
@Tag("system")
class KillLoopTest {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 4);

  @TempDir Path home;

  /** By way of qemu's initiator, which logs in again as often as it takes. */
  @Test
  void whatFioWroteIsThereHoweverOftenTheHostIsKilled() throws Exception {
    Outside.need("whatFioWroteIsThereHoweverOftenTheHostIsKilled", "fio");
    Outside.need("whatFioWroteIsThereHoweverOftenTheHostIsKilled", "qemu-nbd");
    Random random = new Random(7);
    try (Host host = Host.start(home)) {
      host.ok("volume", "create", "data", "--size", "256MiB");
      String url = host.ok("volume", "show", "data", "-o", "jsonpath={.iscsi.url}");
      Path socket = home.resolve("nbd");
      Process nbd =
          new ProcessBuilder(
                  "qemu-nbd",
                  "--persistent",
                  "--cache=none",
                  "--aio=threads",
                  "-f",
                  "raw",
                  "-k",
                  socket.toString(),
                  url)
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("nbd.log").toFile())
              .start();
      try {
        Instant deadline = Instant.now().plus(Duration.ofSeconds(20));
        while (!Files.exists(socket) && nbd.isAlive() && Instant.now().isBefore(deadline)) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
        for (int round = 0; round < ROUNDS; round++) {
          Process fio = fio(socket, round, "--do_verify=1");
          int kills = 0;
          do {
            if (fio.waitFor(500 + random.nextInt(1500), TimeUnit.MILLISECONDS)) {
              break;
            }
            host.killAndRestart();
            kills++;
            if (kills == 2) {
              host.ok("snapshot", "create", "data/r" + round);
            }
          } while (kills < 3);
          assertThat(fio.waitFor(120, TimeUnit.SECONDS)).as("fio came to its end").isTrue();
          assertThat(fio.exitValue()).as(log()).isZero();
          assertThat(kills).isPositive();
          host.killAndRestart();
          Process again = fio(socket, round, "--verify_only=1");
          assertThat(again.waitFor(120, TimeUnit.SECONDS)).isTrue();
          assertThat(again.exitValue()).as(log()).isZero();
          host.ok("volume", "check", "data");
          System.out.println("killed while fio wrote: " + (kills + 1) + " times, all verified");
        }
      } finally {
        nbd.destroyForcibly().waitFor();
      }
    }
  }

  private String log() throws Exception {
    return Files.readString(home.resolve("fio.log")) + Files.readString(home.resolve("nbd.log"));
  }

  /** Writes all of a part of the volume in random order, with a flush now and then. */
  private Process fio(Path socket, int round, String what) throws Exception {
    return new ProcessBuilder(
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=nbd+unix:///?socket=" + socket,
            "--rw=randwrite",
            "--bsrange=4k-64k",
            "--blockalign=4k",
            "--size=256m",
            "--iodepth=16",
            "--fsync=64",
            "--rate=24m",
            "--randseed=" + (round + 1),
            "--verify=crc32c",
            "--verify_fatal=1",
            what)
        .directory(home.toFile())
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("fio.log").toFile())
        .start();
  }
}
