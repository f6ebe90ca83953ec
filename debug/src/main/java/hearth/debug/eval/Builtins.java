// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.Variable;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;

/** Go's built-in functions that need nothing of the target. */
final class Builtins {
  static final Set<String> NAMES = Set.of("cap", "len", "complex", "imag", "real", "min", "max");

  private Builtins() {}

  static Variable call(GoProcess process, String name, List<Variable> arguments, List<Node> nodes) {
    for (int i = 0; i < arguments.size(); i++) {
      String unreadable = arguments.get(i).unreadable;
      if (unreadable != null) {
        throw new EvalException(
            "could not load " + Text.quote(nodes.get(i).toString()) + ": " + unreadable);
      }
    }
    return switch (name) {
      case "len", "cap" -> size(name, one(name, arguments), nodes.getFirst());
      case "real", "imag" -> {
        Variable v = one(name, arguments);
        Object value = v.value;
        if (value instanceof double[] pair) {
          yield Values.constant(pair[name.equals("real") ? 0 : 1]);
        }
        boolean untyped = v.type.name().isEmpty();
        if (untyped && (value instanceof BigInteger || value instanceof Double)) {
          yield name.equals("real") ? Values.constant(value) : Values.constant(BigInteger.ZERO);
        }
        throw new EvalException(
            "invalid argument " + nodes.getFirst() + " (type " + type(v) + ") to " + name);
      }
      case "complex" -> {
        if (arguments.size() != 2) {
          throw new EvalException("wrong number of arguments to complex: " + arguments.size());
        }
        for (int i = 0; i < 2; i++) {
          Object value = arguments.get(i).value;
          if (!(value instanceof BigInteger) && !(value instanceof Double)) {
            throw new EvalException(
                "invalid argument "
                    + (i + 1)
                    + " "
                    + nodes.get(i)
                    + " (type "
                    + type(arguments.get(i))
                    + ") to complex");
          }
        }
        yield Values.constant(
            new double[] {Values.real(arguments.get(0)), Values.real(arguments.get(1))});
      }
      default -> extreme(name, arguments);
    };
  }

  private static Variable one(String name, List<Variable> arguments) {
    if (arguments.size() != 1) {
      throw new EvalException("wrong number of arguments to " + name + ": " + arguments.size());
    }
    return arguments.getFirst();
  }

  private static String type(Variable v) {
    return v.type.name().isEmpty() ? v.kind.text() : v.type.name();
  }

  private static Variable size(String name, Variable argument, Node node) {
    Variable v = argument;
    if (v.kind == Kind.POINTER && !v.children.isEmpty() && v != Values.NIL) {
      Variable to = v.children.getFirst();
      v = to.kind == Kind.ARRAY ? to : v;
    }
    boolean length = name.equals("len");
    switch (v.kind) {
      case ARRAY, SLICE -> {
        return Values.constant(BigInteger.valueOf(length ? v.length : v.capacity));
      }
      case STRING, MAP -> {
        if (length) {
          return Values.constant(BigInteger.valueOf(v.length));
        }
      }
      case CHAN -> {
        if (v.children.size() < 2) {
          return Values.constant(BigInteger.ZERO);
        }
        Object value = v.children.get(length ? 0 : 1).value;
        return Values.constant(value == null ? BigInteger.ZERO : value);
      }
      default -> {}
    }
    throw new EvalException(
        "invalid argument " + node + " (type " + type(argument) + ") for " + name);
  }

  private static Variable extreme(String name, List<Variable> arguments) {
    if (arguments.isEmpty()) {
      throw new EvalException("not enough arguments to " + name);
    }
    Variable best = arguments.getFirst();
    for (Variable v : arguments) {
      if (best.value == null || v.value == null) {
        throw new EvalException("invalid argument for " + name);
      }
      if (Arithmetic.compare(name.equals("min") ? "<" : ">", v.value, best.value)) {
        best = v;
      }
    }
    return best;
  }
}
