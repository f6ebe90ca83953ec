// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

/**
 * Carries out the instructions that breakpoints usually replace, so that a thread gets past one
 * without the breakpoint being taken out: branches, calls, and what Go's compiler puts at the start
 * of functions and statements.
 */
final class Emulator {
  private static final long ARITHMETIC_FLAGS = 0x8d5;

  private Emulator() {}

  /**
   * Carries an instruction out.
   *
   * @return false if it is none of those that are known; then nothing was changed
   * @throws UnreadableException if its memory cannot be used; then nothing was changed either
   */
  static boolean step(Instruction i, Registers r, Memory memory) {
    if (i.prefixes()) {
      return false;
    }
    switch (i.kind()) {
      case CALL -> call(i, i.target(), r, memory);
      case CALL_INDIRECT -> call(i, operand(i, r, memory), r, memory);
      case JUMP -> r.setPc(i.target());
      case JUMP_INDIRECT -> r.setPc(operand(i, r, memory));
      case JUMP_IF -> r.setPc(i.holds(r.values[Registers.FLAGS]) ? i.target() : i.next());
      case RETURN -> {
        if (i.opcode() != 0xc3) {
          return false;
        }
        r.setPc(memory.u64(r.sp()));
        r.setSp(r.sp() + 8);
      }
      case SYSTEM_CALL, BREAKPOINT -> {
        return false;
      }
      case OTHER -> {
        if (!other(i, r, memory)) {
          return false;
        }
        r.setPc(i.next());
      }
    }
    return true;
  }

  private static long operand(Instruction i, Registers r, Memory memory) {
    int register = i.registerOperand();
    return register >= 0 ? r.code(register) : memory.u64(i.address(r));
  }

  private static void call(Instruction i, long target, Registers r, Memory memory) {
    memory.write(r.sp() - 8, Memory.littleEndian(i.next(), 8));
    r.setSp(r.sp() - 8);
    r.setPc(target);
  }

  private static boolean other(Instruction i, Registers r, Memory memory) {
    int op = i.opcode();
    if (op >= 0x50 && op <= 0x57) {
      long value = r.code((op & 7) | ((i.rex() & 1) << 3));
      memory.write(r.sp() - 8, Memory.littleEndian(value, 8));
      r.setSp(r.sp() - 8);
      return true;
    }
    if (op == 0x90 && i.rex() == 0) {
      return true;
    }
    if (op == 0x11f) { // the long form of NOP
      return true;
    }
    boolean wide = (i.rex() & 8) != 0;
    if (!wide) {
      return false;
    }
    if (op == 0x89) {
      store(i, r.code(i.reg()), r, memory);
    } else if (op == 0x8b) {
      r.setCode(i.reg(), operand(i, r, memory));
    } else if (op == 0x8d && i.registerOperand() < 0) {
      r.setCode(i.reg(), i.address(r));
    } else if (op == 0xc7 && (i.reg() & 7) == 0) {
      store(i, i.immediate(), r, memory);
    } else if (op == 0x3b) {
      subtract(r, r.code(i.reg()), operand(i, r, memory));
    } else if (op == 0x39) {
      subtract(r, operand(i, r, memory), r.code(i.reg()));
    } else if ((op == 0x81 || op == 0x83) && (i.reg() & 7) == 7) {
      subtract(r, operand(i, r, memory), i.immediate());
    } else if ((op == 0x81 || op == 0x83) && (i.reg() & 7) == 5 && i.registerOperand() >= 0) {
      int register = i.registerOperand();
      r.setCode(register, subtract(r, r.code(register), i.immediate()));
    } else {
      return false;
    }
    return true;
  }

  private static void store(Instruction i, long value, Registers r, Memory memory) {
    int to = i.registerOperand();
    if (to >= 0) {
      r.setCode(to, value);
    } else {
      memory.write(i.address(r), Memory.littleEndian(value, 8));
    }
  }

  /** Subtracts, and sets the flags as the processor does (Intel SDM volume 1, 3.4.3.1). */
  private static long subtract(Registers r, long a, long b) {
    long result = a - b;
    long flags = r.values[Registers.FLAGS] & ~ARITHMETIC_FLAGS;
    if (Long.compareUnsigned(a, b) < 0) {
      flags |= 1;
    }
    if (Long.bitCount(result & 0xff) % 2 == 0) {
      flags |= 4;
    }
    if (((a ^ b ^ result) & 0x10) != 0) {
      flags |= 0x10;
    }
    if (result == 0) {
      flags |= 0x40;
    }
    if (result < 0) {
      flags |= 0x80;
    }
    if (((a ^ b) & (a ^ result)) < 0) {
      flags |= 0x800;
    }
    r.values[Registers.FLAGS] = flags;
    return result;
  }
}
