// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import static hearth.debug.eval.Values.NIL;
import static hearth.debug.eval.Values.checkType;
import static hearth.debug.eval.Values.constant;
import static hearth.debug.eval.Values.integer;
import static hearth.debug.eval.Values.isUntyped;
import static hearth.debug.eval.Values.known;
import static hearth.debug.eval.Values.typeText;
import static hearth.debug.eval.Values.typed;

import hearth.debug.eval.CompiledExpression.Hits;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the parts of an expression in a scope. Errors have the words that Delve's users know.
 */
final class Evaluator {
  private static final LoadLimits LONG_STRINGS = new LoadLimits(true, 1, 1 << 20, 64, -1);

  private final Scope scope;
  private final Names names;
  private final Hits hits;
  private final LoadLimits limits;

  Evaluator(Scope scope, Hits hits, LoadLimits limits) {
    this.scope = scope;
    names = new Names(scope);
    this.hits = hits;
    this.limits = limits;
  }

  Variable evaluate(Node node) {
    return switch (node) {
      case Node.Parentheses p -> evaluate(p.of());
      case Node.Literal l -> constant(l.value());
      case Node.Imaginary i -> constant(new double[] {0, i.value()});
      case Node.Identifier i -> names.identifier(i.name());
      case Node.Selector s -> selector(s);
      case Node.Index i -> index(i);
      case Node.Slice s -> slice(s);
      case Node.Assertion a -> assertion(a);
      case Node.Star s -> star(s);
      case Node.Unary u -> unary(u);
      case Node.Binary b -> binary(b);
      case Node.Call c -> call(c);
      case Node.Type t -> throw new EvalException("expression " + t + " is a type");
      case Node.Composite c -> composite(c);
      case Node.KeyValue k ->
          throw new EvalException("expression *ast.KeyValueExpr not implemented");
    };
  }

  // Names

  private Variable selector(Node.Selector s) {
    if (s.of() instanceof Node.Literal literal && literal.value() instanceof String path) {
      Variable global = names.global(path + "." + s.name());
      if (global == null) {
        throw new EvalException("could not find symbol value for " + path + "." + s.name());
      }
      return global;
    }
    if (s.of() instanceof Node.Identifier i && scope.local(i.name()) == null) {
      Variable special = names.special(i.name(), s.name());
      if (special != null) {
        return special;
      }
      Variable global = names.qualified(i.name(), s.name());
      if (global != null) {
        return global;
      }
      if (scope.process.variable(scope.packagePath() + "." + i.name()) == null
          && !Set.of("true", "false", "nil").contains(i.name())
          && names.register(i.name()) == null) {
        List<String> paths = scope.process.program().packages(i.name());
        if (paths.contains(scope.packagePath()) || paths.contains("main")) {
          throw new EvalException("package " + i.name() + " has no function " + s.name());
        }
        throw new EvalException("could not find symbol " + i.name() + "." + s.name());
      }
    }
    if (s.of() instanceof Node.Call c
        && c.function().toString().equals("runtime.frame")
        && c.arguments().size() == 1) {
      if (!(evaluate(c.arguments().getFirst()).value instanceof BigInteger n)) {
        throw new EvalException("expected integer value for frame, got " + c.arguments());
      }
      int index = n.intValue();
      if (index < 0 || index >= scope.frames.size()) {
        throw new EvalException(
            "Frame "
                + index
                + " does not exist in goroutine "
                + (scope.goroutine == null ? 0 : scope.goroutine.id()));
      }
      return new Names(scope.inFrame(index)).identifier(s.name());
    }
    Variable of = evaluate(s.of());
    if (of == NIL) {
      throw new EvalException("nil (type nil) is not a struct");
    }
    if (isUntyped(of)) {
      throw new EvalException(
          Text.value(scope.process, of) + " (type " + of.kind.family() + ") is not a struct");
    }
    return new Members(scope).member(of, s.name());
  }

  // Members

  // Elements

