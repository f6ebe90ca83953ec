// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Values as clients show them: a text, and a reference to what is within. References count from
 * 1000 and hold until the program runs again. For the session's thread.
 */
final class Values {
  /** Name of the scope of registers. */
  static final String REGISTERS = "Registers";

  private static final int FIRST = 1000;
  private static final int MAX_VALUE = 256;
  private static final int MAX_KEY = 64;
  private static final int MAX_STRING = 4096;

  private final Session session;
  private final Configuration configuration;
  private final List<Frame> frames = new ArrayList<>();
  private final List<Held> held = new ArrayList<>();
  boolean types;
  boolean paging;
  boolean memoryReferences;

  /** A frame that the client knows by a number. */
  record Frame(long goroutine, int index) {}

  /**
   * Something with parts.
   *
   * @param name expression that leads to it, or empty
   * @param scope whether it is no value, but what names stand for
   * @param start number of the first part
   */
  private record Held(
      Variable variable, String name, boolean scope, int start, long goroutine, int frame) {}

  Values(Session session, Configuration configuration) {
    this.session = session;
    this.configuration = configuration;
  }

  /** Forgets all references. */
  void reset() {
    frames.clear();
    held.clear();
  }

  int frame(long goroutine, int index) {
    frames.add(new Frame(goroutine, index));
    return FIRST + frames.size() - 1;
  }

  @Nullable Frame frame(int id) {
    int at = id - FIRST;
    return at >= 0 && at < frames.size() ? frames.get(at) : null;
  }

  private int hold(Held value) {
    held.add(value);
    return FIRST + held.size() - 1;
  }

  private Held held(int reference) throws SessionException {
    int at = reference - FIRST;
    if (at < 0 || at >= held.size()) {
      throw new SessionException("unknown reference " + reference);
    }
    return held.get(at);
  }

  /** A scope that clients can open. */
  JsonObject scope(String name, String prefix, List<Variable> variables, Frame frame) {
    Variable all =
        new Variable(name, 0, GoType.basic("", Kind.INVALID, 0), session.process().memory());
    all.children = new ArrayList<>(variables);
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.addProperty(
        "variablesReference", hold(new Held(all, prefix, true, 0, frame.goroutine, frame.index)));
    o.addProperty("expensive", false);
    return o;
  }

  /** What a call returned, as something that can be opened. */
  JsonObject results(List<Variable> results, Frame frame) {
    Variable all =
        new Variable("", 0, GoType.basic("", Kind.INVALID, 0), session.process().memory());
    all.children = new ArrayList<>(results);
    JsonObject o = new JsonObject();
    List<String> texts = new ArrayList<>();
    results.forEach(v -> texts.add(text(v, false)));
    o.addProperty("result", String.join(", ", texts));
    o.addProperty(
        "variablesReference",
        results.isEmpty() ? 0 : hold(new Held(all, "", false, 0, frame.goroutine, frame.index)));
    return o;
  }

  /** What is needed to watch a part of something, or an expression if the reference is 0. */
  JsonObject watchable(int reference, String name, int frameId) throws SessionException {
    long goroutine = -1;
    int frame = 0;
    String expression = name;
    String description = name;
    if (reference != 0) {
      Held within = held(reference);
      Variable part = within.variable.child(name);
      if (part == null) {
        throw new SessionException("field " + name + " not found");
      }
      if (part.unreadable != null) {
        throw new SessionException("field " + name + " is unreadable: " + part.unreadable);
      }
      goroutine = within.goroutine;
      frame = within.frame;
      expression = String.format("*(*[%d]byte)(0x%x)", part.type.size(), part.address);
      description = within.variable.name + "." + name;
    } else {
      Frame known = frame(frameId);
      if (known != null) {
        goroutine = known.goroutine;
        frame = known.index;
      }
    }
    JsonObject o = new JsonObject();
    o.addProperty("dataId", goroutine + "," + frame + "," + expression);
    o.addProperty("description", description);
    JsonArray kinds = new JsonArray();
    kinds.add("write");
    kinds.add("readWrite");
    o.add("accessTypes", kinds);
    return o;
  }

  /** The answer to an evaluation. */
  JsonObject result(Variable v, String expression, boolean whole, Frame frame) {
    JsonObject o = new JsonObject();
    Shown shown = show(v, "(" + expression + ")", frame.goroutine, frame.index, true);
    o.addProperty("result", whole ? shown.text : cut(shown));
    if (types) {
      o.addProperty("type", type(v));
    }
    o.addProperty("variablesReference", shown.reference);
    counts(o, v);
    return o;
  }

