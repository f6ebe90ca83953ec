// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import java.util.ArrayList;
import java.util.List;

/** Evaluates expressions that tell where values are (DWARF 5 §2.5 and §2.6). */
public final class Expression {
  private static final int MAX_STEPS = 10_000;
  private static final int MAX_STACK = 1_000;

  /** What an expression asks of the frame that it is evaluated in. */
  public interface Context {
    /** Value of a register by its number of DWARF. */
    long register(int number);

    /** Canonical frame address. */
    long cfa();

    /** Value of the function's {@code DW_AT_frame_base}. */
    long frameBase();

    /** An unsigned number of 1, 2, 4 or 8 bytes in memory. */
    long memory(long address, int size);

    /** What is added to addresses of the file to get those of the process. */
    long bias();
  }

  /** Where a value is, or a part of it. */
  public sealed interface Location {
    /** In memory. */
    record Address(long address) implements Location {}

    /** In a register. */
    record Register(int number) implements Location {}

    /** Nowhere: this is the value. */
    record Implicit(byte[] bytes) implements Location {}

    /** Nowhere: it was optimised away. */
    record Missing() implements Location {}

    /** In pieces. */
    record Pieces(List<Piece> pieces) implements Location {}
  }

  /** A part of a value, of so many bytes. */
  public record Piece(int size, Location location) {}

  private final Context context;
  private long[] stack = new long[8];
  private int depth;

  private Expression(Context context) {
    this.context = context;
  }

  /** Evaluates an expression that gives a location. */
  public static Location locate(byte[] expression, Context context) {
    return new Expression(context).run(expression, false);
  }

  /** Evaluates an expression that gives a number, beginning with another on the stack. */
  public static long number(byte[] expression, Context context, long initial) {
    Expression machine = new Expression(context);
    machine.push(initial);
    machine.run(expression, true);
    return machine.pop();
  }

  private void push(long value) {
    if (depth >= MAX_STACK) {
      throw new BadBinaryException("an expression's stack grows beyond " + MAX_STACK);
    }
    if (depth == stack.length) {
      stack = java.util.Arrays.copyOf(stack, Math.min(2 * depth, MAX_STACK));
    }
    stack[depth++] = value;
  }

  private long pop() {
    if (depth == 0) {
      throw new BadBinaryException("an expression takes from an empty stack");
    }
    return stack[--depth];
  }

  private long pick(int index) {
    if (index < 0 || index >= depth) {
      throw new BadBinaryException("an expression picks beyond its stack");
    }
    return stack[depth - 1 - index];
  }

  private static byte[] littleEndian(long value) {
    byte[] bytes = new byte[8];
    for (int i = 0; i < 8; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }

  private Location run(byte[] code, boolean number) {
    Cursor c = new Cursor(code);
    List<Piece> pieces = new ArrayList<>();
    Location found = null;
    int steps = 0;
    while (c.more()) {
      if (++steps > MAX_STEPS) {
        throw new BadBinaryException("an expression takes more than " + MAX_STEPS + " steps");
      }
      int op = c.u8();
      if (op >= 0x30 && op <= 0x4f) {
        push(op - 0x30);
      } else if (op >= 0x50 && op <= 0x6f) {
        found = new Location.Register(op - 0x50);
      } else if (op >= 0x70 && op <= 0x8f) {
        push(context.register(op - 0x70) + c.sleb());
      } else {
        switch (op) {
          case 0x03 -> push(c.u64() + context.bias());
          case 0x06 -> push(context.memory(pop(), 8));
          case 0x08, 0x0a, 0x0c, 0x0e -> push(c.unsigned(1 << ((op - 0x08) / 2)));
          case 0x09, 0x0b, 0x0d, 0x0f -> push(c.signed(1 << ((op - 0x09) / 2)));
          case 0x10 -> push(c.uleb());
          case 0x11 -> push(c.sleb());
          case 0x12 -> push(pick(0));
          case 0x13 -> pop();
          case 0x14 -> push(pick(1));
          case 0x15 -> push(pick(c.u8()));
          case 0x16 -> {
            long a = pop();
            long b = pop();
            push(a);
            push(b);
          }
          case 0x17 -> {
            long a = pop();
            long b = pop();
            long third = pop();
            push(a);
            push(third);
            push(b);
          }
          case 0x19 -> push(Math.abs(pop()));
          case 0x1f -> push(-pop());
          case 0x20 -> push(~pop());
          case 0x23 -> push(pop() + c.uleb());
          case 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27 -> binary(op);
          case 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e -> compare(op);
          case 0x28 -> {
            int by = (short) c.u16();
            if (pop() != 0) {
              c.seek(c.at() + (long) by);
            }
          }
          case 0x2f -> {
            int by = (short) c.u16();
            c.seek(c.at() + (long) by);
          }
          case 0x90 -> found = new Location.Register(c.uleb32());
          case 0x91 -> push(context.frameBase() + c.sleb());
          case 0x92 -> push(context.register(c.uleb32()) + c.sleb());
          case 0x93 -> {
            int size = c.uleb32();
            Location part = found;
            if (part == null) {
              part = depth > 0 ? new Location.Address(pop()) : new Location.Missing();
            }
            pieces.add(new Piece(size, part));
            found = null;
          }
          case 0x94 -> push(context.memory(pop(), c.u8()));
          case 0x96 -> {}
          case 0x9c -> push(context.cfa());
          case 0x9e -> found = new Location.Implicit(c.bytes(c.uleb()));
          case 0x9f -> found = new Location.Implicit(littleEndian(pop()));
          default ->
              throw new BadBinaryException(
                  "operation 0x" + Integer.toHexString(op) + " of an expression is not known");
        }
      }
    }
    if (!pieces.isEmpty()) {
      return new Location.Pieces(pieces);
    }
    if (found != null || number) {
      return found == null ? new Location.Missing() : found;
    }
    return depth == 0 ? new Location.Missing() : new Location.Address(pop());
  }

  private void binary(int op) {
    long b = pop();
    long a = pop();
    if ((op == 0x1b || op == 0x1d) && b == 0) {
      throw new BadBinaryException("an expression divides by zero");
    }
    push(
        switch (op) {
          case 0x1a -> a & b;
          case 0x1b -> a / b;
          case 0x1c -> a - b;
          case 0x1d -> Long.remainderUnsigned(a, b);
          case 0x1e -> a * b;
          case 0x21 -> a | b;
          case 0x22 -> a + b;
          case 0x24 -> Long.compareUnsigned(b, 63) > 0 ? 0 : a << b;
          case 0x25 -> Long.compareUnsigned(b, 63) > 0 ? 0 : a >>> b;
          case 0x26 -> a >> (Long.compareUnsigned(b, 63) > 0 ? 63 : b);
          default -> a ^ b;
        });
  }

  private void compare(int op) {
    long b = pop();
    long a = pop();
    boolean holds =
        switch (op) {
          case 0x29 -> a == b;
          case 0x2a -> a >= b;
          case 0x2b -> a > b;
          case 0x2c -> a <= b;
          case 0x2d -> a < b;
          default -> a != b;
        };
    push(holds ? 1 : 0);
  }
}