  private Variable index(Node.Index node) {
    if (node.of().toString().equals("delve.bphitcount")) {
      Variable which = evaluate(node.index());
      long count = hits.count(String.valueOf(which.value));
      if (count < 0) {
        throw new EvalException(
            which.value instanceof String
                ? "could not find breakpoint named " + Text.quote(String.valueOf(which.value))
                : "could not find breakpoint with ID = " + which.value);
      }
      return constant(BigInteger.valueOf(count));
    }
    Variable of = evaluate(node.of());
    Variable at = evaluate(node.index());
    if (of.unreadable != null) {
      throw new EvalException(of.unreadable);
    }
    if (of.kind == Kind.POINTER && of != NIL) {
      of = scope.loader.dereference(of);
    }
    String cannot =
        "expression "
            + Text.quote(node.of().toString())
            + " ("
            + typeText(of)
            + ") does not support indexing";
    switch (of.kind) {
      case SLICE, ARRAY, STRING -> {
        if (of.base == 0 && of.value == null) {
          throw new EvalException("can not index " + Text.quote(node.of().toString()));
        }
        BigInteger n = integer(at);
        if (n.signum() < 0 || n.compareTo(BigInteger.valueOf(of.length)) >= 0) {
          throw new EvalException("index out of bounds");
        }
        if (of.loaded && of.base == 0 && of.value instanceof String s) {
          Variable made = constant(BigInteger.valueOf(s.charAt(n.intValue())));
          return made;
        }
        if (of.loaded && !of.children.isEmpty() && n.longValue() < of.children.size()) {
          return of.children.get(n.intValue());
        }
        return scope.loader.element(of, n.longValue());
      }
      case MAP -> {
        return entry(of, at);
      }
      default -> throw new EvalException(cannot);
    }
  }

  private Variable entry(Variable map, Variable key) {
    scope.loader.load(key, LoadLimits.FULL);
    GoType keyType = map.type.key();
    if (keyType != null) {
      checkType(key, keyType);
    }
    // Reads piece by piece, so that a large map is not held whole.
    long skip = 0;
    while (true) {
      Variable part = map.copy();
      part.loaded = false;
      part.children = new ArrayList<>();
      part.skip = skip;
      scope.loader.load(part, new LoadLimits(true, 1, LONG_STRINGS.stringLength(), 1000, -1));
      if (part.unreadable != null) {
        throw new EvalException("can not access unreadable map: " + part.unreadable);
      }
      for (int i = 0; i + 1 < part.children.size(); i += 2) {
        if (new Comparison(scope).compare("==", part.children.get(i), key)) {
          Variable found = part.children.get(i + 1);
          Variable fresh = scope.loader.variable("", found.address, found.type, found.memory);
          return fresh;
        }
      }
      skip += part.children.size() / 2;
      if (part.children.isEmpty() || skip >= part.length) {
        throw new EvalException("key not found");
      }
    }
  }

