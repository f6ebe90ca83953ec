// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds fields and methods of values. */
final class Members {
  private static final int MAX_EMBEDDED = 10;
  private final Scope scope;

  Members(Scope scope) {
    this.scope = scope;
  }

  /** A field or method by its name, through pointers, interfaces and embedded structures. */
  Variable member(Variable start, String name) {
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
    Variable method = promoted(structure, name);
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

  /** What is embedded in a structure, pointers and interfaces followed. */
  private List<Variable> embedded(Variable v) {
    List<Variable> result = new ArrayList<>();
    if (v.type.kind() != Kind.STRUCT || v.address == 0) {
      return result;
    }
    for (Field f : v.type.fields()) {
      if (f.embedded()) {
        Variable inner = scope.loader.dereference(scope.loader.field(v, f));
        if (inner.kind == Kind.INTERFACE && inner.unreadable == null && inner.address != 0) {
          Variable data = scope.loader.interfaceData(inner);
          inner = data == null ? inner : scope.loader.dereference(data);
        }
        if (inner.unreadable == null) {
          result.add(inner);
        }
      }
    }
    return result;
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
        next.addAll(embedded(v));
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
    for (boolean pointer : new boolean[] {true, false}) {
      String candidate =
          pointer ? path + ".(*" + base + ")." + name : path + "." + base + "." + name;
      Function function = scope.process.program().function(candidate);
      if (function != null) {
        Variable v = new Variable(candidate, 0, methodType(function), scope.process.memory());
        v.base = scope.process.entry(function);
        v.value = function.name();
        v.loaded = true;
        if (scope.caller != null) {
          v.flags |= Variable.ARGUMENT; // it has its receiver
          v.children = new ArrayList<>(List.of(pointer ? pointerTo(receiver) : receiver));
        }
        return v;
      }
    }
    return null;
  }

  private Variable pointerTo(Variable to) {
    Variable pointer =
        new Variable(to.name, 0, scope.process.types().pointerTo(to.type), scope.process.memory());
    Variable target = to.copy();
    target.onlyAddress = true;
    pointer.children.add(target);
    pointer.length = 1;
    pointer.loaded = true;
    return pointer;
  }

  /** A method of a structure that is embedded: the shallowest. */
  private @Nullable Variable promoted(Variable structure, String name) {
    List<Variable> level = List.of(structure);
    for (int i = 0; i < MAX_EMBEDDED && !level.isEmpty(); i++) {
      List<Variable> next = new ArrayList<>();
      for (Variable v : level) {
        Variable found = method(v, name);
        if (found != null) {
          return found;
        }
        next.addAll(embedded(v));
      }
      level = next;
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
}
