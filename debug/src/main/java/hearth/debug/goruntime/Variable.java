// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.ExpressionText;
import hearth.debug.target.Memory;
import hearth.debug.target.Registers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value of a target: a variable, a part of one, or the result of an expression. Where it is comes
 * first; {@link Loader} reads what it holds. Clients see exactly these parts, so they have the
 * meaning that Delve gives them. For the owner of the target.
 */
public final class Variable {
  /** Flag of a variable that was moved to the heap and is shown as if it had not been. */
  public static final int ESCAPED = 1;

  /** Flag of a variable that another of the same name hides. */
  public static final int SHADOWED = 2;

  /** Flag of a constant. */
  public static final int CONSTANT = 4;

  /** Flag of an argument. */
  public static final int ARGUMENT = 8;

  /** Flag of a result. */
  public static final int RESULT = 16;

  /** Flag of a value that has no address in the target. */
  public static final int FAKE_ADDRESS = 32;

  /** Flag of a pointer of C. */
  public static final int C_POINTER = 64;

  /** Flag of a register. */
  public static final int REGISTER = 128;

  public String name;
  public long address;
  public final GoType type;
  public final Kind kind;
  public Memory memory;

  /**
   * BigInteger, Double, Boolean, a String, a double[] of two for complex numbers; null if nothing
   * was read. Strings of a target have one character for each byte.
   */
  public @Nullable Object value;

  public long length;
  public long capacity;
  public long base;
  public int flags;
  public List<Variable> children = new ArrayList<>();
  public @Nullable String unreadable;
  public boolean onlyAddress;
  public boolean loaded;
  public long declarationLine;

  /** Where its debug information says that it is kept; null if it is no variable of a function. */
  public @Nullable Kept location;

  /**
   * What debug information says of a place.
   *
   * @param expression of DWARF
   * @param list offset or number of the location list that it is in, or -1 if it is in none
   * @param pc the address that it holds for, as the file has it
   * @param escaped whether the place is of the pointer that leads there
   */
  public record Kept(byte[] expression, long list, long pc, boolean escaped) {
    /** As Delve writes it. */
    @Override
    public String toString() {
      String where =
          list < 0
              ? "[block] "
              : "[0x" + Long.toHexString(list) + ":0x" + Long.toHexString(pc) + "] ";
      return where
          + ExpressionText.of(expression, Registers::dwarfName)
          + (escaped ? " (escaped)" : "");
    }
  }

  /** Entries of a map, or elements, that are left out at the start. */
  public long skip;

  /** Whether its length is what was asked for, so that limits do not cut it. */
  public boolean trusted;

  public Variable(String name, long address, GoType type, Memory memory) {
    this.name = name;
    this.address = address;
    this.type = type;
    this.kind = type.kind();
    this.memory = memory;
  }

  /** A copy whose children are the same. */
  public Variable copy() {
    Variable copy = new Variable(name, address, type, memory);
    copy.value = value;
    copy.length = length;
    copy.capacity = capacity;
    copy.base = base;
    copy.flags = flags;
    copy.children = new ArrayList<>(children);
    copy.unreadable = unreadable;
    copy.onlyAddress = onlyAddress;
    copy.loaded = loaded;
    copy.declarationLine = declarationLine;
    copy.location = location;
    copy.skip = skip;
    copy.trusted = trusted;
    return copy;
  }

  /** Whether a flag is set. */
  public boolean is(int flag) {
    return (flags & flag) != 0;
  }

  /** The child of a name, or null. */
  public @Nullable Variable child(String wanted) {
    for (Variable child : children) {
      if (child.name.equals(wanted)) {
        return child;
      }
    }
    return null;
  }
}
