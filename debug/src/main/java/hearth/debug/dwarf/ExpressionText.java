// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Expressions as text: the names of their operations (DWARF 5 §7.7.1) and operands, each followed
 * by a space.
 */
public final class ExpressionText {
  private static final int LIT0 = 0x30;
  private static final int REG0 = 0x50;
  private static final int BREG0 = 0x70;
  private static final int REGX = 0x90;
  private static final int BREGX = 0x92;

  /** Names, each with what follows: u and s for numbers in LEB128, digits for sizes, B a block. */
  private static final Map<Integer, String> OPERATIONS =
      Map.ofEntries(
          Map.entry(0x03, "addr 8"),
          Map.entry(0x06, "deref"),
          Map.entry(0x08, "const1u 1"),
          Map.entry(0x09, "const1s 1"),
          Map.entry(0x0a, "const2u 2"),
          Map.entry(0x0b, "const2s 2"),
          Map.entry(0x0c, "const4u 4"),
          Map.entry(0x0d, "const4s 4"),
          Map.entry(0x0e, "const8u 8"),
          Map.entry(0x0f, "const8s 8"),
          Map.entry(0x10, "constu u"),
          Map.entry(0x11, "consts s"),
          Map.entry(0x12, "dup"),
          Map.entry(0x13, "drop"),
          Map.entry(0x14, "over"),
          Map.entry(0x15, "pick 1"),
          Map.entry(0x16, "swap"),
          Map.entry(0x17, "rot"),
          Map.entry(0x18, "xderef"),
          Map.entry(0x19, "abs"),
          Map.entry(0x1a, "and"),
          Map.entry(0x1b, "div"),
          Map.entry(0x1c, "minus"),
          Map.entry(0x1d, "mod"),
          Map.entry(0x1e, "mul"),
          Map.entry(0x1f, "neg"),
          Map.entry(0x20, "not"),
          Map.entry(0x21, "or"),
          Map.entry(0x22, "plus"),
          Map.entry(0x23, "plus_uconst u"),
          Map.entry(0x24, "shl"),
          Map.entry(0x25, "shr"),
          Map.entry(0x26, "shra"),
          Map.entry(0x27, "xor"),
          Map.entry(0x28, "bra 2"),
          Map.entry(0x29, "eq"),
          Map.entry(0x2a, "ge"),
          Map.entry(0x2b, "gt"),
          Map.entry(0x2c, "le"),
          Map.entry(0x2d, "lt"),
          Map.entry(0x2e, "ne"),
          Map.entry(0x2f, "skip 2"),
          Map.entry(REGX, "regx u"),
          Map.entry(0x91, "fbreg s"),
          Map.entry(BREGX, "bregx us"),
          Map.entry(0x93, "piece u"),
          Map.entry(0x94, "deref_size 1"),
          Map.entry(0x95, "xderef_size 1"),
          Map.entry(0x96, "nop"),
          Map.entry(0x97, "push_object_address"),
          Map.entry(0x98, "call2 2"),
          Map.entry(0x99, "call4 4"),
          Map.entry(0x9a, "call_ref 4"),
          Map.entry(0x9b, "form_tls_address"),
          Map.entry(0x9c, "call_frame_cfa"),
          Map.entry(0x9d, "bit_piece uu"),
          Map.entry(0x9e, "implicit_value B"),
          Map.entry(0x9f, "stack_value"),
          Map.entry(0xa1, "addrx u"),
          Map.entry(0xa2, "constx u"),
          Map.entry(0xa3, "entry_value B"));

  private ExpressionText() {}

  /**
   * An expression; what is damaged ends it.
   *
   * @param registers names of registers, by DWARF's numbers
   */
  public static String of(byte[] expression, IntFunction<String> registers) {
    StringBuilder text = new StringBuilder();
    Cursor c = new Cursor(expression);
    try {
      while (c.more()) {
        operation(c, registers, text);
      }
    } catch (BadBinaryException e) {
      text.append('?');
    }
    return text.toString();
  }

  private static void operation(Cursor c, IntFunction<String> registers, StringBuilder text) {
    int operation = c.u8();
    if (operation >= LIT0 && operation < REG0) {
      text.append("DW_OP_lit").append(operation - LIT0).append(' ');
      return;
    }
    if (operation >= REG0 && operation < REGX) {
      boolean base = operation >= BREG0;
      int number = operation - (base ? BREG0 : REG0);
      text.append(base ? "DW_OP_breg" : "DW_OP_reg").append(number);
      text.append('(').append(registers.apply(number)).append(") ");
      if (base) {
        text.append(hex(c.sleb())).append(' ');
      }
      return;
    }
    String known = OPERATIONS.get(operation);
    if (known == null) {
      text.append("0x").append(Integer.toHexString(operation)).append(' ');
      return;
    }
    int space = known.indexOf(' ');
    text.append("DW_OP_").append(space < 0 ? known : known.substring(0, space)).append(' ');
    for (int i = space + 1; space > 0 && i < known.length(); i++) {
      long number = operand(known.charAt(i), c, text);
      if (i == space + 1 && (operation == REGX || operation == BREGX)) {
        text.append('(').append(registers.apply((int) number)).append(')');
      }
    }
  }

  private static long operand(char kind, Cursor c, StringBuilder text) {
    if (kind == 'B') {
      int size = c.uleb32();
      String bytes = HexFormat.of().formatHex(c.bytes(size));
      text.append(size).append(" [").append(bytes).append("] ");
      return size;
    }
    long number =
        switch (kind) {
          case 'u' -> c.uleb();
          case 's' -> c.sleb();
          default -> c.unsigned(kind - '0');
        };
    text.append(kind == 's' ? hex(number) : "0x" + Long.toHexString(number)).append(' ');
    return number;
  }

  private static String hex(long number) {
    return number < 0 ? "-0x" + Long.toHexString(-number) : "0x" + Long.toHexString(number);
  }
}
