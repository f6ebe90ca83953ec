// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.eval.CompiledExpression.Hits;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.target.Memory;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the parts of an expression in a scope. Errors have the words that Delve's users know.
 */
final class Evaluator {
  private static final int MAX_EMBEDDED = 10;
  private static final LoadLimits LONG_STRINGS = new LoadLimits(true, 1, 1 << 20, 64, -1);
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

  private final Scope scope;
  private final Hits hits;
  private final LoadLimits limits;

  Evaluator(Scope scope, Hits hits, LoadLimits limits) {
    this.scope = scope;
    this.hits = hits;
    this.limits = limits;
  }

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

  private static boolean isUntyped(Variable v) {
    return v == NIL || (v.type.name().isEmpty() && v.is(Variable.CONSTANT));
  }

  Variable evaluate(Node node) {
    return switch (node) {
      case Node.Parentheses p -> evaluate(p.of());
      case Node.Literal l -> constant(l.value());
      case Node.Imaginary i -> constant(new double[] {0, i.value()});
      case Node.Identifier i -> identifier(i.name());
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

  private Variable identifier(String name) {
    Variable local = scope.local(name);
    if (local != null) {
      return local;
    }
    String path = scope.packagePath();
    if (!path.isEmpty()) {
      Variable global = global(path + "." + name);
      if (global != null) {
        global.name = name;
        return global;
      }
    }
    switch (name) {
      case "true", "false" -> {
        return constant(name.equals("true"));
      }
      case "nil" -> {
        return NIL;
      }
      default -> {
        Variable register = register(name);
        if (register != null) {
          return register;
        }
        Variable global = global(name);
        if (global != null) {
          return global;
        }
        throw new EvalException("could not find symbol value for " + name);
      }
    }
  }

  /** A package's variable, function or constant by its whole name. */
  private @Nullable Variable global(String name) {
    Variable variable = scope.process.variable(name);
    if (variable != null) {
      scope.loader.prepare(variable);
      return variable;
    }
    Program program = scope.process.program();
    Function function = program.function(name);
    if (function != null) {
      GoType type = GoType.basic("func()", Kind.FUNC, 8);
      Variable v = new Variable(name, 0, type, scope.process.memory());
      v.base = scope.process.entry(function);
      v.value = function.name();
      v.loaded = true;
      return v;
    }
    Program.PackageConstant constant = program.constant(name);
    if (constant != null) {
      Variable v =
          new Variable(
              name, 0, scope.process.types().typeOf(constant.die()), scope.process.memory());
      v.loaded = true;
      v.flags |= Variable.CONSTANT;
      v.value =
          v.kind == Kind.BOOL
              ? (Object) (constant.value() != 0)
              : BigInteger.valueOf(constant.value());
      return v;
    }
    return null;
  }

  /** The type of a method's value, which has its receiver already. */
  private GoType methodType(Function function) {
    boolean receiver = true;
    List<String> parameters = new ArrayList<>();
    List<String> results = new ArrayList<>();
    hearth.debug.dwarf.Die die = function.die();
    if (die != null) {
      for (hearth.debug.dwarf.Die child : die.children()) {
        if (child.tag() == hearth.debug.dwarf.Dw.TAG_FORMAL_PARAMETER) {
          String type = scope.process.types().typeOf(child).name();
          boolean result =
              child.flag(hearth.debug.dwarf.Dw.AT_VARIABLE_PARAMETER)
                  || child.origin().flag(hearth.debug.dwarf.Dw.AT_VARIABLE_PARAMETER);
          if (!receiver) {
            (result ? results : parameters).add(type);
          }
          receiver = false;
        }
      }
    }
    String text = "func(" + String.join(", ", parameters) + ")";
    if (results.size() == 1) {
      text += " " + results.getFirst();
    } else if (!results.isEmpty()) {
      text += " (" + String.join(", ", results) + ")";
    }
    return GoType.basic(text, Kind.FUNC, 8);
  }

  private @Nullable Variable register(String name) {
    TargetThread thread = scope.thread;
    Frame frame = scope.frame();
    if (thread == null || frame == null) {
      return null;
    }
    String wanted = name.startsWith("_") ? name.substring(1) : name;
    if (!wanted.equals(wanted.toUpperCase(Locale.ROOT))) {
      return null;
    }
    for (Map.Entry<String, Long> entry : thread.registers().named().entrySet()) {
      if (entry.getKey().toUpperCase(Locale.ROOT).equals(wanted)) {
        Variable v =
            new Variable(name, 0, scope.process.types().basic(Kind.UINT64), scope.process.memory());
        v.loaded = true;
        v.flags |= Variable.REGISTER;
        v.value = hearth.debug.goruntime.Loader.unsigned(entry.getValue());
        return v;
      }
    }
    return null;
  }

  private Variable selector(Node.Selector s) {
    if (s.of() instanceof Node.Literal literal && literal.value() instanceof String path) {
      Variable global = global(path + "." + s.name());
      if (global == null) {
        throw new EvalException("could not find symbol value for " + path + "." + s.name());
      }
      return global;
    }
    if (s.of() instanceof Node.Identifier i && scope.local(i.name()) == null) {
      Variable special = special(i.name(), s.name());
      if (special != null) {
        return special;
      }
      Variable global = qualified(i.name(), s.name());
      if (global != null) {
        return global;
      }
      if (scope.process.variable(scope.packagePath() + "." + i.name()) == null
          && !Set.of("true", "false", "nil").contains(i.name())
          && register(i.name()) == null) {
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
      return new Evaluator(scope.inFrame(index), hits, limits).identifier(s.name());
    }
    Variable of = evaluate(s.of());
    if (of == NIL) {
      throw new EvalException("nil (type nil) is not a struct");
    }
    if (isUntyped(of)) {
      throw new EvalException(
          Text.value(scope.process, of) + " (type " + of.kind.family() + ") is not a struct");
    }
    return member(of, s.name());
  }

  private @Nullable Variable special(String name, String part) {
    Goroutine g = scope.goroutine;
    Frame frame = scope.frame();
    if (!name.equals("runtime")) {
      return null;
    }
    switch (part) {
      case "curg" -> {
        GoType type = scope.process.types().named("runtime.g");
        if (type == null) {
          throw new EvalException("could not find runtime.g");
        }
        return scope.loader.variable(
            "curg", g == null ? 0 : g.address(), type, scope.process.memory());
      }
      case "frameoff" -> {
        if (g == null || frame == null) {
          throw new EvalException("could not find symbol value for frameoff");
        }
        return constant(BigInteger.valueOf(frame.cfa() - g.stackHigh()));
      }
      case "threadid" -> {
        TargetThread thread = scope.thread;
        return constant(BigInteger.valueOf(thread == null ? 0 : thread.id()));
      }
      default -> {
        return null;
      }
    }
  }

  /** Something of a package that is named by its name or by a part of its path. */
  private @Nullable Variable qualified(String packageName, String name) {
    for (String path : scope.process.program().packages(packageName)) {
      Variable global = global(path + "." + name);
      if (global != null) {
        return global;
      }
    }
    return global(packageName + "." + name);
  }

  // Members

  private Variable member(Variable start, String name) {
    Variable of = start;
    if (of.unreadable != null) {
      throw new EvalException(of.unreadable);
    }
    String shown = of.name.isEmpty() ? of.type.name() : of.name;
    if (of.loaded && of.is(Variable.FAKE_ADDRESS) && of.kind == Kind.STRUCT) {
      Variable child = of.child(name);
      if (child != null) {
        return child;
      }
    }
    if (of.kind == Kind.INTERFACE) {
      Variable data = of.address == 0 ? null : scope.loader.interfaceData(of);
      if (of.unreadable != null) {
        throw new EvalException(of.unreadable);
      }
      if (data != null) {
        of = data;
      }
    }
    if (of.kind == Kind.FUNC) {
      return captured(of, shown, name);
    }
    Variable structure = scope.loader.dereference(of);
    structure.name = start.name;
    if (structure.unreadable != null) {
      throw new EvalException(structure.unreadable);
    }
    GoType type = structure.type;
    if (structure.kind == Kind.CHAN) {
      GoType header = type.structure();
      GoType element = header.element();
      type = element == null ? header : element;
      structure = scope.loader.variable("", structure.base, type, structure.memory);
    }
    Variable found = field(structure, type, name);
    if (found != null) {
      return found;
    }
    Variable method = method(structure, name);
    if (method != null) {
      return method;
    }
    if (type.kind() != Kind.STRUCT) {
      throw new EvalException(
          shown + " (type " + structure.type.name() + ") has no member " + name);
    }
    throw new EvalException(shown + " has no member " + name);
  }

  private Variable captured(Variable function, String shown, String name) {
    Function code = scope.process.functionAt(function.base);
    if (function.address != 0) {
      long closure = function.memory.u64(function.address);
      code = closure == 0 ? null : scope.process.functionAt(scope.process.memory().u64(closure));
      if (code != null) {
        for (Field f : scope.loader.captured(code)) {
          Variable v =
              scope.loader.variable(name, closure + f.offset(), f.type(), scope.process.memory());
          if (f.name().equals(name)) {
            return v;
          }
          if (f.name().equals("&" + name)) {
            Variable to = scope.loader.dereference(v);
            to.name = name;
            return to;
          }
        }
      }
    }
    throw new EvalException(shown + " has no member " + name);
  }

  /** A field, or one of a structure that is embedded: the shallowest. */
  private @Nullable Variable field(Variable structure, GoType type, String name) {
    List<Variable> level = List.of(structure);
    for (int i = 0; i < MAX_EMBEDDED && !level.isEmpty(); i++) {
      List<Variable> next = new ArrayList<>();
      for (Variable v : level) {
        Field found = v.type.kind() == Kind.STRUCT ? v.type.field(name) : null;
        if (v == structure && found == null) {
          found = type.field(name);
        }
        if (found != null) {
          if (v.address == 0) {
            throw new EvalException(structure.name + " is nil");
          }
          Variable made = scope.loader.field(v, found);
          made.name = structure.name.isEmpty() ? "" : structure.name + "." + name;
          return made;
        }
        if (v.type.kind() == Kind.STRUCT && v.address != 0) {
          for (Field f : v.type.fields()) {
            if (f.embedded()) {
              Variable inner = scope.loader.dereference(scope.loader.field(v, f));
              if (inner.kind == Kind.INTERFACE && inner.unreadable == null && inner.address != 0) {
                Variable data = scope.loader.interfaceData(inner);
                inner = data == null ? inner : scope.loader.dereference(data);
              }
              if (inner.unreadable == null) {
                next.add(inner);
              }
            }
          }
        }
      }
      level = next;
    }
    return null;
  }

  private @Nullable Variable method(Variable receiver, String name) {
    String type = receiver.type.name();
    int dot = type.lastIndexOf('.');
    if (dot < 0) {
      return null;
    }
    String path = Function.packagePath(type);
    String base = type.substring(Math.min(path.length() + 1, type.length()));
    for (String candidate :
        new String[] {path + ".(*" + base + ")." + name, path + "." + base + "." + name}) {
      Function function = scope.process.program().function(candidate);
      if (function != null) {
        Variable v = new Variable(candidate, 0, methodType(function), scope.process.memory());
        v.base = scope.process.entry(function);
        v.value = function.name();
        v.loaded = true;
        return v;
      }
    }
    return null;
  }

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

  private static String typeText(Variable v) {
    return v == NIL ? "nil" : v.type.name().isEmpty() ? v.kind.family() : v.type.name();
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
        if (compare("==", part.children.get(i), key)) {
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
      if (of.address == 0 || of.is(Variable.FAKE_ADDRESS) || isUntyped(of)) {
        throw new EvalException("can not take address of " + Text.quote(text));
      }
      Variable pointer =
          new Variable("", 0, scope.process.types().pointerTo(of.type), scope.process.memory());
      Variable to = of.copy();
      to.onlyAddress = true;
      pointer.children.add(to);
      pointer.length = 1;
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
    Variable made = typed(result, of.type);
    made.value = result; // not cut to its size, as in Delve
    return made;
  }

  private Variable typed(Object value, GoType type) {
    Variable v = new Variable("", 0, type, scope.process.memory());
    v.loaded = true;
    v.value = value instanceof BigInteger i && type.kind().isInteger() ? wrap(i, type) : value;
    if (value instanceof String s) {
      v.length = s.length();
    }
    return v;
  }

  private static BigInteger wrap(BigInteger value, GoType type) {
    int bits = (int) type.size() * 8;
    if (type.kind().isUnsigned()) {
      return value.mod(BigInteger.ONE.shiftLeft(bits));
    }
    int shift = 64 - bits;
    return BigInteger.valueOf(value.longValue() << shift >> shift);
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
        return constant(compare(op, x, y));
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
    return type == null ? constant(result) : typed(result, type);
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

  private boolean compare(String op, Variable x, Variable y) {
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

  private static Object known(Variable v) {
    Object value = v.value;
    if (value == null) {
      throw new EvalException("can not compare " + v.kind.family() + " without a value");
    }
    return value;
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

  private static long target(Variable pointer) {
    return pointer.children.isEmpty() ? 0 : pointer.children.getFirst().address;
  }

  private static boolean isNil(Variable v) {
    return switch (v.kind) {
      case POINTER, UNSAFE_POINTER -> target(v) == 0;
      case INTERFACE ->
          v.children.isEmpty()
              || (v.children.getFirst().address == 0 && v.children.getFirst().kind == Kind.INVALID);
      case SLICE, MAP, FUNC, CHAN -> v.base == 0;
      default -> false;
    };
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
        return convert(evaluate(node.arguments().getFirst()), type, node.arguments().getFirst());
      }
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
      case Node.Index i -> scope.process.types().named(i.toString());
      default -> null;
    };
  }

  private Variable convert(Variable v, GoType type, Node source) {
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
      long address = integer(v).longValue();
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
        return typed(hearth.debug.goruntime.Loader.unsigned(target(v)), type);
      }
      return typed(
          v.value instanceof Double d ? new java.math.BigDecimal(d).toBigInteger() : integer(v),
          type);
    }
    if (kind.isFloat() && (v.kind.isInteger() || v.kind.isFloat())) {
      load(v);
      return typed(real(v), type);
    }
    if (kind.isComplex() && !v.kind.isComplex() && (v.kind.isInteger() || v.kind.isFloat())) {
      load(v);
      return typed(new double[] {real(v), 0}, type);
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
      Variable child = typed(BigInteger.valueOf(values[i]), element);
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
      return isUntyped(v) ? typed(String.valueOf(v.value), type) : retyped(v, type);
    }
    if (v.kind.isInteger()) {
      load(v);
      int point = integer(v).intValue();
      return typed(bytesOf(point), type);
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
    Variable made = typed(text.toString(), type);
    made.length = bytes ? v.length : text.length();
    return made;
  }

  private static String bytesOf(int point) {
    int valid =
        Character.isValidCodePoint(point) && !(point >= 0xd800 && point < 0xe000) ? point : 0xfffd;
    return new String(
        Character.toString(valid).getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
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
      child = isUntyped(given) && given != NIL ? typed(known(given), field.type()) : given.copy();
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
