// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.Registers;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a function's arguments are when it is called, and its results when it returned: in
 * registers where they fit, on the stack otherwise (Go internal ABI specification, "Function call
 * argument and result passing", for amd64).
 *
 * @param slots receiver, arguments and results, in that order
 * @param size bytes of the stack that a caller sets aside
 */
public record CallLayout(List<Slot> slots, long size) {
  // DWARF's numbers of RAX, RBX, RCX, RDI, RSI, R8 to R11.
  private static final int[] INTEGERS = {0, 3, 2, 5, 4, 8, 9, 10, 11};
  private static final int FLOATS = 15;
  private static final int XMM_AT = 160;

  /** A part of a value in a register. */
  private record Part(boolean real, int register, int offset, int size) {}

  /** A value: in registers, or on the stack at an offset from its first argument. */
  public static final class Slot {
    private final String name;
    private final GoType type;
    private final boolean result;
    private final List<Part> parts;
    private final long offset;
    private final Die described;

    private Slot(
        String name, GoType type, boolean result, List<Part> parts, long offset, Die described) {
      this.described = described;
      this.name = name;
      this.type = type;
      this.result = result;
      this.parts = parts;
      this.offset = offset;
    }

    /** Its name. */
    public String name() {
      return name;
    }

    /** Its type. */
    public GoType type() {
      return type;
    }

    /** Whether it is a result, and not an argument. */
    public boolean isResult() {
      return result;
    }

    /** Whether it is on the stack. */
    public boolean isOnStack() {
      return offset >= 0;
    }

    /** Offset from the first argument on the stack, or -1. */
    public long offset() {
      return offset;
    }

    /** Its bytes, of a value in registers. */
    public byte[] read(Registers registers, byte[] vectors) {
      byte[] bytes = new byte[(int) type.size()];
      for (Part part : parts) {
        byte[] value;
        if (part.real) {
          value = new byte[8];
          System.arraycopy(vectors, XMM_AT + 16 * part.register, value, 0, 8);
        } else {
          value = Memory.littleEndian(registers.dwarf(part.register), 8);
        }
        System.arraycopy(value, 0, bytes, part.offset, part.size);
      }
      return bytes;
    }

    /** Puts its bytes into registers. */
    public void write(byte[] bytes, Registers registers, byte[] vectors) {
      for (Part part : parts) {
        if (part.real) {
          System.arraycopy(bytes, part.offset, vectors, XMM_AT + 16 * part.register, part.size);
        } else {
          registers.setDwarf(part.register, Memory.number(bytes, part.offset, part.size));
        }
      }
    }
  }

  /** Registers that are taken so far. */
  private static final class Assigned {
    private int integers;
    private int reals;
    private List<Part> parts = new ArrayList<>();

    /** Registers for a value; none is taken if they do not suffice. */
    List<Part> take(GoType type) {
      int before = integers;
      int realsBefore = reals;
      parts = new ArrayList<>();
      if (!take(type, 0)) {
        integers = before;
        reals = realsBefore;
        parts = List.of();
      }
      return parts;
    }

    private boolean take(GoType type, long offset) {
      switch (type.kind()) {
        case FLOAT32, FLOAT64 -> {
          return real(offset, type.size());
        }
        case COMPLEX64, COMPLEX128 -> {
          long half = type.size() / 2;
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
          return integer(offset, type.size());
        }
      }
    }

    private boolean integer(long offset, long size) {
      if (integers >= INTEGERS.length) {
        return false;
      }
      parts.add(new Part(false, INTEGERS[integers++], (int) offset, (int) size));
      return true;
    }

    private boolean real(long offset, long size) {
      if (reals >= FLOATS) {
        return false;
      }
      parts.add(new Part(true, reals++, (int) offset, (int) size));
      return true;
    }
  }

  private static long align(long offset, long to) {
    return (offset + to - 1) / to * to;
  }

  private static long alignment(GoType type) {
    return switch (type.kind()) {
      case STRUCT -> type.fields().stream().mapToLong(f -> alignment(f.type())).max().orElse(1);
      case ARRAY -> {
        GoType element = type.element();
        yield element == null ? 1 : alignment(element);
      }
      case COMPLEX64 -> 4;
      default -> Math.clamp(type.size(), 1, 8);
    };
  }

  /** That of a function; without slots if the function is not described. */
  public static CallLayout of(GoProcess process, Function function) {
    Die die = function.die();
    List<Slot> slots = new ArrayList<>();
    if (die == null) {
      return new CallLayout(slots, 0);
    }
    Assigned arguments = new Assigned();
    Assigned results = new Assigned();
    long onStack = 0;
    long spilled = 0;
    boolean inResults = false;
    for (Die child : die.children()) {
      if (child.tag() != Dw.TAG_FORMAL_PARAMETER || child.name().equals(".dict")) {
        continue;
      }
      GoType type = process.types().typeOf(child);
      boolean result =
          child.flag(Dw.AT_VARIABLE_PARAMETER) || child.origin().flag(Dw.AT_VARIABLE_PARAMETER);
      if (result && !inResults) {
        onStack = align(onStack, 8);
        inResults = true;
      }
      List<Part> parts = (result ? results : arguments).take(type);
      long offset = -1;
      if (parts.isEmpty()) {
        onStack = align(onStack, alignment(type));
        offset = onStack;
        onStack += type.size();
      } else if (!result) {
        spilled = align(spilled, alignment(type)) + type.size();
      }
      slots.add(new Slot(child.name(), type, result, parts, offset, child));
    }
    return new CallLayout(slots, align(align(onStack, 8) + spilled, 8));
  }

  /**
   * What a function returned, in the moment after its return; not loaded.
   *
   * @param stack address of the first argument on the stack: the stack pointer after the return
   */
  public List<Variable> results(
      GoProcess process, Loader loader, Registers registers, byte[] vectors, long stack) {
    List<Variable> results = new ArrayList<>();
    for (Slot slot : slots) {
      if (slot.isResult()) {
        Variable v =
            slot.isOnStack()
                ? loader.variable(slot.name(), stack + slot.offset(), slot.type(), process.memory())
                : loader.variable(
                    slot.name(),
                    Pieces.ADDRESS,
                    slot.type(),
                    new Pieces(process.memory(), slot.read(registers, vectors), null));
        v.flags |= Variable.RESULT;
        Die described = slot.described;
        v.declarationLine =
            described.number(Dw.AT_DECL_LINE, described.origin().number(Dw.AT_DECL_LINE, 0));
        v.location =
            described
                .block(Dw.AT_LOCATION)
                .map(b -> new Variable.Kept(b, -1, 0, false))
                .orElse(null);
        results.add(v);
      }
    }
    return results;
  }
}
