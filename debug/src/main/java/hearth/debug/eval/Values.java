// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.Variable;
import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Constants without a type, values of types, and what both have in common. */
final class Values {
  private static final GoType UNTYPED_INT = GoType.basic("", Kind.INT, 8);
  private static final GoType UNTYPED_FLOAT = GoType.basic("", Kind.FLOAT64, 8);
  private static final GoType UNTYPED_BOOL = GoType.basic("", Kind.BOOL, 1);
  private static final GoType UNTYPED_STRING = GoType.basic("", Kind.STRING, 16);
  private static final GoType UNTYPED_COMPLEX = GoType.basic("", Kind.COMPLEX128, 16);
  private static final Memory NO_MEMORY =
      new Memory() {
        @Override
        public void read(long address, byte[] into, int offset, int count) {
          throw new UnreadableException("no memory");
        }

        @Override
        public void write(long address, byte[] bytes) {
          throw new UnreadableException("no memory");
        }
      };

  /** The value {@code nil}; known by identity. */
  static final Variable NIL = new Variable("nil", 0, GoType.basic("", Kind.POINTER, 8), NO_MEMORY);

  static {
    Variable nowhere = new Variable("", 0, GoType.basic("", Kind.INVALID, 0), NO_MEMORY);
    nowhere.onlyAddress = true;
    NIL.children = new ArrayList<>(List.of(nowhere));
    NIL.loaded = true;
    NIL.flags = Variable.CONSTANT;
  }

  private Values() {}

  static Variable constant(Object value) {
    GoType type =
        switch (value) {
          case BigInteger i -> UNTYPED_INT;
          case Double d -> UNTYPED_FLOAT;
          case Boolean b -> UNTYPED_BOOL;
          case double[] c -> UNTYPED_COMPLEX;
          default -> UNTYPED_STRING;
        };
    Variable v = new Variable("", 0, type, NO_MEMORY);
    v.value = value;
    v.loaded = true;
    v.flags |= Variable.CONSTANT;
    if (value instanceof String s) {
      v.length = s.length();
    }
    return v;
  }

  static boolean isUntyped(Variable v) {
    return v == NIL || (v.type.name().isEmpty() && v.is(Variable.CONSTANT));
  }

  static String typeText(Variable v) {
    return v == NIL ? "nil" : v.type.name().isEmpty() ? v.kind.family() : v.type.name();
  }

  static BigInteger wrap(BigInteger value, GoType type) {
    int bits = (int) type.size() * 8;
    if (type.kind().isUnsigned()) {
      return value.mod(BigInteger.ONE.shiftLeft(bits));
    }
    int shift = 64 - bits;
    return BigInteger.valueOf(value.longValue() << shift >> shift);
  }

  /** A value of a type, cut to its size. */
  static Variable typed(Scope scope, Object value, GoType type) {
    Variable v = new Variable("", 0, type, scope.process.memory());
    v.loaded = true;
    v.value = value instanceof BigInteger i && type.kind().isInteger() ? wrap(i, type) : value;
    if (value instanceof String s) {
      v.length = s.length();
    }
    return v;
  }

  /** Refuses what cannot be given to a variable of a type. */
  static void checkType(Variable v, GoType type) {
    if (v == NIL) {
      switch (type.kind()) {
        case SLICE, MAP, FUNC, POINTER, CHAN, INTERFACE -> {
          return;
        }
        default -> throw new EvalException("mismatched types nil and " + type.name());
      }
    }
    if (!isUntyped(v)) {
      if (!v.type.name().equals(type.name())
          && !v.type.resolved().name().equals(type.resolved().name())) {
        throw new EvalException(
            "can not convert value of type " + v.type.name() + " to " + type.name());
      }
      return;
    }
    Kind kind = type.kind();
    boolean fits =
        switch (v.value) {
          case BigInteger i -> kind.isInteger() || kind.isFloat() || kind.isComplex();
          case Double d -> kind.isFloat() || kind.isComplex();
          case double[] c -> kind.isComplex();
          case Boolean b -> kind == Kind.BOOL;
          case String s -> kind == Kind.STRING;
          case null, default -> false;
        };
    if (!fits) {
      String value =
          v.value instanceof String s
              ? Text.quote(s)
              : v.value instanceof Double d ? Text.number(d) : String.valueOf(v.value);
      throw new EvalException("can not convert " + value + " constant to " + type.name());
    }
  }

  static Object known(Variable v) {
    Object value = v.value;
    if (value == null) {
      throw new EvalException("can not compare " + v.kind.family() + " without a value");
    }
    return value;
  }

  static long target(Variable pointer) {
    return pointer.children.isEmpty() ? 0 : pointer.children.getFirst().address;
  }

  static boolean isNil(Variable v) {
    return switch (v.kind) {
      case POINTER, UNSAFE_POINTER -> target(v) == 0;
      case INTERFACE ->
          v.children.isEmpty()
              || (v.children.getFirst().address == 0 && v.children.getFirst().kind == Kind.INVALID);
      case SLICE, MAP, FUNC, CHAN -> v.base == 0;
      default -> false;
    };
  }

  static BigInteger integer(Variable v, GoType type) {
    if (v.value instanceof BigInteger i) {
      return wrap(i, type);
    }
    throw new EvalException("can not convert value of type " + v.type.name() + " to int");
  }

  static double real(Variable v) {
    return switch (v.value) {
      case Double d -> d;
      case BigInteger i -> i.doubleValue();
      case null, default ->
          throw new EvalException("can not convert value of type " + v.type.name() + " to float");
    };
  }

  static double[] complex(Variable v) {
    return v.value instanceof double[] pair ? pair : new double[] {real(v), 0};
  }
}