  private Variable slice(Node.Slice node) {
    Variable of = evaluate(node.of());
    if (of.unreadable != null) {
      throw new EvalException(of.unreadable);
    }
    Node lowNode = node.low();
    Node highNode = node.high();
    BigInteger low = lowNode == null ? BigInteger.ZERO : integer(evaluate(lowNode));
    switch (of.kind) {
      case MAP -> {
        if (highNode != null) {
          throw new EvalException("second slice argument must be empty for maps");
        }
        Variable part = of.copy();
        part.skip += low.longValue();
        scope.loader.load(part, new LoadLimits(false, 0, 0, 0, 0));
        if (low.signum() < 0 || part.skip > part.length) {
          throw new EvalException("map index out of bounds");
        }
        part.loaded = false;
        return part;
      }
      case SLICE, ARRAY, STRING -> {
        if (of.base == 0 && of.value == null) {
          throw new EvalException("can not slice " + Text.quote(node.of().toString()));
        }
        BigInteger high =
            highNode == null ? BigInteger.valueOf(of.length) : integer(evaluate(highNode));
        if (low.signum() < 0
            || low.compareTo(BigInteger.valueOf(of.length)) > 0
            || high.compareTo(BigInteger.valueOf(of.length)) > 0
            || high.compareTo(low) < 0) {
          throw new EvalException("index out of bounds");
        }
        long length = high.subtract(low).longValue();
        if (of.base == 0 && of.value instanceof String s) {
          return constant(s.substring(low.intValue(), high.intValue()));
        }
        GoType type = of.type;
        GoType element = type.element();
        if (of.kind == Kind.ARRAY && element != null) {
          GoType slices = scope.process.types().named("[]" + element.name());
          type = slices == null ? scope.process.types().sliceOf(element) : slices;
        }
        Variable part = new Variable("", 0, type, of.memory);
        part.base = of.base + low.longValue() * hearth.debug.goruntime.Loader.stride(of);
        part.length = length;
        part.capacity = of.kind == Kind.STRING ? 0 : of.capacity - low.longValue();
        part.flags = of.flags;
        part.trusted = highNode != null;
        return part;
      }
      default ->
          throw new EvalException(
              "can not slice " + Text.quote(node.of().toString()) + " (type " + typeText(of) + ")");
    }
  }

  private Variable assertion(Node.Assertion node) {
    Variable of = evaluate(node.of());
    if (of.kind != Kind.INTERFACE) {
      throw new EvalException(
          "expression " + Text.quote(node.of().toString()) + " not an interface");
    }
    Variable data = scope.loader.interfaceData(of);
    if (of.unreadable != null || data == null) {
      throw new EvalException(String.valueOf(of.unreadable));
    }
    Node wantedNode = node.type();
    if (data.kind == Kind.INVALID) {
      if (wantedNode == null) {
        throw new EvalException("interface conversion: " + of.type.name() + " is nil, not data");
      }
      throw new EvalException(
          "interface conversion: " + of.type.name() + " is nil, not " + wantedNode);
    }
    if (wantedNode != null) {
      GoType wanted = typeOf(wantedNode);
      if (wanted == null) {
        throw new EvalException("could not find symbol value for " + wantedNode);
      }
      if (!wanted.name().equals(data.type.name())) {
        throw new EvalException(
            "interface conversion: "
                + of.type.name()
                + " is "
                + data.type.name()
                + ", not "
                + wanted.name());
      }
    }
    data.name = "";
    return data;
  }

  // Operators

  private Variable star(Node.Star node) {
    Variable of = evaluate(node.of());
    String text = node.of().toString();
    if (of == NIL) {
      throw new EvalException("nil can not be dereferenced");
    }
    if (of.kind != Kind.POINTER) {
      throw new EvalException(
          "expression " + Text.quote(text) + " (" + typeText(of) + ") can not be dereferenced");
    }
    if (of.children.size() == 1 && of.loaded && of.address == 0) {
      Variable to = of.children.getFirst();
      to.onlyAddress = false;
      if (to.address == 0) {
        throw new EvalException("nil pointer dereference");
      }
      scope.loader.prepare(to);
      return to;
    }
    Variable to = scope.loader.dereference(of);
    if (to.unreadable != null) {
      throw new EvalException("couldn't read pointer: " + to.unreadable);
    }
    if (to.address == 0) {
      throw new EvalException("nil pointer dereference");
    }
    return to;
  }

