// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import org.jspecify.annotations.Nullable;

/**
 * What must be known of an instruction of x86-64 to step over it and to find where it leads: its
 * length, its kind, and its operand in memory (Intel SDM volume 2, chapter 2 and appendix A).
 *
 * @param pc its address
 * @param length bytes, 1 to 15
 * @param kind what it does to the program counter
 * @param opcode the opcode's last byte, with 0x100 added in the map 0F, 0x200 in 0F38, 0x300 in
 *     0F3A, and 0x1000 if it is encoded with VEX or EVEX
 * @param rex the REX prefix, or 0
 * @param modRm the ModR/M byte, or -1
 * @param sib the SIB byte, or -1
 * @param displacementAt where the displacement of the memory operand is, from its start; 0 if none
 * @param displacement of the memory operand
 * @param immediate the immediate operand, its sign extended; of a branch, the distance
 * @param prefixes whether it has prefixes other than REX that change what it does
 */
public record Instruction(
    long pc,
    int length,
    Kind kind,
    int opcode,
    int rex,
    int modRm,
    int sib,
    int displacementAt,
    int displacement,
    long immediate,
    boolean prefixes) {

  /** What an instruction does to the program counter. */
  public enum Kind {
    /** Goes on with the next. */
    OTHER,
    /** Calls a function at a distance. */
    CALL,
    /** Calls a function whose address is in a register or in memory. */
    CALL_INDIRECT,
    /** Jumps by a distance. */
    JUMP,
    /** Jumps to an address in a register or in memory. */
    JUMP_INDIRECT,
    /** Jumps by a distance if a condition holds. */
    JUMP_IF,
    /** Returns. */
    RETURN,
    /** Enters the kernel. */
    SYSTEM_CALL,
    /** Traps: a breakpoint that the program has itself. */
    BREAKPOINT
  }

  /** Most bytes that an instruction has. */
  public static final int MAX_LENGTH = 15;

  /** Decodes an instruction, or gives null if the bytes are none that is known. */
  public static @Nullable Instruction decode(byte[] code, int start, long pc) {
    try {
      return new Decoder(code, start, pc).decode();
    } catch (ArrayIndexOutOfBoundsException e) {
      return null; // the bytes end within it
    }
  }

  /** Address of the instruction after it. */
  public long next() {
    return pc + length;
  }

  /** Where a branch by a distance leads. */
  public long target() {
    return next() + immediate;
  }

  /** Where a call or jump through a register or memory leads, with these registers. */
  public long destination(Registers registers, Memory memory) {
    int register = registerOperand();
    return register >= 0 ? registers.code(register) : memory.u64(address(registers));
  }

  /** Whether its operand in memory is addressed relative to the program counter. */
  public boolean isPcRelative() {
    return modRm >= 0 && (modRm & 0xc7) == 5;
  }

  /** The field of ModR/M that names a register or extends the opcode. */
  int reg() {
    return ((modRm >> 3) & 7) | ((rex & 4) << 1);
  }

  private int rm() {
    return (modRm & 7) | ((rex & 1) << 3);
  }

  /** Number of the register that ModR/M names as operand, or -1 if the operand is in memory. */
  int registerOperand() {
    return (modRm & 0xc0) == 0xc0 ? rm() : -1;
  }

  /** Address of the operand in memory. */
  long address(Registers registers) {
    if (isPcRelative()) {
      return next() + displacement;
    }
    if ((modRm & 7) != 4) {
      return registers.code(rm()) + displacement;
    }
    int base = (sib & 7) | ((rex & 1) << 3);
    int index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    long address = displacement;
    if (!((sib & 7) == 5 && (modRm & 0xc0) == 0)) {
      address += registers.code(base);
    }
    if (index != 4) {
      address += registers.code(index) << (sib >> 6);
    }
    return address;
  }

  /** Whether the condition of a conditional jump holds. */
  boolean holds(long flags) {
    boolean carry = (flags & 1) != 0;
    boolean parity = (flags & 4) != 0;
    boolean zero = (flags & 0x40) != 0;
    boolean sign = (flags & 0x80) != 0;
    boolean overflow = (flags & 0x800) != 0;
    boolean result =
        switch ((opcode >> 1) & 7) {
          case 0 -> overflow;
          case 1 -> carry;
          case 2 -> zero;
          case 3 -> carry || zero;
          case 4 -> sign;
          case 5 -> parity;
          case 6 -> sign != overflow;
          default -> zero || sign != overflow;
        };
    return result != ((opcode & 1) != 0);
  }

  private static final class Decoder {
    private final byte[] code;
    private final int start;
    private final long pc;
    private int at;

    Decoder(byte[] code, int start, long pc) {
      this.code = code;
      this.start = start;
      this.pc = pc;
      at = start;
    }

    private int u8() {
      return code[at++] & 0xff;
    }

    private long signed(int size) {
      long value = Memory.number(code, at, size);
      at += size;
      int shift = 64 - 8 * size;
      return value << shift >> shift;
    }

    @Nullable Instruction decode() {
      boolean operand16 = false;
      boolean address32 = false;
      boolean other = false;
      int b = u8();
      while (true) {
        if (b == 0x66) {
          operand16 = true;
        } else if (b == 0x67) {
          address32 = true;
        } else if (b == 0xf2 || b == 0xf3 || b == 0xf0 || b == 0x64 || b == 0x65) {
          other = true;
        } else if (b != 0x2e && b != 0x36 && b != 0x3e && b != 0x26) {
          break;
        }
        b = u8();
      }
      int rex = 0;
      if (b >= 0x40 && b <= 0x4f) {
        rex = b;
        b = u8();
      }
      int map = 0;
      boolean vector = false;
      if (b == 0xc5 || b == 0xc4 || b == 0x62) {
        vector = true;
        int first = u8();
        if (b == 0xc5) {
          map = 1;
        } else {
          map = first & (b == 0xc4 ? 31 : 7);
          at += b == 0xc4 ? 1 : 2;
        }
        b = u8();
      } else if (b == 0x0f) {
        map = 1;
        b = u8();
        if (b == 0x38 || b == 0x3a) {
          map = b == 0x38 ? 2 : 3;
          b = u8();
        }
      }
      boolean hasModRm =
          switch (map) {
            case 0 -> oneByteModRm(b);
            case 1 -> vector ? b != 0x77 : twoByteModRm(b);
            default -> true;
          };
      int modRm = -1;
      int sib = -1;
      int displacementAt = 0;
      int displacement = 0;
      if (hasModRm) {
        modRm = u8();
        int mod = modRm >> 6;
        int size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
        if (mod != 3 && (modRm & 7) == 4) {
          sib = u8();
          size = mod == 0 && (sib & 7) == 5 ? 4 : size;
        } else if (mod == 0 && (modRm & 7) == 5) {
          size = 4;
        }
        if (size > 0) {
          displacementAt = at - start;
          displacement = (int) signed(size);
        }
      }
      int size =
          switch (map) {
            case 0 -> oneByteImmediate(b, modRm, operand16, address32, (rex & 8) != 0);
            case 1 -> twoByteImmediate(b, vector);
            case 3 -> 1;
            default -> 0;
          };
      if (size < 0) {
        return null;
      }
      long immediate = 0;
      if (size == 3) { // ENTER: two bytes and one
        at += 3;
      } else if (size > 0) {
        immediate = signed(size);
      }
      return new Instruction(
          pc,
          at - start,
          kind(map, b, modRm, vector),
          b + 0x100 * map + (vector ? 0x1000 : 0),
          rex,
          modRm,
          sib,
          displacementAt,
          displacement,
          immediate,
          operand16 || address32 || other);
    }

    private static Kind kind(int map, int b, int modRm, boolean vector) {
      if (vector) {
        return Kind.OTHER;
      }
      if (map == 1) {
        return b == 0x05 ? Kind.SYSTEM_CALL : (b & 0xf0) == 0x80 ? Kind.JUMP_IF : Kind.OTHER;
      }
      if (map != 0) {
        return Kind.OTHER;
      }
      return switch (b) {
        case 0xe8 -> Kind.CALL;
        case 0xe9, 0xeb -> Kind.JUMP;
        case 0xc2, 0xc3, 0xca, 0xcb -> Kind.RETURN;
        case 0xcc -> Kind.BREAKPOINT;
        case 0xff ->
            ((modRm >> 3) & 7) == 2
                ? Kind.CALL_INDIRECT
                : ((modRm >> 3) & 7) == 4 ? Kind.JUMP_INDIRECT : Kind.OTHER;
        default -> (b & 0xf0) == 0x70 ? Kind.JUMP_IF : Kind.OTHER;
      };
    }

    private static boolean oneByteModRm(int b) {
      if (b < 0x40) {
        return (b & 7) < 4;
      }
      return b == 0x63
          || b == 0x69
          || b == 0x6b
          || (b >= 0x80 && b <= 0x8f)
          || b == 0xc0
          || b == 0xc1
          || b == 0xc6
          || b == 0xc7
          || (b >= 0xd0 && b <= 0xd3)
          || (b >= 0xd8 && b <= 0xdf)
          || b == 0xf6
          || b == 0xf7
          || b == 0xfe
          || b == 0xff;
    }

    private static boolean twoByteModRm(int b) {
      return !((b >= 0x05 && b <= 0x09)
          || b == 0x0b
          || b == 0x0e
          || (b >= 0x30 && b <= 0x37)
          || b == 0x77
          || (b >= 0x80 && b <= 0x8f)
          || (b >= 0xa0 && b <= 0xa2)
          || (b >= 0xa8 && b <= 0xaa)
          || (b >= 0xc8 && b <= 0xcf));
    }

    private static int twoByteImmediate(int b, boolean vector) {
      if (!vector && (b & 0xf0) == 0x80) {
        return 4;
      }
      return (b >= 0x70 && b <= 0x73)
              || b == 0xa4
              || b == 0xac
              || b == 0xba
              || b == 0xc2
              || (b >= 0xc4 && b <= 0xc6)
          ? 1
          : 0;
    }

    private static int oneByteImmediate(
        int b, int modRm, boolean operand16, boolean address32, boolean wide) {
      int word = operand16 ? 2 : 4;
      if (b < 0x40) {
        return (b & 7) == 4 ? 1 : (b & 7) == 5 ? word : (b & 7) >= 6 ? -1 : 0;
      }
      return switch (b) {
        case 0x68, 0x69, 0x81, 0xa9, 0xc7 -> word;
        case 0xe8, 0xe9 -> 4;
        case 0x6a, 0x6b, 0x80, 0x83, 0xa8, 0xc0, 0xc1, 0xc6, 0xcd -> 1;
        case 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xeb -> 1;
        case 0xa0, 0xa1, 0xa2, 0xa3 -> address32 ? 4 : 8;
        case 0xc2, 0xca -> 2;
        case 0xc8 -> 3;
        case 0xf6 -> (modRm & 0x30) == 0 ? 1 : 0;
        case 0xf7 -> (modRm & 0x30) == 0 ? word : 0;
        case 0x60, 0x61, 0x82, 0x9a, 0xd4, 0xd5, 0xd6, 0xea -> -1;
        default -> {
          if (b >= 0x70 && b <= 0x7f) {
            yield 1;
          }
          if (b >= 0xb0 && b <= 0xb7) {
            yield 1;
          }
          if (b >= 0xb8 && b <= 0xbf) {
            yield wide ? 8 : word;
          }
          yield 0;
        }
      };
    }
  }
}