  /** Reads a string further than others where one looks at it alone. */
  Variable evaluate(String expression, Scope scope, boolean alone) {
    LoadLimits limits = configuration.limits();
    Variable v = session.evaluate(expression, scope, limits);
    boolean cutOff =
        v.kind == Kind.STRING
            && v.unreadable == null
            && v.value instanceof String s
            && s.length() < v.length;
    if (alone && cutOff) {
      return session.evaluate(
          expression,
          scope,
          new LoadLimits(true, limits.recursion(), MAX_STRING, limits.arrayValues(), -1));
    }
    return v;
  }

  /** The text of a value, whole or cut to what a list shows. */
  String text(Variable v, boolean whole) {
    Shown shown = show(v, "", -1, 0, false);
    return whole ? shown.text : cut(shown);
  }

  private record Shown(String text, int reference, boolean parts) {}

  private static String cut(Shown shown) {
    return shown.parts && shown.text.length() > MAX_VALUE
        ? shown.text.substring(0, MAX_VALUE) + "..."
        : shown.text;
  }

  private String format(Variable v) {
    if (configuration.rawStrings
        && v.kind == Kind.STRING
        && v.unreadable == null
        && v.value != null) {
      return Text.value(session.process(), v);
    }
    return Text.line(session.process(), v);
  }

  /** What limits left out is read now, since somebody looks at it. */
  private void reload(Variable v) {
    Loader loader = new Loader(session.process());
    Variable fresh = loader.variable(v.name, v.address, v.type, v.memory);
    loader.load(fresh, configuration.limits());
    if (fresh.unreadable == null) {
      v.children = fresh.children;
      v.value = fresh.value;
      v.length = fresh.length;
      v.capacity = fresh.capacity;
      v.base = fresh.base;
    }
  }

  private Shown show(Variable v, String name, long goroutine, int frame, boolean references) {
    String text = format(v);
    if (v.unreadable != null) {
      return new Shown(text, 0, false);
    }
    boolean parts = false;
    switch (v.kind) {
      case UINT, UINT8, UINT16, UINT32, UINT64, UINTPTR -> {
        if (v.value instanceof java.math.BigInteger i) {
          text = text + " = 0x" + i.toString(16);
        }
      }
      case UNSAFE_POINTER -> {}
      case POINTER -> {
        Variable to = v.children.isEmpty() ? null : v.children.getFirst();
        if (to != null && to.address != 0 && to.kind != Kind.INVALID) {
          if (to.onlyAddress && v.address == 0) {
            Variable whole = to.copy();
            whole.onlyAddress = false;
            whole.loaded = false;
            reload(whole);
            v.children = new ArrayList<>(List.of(whole));
            text = format(v);
          } else if (to.onlyAddress) {
            reload(v);
            text = format(v);
          }
          parts = !v.children.isEmpty() && !v.children.getFirst().onlyAddress;
        }
      }
      case SLICE, ARRAY -> {
        if (v.length > v.children.size()) {
          if (v.base != 0 && v.children.isEmpty()) {
            reload(v);
            text = format(v);
          } else if (!paging) {
            text = "(loaded " + v.children.size() + "/" + v.length + ") " + text;
          }
        }
        parts = v.base != 0 && !v.children.isEmpty();
      }
      case MAP -> {
        if (v.length > v.children.size() / 2) {
          if (v.children.isEmpty()) {
            reload(v);
            text = format(v);
          } else if (!paging) {
            text = "(loaded " + v.children.size() / 2 + "/" + v.length + ") " + text;
          }
        }
        parts = v.base != 0 && !v.children.isEmpty();
      }
      case INTERFACE -> {
        Variable data = v.children.isEmpty() ? null : v.children.getFirst();
        if (v.address != 0 && data != null && data.kind != Kind.INVALID && data.address != 0) {
          if (data.onlyAddress) {
            reload(v);
            text = format(v);
          }
          parts = !v.children.isEmpty() && !v.children.getFirst().onlyAddress;
        }
      }
      case STRUCT, FUNC -> {
        if (v.length > v.children.size()) {
          if (v.children.isEmpty()) {
            reload(v);
            text = format(v);
          } else {
            text = "(loaded " + v.children.size() + "/" + v.length + ") " + text;
          }
        }
        parts = !v.children.isEmpty();
      }
      case COMPLEX64, COMPLEX128 -> {
        if (v.children.isEmpty() && v.value instanceof double[] pair) {
          Kind kind = v.kind == Kind.COMPLEX64 ? Kind.FLOAT32 : Kind.FLOAT64;
          for (int i = 0; i < 2; i++) {
            Variable part =
                new Variable(
                    i == 0 ? "real" : "imaginary",
                    0,
                    GoType.basic("", kind, kind == Kind.FLOAT32 ? 4 : 8),
                    v.memory);
            part.value = pair[i];
            part.loaded = true;
            v.children.add(part);
          }
        }
        parts = true;
      }
      default -> parts = !v.children.isEmpty();
    }
    int reference = parts && references ? hold(new Held(v, name, false, 0, goroutine, frame)) : 0;
    return new Shown(text, reference, parts);
  }

