// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.disassembly;

import hearth.debug.disassembly.Operand.Bank;
import hearth.debug.target.Instruction;
import hearth.debug.target.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An instruction with its name and its operands. Instructions that are encoded with EVEX, those of
 * the x87 and those with addresses of 32 bits have none: their length is known all the same.
 *
 * @param pc its address
 * @param bytes it consists of, 1 to 15
 * @param instruction its parts, or null if the bytes are no instruction
 * @param name in Intel's words; empty if it is not known
 * @param operands in Intel's order
 * @param dataSize bits that it works on: 16, 32 or 64
 * @param prefixes that are no part of its name: {@code lock}, {@code rep}, {@code repne}, {@code
 *     bnd}, {@code data16}, {@code cs}
 */
public record Decoded(
    long pc,
    byte[] bytes,
    @Nullable Instruction instruction,
    String name,
    List<Operand> operands,
    int dataSize,
    List<String> prefixes) {

  /** Decodes the instruction that begins at an index; an unknown byte is one of its own. */
  public static Decoded at(byte[] code, int start, long pc) {
    Instruction found = Instruction.decode(code, start, pc);
    if (found == null || start + found.length() > code.length) {
      byte[] one = Arrays.copyOfRange(code, start, Math.min(start + 1, code.length));
      return new Decoded(pc, one, null, "", List.of(), 32, List.of());
    }
    return new Decoder(code, start, found).decode();
  }

  private static final class Decoder {
    private final byte[] code;
    private final int start;
    private final Instruction instruction;
    private final int opcode;
    private final int modRm;
    private boolean data16;
    private boolean lock;
    private boolean address32;
    private int repeat;
    private int segment = -1;
    private boolean wide;
    private int highReg;
    private int highIndex;
    private int highBase;
    private boolean rex;
    private int named;
    private int vector = 16;
    private int mandatory;
    private String cs = "";

    Decoder(byte[] code, int start, Instruction instruction) {
      this.code = code;
      this.start = start;
      this.instruction = instruction;
      opcode = instruction.opcode();
      modRm = instruction.modRm();
    }

    private int u8(int at) {
      return code[at] & 0xff;
    }

    private Decoded decode() {
      int at = legacyPrefixes();
      rex = instruction.rex() != 0;
      int bits = instruction.rex();
      boolean evex = false;
      if ((opcode & Opcodes.VEX) == 0) {
        mandatory = repeat == 0xf3 ? 2 : repeat == 0xf2 ? 3 : data16 ? 1 : 0;
      } else {
        evex = u8(at) == 0x62;
        bits = vex(at);
      }
      wide = (bits & 8) != 0;
      highReg = (bits & 4) << 1;
      highIndex = (bits & 2) << 2;
      highBase = (bits & 1) << 3;
      // Addresses of 32 bits, which no compiler makes, are left out.
      boolean known = !evex && !(address32 && modRm >= 0 && modRm < 0xc0);
      Opcodes.Entry entry = known ? special() : null;
      if (entry == null && known) {
        entry = Opcodes.find(opcode, mandatory, (modRm >> 3) & 7);
      }
      List<Operand> operands = new ArrayList<>();
      String name = entry == null ? "" : entry.name();
      if (entry != null) {
        for (String operand : entry.operands()) {
          Operand made = operand(operand);
          if (made == null) {
            name = "";
            operands.clear();
            break;
          }
          operands.add(made);
        }
      }
      byte[] bytes = Arrays.copyOfRange(code, start, start + instruction.length());
      return new Decoded(
          instruction.pc(), bytes, instruction, name(name), operands, dataSize(), prefixes(name));
    }

    private int legacyPrefixes() {
      int at = start;
      while (true) {
        int b = u8(at);
        switch (b) {
          case 0x66 -> data16 = true;
          case 0x67 -> address32 = true;
          case 0xf0 -> lock = true;
          case 0xf2, 0xf3 -> repeat = b;
          case 0x64, 0x65 -> segment = b - 0x60;
          case 0x2e -> cs = "cs";
          case 0x26, 0x36, 0x3e -> {}
          default -> {
            return at;
          }
        }
        at++;
      }
    }

    /** Takes what a VEX prefix holds; its four bits as those of a REX prefix. */
    private int vex(int at) {
      int first = u8(at + 1);
      int last = first;
      int bits = (~first >> 5) & 4;
      if (u8(at) == 0xc4) {
        last = u8(at + 2);
        bits = (~first >> 5) & 7;
        bits |= (last >> 4) & 8;
      }
      named = (~last >> 3) & 15;
      vector = (last & 4) == 0 ? 16 : 32;
      mandatory = last & 3;
      return bits;
    }

    /** Instructions whose name hangs on more than the table has. */
    private Opcodes.@Nullable Entry special() {
      String letter = wide ? "q" : data16 ? "w" : "d";
      return switch (opcode) {
        case 0x90 -> (repeat == 0xf3 || highBase != 0) ? null : entry("nop");
        case 0x98 -> entry(wide ? "cdqe" : data16 ? "cbw" : "cwde");
        case 0x99 -> entry(wide ? "cqo" : data16 ? "cwd" : "cdq");
        case 0xa4 -> entry("movsb", "Yb", "Xb");
        case 0xa5 -> entry("movs" + letter, "Yv", "Xv");
        case 0xa6 -> entry("cmpsb", "Xb", "Yb");
        case 0xa7 -> entry("cmps" + letter, "Xv", "Yv");
        case 0xaa -> entry("stosb", "Yb");
        case 0xab -> entry("stos" + letter, "Yv");
        case 0xac -> entry("lodsb", "Xb");
        case 0xad -> entry("lods" + letter, "Xv");
        case 0xae -> entry("scasb", "Yb");
        case 0xaf -> entry("scas" + letter, "Yv");
        case 0xcf -> entry(wide ? "iretq" : "iretd");
        case 0x101 ->
            switch (modRm) {
              case 0xd0 -> entry("xgetbv");
              case 0xf9 -> entry("rdtscp");
              default -> null;
            };
        case 0x1ae ->
            switch (modRm) {
              case 0xe8 -> entry("lfence");
              case 0xf0 -> entry("mfence");
              case 0xf8 -> entry("sfence");
              default -> null;
            };
        case 0x1c7 ->
            ((modRm >> 3) & 7) == 1 && modRm < 0xc0
                ? entry(wide ? "cmpxchg16b" : "cmpxchg8b", wide ? "Mo" : "Mq")
                : null;
        default -> null;
      };
    }

    private static Opcodes.Entry entry(String name, String... operands) {
      return new Opcodes.Entry(name, List.of(operands));
    }

    private String name(String plain) {
      int low = opcode & 0xff;
      if ((opcode & 0x1f00) == (Opcodes.VEX | 0x200) && low >= 0x96 && low <= 0xbf) {
        return plain + (wide ? "d" : "s");
      }
      if (wide) {
        return switch (plain) {
          case "movd", "vmovd", "pinsrd", "vpinsrd", "pextrd" ->
              plain.substring(0, plain.length() - 1) + "q";
          default -> plain;
        };
      }
      return plain.equals("vzeroupper") && vector == 32 ? "vzeroall" : plain;
    }

    private int dataSize() {
      int extension = (modRm >> 3) & 7;
      boolean counts = // unless it is a part of the opcode
          Objects.equals(Opcodes.find(opcode, 1, extension), Opcodes.find(opcode, 0, extension));
      return wide ? 64 : data16 && counts ? 16 : 32;
    }

    private int operandBytes() {
      return wide ? 8 : data16 ? 2 : 4;
    }

    private List<String> prefixes(String name) {
      List<String> result = new ArrayList<>();
      if (!cs.isEmpty()) {
        result.add(cs);
      }
      boolean used = opcode >= 0x100 && mandatory >= 2 && !name.startsWith("j");
      if (repeat == 0xf2 && !used) {
        boolean branch = name.startsWith("j") || name.equals("call") || name.equals("ret");
        result.add(branch ? "bnd" : "repne");
      } else if (repeat == 0xf3 && !used && !name.equals("pause")) {
        result.add("rep");
      }
      if (lock) {
        result.add("lock");
      }
      if (data16 && name.equals("nop") && opcode == 0x90) {
        result.add("data16");
      }
      return result;
    }

    private int size(char letter) {
      return switch (letter) {
        case 'b', '1' -> 1;
        case 'w', '2' -> 2;
        case 'd' -> 4;
        case 'q', '8' -> 8;
        case 'o' -> 16;
        case 'x' -> vector;
        case 'y' -> wide ? 8 : 4;
        case 'v' -> operandBytes();
        default -> 0;
      };
    }

    private @Nullable Operand operand(String text) {
      switch (text) {
        case "AL" -> {
          return general(0, 1);
        }
        case "CL" -> {
          return general(1, 1);
        }
        case "DX" -> {
          return general(2, 2);
        }
        case "rA" -> {
          return general(0, operandBytes());
        }
        case "eA" -> {
          return general(0, data16 ? 2 : 4);
        }
        case "X0" -> {
          return new Operand.Register(Bank.VECTOR, 0, 16);
        }
        case "1" -> {
          return new Operand.Immediate(1);
        }
        case "M64" -> {
          return place(64);
        }
        default -> {}
      }
      char letter = text.length() > 1 ? text.charAt(1) : ' ';
      int size = size(letter);
      return switch (text.charAt(0)) {
        case 'E' -> modRm >= 0xc0 ? registerE(letter, size) : place(size);
        case 'G' -> general(((modRm >> 3) & 7) | highReg, size);
        case 'B' -> general(named, size);
        case 'Z' -> general((opcode & 7) | highBase, size);
        case 'M' -> modRm >= 0xc0 ? null : place(size);
        case 'O' -> new Operand.Place(segment, -1, -1, 1, instruction.immediate(), size);
        case 'X' -> new Operand.Place(segment, 6, -1, 1, 0, size);
        case 'Y' -> new Operand.Place(-1, 7, -1, 1, 0, size);
        case 'S' -> new Operand.Register(Bank.SEGMENT, (modRm >> 3) & 7, 2);
        case 'V' -> vector(((modRm >> 3) & 7) | highReg, size);
        case 'H' -> vector(named, size);
        case 'U' -> modRm >= 0xc0 ? vector((modRm & 7) | highBase, size) : null;
        case 'W' -> modRm >= 0xc0 ? vector((modRm & 7) | highBase, size) : place(size);
        case 'P' -> new Operand.Register(Bank.MMX, (modRm >> 3) & 7, 8);
        case 'Q' -> modRm >= 0xc0 ? new Operand.Register(Bank.MMX, modRm & 7, 8) : place(8);
        case 'J' -> new Operand.Target(instruction.target());
        case 'I' -> immediate(letter);
        default -> null;
      };
    }

    private Operand registerE(char letter, int size) {
      boolean part = letter == '1' || letter == '2'; // of a vector's element: a whole register
      return general((modRm & 7) | highBase, part ? 4 : size);
    }

    private Operand immediate(char letter) {
      long value = instruction.immediate();
      return new Operand.Immediate(
          switch (letter) {
            case 'u' -> value & 0xff;
            case 'w' ->
                instruction.length() > 3 && opcode == 0xc8
                    ? Memory.number(code, start + instruction.length() - 3, 2)
                    : value & 0xffff;
            case '3' -> code[start + instruction.length() - 1] & 0xff;
            default -> value;
          });
    }

    private Operand general(int number, int size) {
      if (size == 1 && !rex && (opcode & Opcodes.VEX) == 0 && number >= 4 && number < 8) {
        return new Operand.Register(Bank.HIGH_BYTE, number, 1);
      }
      return new Operand.Register(Bank.GENERAL, number, size);
    }

    private Operand vector(int number, int size) {
      return new Operand.Register(Bank.VECTOR, number, size == 32 ? 32 : 16);
    }

    private Operand place(int size) {
      int mod = modRm >> 6;
      // As Delve's disassembler has it, four bytes are shown without a sign.
      long displacement =
          mod == 1 ? instruction.displacement() : instruction.displacement() & 0xffffffffL;
      if (instruction.isPcRelative()) {
        long distance = instruction.displacement() & 0xffffffffL;
        return new Operand.Place(segment, Operand.PC, -1, 1, distance, size);
      }
      if ((modRm & 7) != 4) {
        return new Operand.Place(segment, (modRm & 7) | highBase, -1, 1, displacement, size);
      }
      int sib = instruction.sib();
      int base = (sib & 7) == 5 && mod == 0 ? -1 : (sib & 7) | highBase;
      int index = ((sib >> 3) & 7) | highIndex;
      return new Operand.Place(
          segment, base, index == 4 ? -1 : index, 1 << (sib >> 6), displacement, size);
    }
  }
}
