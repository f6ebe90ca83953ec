// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.eval.Text;
import hearth.debug.goruntime.Frame;
import hearth.debug.target.Memory;
import hearth.debug.target.Registers;
import hearth.debug.target.TargetThread;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Registers as people read them, in the order and the words of Delve. */
public final class RegisterList {
  // Where FXSAVE has them (Intel SDM volume 1, table 10-2).
  private static final int MXCSR_AT = 24;
  private static final int ST_AT = 32;
  private static final int XMM_AT = 160;
  private static final int FIRST_XMM = 17;
  private static final int FIRST_ST = 33;

  private RegisterList() {}

  /**
   * A register.
   *
   * @param number DWARF's (System V ABI for AMD64, figure 3.36), or -1
   */
  public record Register(String name, String text, int number) {}

  /**
   * Registers of a thread.
   *
   * @param all whether with those of floating point and vectors
   */
  public static List<Register> of(TargetThread thread, boolean all) {
    List<Register> result = new ArrayList<>();
    byte[] more = all ? thread.floatingPoint() : new byte[0];
    for (Map.Entry<String, String> r : thread.registers().texts().entrySet()) {
      if (all && r.getKey().equals("Rflags")) {
        addVectors(result, more);
      }
      result.add(new Register(r.getKey(), r.getValue(), Registers.dwarfNumber(r.getKey())));
    }
    if (all) {
      int control = (int) Memory.number(more, MXCSR_AT, 4);
      String text = String.format("0x%08x", control) + "\t" + conditions(control);
      result.add(new Register("MXCSR", text, 64));
      result.add(new Register("CW", String.format("0x%04x", Memory.number(more, 0, 2)), 65));
      result.add(new Register("SW", String.format("0x%04x", Memory.number(more, 2, 2)), 66));
    }
    return result;
  }

  /** What is known of the registers in a frame that called another. */
  public static List<Register> of(Frame frame) {
    return List.of(
        known("Rip", frame.pc(), Frame.RA),
        known("Rsp", frame.registers()[Frame.SP], Frame.SP),
        known("Rbp", frame.registers()[Frame.BP], Frame.BP));
  }

  private static Register known(String name, long value, int number) {
    return new Register(name, "0x" + HexFormat.of().toHexDigits(value), number);
  }

  /** One in a line, their names below each other. */
  public static String lines(List<Register> registers) {
    int width = registers.stream().mapToInt(r -> r.name().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    for (Register r : registers) {
      text.append(" ".repeat(width - r.name().length()));
      text.append(r.name()).append(" = ").append(r.text()).append('\n');
    }
    return text.toString();
  }

  private static void addVectors(List<Register> result, byte[] fxsave) {
    for (int i = 0; i < 16; i++) {
      result.add(new Register("XMM" + i, vector(fxsave, XMM_AT + 16 * i), FIRST_XMM + i));
    }
    for (int i = 0; i < 8; i++) {
      result.add(new Register("ST(" + i + ")", extended(fxsave, ST_AT + 16 * i), FIRST_ST + i));
    }
  }

  private static String vector(byte[] bytes, int at) {
    StringBuilder text = new StringBuilder("0x");
    for (int i = 15; i >= 0; i--) {
      text.append(HexFormat.of().toHexDigits(bytes[at + i]));
    }
    for (int size : new int[] {8, 4, 2, 1}) {
      text.append("\tv").append(16 / size).append("_int={");
      for (int i = 0; i < 16; i += size) {
        long part = Memory.number(bytes, at + i, size);
        text.append(' ').append(HexFormat.of().toHexDigits(part, 2 * size));
      }
      text.append(" }");
    }
    text.append("\tv2_float={");
    for (int i = 0; i < 16; i += 8) {
      double part = Double.longBitsToDouble(Memory.number(bytes, at + i, 8));
      text.append(' ').append(Text.number(part, false));
    }
    text.append(" }\tv4_float={");
    for (int i = 0; i < 16; i += 4) {
      float part = Float.intBitsToFloat((int) Memory.number(bytes, at + i, 4));
      text.append(' ').append(Text.number(part, true));
    }
    return text.append(" }").toString();
  }

  /** A number of 80 bits, its first bit not implied (Intel SDM volume 1, section 4.2.2). */
  private static String extended(byte[] bytes, int at) {
    long mantissa = Memory.number(bytes, at, 8);
    int exponent = (int) Memory.number(bytes, at + 8, 2);
    int plain = exponent & 0x7fff;
    double sign = (exponent & 0x8000) == 0 ? 1 : -1;
    double value;
    if (plain == 0 && mantissa == 0) {
      value = 0;
    } else if (plain == 0x7fff && mantissa >= 0) {
      value = sign * Double.POSITIVE_INFINITY;
    } else if (plain == 0x7fff || mantissa >= 0) {
      value = Double.NaN;
    } else {
      double significand = ((mantissa >>> 1) | (mantissa & 1)) / 0x1p62;
      value = sign * Math.scalb(significand, plain - 16383);
    }
    return String.format("0x%04x%016x", plain, mantissa) + "\t" + Text.number(value, false);
  }

  private static String conditions(int control) {
    String[] names = {
      "IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM"
    };
    List<String> set = new ArrayList<>();
    if ((control & 0x8000) != 0) {
      set.add("FZ");
    }
    set.add("RZ/RN=" + ((control >> 13) & 3));
    for (int i = names.length - 1; i >= 0; i--) {
      if ((control & (1 << i)) != 0) {
        set.add(names[i]);
      }
    }
    return "[" + String.join(" ", set) + "]";
  }
}
