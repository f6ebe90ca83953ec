// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lengths and kinds of instructions, as binutils' objdump tells them; and what they do. */
class InstructionTest {
  private static Instruction decode(String hex) {
    byte[] code = HexFormat.of().parseHex(hex);
    byte[] padded = java.util.Arrays.copyOf(code, 16);
    Instruction i = Instruction.decode(padded, 0, 0x1000);
    if (i == null) {
      throw new AssertionError("not decoded: " + hex);
    }
    return i;
  }

  @ParameterizedTest
  @CsvSource({
    "55, OTHER",
    "4889e5, OTHER",
    "4883ec18, OTHER",
    "4881ec80020000, OTHER",
    "493b6610, OTHER",
    "763b, JUMP_IF",
    "0f86e4040000, JUMP_IF",
    "e8a3ffffff, CALL",
    "ffd1, CALL_INDIRECT",
    "ff15aabbccdd, CALL_INDIRECT",
    "ffe0, JUMP_INDIRECT",
    "eb05, JUMP",
    "e900000000, JUMP",
    "c3, RETURN",
    "c20800, RETURN",
    "0f05, SYSTEM_CALL",
    "cc, BREAKPOINT",
    "90, OTHER",
    "660f1f440000, OTHER",
    "0f1f8000000000, OTHER",
    "48c744241803000000, OTHER",
    "440f117c2418, OTHER",
    "f2480f2cd0, OTHER",
    "488d0c18, OTHER",
    "48b8efcdab8967452301, OTHER",
    "b801000000, OTHER",
    "66b80100, OTHER",
    "c5f877, OTHER",
    "c5fe6f06, OTHER",
    "c4e27d18442408, OTHER",
    "62f17c48100424, OTHER",
    "660f3a0fc108, OTHER",
    "0fb6c0, OTHER",
    "f0480fb10a, OTHER",
    "64488b0c25f8ffffff, OTHER",
    "f6c101, OTHER",
    "f7c100010000, OTHER",
    "f7d8, OTHER",
    "48a30102030405060708, OTHER",
    "c8100001, OTHER",
    "6bc003, OTHER",
    "69c000010000, OTHER",
    "488b05aabbccdd, OTHER",
    "488b0425aabbccdd, OTHER"
  })
  void lengthsAndKinds(String hex, Instruction.Kind kind) {
    Instruction i = decode(hex);
    assertThat(i.length()).isEqualTo(hex.length() / 2);
    assertThat(i.kind()).isEqualTo(kind);
  }

  @Test
  void branchesLeadWhereTheyShould() {
    assertThat(decode("e8a3ffffff").target()).isEqualTo(0x1000 + 5 - 0x5d);
    assertThat(decode("763b").target()).isEqualTo(0x1000 + 2 + 0x3b);
    assertThat(decode("488b05aabbccdd").isPcRelative()).isTrue();
    assertThat(decode("488b0424").isPcRelative()).isFalse();
  }

  @Test
  void noBytesMakeTheDecoderFail() {
    Random random = new Random(7);
    byte[] code = new byte[16];
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(code);
      Instruction found = Instruction.decode(code, random.nextInt(16), 0x1000);
      if (found != null) {
        assertThat(found.length()).isBetween(1, 16);
      }
    }
  }

  /** Memory of some bytes at some addresses. */
  private static final class Words implements Memory {
    final Map<Long, Byte> bytes = new HashMap<>();

    @Override
    public void read(long address, byte[] into, int offset, int count) {
      for (int i = 0; i < count; i++) {
        Byte b = bytes.get(address + i);
        if (b == null) {
          throw new UnreadableException("nothing at " + (address + i));
        }
        into[offset + i] = b;
      }
    }

    @Override
    public void write(long address, byte[] written) {
      for (int i = 0; i < written.length; i++) {
        bytes.put(address + i, written[i]);
      }
    }
  }

  @Test
  void emulatedInstructionsDoWhatTheProcessorDoes() {
    Words memory = new Words();
    Registers r = new Registers(new long[Registers.COUNT]);
    r.setSp(0x8000);
    r.values[Registers.RBP] = 0x1234;
    assertThat(Emulator.step(decode("55"), r, memory)).isTrue();
    assertThat(r.sp()).isEqualTo(0x7ff8);
    assertThat(memory.u64(0x7ff8)).isEqualTo(0x1234);
    assertThat(Emulator.step(decode("4889e5"), r, memory)).isTrue();
    assertThat(r.fp()).isEqualTo(0x7ff8);
    assertThat(Emulator.step(decode("4883ec18"), r, memory)).isTrue();
    assertThat(r.sp()).isEqualTo(0x7fe0);
    assertThat(Emulator.step(decode("48c744241803000000"), r, memory)).isTrue();
    assertThat(memory.u64(0x7ff8)).isEqualTo(3);
    assertThat(Emulator.step(decode("488b4c2418"), r, memory)).isTrue();
    assertThat(r.dwarf(2)).isEqualTo(3);
    assertThat(Emulator.step(decode("e8a3ffffff"), r, memory)).isTrue();
    assertThat(memory.u64(r.sp())).isEqualTo(0x1005);
    assertThat(r.pc()).isEqualTo(0x1005 - 0x5d);
    assertThat(Emulator.step(decode("c3"), r, memory)).isTrue();
    assertThat(r.pc()).isEqualTo(0x1005);
  }

  @Test
  void comparisonsSetTheFlagsThatJumpsRead() {
    Words memory = new Words();
    long[] samples = {0, 1, -1, 5, Long.MIN_VALUE, Long.MAX_VALUE, 0x80};
    for (long a : samples) {
      for (long b : samples) {
        Registers r = new Registers(new long[Registers.COUNT]);
        r.setDwarf(0, a);
        r.setDwarf(3, b);
        assertThat(Emulator.step(decode("4839d8"), r, memory)).isTrue(); // cmp rax, rbx
        long flags = r.values[Registers.FLAGS];
        assertThat(decode("7200").holds(flags)).isEqualTo(Long.compareUnsigned(a, b) < 0);
        assertThat(decode("7600").holds(flags)).isEqualTo(Long.compareUnsigned(a, b) <= 0);
        assertThat(decode("7400").holds(flags)).isEqualTo(a == b);
        assertThat(decode("7c00").holds(flags)).isEqualTo(a < b);
        assertThat(decode("7f00").holds(flags)).isEqualTo(a > b);
      }
    }
  }
}
