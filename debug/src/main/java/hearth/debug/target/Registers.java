// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * General registers of a thread on x86-64, in the order of the kernel's {@code user_regs_struct}.
 */
public final class Registers {
  private static final String[] NAMES = {
    "R15",
    "R14",
    "R13",
    "R12",
    "Rbp",
    "Rbx",
    "R11",
    "R10",
    "R9",
    "R8",
    "Rax",
    "Rcx",
    "Rdx",
    "Rsi",
    "Rdi",
    "Orig_rax",
    "Rip",
    "Cs",
    "Rflags",
    "Rsp",
    "Ss",
    "Fs_base",
    "Gs_base",
    "Ds",
    "Es",
    "Fs",
    "Gs"
  };
  static final int COUNT = 27;
  static final int RBP = 4;
  static final int RIP = 16;
  static final int FLAGS = 18;
  static final int RSP = 19;
  static final int FS_BASE = 21;
  // DWARF numbers 0 to 16 (System V ABI for AMD64, figure 3.36).
  private static final int[] BY_DWARF = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16};
  private static final int FIRST_XMM = 17;
  // Numbers of registers in instructions.
  private static final int[] BY_CODE = {10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0};

  final long[] values;

  Registers(long[] values) {
    this.values = values;
  }

  /** A copy. */
  public Registers copy() {
    return new Registers(Arrays.copyOf(values, values.length));
  }

  /** Takes all values of others. */
  public void set(Registers others) {
    System.arraycopy(others.values, 0, values, 0, values.length);
  }

  /** The processor's flags. */
  public long flags() {
    return values[FLAGS];
  }

  /** Sets the processor's flags. */
  public void setFlags(long flags) {
    values[FLAGS] = flags;
  }

  /** Program counter. */
  public long pc() {
    return values[RIP];
  }

  /** Stack pointer. */
  public long sp() {
    return values[RSP];
  }

  /** Frame pointer. */
  public long fp() {
    return values[RBP];
  }

  /** Base of thread-local storage. */
  public long threadLocal() {
    return values[FS_BASE];
  }

  /** Sets the program counter. */
  public void setPc(long pc) {
    values[RIP] = pc;
  }

  /** Sets the stack pointer. */
  public void setSp(long sp) {
    values[RSP] = sp;
  }

  /** Value by DWARF's number; 0 for those that are not general registers. */
  public long dwarf(int number) {
    return number >= 0 && number < BY_DWARF.length ? values[BY_DWARF[number]] : 0;
  }

  /** Sets a value by DWARF's number. */
  public void setDwarf(int number, long value) {
    if (number >= 0 && number < BY_DWARF.length) {
      values[BY_DWARF[number]] = value;
    }
  }

  /** Whether a number of DWARF is a general register. */
  public static boolean isGeneral(int number) {
    return number >= 0 && number < BY_DWARF.length;
  }

  long code(int number) {
    return values[BY_CODE[number]];
  }

  void setCode(int number, long value) {
    values[BY_CODE[number]] = value;
  }

  /** Name of a register by its number of DWARF, as Delve writes it. */
  public static String dwarfName(int number) {
    if (number >= 0 && number < BY_DWARF.length) {
      return NAMES[BY_DWARF[number]];
    }
    if (number >= FIRST_XMM && number < FIRST_XMM + 16) {
      return "XMM" + (number - FIRST_XMM);
    }
    return "unknown" + number;
  }

  /** All registers by their names, in the order in which Delve shows them. */
  public SequencedMap<String, Long> named() {
    SequencedMap<String, Long> result = new LinkedHashMap<>();
    int[] order = {
      16, 19, 10, 5, 11, 12, 13, 14, 4, 9, 8, 7, 6, 3, 2, 1, 0, 18, 24, 17, 20, 23, 25, 26, 21, 22
    };
    for (int i : order) {
      result.put(NAMES[i], values[i]);
    }
    return result;
  }

  /** The same, with values as Delve writes them. */
  public SequencedMap<String, String> texts() {
    SequencedMap<String, String> result = new LinkedHashMap<>();
    named()
        .forEach((name, value) -> {
          String text = "0x" + HexFormat.of().toHexDigits(value);
          boolean isFlags = name.equals(NAMES[FLAGS]);
          result.put(name, isFlags ? text + "\t" + flags(value) : text);
        });
    return result;
  }

  private static String flags(long value) {
    List<String> names = new ArrayList<>();
    String[] bits = {
      "CF", "", "PF", "", "AF", "", "ZF", "SF", "TF", "IF", "DF", "OF", "", "", "NT", "", "RF",
      "VM", "AC", "VIF", "VIP", "ID"
    };
    for (int i = 0; i < bits.length; i++) {
      if (!bits[i].isEmpty() && (value & (1L << i)) != 0) {
        names.add(bits[i]);
      }
      if (i == 11) {
        names.add("IOPL=" + ((value >> 12) & 3));
      }
    }
    return "[" + String.join(" ", names) + "]";
  }

  /** DWARF's number of a register (System V ABI for AMD64, figure 3.36), or -1. */
  public static int dwarfNumber(String name) {
    for (int i = 0; i < BY_DWARF.length; i++) {
      if (NAMES[BY_DWARF[i]].equals(name)) {
        return i;
      }
    }
    return switch (name) {
      case "Rflags" -> 49;
      case "Es" -> 50;
      case "Cs" -> 51;
      case "Ss" -> 52;
      case "Ds" -> 53;
      case "Fs" -> 54;
      case "Gs" -> 55;
      case "Fs_base" -> 58;
      case "Gs_base" -> 59;
      default -> -1;
    };
  }
}
