// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.target.Memory;
import java.math.BigInteger;

/** Writes the value of one variable into another. */
final class Assignment {
  private static final String NOT_ALLOCATED =
      "literal string can not be allocated because function calls are not allowed without using"
          + " 'call'";
  private final Scope scope;

  Assignment(Scope scope) {
    this.scope = scope;
  }

  void assign(Variable to, Variable from, String target, String source) {
    if (to.address == 0 || to.is(Variable.CONSTANT)) {
      throw new EvalException(
          to.kind == Kind.FUNC && to.address == 0
              ? "can not assign to function expression"
              : "can not assign to " + (to.name.isEmpty() ? target : to.name));
    }
    if (from.unreadable != null) {
      throw new EvalException(
          "Expression " + Text.quote(source) + " is unreadable: " + from.unreadable);
    }
    boolean nil = from == Values.NIL;
    if (!nil) {
      scope.loader.load(from, LoadLimits.FULL);
      if (from.unreadable != null) {
        throw new EvalException(
            "Expression " + Text.quote(source) + " is unreadable: " + from.unreadable);
      }
    }
    boolean literal = from.is(Variable.CONSTANT) && from.value instanceof String s && !s.isEmpty();
    if (literal && (to.kind == Kind.STRING || scope.caller == null)) {
      throw new EvalException(NOT_ALLOCATED);
    }
    Values.checkType(from, to.type);
    int size = (int) to.type.size();
    if (nil) {
      to.memory.write(to.address, new byte[size]);
      return;
    }
    switch (to.kind) {
      case INT, INT8, INT16, INT32, INT64, UINT, UINT8, UINT16, UINT32, UINT64, UINTPTR -> {
        BigInteger value = Values.integer(from, to.type);
        to.memory.write(to.address, Memory.littleEndian(value.longValue(), size));
      }
      case FLOAT32 ->
          to.memory.write(
              to.address,
              Memory.littleEndian(Float.floatToRawIntBits((float) Values.real(from)), 4));
      case FLOAT64 ->
          to.memory.write(
              to.address, Memory.littleEndian(Double.doubleToRawLongBits(Values.real(from)), 8));
      case COMPLEX64, COMPLEX128 -> {
        double[] pair = Values.complex(from);
        byte[] bytes = new byte[size];
        byte[] first = half(pair[0], size / 2);
        System.arraycopy(first, 0, bytes, 0, size / 2);
        System.arraycopy(half(pair[1], size / 2), 0, bytes, size / 2, size / 2);
        to.memory.write(to.address, bytes);
      }
      case BOOL ->
          to.memory.write(
              to.address, new byte[] {(byte) (Boolean.TRUE.equals(from.value) ? 1 : 0)});
      case POINTER, UNSAFE_POINTER -> {
        long value = from.children.isEmpty() ? 0 : from.children.getFirst().address;
        to.memory.write(to.address, Memory.littleEndian(value, 8));
      }
      default -> {
        if (from.address != 0 && from.type.name().equals(to.type.name())) {
          to.memory.write(to.address, from.memory.bytes(from.address, size));
        } else if (to.kind == Kind.STRING) {
          if (from.value instanceof String s && s.isEmpty()) {
            to.memory.write(to.address, new byte[size]);
          } else {
            throw new EvalException(NOT_ALLOCATED);
          }
        } else {
          throw new EvalException(
              "can not set variables of type " + to.kind.text() + " (not implemented)");
        }
      }
    }
  }

  private static byte[] half(double value, int size) {
    return size == 4
        ? Memory.littleEndian(Float.floatToRawIntBits((float) value), 4)
        : Memory.littleEndian(Double.doubleToRawLongBits(value), 8);
  }
}
