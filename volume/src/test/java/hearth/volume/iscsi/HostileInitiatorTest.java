// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.volume.engine.RawEngine;
import hearth.volume.engine.VolumeData;
import hearth.volume.scsi.Identity;
import hearth.volume.scsi.LogicalUnit;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A target on a socket, under what no well-meant initiator sends. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileInitiatorTest {
  private static final int MOST = 64;

  @TempDir Path folder;
  private VolumeData data;
  private IscsiTarget target;

  @BeforeEach
  void start() throws IOException {
    RawEngine engine = new RawEngine(folder);
    String uid = "00112233445566778899aabbccddeeff";
    engine.create(uid, 16 << 20);
    data = engine.open(uid);
    Target only =
        new Target(
            Initiator.IQN,
            "user",
            "secretsecret",
            "targetsecret",
            java.util.Set.of(),
            new LogicalUnit(
                new Identity(uid, Initiator.IQN, "0.1", 1), data, hearth.volume.scsi.Traits.DISK));
    TargetDirectory directory =
        new TargetDirectory() {
          @Override
          public Optional<Target> find(String iqn) {
            return Optional.of(only).filter(known -> known.iqn().equals(iqn));
          }

          @Override
          public Optional<Target> findByChapUser(String user) {
            return Optional.of(only).filter(known -> known.chapUser().equals(user));
          }
        };
    target =
        IscsiTarget.start(
            List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            directory,
            new IscsiTarget.Limits(MOST, Duration.ofSeconds(1), 32 << 20),
            java.time.InstantSource.system());
  }

  @AfterEach
  void stop() throws IOException {
    target.close();
    data.close();
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    Instant deadline = Instant.now().plusSeconds(20);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as(what).isBefore(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void assertHealthy() throws Exception {
    await("connections end", () -> target.connections() == 0);
    assertThat(target.heldBytes()).isZero();
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      assertThat(initiator.works()).isTrue();
    }
  }

  /** Reads until the target hangs up; says how many bytes came. */
  private static long drain(SocketChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    long total = 0;
    try {
      for (int n = channel.read(buffer); n >= 0; n = channel.read(buffer.clear())) {
        total += n;
      }
    } catch (SocketException e) {
      // It hung up with our bytes unread.
    }
    return total;
  }

  @Test
  void garbageInsteadOfALoginIsHungUpOn() throws Exception {
    Random random = new Random(11);
    for (int i = 0; i < 200; i++) {
      byte[] garbage = new byte[random.nextInt(2000)];
      random.nextBytes(garbage);
      try (SocketChannel channel = SocketChannel.open(target.addresses().getFirst())) {
        try {
          channel.write(ByteBuffer.wrap(garbage));
          channel.shutdownOutput();
        } catch (IOException e) {
          // It may have hung up already.
        }
        assertThat(drain(channel)).isLessThan(10_000);
      }
    }
    assertHealthy();
  }

  @Test
  void aHugeLengthIsHungUpOnWithoutBeingWaitedFor() throws Exception {
    for (int opcode : new int[] {Bhs.LOGIN, Bhs.LOGIN | 0x40, Bhs.SCSI_COMMAND, Bhs.NOP_OUT}) {
      try (SocketChannel channel = SocketChannel.open(target.addresses().getFirst())) {
        channel.write(ByteBuffer.wrap(Bhs.of(opcode, 0x87).dataLength(0xFFFFFF).array()));
        assertThat(drain(channel)).isLessThan(1000);
      }
    }
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      Bhs header = Bhs.of(Bhs.SCSI_COMMAND, 0xA0).set32(20, 0xFFFFFFFF).set32(24, 1);
      initiator.channel.write(ByteBuffer.wrap(header.dataLength(0xFFFFFF).array()));
      drain(initiator.channel);
    }
    assertHealthy();
  }

  @Test
  void connectionsThatSayNothingAreClosedAfterTheTimeOfALogin() throws Exception {
    List<SocketChannel> silent = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      silent.add(SocketChannel.open(target.addresses().getFirst()));
    }
    silent.getFirst().write(ByteBuffer.wrap(new byte[] {0x43}));
    for (SocketChannel channel : silent) {
      assertThat(drain(channel)).isZero();
      channel.close();
    }
    assertHealthy();
  }

  @Test
  void tenThousandConnectionsLeaveASessionUndisturbed() throws Exception {
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      List<SocketChannel> crowd = new ArrayList<>();
      try {
        for (int i = 0; i < 10_000; i++) {
          crowd.add(SocketChannel.open(target.addresses().getFirst()));
          if (i % 1000 == 0) {
            assertThat(initiator.works()).isTrue();
          }
        }
        assertThat(target.connections()).isLessThanOrEqualTo(MOST);
        assertThat(initiator.works()).isTrue();
      } finally {
        for (SocketChannel channel : crowd) {
          channel.close();
        }
      }
    }
    assertHealthy();
  }

  @Test
  void oneThatAsksAndDoesNotListenFillsItsOwnSocket() throws Exception {
    try (Initiator initiator = Initiator.loggedIn(target.addresses().getFirst())) {
      initiator.channel.configureBlocking(false);
      Bhs nop = Bhs.of(Bhs.NOP_OUT | 0x40, Bhs.FINAL).initiatorTaskTag(7).set32(20, Bhs.NO_TAG);
      byte[] pdu = new byte[Bhs.LENGTH + (64 << 10)];
      System.arraycopy(nop.set32(24, 1).dataLength(64 << 10).array(), 0, pdu, 0, Bhs.LENGTH);
      long sent = 0;
      Instant last = Instant.now();
      ByteBuffer buffer = ByteBuffer.wrap(pdu);
      while (Duration.between(last, Instant.now()).toMillis() < 1000) {
        int count = initiator.channel.write(buffer);
        if (count > 0) {
          sent += count;
          last = Instant.now();
        }
        if (!buffer.hasRemaining()) {
          buffer.clear();
        }
        assertThat(sent).isLessThan(256L << 20);
      }
    }
    assertHealthy();
  }

  @Test
  void aSessionOfRandomRequestsEndsAndGivesAllBack() throws Exception {
    Random random = new Random(12);
    int[] opcodes = {
      Bhs.NOP_OUT, Bhs.SCSI_COMMAND, Bhs.TASK_MANAGEMENT, Bhs.TEXT, Bhs.DATA_OUT, 0x10, 0x1C
    };
    for (int round = 0; round < 60; round++) {
      try (Initiator initiator =
          Initiator.loggedIn(target.addresses().getFirst(), "InitialR2T=No")) {
        Thread reader = Thread.startVirtualThread(() -> drainQuietly(initiator.channel));
        try {
          for (int i = 1; i < 100; i++) {
            byte[] bytes = new byte[Bhs.LENGTH];
            random.nextBytes(bytes);
            Bhs header = new Bhs(bytes);
            int opcode = opcodes[random.nextInt(opcodes.length)];
            header.set(0, opcode | (random.nextInt(4) == 0 ? 0x40 : 0)).set(4, 0);
            header.set32(24, i + random.nextInt(3) - 1).set64(8, 0);
            header.initiatorTaskTag(random.nextInt(8)).set32(20, random.nextInt(8192));
            initiator.wire.write(header, ByteBuffer.allocate(random.nextInt(3) * 512));
          }
        } catch (IOException e) {
          // It hung up, as it may.
        }
        initiator.channel.close();
        reader.join();
      }
    }
    assertHealthy();
  }

  private static void drainQuietly(SocketChannel channel) {
    try {
      drain(channel);
    } catch (IOException e) {
      // The test closed it.
    }
  }

  @Test
  void aSessionThatVanishesInTheMiddleOfAWriteGivesAllBack() throws Exception {
    for (int i = 0; i < 30; i++) {
      Initiator initiator = Initiator.loggedIn(target.addresses().getFirst());
      initiator.command("2A 00 00000000 00 0800 00", 0xA0, 1 << 20);
      assertThat(initiator.receive().opcode()).isEqualTo(Bhs.R2T);
      initiator.close();
    }
    assertHealthy();
  }

  @Test
  void aWrongDigestIsToldAndTheSessionGoesOnOrEnds() throws Exception {
    try (Initiator initiator =
        Initiator.loggedIn(
            target.addresses().getFirst(),
            "HeaderDigest=None",
            "DataDigest=CRC32C",
            "ImmediateData=Yes")) {
      assertThat(initiator.works()).isTrue();
      Bhs nop = Bhs.of(Bhs.NOP_OUT | 0x40, Bhs.FINAL).initiatorTaskTag(7).set32(20, Bhs.NO_TAG);
      nop.set32(24, 10);
      ByteBuffer bytes = ByteBuffer.allocate(Bhs.LENGTH + 4 + 4);
      bytes.put(nop.dataLength(4).array()).putInt(1).putInt(0xBAD).flip();
      initiator.channel.write(bytes);
      Bhs answer = initiator.wire.readHeader();
      assertThat(answer.opcode()).isEqualTo(Bhs.REJECT);
      assertThat(answer.at(2)).isEqualTo(2);
    }
    try (Initiator initiator =
        Initiator.loggedIn(
            target.addresses().getFirst(), "HeaderDigest=CRC32C", "DataDigest=None")) {
      ByteBuffer bytes = ByteBuffer.allocate(Bhs.LENGTH + 4);
      bytes.put(Bhs.of(Bhs.NOP_OUT | 0x40, Bhs.FINAL).array()).putInt(0xBAD).flip();
      initiator.channel.write(bytes);
      assertThat(drain(initiator.channel)).isZero();
    }
    assertHealthy();
  }

  @Test
  void strangersGetNoFurtherThanTheChallenge() throws Exception {
    try (Initiator initiator = new Initiator(target.addresses().getFirst())) {
      Bhs header = Bhs.of(Bhs.LOGIN | 0x40, 0x87);
      String keys = "InitiatorName=iqn.x:i\0TargetName=" + Initiator.IQN + "\0AuthMethod=None\0";
      initiator.wire.write(
          header, ByteBuffer.wrap(keys.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
      assertThat(initiator.receive().at(36)).isEqualTo(2);
    }
    try (Initiator initiator = new Initiator(target.addresses().getFirst())) {
      int _ = initiator.command("00 00 00 00 00 00", 0x80, 0);
      assertThat(org.assertj.core.api.Assertions.catchThrowable(initiator::receive))
          .isInstanceOfAny(EOFException.class, SocketException.class);
    }
    assertHealthy();
  }
}
