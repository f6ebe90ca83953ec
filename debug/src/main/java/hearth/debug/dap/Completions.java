// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonObject;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.session.Session;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What may come next in an expression: fields, variables, packages. For the session's thread. */
final class Completions {
  private Completions() {}

  /**
   * Those for a text that ends where the user types.
   *
   * @param most how many are given at most
   */
  static List<JsonObject> of(Session session, Scope scope, String text, int most) {
    int at = text.length();
    while (at > 0 && Character.isJavaIdentifierPart(text.charAt(at - 1))) {
      at--;
    }
    String begun = text.substring(at);
    TreeSet<String> names = new TreeSet<>();
    String type = "variable";
    if (at > 0 && text.charAt(at - 1) == '.') {
      type = "field";
      members(session, scope, expressionBefore(text, at - 1), names);
    } else {
      visible(session, scope, names);
    }
    List<JsonObject> result = new ArrayList<>();
    for (String name : names) {
      if (name.startsWith(begun) && result.size() < most) {
        JsonObject o = new JsonObject();
        o.addProperty("label", name);
        o.addProperty("type", type);
        o.addProperty("start", at);
        o.addProperty("length", begun.length());
        result.add(o);
      }
    }
    return result;
  }

  /** The expression that ends before a position: names, fields, and what stands in brackets. */
  private static String expressionBefore(String text, int end) {
    int at = end;
    int depth = 0;
    while (at > 0) {
      char c = text.charAt(at - 1);
      if (c == ')' || c == ']') {
        depth++;
      } else if (c == '(' || c == '[') {
        if (depth == 0) {
          break;
        }
        depth--;
      } else if (depth == 0 && !Character.isJavaIdentifierPart(c) && c != '.') {
        break;
      }
      at--;
    }
    return text.substring(at, end);
  }

  private static void members(Session session, Scope scope, String expression, Set<String> names) {
    try {
      Variable v = session.evaluate(expression, scope, LoadLimits.NOTHING);
      GoType type = v.type;
      GoType element = type.isPointer() ? type.element() : type;
      if (element != null) {
        element.fields().forEach(f -> names.add(f.name()));
      }
      return;
    } catch (EvalException | UnreadableException e) {
      // no variable of that name: it may be a package
    }
    for (String path : session.program().packages(expression)) {
      inPackage(session, path, names);
    }
  }

  private static void inPackage(Session session, String path, Set<String> names) {
    for (Program.PackageVariable p : session.program().variables()) {
      if (p.name().startsWith(path + ".")) {
        names.add(p.name().substring(path.length() + 1));
      }
    }
  }

  private static void visible(Session session, Scope scope, Set<String> names) {
    try {
      scope.arguments().forEach(v -> names.add(v.name));
      scope.variables().forEach(v -> names.add(v.name));
    } catch (EvalException e) {
      // nothing is known of the function; packages are
    }
    Frame frame = scope.frame();
    if (frame != null) {
      inPackage(session, Function.packagePath(frame.name()), names);
    }
    names.addAll(session.program().packages().keySet());
    names.removeIf(n -> n.isEmpty() || !Character.isJavaIdentifierStart(n.charAt(0)));
  }
}
