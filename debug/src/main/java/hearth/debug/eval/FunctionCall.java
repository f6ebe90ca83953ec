// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.CallLayout;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Pieces;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of the target's functions within an expression. */
final class FunctionCall {
  private final Scope scope;
  private final Caller caller;

  FunctionCall(Scope scope, Caller caller) {
    this.scope = scope;
    this.caller = caller;
  }

  /**
   * Calls a function.
   *
   * @param function with its receiver as its child, if it is a method
   */
  List<Variable> call(Variable function, List<Variable> arguments, Node.Call node) {
    String text = node.function().toString();
    if (function.kind != Kind.FUNC) {
      throw new EvalException("expression " + Text.quote(text) + " is not a function");
    }
    scope.loader.load(function, LoadLimits.NOTHING);
    if (function.unreadable != null) {
      throw new EvalException(function.unreadable);
    }
    if (function.base == 0) {
      throw new EvalException("nil pointer dereference");
    }
    Function code = scope.process.functionAt(function.base);
    if (code == null) {
      throw new EvalException("could not find DIE for function " + Text.quote(text));
    }
    if (code.unit() == null || !code.unit().isGo()) {
      throw new EvalException("not a Go function");
    }
    if (code.unit().isOptimized() && !isAllowed(code)) {
      throw new EvalException(
          "can not call optimized function " + code.name() + " when regabi is in use");
    }
    if (code.name().contains("[")) {
      throw new EvalException("calls of generic functions are not offered yet");
    }
    CallLayout layout = CallLayout.of(scope.process, code);
    List<CallLayout.Slot> formal = layout.slots().stream().filter(s -> !s.isResult()).toList();
    List<Variable> actual = new ArrayList<>();
    Variable receiver = receiver(function);
    if (receiver != null && arguments.size() == formal.size() - 1) {
      if (receiver.address == 0 && receiver.kind != Kind.POINTER) {
        throw new EvalException("nil pointer dereference");
      }
      actual.add(receiver);
    }
    actual.addAll(arguments);
    if (actual.size() > formal.size()) {
      throw new EvalException("too many arguments");
    }
    if (actual.size() < formal.size()) {
      throw new EvalException("not enough arguments");
    }
    List<byte[]> bytes = new ArrayList<>();
    for (int i = 0; i < formal.size(); i++) {
      String source =
          i >= actual.size() - arguments.size()
              ? node.arguments().get(i - (actual.size() - arguments.size())).toString()
              : text;
      boolean isReceiver = actual.get(i) == receiver;
      bytes.add(bytes(formal.get(i), actual.get(i), source, code, isReceiver));
    }
    return caller.call(scope, code, layout, closure(function), bytes);
  }

  private static boolean isAllowed(Function code) {
    return switch (code.name()) {
      case "runtime.mallocgc", "runtime.debugPinnerV1" -> true;
      default -> false;
    };
  }

  private static @Nullable Variable receiver(Variable function) {
    return function.is(Variable.ARGUMENT) && !function.children.isEmpty()
        ? function.children.getFirst()
        : null;
  }

  private static long closure(Variable function) {
    return function.address == 0 ? 0 : function.memory.u64(function.address);
  }

  /** The bytes of an argument: what it would be if it were assigned to. */
  private byte[] bytes(
      CallLayout.Slot formal, Variable actual, String source, Function code, boolean receiver) {
    byte[][] result = {new byte[(int) formal.type().size()]};
    Variable to =
        new Variable(
            formal.name(),
            Pieces.ADDRESS,
            formal.type(),
            new Pieces(scope.process.memory(), result[0], changed -> result[0] = changed));
    if (!caller.isUnsafe()) {
      refuseStack(actual, source, formal.name(), code, receiver);
    }
    new Assignment(scope).assign(to, literal(actual, formal.type()), formal.name(), source);
    return result[0];
  }

  /** A string that is written out is put into the target first. */
  Variable literal(Variable v, GoType type) {
    boolean isLiteral = v.is(Variable.CONSTANT) && v.value instanceof String s && !s.isEmpty();
    return isLiteral && type.kind() == Kind.STRING ? allocate(v) : v;
  }

  /** Puts a string into the target's heap. */
  private Variable allocate(Variable literal) {
    byte[] content =
        literal.value instanceof String s ? s.getBytes(StandardCharsets.ISO_8859_1) : new byte[0];
    long address = allocate(content.length);
    scope.process.memory().write(address, content);
    GoType type = scope.process.types().named("string");
    byte[] header = new byte[16];
    System.arraycopy(Memory.littleEndian(address, 8), 0, header, 0, 8);
    System.arraycopy(Memory.littleEndian(content.length, 8), 0, header, 8, 8);
    return scope.loader.variable(
        "",
        Pieces.ADDRESS,
        type == null ? GoType.basic("string", Kind.STRING, 16) : type,
        new Pieces(scope.process.memory(), header, null));
  }

  private long allocate(int size) {
    Function malloc = scope.process.program().function("runtime.mallocgc");
    if (malloc == null) {
      throw new EvalException("function runtime.mallocgc not found");
    }
    List<Variable> results =
        caller.call(
            scope,
            malloc,
            CallLayout.of(scope.process, malloc),
            0,
            List.of(Memory.littleEndian(size, 8), new byte[8], new byte[] {1}));
    if (results.size() != 1 || results.getFirst().children.isEmpty()) {
      throw new EvalException("internal error, could not interpret return value of mallocgc call");
    }
    return results.getFirst().children.getFirst().address;
  }

  /**
   * What lies on the goroutine's stack may be gone when the function looks at it again, so pointers
   * to it are not handed over.
   */
  private void refuseStack(
      Variable actual, String source, String formal, Function code, boolean receiver) {
    if (actual == Values.NIL || actual.is(Variable.CONSTANT)) {
      return;
    }
    String inner = onStack(actual, formal, 0);
    if (!inner.isEmpty()) {
      throw new EvalException(
          (receiver ? "could not set call receiver: " : "")
              + "cannot use "
              + source
              + " as argument "
              + formal
              + " in function "
              + code.name()
              + ": stack object passed to escaping pointer: "
              + inner);
    }
  }

  private String onStack(Variable v, String name, int depth) {
    Goroutine g = scope.goroutine;
    if (g == null || depth > 4) {
      return "";
    }
    Variable copy = v.copy();
    scope.loader.load(copy, new LoadLimits(false, 0, 0, 0, -1));
    long address =
        switch (copy.kind) {
          case POINTER, UNSAFE_POINTER ->
              copy.children.isEmpty() ? 0 : copy.children.getFirst().address;
          case SLICE, STRING, MAP, CHAN -> copy.base;
          default -> 0;
        };
    if (Long.compareUnsigned(address, g.stackLow()) >= 0
        && Long.compareUnsigned(address, g.stackHigh()) < 0) {
      return name;
    }
    if (copy.kind == Kind.STRUCT) {
      for (Variable child : copy.children) {
        String inner = onStack(child, name + "." + child.name, depth + 1);
        if (!inner.isEmpty()) {
          return inner;
        }
      }
    }
    return "";
  }
}
