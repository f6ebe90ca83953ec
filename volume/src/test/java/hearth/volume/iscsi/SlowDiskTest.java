// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.volume.engine.VolumeData;
import hearth.volume.scsi.Identity;
import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.MemoryVolume;
import hearth.volume.scsi.Traits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A disk that takes its time: the session goes on beside it. */
class SlowDiskTest {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answered = new CountDownLatch(1);

  /** Reads nothing before it is let. */
  private final class SlowVolume extends MemoryVolume {
    SlowVolume() {
      super(1 << 20);
    }

    @Override
    public void read(long offset, ByteBuffer destination) {
      asked.countDown();
      try {
        answered.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      super.read(offset, destination);
    }
  }

  @Test
  void aPingBehindACommandThatTakesLongIsAnsweredFirst() throws Exception {
    IscsiTarget target = serve(new SlowVolume());
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      assertThat(initiator.works()).isTrue();
      int tag = initiator.command("28 00 00 00 00 00 00 00 08 00", 0xC0, 4096);
      asked.await();
      for (int i = 0; i < 3; i++) {
        initiator.ping((byte) 7);
        assertThat(initiator.receive().opcode()).isEqualTo(Bhs.NOP_IN);
      }
      answered.countDown();
      Bhs answer = initiator.receive();
      assertThat(answer.opcode()).isEqualTo(Bhs.DATA_IN);
      assertThat(answer.initiatorTaskTag()).isEqualTo(tag);
      assertThat(initiator.works()).as("whoever reads now").isTrue();
    } finally {
      answered.countDown();
      target.close();
    }
    for (int i = 0; i < 500 && target.connections() > 0; i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertThat(target.connections()).isZero();
  }

  /** Reads that come to their end only when four of them wait at the same time. */
  private static final class WideVolume extends MemoryVolume {
    final CyclicBarrier together = new CyclicBarrier(4);
    final AtomicInteger handedOn = new AtomicInteger();
    volatile boolean wide;

    WideVolume() {
      super(1 << 20);
    }

    @Override
    public void read(long offset, ByteBuffer destination) {
      try {
        if (wide) {
          if (Thread.currentThread().getName().startsWith("scsi-")) {
            handedOn.incrementAndGet();
          }
          int _ = together.await(20, TimeUnit.SECONDS);
        } else {
          TimeUnit.MILLISECONDS.sleep(2);
        }
      } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
        throw new IllegalStateException("a read waited for another", e);
      }
      super.read(offset, destination);
    }
  }

  @Test
  void readsThatWaitForTheDiskWaitSideBySide() throws Exception {
    WideVolume volume = new WideVolume();
    IscsiTarget target = serve(volume);
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      assertThat(initiator.works()).isTrue();
      int _ = initiator.command("28 00 00 00 00 00 00 00 08 00", 0xC0, 4096);
      assertThat(initiator.receive().opcode()).isEqualTo(Bhs.DATA_IN);
      volume.wide = true;
      for (int i = 0; i < 16; i++) {
        int _ = initiator.command("28 00 00 00 00 00 00 00 08 00", 0xC0, 4096);
      }
      for (int i = 0; i < 16; i++) {
        assertThat(initiator.receive().opcode()).isEqualTo(Bhs.DATA_IN);
      }
      // The first came when no other was in hand, so the reader took it itself.
      assertThat(volume.handedOn).hasValueGreaterThanOrEqualTo(14);
    } finally {
      target.close();
    }
  }

  private static IscsiTarget serve(VolumeData volume) throws IOException {
    Target only =
        new Target(
            Initiator.IQN,
            "user",
            "secretsecret",
            "",
            Set.of(),
            new LogicalUnit(
                new Identity("00112233445566778899aabbccddeeff", Initiator.IQN, "0.1", 1),
                volume,
                Traits.DISK));
    TargetDirectory directory =
        new TargetDirectory() {
          @Override
          public Optional<Target> find(String iqn) {
            return Optional.of(only);
          }

          @Override
          public Optional<Target> findByChapUser(String user) {
            return Optional.of(only);
          }
        };
    return IscsiTarget.start(
        List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
        directory,
        IscsiTarget.Limits.DEFAULT,
        InstantSource.system());
  }
}
