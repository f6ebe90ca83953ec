// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.TargetThread;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what a function returned, in the moment after its return: in registers where they fit, on
 * the stack otherwise (Go internal ABI specification, "Function call argument and result passing",
 * for amd64). For the owner of the target.
 */
public final class Results {
  // DWARF's numbers of RAX, RBX, RCX, RDI, RSI, R8 to R11.
  private static final int[] INTEGERS = {0, 3, 2, 5, 4, 8, 9, 10, 11};
  private static final int FLOATS = 15;
  private static final int XMM_AT = 160;

  private Results() {}

  private record Part(boolean real, int register, long offset, int size) {}

  /** Registers that are taken so far. */
  private static final class Assigned {
    int integers;
    int reals;
    final List<Part> parts = new ArrayList<>();

    boolean take(GoType type, long offset) {
      switch (type.kind()) {
        case FLOAT32, FLOAT64 -> {
          return real(offset, (int) type.size());
        }
        case COMPLEX64, COMPLEX128 -> {
          int half = (int) type.size() / 2;
          return real(offset, half) && real(offset + half, half);
        }
        case STRING, INTERFACE -> {
          return integer(offset, 8) && integer(offset + 8, 8);
        }
        case SLICE -> {
          return integer(offset, 8) && integer(offset + 8, 8) && integer(offset + 16, 8);
        }
        case STRUCT -> {
          for (Field f : type.fields()) {
            if (!take(f.type(), offset + f.offset())) {
              return false;
            }
          }
          return true;
        }
        case ARRAY -> {
          GoType element = type.element();
          return type.count() == 0
              || (type.count() == 1 && element != null && take(element, offset));
        }
        case INVALID -> {
          return false;
        }
        default -> {
          return integer(offset, (int) type.size());
        }
      }
    }

    private boolean integer(long offset, int size) {
      if (integers >= INTEGERS.length) {
        return false;
      }
      parts.add(new Part(false, INTEGERS[integers++], offset, size));
      return true;
    }

    private boolean real(long offset, int size) {
      if (reals >= FLOATS) {
        return false;
      }
      parts.add(new Part(true, reals++, offset, size));
      return true;
    }
  }

  /**
   * Results of a function, not loaded.
   *
   * @param stack address of the first argument on the stack: the stack pointer after the return
   */
  public static List<Variable> of(
      GoProcess process, Loader loader, Function function, TargetThread thread, long stack) {
    Die die = function.die();
    List<Variable> results = new ArrayList<>();
    if (die == null) {
      return results;
    }
    Assigned arguments = new Assigned();
    Assigned own = new Assigned();
    long onStack = 0;
    boolean aligned = false;
    byte[] vectors = thread.floatingPoint();
    for (Die child : die.children()) {
      if (child.tag() != Dw.TAG_FORMAL_PARAMETER || child.name().equals(".dict")) {
        continue;
      }
      GoType type = process.types().typeOf(child);
      boolean result =
          child.flag(Dw.AT_VARIABLE_PARAMETER) || child.origin().flag(Dw.AT_VARIABLE_PARAMETER);
      Assigned to = result ? own : arguments;
      int integers = to.integers;
      int reals = to.reals;
      to.parts.clear();
      boolean fits = to.take(type, 0);
      long address = Pieces.ADDRESS;
      if (!fits) {
        to.integers = integers;
        to.reals = reals;
        if (result && !aligned) {
          onStack = (onStack + 7) & -8L;
          aligned = true;
        }
        long alignment = Math.clamp(type.size(), 1, 8);
        onStack = (onStack + alignment - 1) / alignment * alignment;
        address = stack + onStack;
        onStack += type.size();
      }
      if (!result) {
        continue;
      }
      Memory memory =
          fits
              ? new Pieces(process.memory(), bytes(own.parts, type, thread, vectors), null)
              : process.memory();
      Variable v = loader.variable(child.name(), address, type, memory);
      v.flags |= Variable.RESULT;
      results.add(v);
    }
    return results;
  }

  private static byte[] bytes(List<Part> parts, GoType type, TargetThread thread, byte[] vectors) {
    byte[] bytes = new byte[(int) type.size()];
    for (Part part : parts) {
      byte[] value;
      if (part.real) {
        value = new byte[8];
        System.arraycopy(vectors, XMM_AT + 16 * part.register, value, 0, 8);
      } else {
        value = Memory.littleEndian(thread.registers().dwarf(part.register), 8);
      }
      System.arraycopy(value, 0, bytes, (int) part.offset, part.size);
    }
    return bytes;
  }
}
