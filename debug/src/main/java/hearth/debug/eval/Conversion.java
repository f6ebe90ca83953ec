// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import static hearth.debug.eval.Values.NIL;
import static hearth.debug.eval.Values.isUntyped;
import static hearth.debug.eval.Values.real;
import static hearth.debug.eval.Values.target;
import static hearth.debug.eval.Values.typed;

import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/** Conversions between types. */
final class Conversion {
  private final Scope scope;
  private final LoadLimits limits;

  Conversion(Scope scope, LoadLimits limits) {
    this.scope = scope;
    this.limits = limits;
  }

  /** The value as another type, as far as Go converts it. */
  Variable convert(Variable v, GoType type, Node source) {
    EvalException cannot =
        new EvalException(
            "can not convert " + Text.quote(source.toString()) + " to " + type.resolved().name());
    if (v != NIL && !isUntyped(v) && v.type.resolved().name().equals(type.resolved().name())) {
      return retyped(v, type);
    }
    Kind kind = type.kind();
    if (kind == Kind.POINTER) {
      if (v.kind == Kind.UNSAFE_POINTER || (v.kind == Kind.POINTER && v != NIL)) {
        return retyped(v, type);
      }
      if (!v.kind.isInteger()) {
        throw cannot;
      }
      load(v);
      long address = number(v).longValue();
      GoType element = type.element();
      Variable made = new Variable("", 0, type, scope.process.memory());
      Variable to =
          scope.loader.variable(
              "",
              address,
              element == null ? scope.process.types().nothing() : element,
              scope.process.memory());
      to.onlyAddress = true;
      made.children.add(to);
      made.length = 1;
      made.loaded = true;
      made.value = hearth.debug.goruntime.Loader.unsigned(address);
      return made;
    }
    if (kind.isInteger() && (v.kind.isInteger() || v.kind.isFloat() || v.kind == Kind.POINTER)) {
      load(v);
      if (v.kind == Kind.POINTER) {
        return typed(scope, hearth.debug.goruntime.Loader.unsigned(target(v)), type);
      }
      return typed(
          scope,
          v.value instanceof Double d ? new java.math.BigDecimal(d).toBigInteger() : number(v),
          type);
    }
    if (kind.isFloat() && (v.kind.isInteger() || v.kind.isFloat())) {
      load(v);
      return typed(scope, real(v), type);
    }
    if (kind.isComplex() && !v.kind.isComplex() && (v.kind.isInteger() || v.kind.isFloat())) {
      load(v);
      return typed(scope, new double[] {real(v), 0}, type);
    }
    if (kind == Kind.SLICE && v.kind == Kind.STRING) {
      return sliceOf(v, type, cannot);
    }
    if (kind == Kind.STRING) {
      return string(v, type, cannot);
    }
    throw cannot;
  }

  private Variable retyped(Variable v, GoType type) {
    Variable made = new Variable(v.name, v.address, type, v.memory);
    made.flags = v.flags;
    if (v.loaded && v.address == 0) {
      made.loaded = true;
      made.value = v.value;
      made.length = v.length;
      made.capacity = v.capacity;
      made.base = v.base;
      made.children = new ArrayList<>(v.children);
      GoType element = type.element();
      if (made.kind == Kind.POINTER && !v.children.isEmpty() && element != null) {
        Variable to =
            scope.loader.variable(
                "", v.children.getFirst().address, element, scope.process.memory());
        to.onlyAddress = true;
        made.children.set(0, to);
      }
    } else {
      scope.loader.prepare(made);
    }
    return made;
  }

  private void load(Variable v) {
    scope.loader.load(v, LoadLimits.FULL);
    if (v.unreadable != null) {
      throw new EvalException(v.unreadable);
    }
  }

  private Variable sliceOf(Variable string, GoType type, EvalException cannot) {
    GoType element = type.element();
    if (element == null || (element.size() != 1 && element.size() != 4)) {
      throw cannot;
    }
    boolean bytes = element.size() == 1;
    int most = bytes ? limits.arrayValues() : limits.stringLength();
    scope.loader.load(string, new LoadLimits(false, 0, most, limits.arrayValues(), 0));
    if (string.unreadable != null) {
      throw new EvalException(string.unreadable);
    }
    String text = string.value instanceof String s ? s : "";
    int[] values =
        bytes
            ? text.chars().toArray()
            : new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                .codePoints()
                .toArray();
    Variable made = new Variable("", 0, type, scope.process.memory());
    for (int i = 0; i < values.length; i++) {
      Variable child = typed(scope, BigInteger.valueOf(values[i]), element);
      child.address = string.base + i;
      made.children.add(child);
    }
    made.length = bytes ? string.length : values.length;
    made.capacity = made.length;
    made.loaded = true;
    return made;
  }

  private Variable string(Variable v, GoType type, EvalException cannot) {
    if (v.kind == Kind.STRING) {
      return isUntyped(v) ? typed(scope, String.valueOf(v.value), type) : retyped(v, type);
    }
    if (v.kind.isInteger()) {
      load(v);
      int point = number(v).intValue();
      return typed(scope, bytesOf(point), type);
    }
    GoType element = v.kind == Kind.SLICE || v.kind == Kind.ARRAY ? v.type.element() : null;
    if (element == null) {
      throw cannot;
    }
    boolean bytes = element.kind() == Kind.UINT8;
    if (!bytes && element.kind() != Kind.INT32) {
      throw cannot;
    }
    scope.loader.load(v, new LoadLimits(false, 0, limits.stringLength(), limits.stringLength(), 0));
    if (v.unreadable != null) {
      throw new EvalException(v.unreadable);
    }
    StringBuilder text = new StringBuilder();
    for (Variable child : v.children) {
      int value = child.value instanceof BigInteger i ? i.intValue() : 0;
      text.append(bytes ? String.valueOf((char) (value & 0xff)) : bytesOf(value));
    }
    Variable made = typed(scope, text.toString(), type);
    made.length = bytes ? v.length : text.length();
    return made;
  }

  private static String bytesOf(int point) {
    int valid =
        Character.isValidCodePoint(point) && !(point >= 0xd800 && point < 0xe000) ? point : 0xfffd;
    return new String(
        Character.toString(valid).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private static BigInteger number(Variable v) {
    if (v.value instanceof BigInteger i) {
      return i;
    }
    throw new EvalException("can not convert value of type " + v.type.name() + " to int");
  }
}
