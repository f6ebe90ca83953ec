// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import static hearth.debug.eval.Values.NIL;
import static hearth.debug.eval.Values.isNil;
import static hearth.debug.eval.Values.known;
import static hearth.debug.eval.Values.target;

import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;

/** Compares values as Go does. */
final class Comparison {
  private final Scope scope;

  Comparison(Scope scope) {
    this.scope = scope;
  }

  /** Whether a comparison holds; the operands are loaded. */
  boolean compare(String op, Variable x, Variable y) {
    if (x == NIL || y == NIL) {
      boolean nil = isNil(x == NIL ? y : x);
      return op.equals("==") == nil;
    }
    switch (x.kind) {
      case BOOL, STRING -> {
        if (x.kind == Kind.STRING
            && (String.valueOf(x.value).length() != x.length
                || String.valueOf(y.value).length() != y.length)) {
          if (x.length != y.length && (op.equals("==") || op.equals("!="))) {
            return op.equals("!=");
          }
          throw new EvalException("string too long for comparison");
        }
        return Arithmetic.compare(op, known(x), known(y));
      }
      default -> {
        if (x.kind.isInteger() || x.kind.isFloat() || x.kind.isComplex()) {
          return Arithmetic.compare(op, known(x), known(y));
        }
      }
    }
    if (!op.equals("==") && !op.equals("!=")) {
      throw new EvalException("operator " + op + " not defined on " + x.kind.family());
    }
    boolean equal = equal(x, y);
    return op.equals("==") == equal;
  }

  private boolean equal(Variable x, Variable y) {
    switch (x.kind) {
      case POINTER, UNSAFE_POINTER -> {
        return target(x) == target(y);
      }
      case ARRAY, STRUCT -> {
        if (x.children.size() != x.length || y.children.size() != y.length) {
          throw new EvalException(
              x.kind == Kind.ARRAY
                  ? "array too long for comparison"
                  : "structure too deep for comparison");
        }
        for (int i = 0; i < x.children.size(); i++) {
          Variable a = x.children.get(i);
          Variable b = y.children.get(i);
          scope.loader.load(a, LoadLimits.FULL);
          scope.loader.load(b, LoadLimits.FULL);
          if (!compare("==", a, b)) {
            return false;
          }
        }
        return true;
      }
      case INTERFACE -> {
        Variable a = x.children.getFirst();
        Variable b = y.children.getFirst();
        return a.type.name().equals(b.type.name())
            && (a.kind == Kind.INVALID || compare("==", a, b));
      }
      case SLICE, MAP, FUNC, CHAN ->
          throw new EvalException("can not compare " + x.kind.family() + " variables");
      default ->
          throw new EvalException("unimplemented comparison of " + x.kind.family() + " variables");
    }
  }
}
