// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import static hearth.debug.eval.Values.NIL;
import static hearth.debug.eval.Values.constant;

import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.target.TargetThread;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds what names stand for: variables, functions, constants, registers. */
final class Names {
  private final Scope scope;

  Names(Scope scope) {
    this.scope = scope;
  }

  Variable identifier(String name) {
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
  @Nullable Variable global(String name) {
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

  @Nullable Variable register(String name) {
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

  @Nullable Variable special(String name, String part) {
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
            "runtime.curg", g == null ? 0 : g.address(), type, scope.process.memory());
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
  @Nullable Variable qualified(String packageName, String name) {
    for (String path : scope.process.program().packages(packageName)) {
      Variable global = global(path + "." + name);
      if (global != null) {
        return global;
      }
    }
    return global(packageName + "." + name);
  }
}