  private Variable unary(Node.Unary node) {
    String text = node.of().toString();
    if (node.operator().equals("&")) {
      if (node.of().bare() instanceof Node.Composite) {
        throw new EvalException(
            "literal can not be allocated because function calls are not allowed without using"
                + " 'call'");
      }
      Variable of = evaluate(node.of());
      if (of.address == 0 || isUntyped(of)) {
        throw new EvalException("can not take address of " + Text.quote(text));
      }
      Variable pointer =
          new Variable("", 0, scope.process.types().pointerTo(of.type), scope.process.memory());
      Variable to = of.copy();
      to.onlyAddress = true;
      pointer.children.add(to);
      pointer.loaded = true;
      pointer.value = hearth.debug.goruntime.Loader.unsigned(of.address);
      return pointer;
    }
    if (node.operator().equals("<-")) {
      throw new EvalException("operator <- can not be applied to " + Text.quote(text));
    }
    Variable of = evaluate(node.of());
    scope.loader.load(of, LoadLimits.FULL);
    if (of.unreadable != null) {
      throw new EvalException(of.unreadable);
    }
    if (of.value instanceof Double d && !Double.isFinite(d)) {
      throw new EvalException("operations on non-finite floats not implemented");
    }
    Object value = of.value;
    Object result =
        switch (node.operator()) {
          case "-" ->
              value instanceof BigInteger i
                  ? i.negate()
                  : value instanceof Double d
                      ? (Object) (-d)
                      : value instanceof double[] c ? new double[] {-c[0], -c[1]} : null;
          case "+" -> value instanceof Boolean || value instanceof String ? null : value;
          case "!" -> value instanceof Boolean b ? (Object) !b : null;
          case "^" -> value instanceof BigInteger i ? i.not() : null;
          default -> null;
        };
    if (result == null) {
      throw new EvalException(
          value == null
              ? "operator " + node.operator() + " can not be applied to " + Text.quote(text)
              : "invalid unary operation "
                  + node.operator()
                  + (value instanceof String s ? Text.quote(s) : value));
    }
    if (isUntyped(of)) {
      return constant(result);
    }
    Variable made = typed(scope, result, of.type);
    made.value = result; // not cut to its size, as in Delve
    return made;
  }

  private Variable binary(Node.Binary node) {
    String op = node.operator();
    if (op.equals("&&") || op.equals("||")) {
      boolean left = truth(node.left());
      if (op.equals("&&") != left) {
        return constant(left);
      }
      Variable right = evaluate(node.right());
      scope.loader.load(right, LoadLimits.FULL);
      if (right.unreadable == null && right.kind != Kind.BOOL) {
        throw new EvalException("mismatched types \"bool\" and " + Text.quote(typeText(right)));
      }
      return constant(right.value instanceof Boolean b ? b : truth(node.right()));
    }
    Variable x = evaluate(node.left());
    Variable y = evaluate(node.right());
    for (Variable v : List.of(x, y)) {
      if (v != NIL) {
        scope.loader.load(v, v.kind == Kind.STRING ? LONG_STRINGS : LoadLimits.FULL);
      }
      if (v.unreadable != null) {
        throw new EvalException(v.unreadable);
      }
      if (v.value instanceof Double d && !Double.isFinite(d)) {
        throw new EvalException("operations on non-finite floats not implemented");
      }
    }
    GoType type = commonType(op, x, y);
    switch (op) {
      case "==", "!=", "<", "<=", ">", ">=" -> {
        return constant(new Comparison(scope).compare(op, x, y));
      }
      default -> {}
    }
    if (x.value == null || x == NIL) {
      throw new EvalException(
          "operator " + op + " can not be applied to " + Text.quote(node.left().toString()));
    }
    if (y.value == null || y == NIL) {
      throw new EvalException(
          "operator " + op + " can not be applied to " + Text.quote(node.right().toString()));
    }
    Object result = Arithmetic.apply(op, x.value, y.value, type != null && type.kind().isFloat());
    return type == null ? constant(result) : typed(scope, result, type);
  }

  private boolean truth(Node node) {
    Variable v = evaluate(node);
    scope.loader.load(v, LoadLimits.FULL);
    if (v.unreadable != null) {
      throw new EvalException(v.unreadable);
    }
    if (!(v.value instanceof Boolean b)) {
      throw new EvalException(
          "expression "
              + Text.quote(node.toString())
              + " should be boolean not "
              + v.kind.family());
    }
    return b;
  }

