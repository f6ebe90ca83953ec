// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What units with other traits than an ordinary disk do, and what they remember. */
class TraitsTest {
  private static final Nexus ONE = new Nexus("iqn.2026-11.test:one", 1, 1);
  private static final Nexus TWO = new Nexus("iqn.2026-11.test:two", 2, 2);

  private final MemoryVolume volume = new MemoryVolume(1 << 20);
  private final Kept memory = new Kept();
  private LogicalUnit unit = unit(Traits.DISK);

  private static final class Kept implements UnitMemory {
    private String text = "";

    @Override
    public String load() {
      return text;
    }

    @Override
    public void save(String next) {
      text = next;
    }
  }

  private LogicalUnit unit(Traits traits) {
    try {
      return new LogicalUnit(
          new Identity("00112233445566778899aabbccddeeff", "iqn.2026-11.test:t", "0.1", 2),
          volume,
          traits,
          memory);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Reply run(Nexus nexus, String cdb, byte... data) {
    byte[] padded = java.util.Arrays.copyOf(HexFormat.of().parseHex(cdb.replace(" ", "")), 16);
    return unit.execute(nexus, padded, ByteBuffer.wrap(data), data.length, ByteBuffer::allocate);
  }

  private static int sense(Reply reply) {
    byte[] sense = Objects.requireNonNull(reply.sense());
    return (sense[2] & 0xF) << 16 | (sense[12] & 0xFF) << 8 | (sense[13] & 0xFF);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] register(long key, long newKey, int flags) {
    return ByteBuffer.allocate(24).putLong(key).putLong(newKey).put(20, (byte) flags).array();
  }

  @Test
  void onlyRemovableMediaAreEjectedAndNotWhileAnybodyPreventsIt() {
    assertThat(sense(run(ONE, "1B0000000200"))).isEqualTo(0x52400);
    unit = unit(new Traits(false, true, false, 4096));
    unit.attach(ONE);
    unit.attach(TWO);
    run(TWO, "1E0000000100");
    assertThat(sense(run(ONE, "1B0000000200"))).isEqualTo(0x55302);
    run(TWO, "1E0000000000");
    assertThat(run(ONE, "1B0000000200").status()).isEqualTo(Reply.GOOD);
    assertThat(sense(run(TWO, "2800 00000000 00 0001 00"))).isEqualTo(0x23A00);
    assertThat(run(ONE, "1B0000000300").status()).isEqualTo(Reply.GOOD);
    assertThat(sense(run(TWO, "000000000000"))).isEqualTo(0x62800);
    assertThat(run(TWO, "2800 00000000 00 0001 00").status()).isEqualTo(Reply.GOOD);
  }

  @Test
  void anInitiatorThatGoesPreventsNothingAnyMore() {
    unit = unit(new Traits(false, true, false, 4096));
    run(TWO, "1E0000000100");
    unit.detach(TWO);
    assertThat(run(ONE, "1B0000000200").status()).isEqualTo(Reply.GOOD);
  }

  @Test
  void whatIsNotAllowedIsNotThere() {
    assertThat(sense(run(ONE, "4802 0000000000 0000 00"))).isEqualTo(0x52000);
    // The memory volume promises nothing after a crash.
    assertThat(sense(run(ONE, "9C00 0000000000000000 0000 0008 0000", filled(4096, 1))))
        .isEqualTo(0x52000);
  }

  @Test
  void anEraseDestroysAllAndKeepsOthersOutMeanwhile() throws Exception {
    unit = unit(new Traits(false, false, true, 4096));
    run(ONE, "2A00 00000003 00 0002 00", filled(1024, 5));
    Reply reply = run(ONE, "4802 0000000000 0000 00");
    assertThat(Objects.requireNonNull(reply.later()).get(10, TimeUnit.SECONDS).status())
        .isEqualTo(Reply.GOOD);
    assertThat(volume.bytes).containsOnly(0);
    byte[] parameters = filled(12, 0xC3);
    ByteBuffer.wrap(parameters).putInt(0x01000008);
    reply = run(ONE, "4881 0000000000 000C 00", parameters);
    assertThat(reply.status()).isEqualTo(Reply.GOOD);
    assertThat(reply.later()).isNull();
    while (run(ONE, "000000000000").status() != Reply.GOOD) {

      byte[] told = new byte[18];
      Objects.requireNonNull(run(ONE, "030000001200").dataIn()).get(told);
      assertThat(told[12] << 8 | told[13]).isIn(0x041B, 0);
      TimeUnit.MILLISECONDS.sleep(1);
    }
    assertThat(volume.bytes).containsOnly(0xC3);
    assertThat(memory.text).isEmpty();
  }

  @Test
  void anEraseThatTheHostInterruptedGoesOn() throws Exception {
    run(ONE, "2A00 00000003 00 0002 00", filled(1024, 5));
    memory.text = "sanitize 2 true false a5\n";
    unit = unit(new Traits(false, false, true, 4096));
    for (int i = 0; i < 10_000 && run(ONE, "000000000000").status() != Reply.GOOD; i++) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    assertThat(volume.bytes).containsOnly(0xA5);
    assertThat(memory.text).isEmpty();
  }

  @Test
  void anEraseThatFailsLeavesAUnitThatSaysSo() throws Exception {
    unit = unit(new Traits(false, false, true, 4096));
    volume.full = true;
    byte[] parameters = filled(5, 0);
    ByteBuffer.wrap(parameters).putInt(0x01000001);
    Reply reply = run(ONE, "4821 0000000000 0005 00", parameters);
    reply = Objects.requireNonNull(reply.later()).get(10, TimeUnit.SECONDS);
    assertThat(sense(reply)).isEqualTo(0x33103);
    assertThat(sense(run(ONE, "2800 00000000 00 0001 00"))).isEqualTo(0x33103);
    assertThat(run(ONE, "481F 0000000000 0000 00").status()).isEqualTo(Reply.GOOD);
    assertThat(run(ONE, "2800 00000000 00 0001 00").status()).isEqualTo(Reply.GOOD);
  }

  @Test
  void reservationsMadeToLastOutliveARestart() {
    run(ONE, "5F06 00000000000018 00", register(0, 0x1234, 1));
    run(TWO, "5F06 00000000000018 00", register(0, 0x5678, 1));
    assertThat(run(ONE, "5F01 05 000000000018 00", register(0x1234, 0, 0)).status())
        .isEqualTo(Reply.GOOD);
    unit = unit(Traits.DISK);
    assertThat(run(TWO, "2A00 00000003 00 0001 00", filled(512, 5)).status()).isEqualTo(Reply.GOOD);
    assertThat(
            run(new Nexus("iqn.2026-11.test:two", 2, 1), "2A00 00000003 00 0001 00", filled(512, 5))
                .status())
        .as("another path is another nexus")
        .isEqualTo(Reply.RESERVATION_CONFLICT);
    byte[] held = new byte[24];
    Objects.requireNonNull(run(ONE, "5E01 0000000000 0018 00").dataIn()).get(held);
    assertThat(ByteBuffer.wrap(held).getLong(8)).isEqualTo(0x1234);
    // The last registration says whether all of it lasts.
    run(ONE, "5F06 00000000000018 00", register(0, 0x1234, 0));
    assertThat(memory.text).isEmpty();
  }

  @Test
  void bothPortsAreInOneActiveGroup() {
    byte[] groups = new byte[20];
    Objects.requireNonNull(run(ONE, "A30A 00000000 00000014 0000").dataIn()).get(groups);
    assertThat(HexFormat.of().formatHex(groups))
        .isEqualTo("00000010" + "0001000100000002" + "00000001" + "00000002");
    byte[] page = new byte[255];
    ByteBuffer data = Objects.requireNonNull(run(TWO, "120183 00FF 00").dataIn());
    data.get(page, 0, data.remaining());
    assertThat(new String(page, java.nio.charset.StandardCharsets.ISO_8859_1))
        .contains("iqn.2026-11.test:t,t,0x0002");
  }
}