  private String type(Variable v) {
    if (v.kind == Kind.INTERFACE && !v.children.isEmpty()) {
      Variable data = v.children.getFirst();
      if (data.kind != Kind.INVALID) {
        return Text.typeName(v) + "(" + Text.typeName(data) + ")";
      }
    }
    String name = Text.typeName(v);
    return name.isEmpty() && v.kind != Kind.INVALID ? v.kind.text() : name;
  }

  private static boolean isText(Variable v) {
    if (v.children.isEmpty() || (v.kind != Kind.SLICE && v.kind != Kind.ARRAY)) {
      return false;
    }
    Kind kind = v.children.getFirst().kind;
    return kind == Kind.UINT8 || kind == Kind.INT32;
  }

  private static void counts(JsonObject o, Variable v) {
    switch (v.kind) {
      case ARRAY, SLICE, MAP -> {
        if (v.length > 0) {
          o.addProperty("indexedVariables", v.length);
        }
      }
      default -> {}
    }
    int named = (v.kind == Kind.MAP && v.length > 0 ? 1 : 0) + (isText(v) ? 1 : 0);
    if (named > 0) {
      o.addProperty("namedVariables", named);
    }
  }

  /**
   * What is within something.
   *
   * @param filter {@code named}, {@code indexed} or empty for both
   * @param count most indexed ones, from {@code start}; 0 for as many as limits say
   */
  JsonArray variables(int reference, String filter, int start, int count) throws SessionException {
    Held of = held(reference);
    if (filter.equals("indexed") && count > 0) {
      of = page(of, start, count);
    }
    JsonArray result = new JsonArray();
    if (!filter.equals("indexed")) {
      metadata(of, result);
    }
    if (!filter.equals("named")) {
      result.addAll(children(of));
    }
    return result;
  }

  private Held page(Held of, int start, int count) {
    Variable v = of.variable;
    int known = v.kind == Kind.MAP ? v.children.size() / 2 : v.children.size();
    if (start == 0 && count == known) {
      return of;
    }
    Loader loader = new Loader(session.process());
    LoadLimits usual = configuration.limits();
    Variable part = v.copy();
    part.loaded = false;
    part.children = new ArrayList<>();
    part.skip = v.skip + start;
    LoadLimits limits = new LoadLimits(true, usual.recursion(), usual.stringLength(), count, -1);
    if (v.kind == Kind.SLICE || v.kind == Kind.ARRAY) {
      long left = Math.clamp(v.length - start, 0, count);
      part.skip = 0;
      part.children = new ArrayList<>();
      for (long i = 0; i < left; i++) {
        Variable element = loader.element(v, start + i);
        loader.load(element, limits);
        part.children.add(element);
      }
      part.loaded = true;
    } else {
      loader.load(part, limits);
    }
    return new Held(part, of.name, false, start, of.goroutine, of.frame);
  }

  private void metadata(Held of, JsonArray result) {
    Variable v = of.variable;
    if (v.kind == Kind.MAP && v.length > 0) {
      JsonObject o = new JsonObject();
      o.addProperty("name", "len()");
      o.addProperty("value", String.valueOf(v.length));
      o.addProperty("type", "int");
      o.addProperty("evaluateName", "len(" + of.name + ")");
      o.addProperty("variablesReference", 0);
      result.add(o);
    }
    if (isText(v) && v.address != 0 && !v.is(Variable.FAKE_ADDRESS)) {
      String expression =
          "string(*(*\"" + v.type.name() + "\")(0x" + Long.toHexString(v.address) + "))";
      try {
        LoadLimits usual = configuration.limits();
        Variable text =
            session.evaluate(
                expression,
                session.scopeOrNone(-1, 0),
                new LoadLimits(
                    true, usual.recursion(), usual.stringLength(), usual.stringLength(), -1));
        JsonObject o = new JsonObject();
        o.addProperty("name", "string()");
        o.addProperty("value", text(text, false));
        o.addProperty("type", "string");
        o.addProperty("variablesReference", 0);
        result.add(o);
      } catch (EvalException e) {
        return; // the bytes are shown all the same
      }
    }
  }

  private JsonObject variable(String name, String evaluateName, Held of, Variable v) {
    Shown shown = show(v, evaluateName, of.goroutine, of.frame, true);
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.addProperty("value", cut(shown));
    if (types) {
      o.addProperty("type", type(v));
    }
    o.addProperty("evaluateName", evaluateName);
    o.addProperty("variablesReference", shown.reference);
    counts(o, v);
    return o;
  }