  /** The type that the operands have in common; null if both are constants without one. */
  private static @Nullable GoType commonType(String op, Variable x, Variable y) {
    if (x == NIL || y == NIL) {
      Variable other = x == NIL ? y : x;
      if (!op.equals("==") && !op.equals("!=")) {
        throw new EvalException("operator " + op + " can not be applied to \"nil\"");
      }
      switch (other.kind) {
        case POINTER, UNSAFE_POINTER, CHAN, MAP, INTERFACE, SLICE, FUNC -> {
          return null;
        }
        default -> throw new EvalException("can not compare " + other.kind.family() + " to nil");
      }
    }
    if (op.equals("<<") || op.equals(">>")) {
      if (!(x.value instanceof BigInteger)) {
        throw new EvalException("shift of type " + x.kind.family());
      }
      if (!(y.value instanceof BigInteger count)) {
        throw new EvalException(
            "shift count type " + y.kind.family() + ", must be unsigned integer");
      }
      if (count.signum() < 0) {
        throw new EvalException("shift count must not be negative");
      }
      return isUntyped(x) ? null : x.type;
    }
    if (isUntyped(x) && isUntyped(y)) {
      return null;
    }
    if (!isUntyped(x) && !isUntyped(y)) {
      if (!x.type.name().equals(y.type.name())) {
        throw new EvalException(
            "mismatched types " + Text.quote(x.type.name()) + " and " + Text.quote(y.type.name()));
      }
      return x.type;
    }
    Variable typed = isUntyped(x) ? y : x;
    checkType(isUntyped(x) ? x : y, typed.type);
    return typed.type;
  }

  // Calls: conversions and built-in functions

  private Variable call(Node.Call node) {
    Node function = node.function().bare();
    if (function instanceof Node.Identifier i
        && scope.local(i.name()) == null
        && Builtins.NAMES.contains(i.name())) {
      List<Variable> arguments = new ArrayList<>();
      for (Node argument : node.arguments()) {
        Variable v = evaluate(argument);
        if (v != NIL) {
          scope.loader.load(v, v.kind == Kind.STRING ? LONG_STRINGS : LoadLimits.FULL);
        }
        arguments.add(v);
      }
      return Builtins.call(scope.process, i.name(), arguments, node.arguments());
    }
    if (node.arguments().size() == 1) {
      GoType type = typeOf(node.function());
      if (type != null) {
        return new Conversion(scope, limits)
            .convert(evaluate(node.arguments().getFirst()), type, node.arguments().getFirst());
      }
    }
    Caller caller = scope.caller;
    if (caller != null) {
      Variable called = evaluate(node.function());
      List<Variable> arguments = new ArrayList<>();
      for (Node argument : node.arguments()) {
        arguments.add(evaluate(argument));
        if (caller.returned() != null) {
          called = evaluate(node.function()); // what it is may have moved
        }
      }
      List<Variable> results = new FunctionCall(scope, caller).call(called, arguments, node);
      if (results.size() == 1) {
        return results.getFirst();
      }
      Variable all = new Variable("", 0, GoType.basic("", Kind.INVALID, 0), scope.process.memory());
      all.children = new ArrayList<>(results);
      all.loaded = true;
      if (results.isEmpty()) {
        all.unreadable = "no return values";
      }
      return all;
    }
    // The words depend on whether there is such a function at all.
    if (function instanceof Node.Identifier || function instanceof Node.Selector) {
      evaluate(function);
    }
    throw new EvalException("function calls not allowed without using 'call'");
  }

