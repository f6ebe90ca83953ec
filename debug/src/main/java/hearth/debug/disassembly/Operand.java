// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.disassembly;

/** What an instruction works on. */
public sealed interface Operand {
  /** Kinds of registers. */
  enum Bank {
    /** Of 8 bits, named as without a REX prefix: AH to BH are 4 to 7. */
    HIGH_BYTE,
    /** General, of any size. */
    GENERAL,
    /** Of 64 bits, of MMX. */
    MMX,
    /** Of 16, 32 or 64 bytes. */
    VECTOR,
    /** Of segments. */
    SEGMENT,
    /** Of the floating point stack. */
    STACK
  }

  /**
   * A register.
   *
   * @param size bytes
   */
  record Register(Bank bank, int number, int size) implements Operand {}

  /**
   * Memory.
   *
   * @param segment the register FS or GS (4, 5), or -1
   * @param base number of the base register, -1 for none, {@link #PC} for the next instruction's
   *     address
   * @param index number of the index register, or -1
   * @param scale 1, 2, 4 or 8
   * @param size bytes, or 0 if only the address counts
   */
  record Place(int segment, int base, int index, int scale, long displacement, int size)
      implements Operand {}

  /** A number within the instruction. */
  record Immediate(long value) implements Operand {}

  /** Where a branch leads. */
  record Target(long address) implements Operand {}

  /** Base of memory that is addressed from the next instruction on. */
  int PC = 16;
}