  private JsonArray children(Held of) {
    JsonArray result = new JsonArray();
    Variable v = of.variable;
    switch (v.kind) {
      case MAP -> {
        for (int i = 0; i + 1 < v.children.size(); i += 2) {
          entry(of, i / 2, v.children.get(i), v.children.get(i + 1), result);
        }
      }
      case SLICE, ARRAY -> {
        for (int i = 0; i < v.children.size(); i++) {
          String index = "[" + (of.start + i) + "]";
          result.add(variable(index, of.name + index, of, v.children.get(i)));
        }
      }
      default -> {
        for (Variable child : v.children) {
          String name = child.is(Variable.SHADOWED) ? "(" + child.name + ")" : child.name;
          JsonObject o = variable(name, evaluateName(of, child), of, child);
          long address = dataAddress(child);
          if (memoryReferences && address != 0) {
            o.addProperty("memoryReference", "0x" + Long.toHexString(address));
          }
          result.add(o);
        }
      }
    }
    return result;
  }

  /** Where the bytes are that a client may want to see. */
  private static long dataAddress(Variable v) {
    if (v.unreadable != null) {
      return 0;
    }
    return switch (v.kind) {
      case POINTER -> v.children.isEmpty() ? 0 : v.children.getFirst().address;
      case SLICE, STRING -> v.base;
      case ARRAY, STRUCT -> v.is(Variable.FAKE_ADDRESS) ? 0 : v.address;
      default -> 0;
    };
  }

  private static String evaluateName(Held of, Variable child) {
    if (child.name.startsWith("~") || child.name.startsWith(".")) {
      return "";
    }
    if (of.scope && of.variable.name.equals(REGISTERS)) {
      return "_" + child.name.strip().toUpperCase(Locale.ROOT);
    }
    if (of.name.isEmpty()) {
      return of.scope ? child.name : "";
    }
    return switch (of.variable.kind) {
      case INTERFACE -> of.name + ".(" + child.name + ")";
      case POINTER -> "(*" + of.name + ")";
      case COMPLEX64, COMPLEX128 -> "";
      default -> of.name + "." + child.name;
    };
  }

  private void entry(Held of, int index, Variable key, Variable value, JsonArray result) {
    String keyName = "(*(*\"" + key.type.name() + "\")(0x" + Long.toHexString(key.address) + "))";
    String plain = keyName;
    if (key.kind.isInteger()
        || key.kind.isFloat()
        || key.kind.isComplex()
        || key.kind == Kind.BOOL) {
      plain = Text.value(session.process(), key);
    } else if (key.kind == Kind.STRING
        && key.unreadable == null
        && key.value instanceof String s
        && s.length() == key.length) {
      plain = Text.quote(s);
    }
    String valueName = of.name + "[" + plain + "]";
    Shown shownKey = show(key, keyName, of.goroutine, of.frame, true);
    if (shownKey.reference > 0) {
      Shown shownValue = show(value, valueName, of.goroutine, of.frame, false);
      if (shownValue.parts) {
        int number = of.start + index;
        result.add(variable("[key " + number + "]", keyName, of, key));
        result.add(variable("[val " + number + "]", valueName, of, value));
        return;
      }
    }
    String name = cut(shownKey);
    JsonObject o = variable(name, valueName, of, value);
    if (types) {
      o.addProperty("type", type(key) + ": " + type(value));
    }
    if (shownKey.reference > 0) {
      if (name.length() > MAX_KEY) {
        name = name.substring(0, MAX_KEY) + "... @ 0x" + Long.toHexString(key.address);
        o.addProperty("name", name);
      }
      o.addProperty("variablesReference", shownKey.reference);
      counts(o, key);
    }
    result.add(o);
  }

  /** Expression and frame of a part that is to be changed. */
  record Part(String expression, Frame frame) {}

  /**
   * Where the part of a name is.
   *
   * @throws SessionException if there is none, or nothing leads to it
   */
  Part part(int reference, String name) throws SessionException {
    Held of = held(reference);
    for (var child : children(of)) {
      JsonObject o = child.getAsJsonObject();
      if (o.get("name").getAsString().equals(name)) {
        String expression = o.get("evaluateName").getAsString();
        if (expression.isEmpty()) {
          throw new SessionException("cannot set the variable without evaluate name");
        }
        return new Part(expression, new Frame(of.goroutine, of.frame));
      }
    }
    throw new SessionException("failed to find the named variable");
  }

  String typeText(Variable v) {
    return types ? type(v) : "";
  }
}