  /** The type that an expression names, or null if it names none. */
  @Nullable GoType typeOf(Node node) {
    return switch (node.bare()) {
      case Node.Identifier i -> {
        if (scope.local(i.name()) != null) {
          yield null;
        }
        GoType local = scope.process.types().named(scope.packagePath() + "." + i.name());
        yield local != null ? local : scope.process.types().named(i.name());
      }
      case Node.Selector s -> {
        if (s.of() instanceof Node.Literal l && l.value() instanceof String path) {
          yield scope.process.types().named(path + "." + s.name());
        }
        if (!(s.of() instanceof Node.Identifier i) || scope.local(i.name()) != null) {
          yield null;
        }
        for (String path : scope.process.program().packages(i.name())) {
          GoType type = scope.process.types().named(path + "." + s.name());
          if (type != null) {
            yield type;
          }
        }
        yield scope.process.types().named(i.name() + "." + s.name());
      }
      case Node.Star s -> {
        GoType of = typeOf(s.of());
        yield of == null ? null : scope.process.types().pointerTo(of);
      }
      case Node.Type t -> scope.process.types().named(t.text());
      case Node.Literal l when l.value() instanceof String text -> // any type, in quotes
          scope.process.types().named(text);
      case Node.Index i -> scope.process.types().named(i.toString());
      default -> null;
    };
  }

  /** A structure that is written out. It has no address, but its fields are known. */
  private Variable composite(Node.Composite node) {
    // Types of one's own package need its name here, as in Delve.
    GoType type = node.type() instanceof Node.Identifier ? null : typeOf(node.type());
    if (type == null && node.type().toString().startsWith("struct")) {
      type = scope.process.types().structure(node.type().toString(), List.of());
    }
    if (type == null || type.kind() != Kind.STRUCT) {
      throw new EvalException(
          type == null && !(node.type() instanceof Node.Type)
              ? "no type entry found, use 'types' for a list of valid types"
              : "expression *ast.CompositeLit not implemented");
    }
    Variable made = new Variable("", 0, type, scope.process.memory());
    made.flags |= Variable.FAKE_ADDRESS;
    made.address = hearth.debug.goruntime.Pieces.ADDRESS;
    List<Field> fields = type.fields();
    boolean keyed = node.elements().stream().anyMatch(e -> e instanceof Node.KeyValue);
    if (!keyed && !node.elements().isEmpty() && node.elements().size() != fields.size()) {
      throw new EvalException("wrong number of values for " + type.name());
    }
    for (int i = 0; i < fields.size(); i++) {
      Field field = fields.get(i);
      Node value = null;
      for (Node element : node.elements()) {
        if (element instanceof Node.KeyValue k && k.key().toString().equals(field.name())) {
          value = k.value();
        }
      }
      if (!keyed && i < node.elements().size()) {
        value = node.elements().get(i);
      }
      made.children.add(part(field, value));
    }
    made.length = fields.size();
    made.loaded = true;
    return made;
  }

  private Variable part(Field field, @Nullable Node value) {
    Variable child;
    if (value == null) {
      byte[] zeros = new byte[(int) Math.min(field.type().size(), 1 << 16)];
      child =
          scope.loader.variable(
              field.name(),
              hearth.debug.goruntime.Pieces.ADDRESS,
              field.type(),
              new hearth.debug.goruntime.Pieces(scope.process.memory(), zeros, null));
      scope.loader.load(child, LoadLimits.FULL);
    } else {
      Variable given = evaluate(value);
      checkType(given, field.type());
      child =
          isUntyped(given) && given != NIL
              ? typed(scope, known(given), field.type())
              : given.copy();
      child.name = field.name();
      child.flags |= Variable.FAKE_ADDRESS;
    }
    return child;
  }

  // Values

  private BigInteger integer(Variable v) {
    if (v != NIL) {
      scope.loader.load(v, LoadLimits.FULL);
    }
    if (v.unreadable != null) {
      throw new EvalException(v.unreadable);
    }
    if (v.value instanceof BigInteger i) {
      return i;
    }
    if (isUntyped(v)) {
      throw new EvalException(
          "can not convert constant "
              + (v.value instanceof String s ? Text.quote(s) : Text.value(scope.process, v))
              + " to int");
    }
    throw new EvalException("can not convert value of type " + v.type.name() + " to int");
  }
}
