// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import java.math.BigInteger;

/** Operators on plain values: BigInteger, Double, Boolean, String of bytes, double[] of two. */
final class Arithmetic {
  private static final int MAX_SHIFT = 10_000;

  private Arithmetic() {}

  static Object apply(String op, Object x, Object y, boolean real) {
    if (x instanceof String a && y instanceof String b) {
      if (op.equals("+")) {
        return a + b;
      }
      throw cannot(op, x, y);
    }
    if (x instanceof double[] || y instanceof double[]) {
      return complex(op, pair(x), pair(y));
    }
    if (x instanceof Double || y instanceof Double || real) {
      return real(op, number(x), number(y));
    }
    if (x instanceof BigInteger a && y instanceof BigInteger b) {
      return integer(op, a, b);
    }
    throw cannot(op, x, y);
  }

  private static EvalException cannot(String op, Object x, Object y) {
    return new EvalException("invalid binary operation " + show(x) + " " + op + " " + show(y));
  }

  private static String show(Object value) {
    return value instanceof String s
        ? Text.quote(s)
        : value instanceof Double d ? Text.number(d) : String.valueOf(value);
  }

  private static double number(Object value) {
    return switch (value) {
      case Double d -> d;
      case BigInteger i -> i.doubleValue();
      default -> throw new EvalException("not a number: " + value);
    };
  }

  private static double[] pair(Object value) {
    return value instanceof double[] p ? p : new double[] {number(value), 0};
  }

  private static Object integer(String op, BigInteger a, BigInteger b) {
    return switch (op) {
      case "+" -> a.add(b);
      case "-" -> a.subtract(b);
      case "*" -> a.multiply(b);
      case "/", "%" -> {
        if (b.signum() == 0) {
          throw new EvalException("runtime error: integer divide by zero");
        }
        yield op.equals("/") ? a.divide(b) : a.remainder(b);
      }
      case "&" -> a.and(b);
      case "|" -> a.or(b);
      case "^" -> a.xor(b);
      case "&^" -> a.andNot(b);
      case "<<", ">>" -> {
        if (b.bitLength() > 31 || b.intValue() > MAX_SHIFT) {
          throw new EvalException("shift count too large: " + b);
        }
        yield op.equals("<<") ? a.shiftLeft(b.intValue()) : a.shiftRight(b.intValue());
      }
      default -> throw cannot(op, a, b);
    };
  }

  private static Object real(String op, double a, double b) {
    return switch (op) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> {
        if (b == 0) {
          throw new EvalException("division by zero");
        }
        yield a / b;
      }
      default -> throw cannot(op, a, b);
    };
  }

  private static Object complex(String op, double[] a, double[] b) {
    return switch (op) {
      case "+" -> new double[] {a[0] + b[0], a[1] + b[1]};
      case "-" -> new double[] {a[0] - b[0], a[1] - b[1]};
      case "*" -> new double[] {a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]};
      case "/" -> {
        double size = b[0] * b[0] + b[1] * b[1];
        if (size == 0) {
          throw new EvalException("division by zero");
        }
        yield new double[] {(a[0] * b[0] + a[1] * b[1]) / size, (a[1] * b[0] - a[0] * b[1]) / size};
      }
      default -> throw new EvalException("invalid binary operation " + op);
    };
  }

  static boolean compare(String op, Object x, Object y) {
    int order;
    if (x instanceof String a && y instanceof String b) {
      order = a.compareTo(b);
    } else if (x instanceof Boolean a && y instanceof Boolean b) {
      if (!op.equals("==") && !op.equals("!=")) {
        throw new EvalException("invalid comparison " + a + " " + op + " " + b);
      }
      order = Boolean.compare(a, b);
    } else if (x instanceof BigInteger a && y instanceof BigInteger b) {
      order = a.compareTo(b);
    } else if (x instanceof double[] || y instanceof double[]) {
      double[] a = pair(x);
      double[] b = pair(y);
      order = a[0] == b[0] && a[1] == b[1] ? 0 : 1;
    } else {
      order = Double.compare(number(x), number(y));
    }
    return switch (op) {
      case "==" -> order == 0;
      case "!=" -> order != 0;
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }
}
