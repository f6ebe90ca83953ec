// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Commands of SPC and SBC on a disk of 1 MiB. */
class LogicalUnitTest {
  private static final Nexus ONE = new Nexus("iqn.2026-11.test:one", 1, 1);
  private static final Nexus TWO = new Nexus("iqn.2026-11.test:two", 2, 1);

  private final MemoryVolume volume = new MemoryVolume(1 << 20);
  private final LogicalUnit unit =
      new LogicalUnit(
          new Identity("00112233445566778899aabbccddeeff", "iqn.2026-11.test:t", "0.1", 1),
          volume,
          hearth.volume.scsi.Traits.DISK);

  private Reply run(Nexus nexus, String cdb, byte... data) {
    byte[] padded = java.util.Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16);
    return unit.execute(nexus, padded, ByteBuffer.wrap(data), data.length, ByteBuffer::allocate);
  }

  private static int sense(Reply reply) {
    byte[] sense = java.util.Objects.requireNonNull(reply.sense());
    return (sense[2] & 0xF) << 16 | (sense[12] & 0xFF) << 8 | (sense[13] & 0xFF);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] data(Reply reply) {
    ByteBuffer buffer = java.util.Objects.requireNonNull(reply.dataIn()).duplicate();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Test
  void whatIsWrittenIsRead() {
    assertThat(run(ONE, "2A00 00000003 00 0002 00", filled(1024, 5)).status())
        .isEqualTo(Reply.GOOD);
    assertThat(data(run(ONE, "2800 00000003 00 0002 00"))).isEqualTo(filled(1024, 5));
    assertThat(volume.flushes).isZero();
  }

  @Test
  void forcedUnitAccessAndSynchronizeCacheFlush() {
    run(ONE, "2A08 00000000 00 0001 00", filled(512, 1));
    assertThat(volume.flushes).isEqualTo(1);
    run(ONE, "3500 00000000 00 0000 00");
    assertThat(volume.flushes).isEqualTo(2);
    volume.broken = true;
    assertThat(sense(run(ONE, "3500 00000000 00 0000 00"))).isEqualTo(0x30C00);
  }

  @Test
  void addressesBehindTheEndAreRefusedEvenForNoBlocks() {
    assertThat(sense(run(ONE, "2800 00000800 00 0001 00"))).isEqualTo(0x52100);
    assertThat(sense(run(ONE, "2800 00000800 00 0000 00"))).isEqualTo(0x52100);
    assertThat(sense(run(ONE, "8800 FFFFFFFFFFFFFFFF 00000001 0000"))).isEqualTo(0x52100);
    assertThat(sense(run(ONE, "9300 00000000000007FF 00000002 0000", filled(512, 0))))
        .isEqualTo(0x52100);
  }

  @Test
  void aFullDiskIsToldAsSpaceAllocationFailed() {
    volume.full = true;
    assertThat(sense(run(ONE, "2A00 00000000 00 0001 00", filled(512, 1)))).isEqualTo(0x72707);
  }

  @Test
  void compareAndWriteWritesOnlyWhatMatches() {
    byte[] both = new byte[1024];
    java.util.Arrays.fill(both, 512, 1024, (byte) 9);
    assertThat(run(ONE, "8900 0000000000000000 000000 01 0000", both).status())
        .isEqualTo(Reply.GOOD);
    Reply again = run(ONE, "8900 0000000000000000 000000 01 0000", both);
    assertThat(sense(again)).isEqualTo(0xE1D00);
    assertThat(data(run(ONE, "2800 00000000 00 0001 00"))).isEqualTo(filled(512, 9));
  }

  @Test
  void anExclusiveReservationKeepsOthersOutUntilItIsReleased() {
    unit.attach(ONE);
    unit.attach(TWO);
    byte[] register = new byte[24];
    register[15] = 1;
    assertThat(run(ONE, "5F00 00 00 00 00000018 00", register).status()).isEqualTo(Reply.GOOD);
    byte[] key = new byte[24];
    key[7] = 1;
    assertThat(run(ONE, "5F01 03 00 00 00000018 00", key).status()).isEqualTo(Reply.GOOD);
    assertThat(run(TWO, "2800 00000000 00 0001 00").status()).isEqualTo(Reply.RESERVATION_CONFLICT);
    assertThat(run(TWO, "1200 00 0024 00").status()).isEqualTo(Reply.GOOD);
    assertThat(run(ONE, "5F02 03 00 00 00000018 00", key).status()).isEqualTo(Reply.GOOD);
    assertThat(run(TWO, "2800 00000000 00 0001 00").status()).isEqualTo(Reply.GOOD);
  }

  @Test
  void growthIsAUnitAttentionForEverySession() {
    unit.attach(ONE);
    unit.announceGrowth();
    assertThat(sense(run(ONE, "000000000000"))).isEqualTo(0x62A09);
    assertThat(run(ONE, "000000000000").status()).isEqualTo(Reply.GOOD);
  }

  /** A parameter list of EXTENDED COPY with one target, ours, and one segment of blocks. */
  private static byte[] copyList(int listId, int blocks, long from, long to, int source) {
    ByteBuffer list = ByteBuffer.allocate(16 + 32 + 28);
    list.put(0, (byte) listId).putShort(2, (short) 32).putInt(8, 28);
    list.put(16, (byte) 0xE4).put(20, (byte) 1).put(21, (byte) 3).put(23, (byte) 8);
    list.putLong(24, 3L << 60 | 0x001122334455667L).putInt(44, 512);
    list.put(48, (byte) 2).putShort(50, (short) 24).putShort(52, (short) source);
    list.putShort(58, (short) blocks).putLong(60, from).putLong(68, to);
    return list.array();
  }

  @Test
  void anExtendedCopyMovesBlocksWithinTheUnitAndItsResultCanBeAskedFor() {
    run(ONE, "2A00 00000000 00 0002 00", filled(1024, 7));
    byte[] list = copyList(5, 2, 0, 100, 0);
    assertThat(run(ONE, "8400 05 00000000000000 0000000C 0000").status())
        .isEqualTo(Reply.CHECK_CONDITION);
    assertThat(run(ONE, "8300 0000000000000000 0000004C 0000", list).status())
        .isEqualTo(Reply.GOOD);
    assertThat(data(run(ONE, "2800 00000064 00 0002 00"))).isEqualTo(filled(1024, 7));
    byte[] status = data(run(ONE, "8400 05 00000000000000 0000000C 0000"));
    assertThat(status[4]).isEqualTo((byte) 1);
    assertThat(run(TWO, "8400 05 00000000000000 0000000C 0000").status())
        .isEqualTo(Reply.CHECK_CONDITION);
    assertThat(sense(run(ONE, "8300 0000000000000000 0000004C 0000", copyList(6, 2, 0, 2047, 0))))
        .isEqualTo(0xA0000);
    assertThat(sense(run(ONE, "8300 0000000000000000 0000004C 0000", copyList(6, 2, 0, 9, 1))))
        .isEqualTo(0xA0804);
    byte[] other = copyList(6, 2, 0, 9, 0);
    other[24] ^= 1;
    assertThat(sense(run(ONE, "8300 0000000000000000 0000004C 0000", other))).isEqualTo(0xA0804);
    assertThat(
            sense(
                run(ONE, "8300 0000000000000000 0000004B 0000", java.util.Arrays.copyOf(list, 75))))
        .isEqualTo(0x51A00);
  }

  @Test
  void noCommandBlockWhateverItHoldsBreaksTheUnit() {
    Random random = new Random(42);
    for (int i = 0; i < 200_000; i++) {
      byte[] cdb = new byte[16];
      random.nextBytes(cdb);
      Operation[] operations = Operation.values();
      if (i % 2 == 0) {
        Operation operation = operations[random.nextInt(operations.length)];
        byte[] usage = operation.usage();
        for (int k = 0; k < usage.length; k++) {
          cdb[k] &= usage[k];
        }
        cdb[0] = usage[0];
        cdb[1] |= (byte) operation.serviceAction();
        for (int k = 2; k < 6; k++) {
          cdb[k] = random.nextInt(4) == 0 ? cdb[k] : 0;
        }
      }
      long wanted = LogicalUnit.dataOutLength(cdb);
      assertThat(wanted).isBetween(0L, 64L << 20);
      byte[] data = new byte[(int) Math.min(wanted, random.nextInt(8192))];
      random.nextBytes(data);
      Reply reply =
          unit.execute(ONE, cdb, ByteBuffer.wrap(data), data.length, ByteBuffer::allocate);
      assertThat(reply.status())
          .isIn(Reply.GOOD, Reply.CHECK_CONDITION, Reply.RESERVATION_CONFLICT);
    }
  }
}
