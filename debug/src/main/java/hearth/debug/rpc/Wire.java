// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.rpc;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import hearth.debug.dwarf.LineTable;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.Defers;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Location;
import hearth.debug.session.Places;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.Watchpoint;
import hearth.debug.target.TargetThread;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A session's objects in the shapes of Delve's JSON ({@code service/api}): names of fields, of
 * which some begin with a capital and some do not, are part of the interface. For the session's
 * thread.
 */
final class Wire {
  private static final String SEVERAL = "(multiple functions)";
  private final Session session;

  Wire(Session session) {
    this.session = session;
  }

  /** An address, which is unsigned. */
  static JsonPrimitive address(long value) {
    return value >= 0 ? new JsonPrimitive(value) : new JsonPrimitive(Loader.unsigned(value));
  }

  static JsonArray addresses(List<Long> values) {
    JsonArray result = new JsonArray();
    values.forEach(v -> result.add(address(v)));
    return result;
  }

  static JsonArray strings(Iterable<String> values) {
    JsonArray result = new JsonArray();
    values.forEach(result::add);
    return result;
  }

  static JsonElement limits(@Nullable LoadLimits limits) {
    if (limits == null) {
      return JsonNull.INSTANCE;
    }
    JsonObject o = new JsonObject();
    o.addProperty("FollowPointers", limits.followPointers());
    o.addProperty("MaxVariableRecurse", limits.recursion());
    o.addProperty("MaxStringLen", limits.stringLength());
    o.addProperty("MaxArrayValues", limits.arrayValues());
    o.addProperty("MaxStructFields", limits.structFields());
    return o;
  }

  // Variables

  JsonArray variables(List<Variable> variables) {
    JsonArray result = new JsonArray();
    variables.forEach(v -> result.add(variable(v)));
    return result;
  }

  JsonObject variable(Variable v) {
    JsonObject o = new JsonObject();
    o.addProperty("name", v.name);
    o.add("addr", address(v.address));
    o.addProperty("onlyAddr", v.onlyAddress);
    String type = Text.typeName(v);
    o.addProperty("type", type);
    o.addProperty("realType", type.isEmpty() ? "" : v.type.resolved().name());
    o.addProperty("flags", v.flags);
    o.addProperty("kind", kind(v.kind));
    o.addProperty("value", value(v));
    o.add("StringValueBytes", rawBytes(v));
    o.addProperty("len", v.kind.isComplex() ? 2 : v.length);
    o.addProperty("cap", v.capacity);
    o.add("children", v.kind.isComplex() ? parts(v) : variables(v.children));
    o.add("base", address(v.base));
    o.addProperty("unreadable", v.unreadable == null ? "" : v.unreadable);
    o.addProperty("LocationExpr", v.location == null ? "" : v.location.toString());
    o.addProperty("DeclLine", v.declarationLine);
    return o;
  }

  /** Number of a kind as Delve has it: all integers are of two kinds. */
  static int kind(Kind kind) {
    return (kind.isSigned() ? Kind.INT : kind.isUnsigned() ? Kind.UINT : kind).number();
  }

  private String value(Variable v) {
    if (v.kind != Kind.POINTER) {
      return Text.value(session.process(), v);
    }
    return v.address == 0 || v.children.isEmpty()
        ? ""
        : Long.toUnsignedString(v.children.getFirst().address);
  }

  /** The bytes of a string that is not valid in UTF-8. */
  private static JsonElement rawBytes(Variable v) {
    if (v.kind != Kind.STRING || !(v.value instanceof String s)) {
      return JsonNull.INSTANCE;
    }
    byte[] bytes = s.getBytes(StandardCharsets.ISO_8859_1);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return JsonNull.INSTANCE;
    } catch (CharacterCodingException e) {
      return new JsonPrimitive(Base64.getEncoder().encodeToString(bytes));
    }
  }

  /** The two parts of a complex number. */
  private static JsonArray parts(Variable v) {
    JsonArray result = new JsonArray();
    double[] pair = v.value instanceof double[] d ? d : null;
    boolean small = v.kind == Kind.COMPLEX64;
    for (int i = 0; i < 2; i++) {
      JsonObject o = new JsonObject();
      o.addProperty("name", i == 0 ? "real" : "imaginary");
      o.addProperty("addr", 0);
      o.addProperty("onlyAddr", false);
      o.addProperty("type", "");
      o.addProperty("realType", "");
      o.addProperty("flags", 0);
      o.addProperty("kind", (small ? Kind.FLOAT32 : Kind.FLOAT64).number());
      o.addProperty("value", pair == null ? "nil" : Text.number(pair[i], small));
      o.add("StringValueBytes", JsonNull.INSTANCE);
      o.addProperty("len", 0);
      o.addProperty("cap", 0);
      o.add("children", JsonNull.INSTANCE);
      o.addProperty("base", 0);
      o.addProperty("unreadable", "");
      o.addProperty("LocationExpr", "");
      o.addProperty("DeclLine", 0);
      result.add(o);
    }
    return result;
  }

  /** An expression that could not be evaluated. */
  private JsonObject failed(String expression, String why) {
    Variable v =
        new Variable(
            expression,
            0,
            hearth.debug.goruntime.GoType.basic("", Kind.INVALID, 0),
            session.process().memory());
    v.unreadable = "eval error: " + why;
    JsonObject o = variable(v);
    o.add("children", JsonNull.INSTANCE);
    return o;
  }

  // Places

  private JsonElement function(@Nullable Function code, String name) {
    if (code == null) {
      return JsonNull.INSTANCE;
    }
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.add("value", address(session.process().entry(code)));
    o.addProperty("type", 0);
    o.addProperty("goType", 0);
    o.addProperty("optimized", code.unit() != null && code.unit().isOptimized());
    return o;
  }

  JsonObject place(Places.Place place) {
    JsonObject o = new JsonObject();
    o.add("pc", address(place.pc()));
    o.addProperty("file", place.file());
    o.addProperty("line", place.line());
    JsonElement function = function(place.code(), place.function());
    if (!function.isJsonNull()) {
      o.add("function", function);
    }
    return o;
  }

  /** A place that people name, with all its addresses. */
  JsonObject location(Location location) {
    JsonObject o = new JsonObject();
    o.add("pc", address(location.address()));
    o.addProperty("file", location.file());
    o.addProperty("line", location.line());
    Function code = session.process().functionAt(location.address());
    JsonElement function = function(code, code == null ? "" : code.name());
    if (!function.isJsonNull()) {
      o.add("function", function);
    }
    o.add("pcs", addresses(location.addresses()));
    JsonArray pids = new JsonArray();
    location.addresses().forEach(a -> pids.add(session.target().pid()));
    o.add("pcpids", pids);
    return o;
  }

  /** An address of the code. */
  JsonObject code(long pc) {
    LineTable.Row row = session.process().line(pc);
    JsonObject o = new JsonObject();
    o.add("pc", address(pc));
    o.addProperty("file", row == null ? "" : row.file());
    o.addProperty("line", row == null ? 0 : row.line());
    Function code = session.process().functionAt(pc);
    if (code != null) {
      o.add("function", function(code, code.name()));
    }
    return o;
  }

  // Goroutines and threads

  JsonObject goroutine(Goroutine g) {
    List<Goroutine> one = List.of(g);
    return goroutines(one).get(0).getAsJsonObject();
  }

  JsonArray goroutines(List<Goroutine> all) {
    List<Places.Place> current = session.places().ofAll(all, Places.Which.CURRENT);
    List<Places.Place> user = session.places().ofAll(all, Places.Which.USER);
    JsonArray result = new JsonArray();
    for (int i = 0; i < all.size(); i++) {
      Goroutine g = all.get(i);
      JsonObject o = new JsonObject();
      o.addProperty("id", g.id());
      o.add("currentLoc", place(current.get(i)));
      o.add("userCurrentLoc", place(user.get(i)));
      o.add("goStatementLoc", place(session.places().of(g, Places.Which.STATEMENT)));
      o.add("startLoc", place(session.places().of(g, Places.Which.START)));
      o.addProperty("threadID", g.thread() == null ? 0 : g.thread().id());
      o.addProperty("status", g.status());
      o.addProperty("waitSince", g.waitSince());
      o.addProperty("waitReason", g.waitReason());
      o.addProperty("unreadable", "");
      Map<String, String> labels = session.goroutines().labels(g);
      if (!labels.isEmpty()) {
        JsonObject map = new JsonObject();
        labels.forEach(map::addProperty);
        o.add("labels", map);
      }
      result.add(o);
    }
    return result;
  }

  JsonObject thread(State.ThreadState thread) {
    JsonObject o = new JsonObject();
    Frame frame = thread.frame();
    o.addProperty("id", thread.id());
    o.add("pc", address(frame == null ? 0 : frame.pc()));
    o.addProperty("file", frame == null || frame.function() == null ? "" : frame.file());
    o.addProperty("line", frame == null ? 0 : frame.line());
    if (frame != null && frame.function() != null) {
      // Of a copy in another function, the other function is told.
      o.add("function", function(frame.function(), frame.name()));
    }
    o.addProperty("goroutineID", thread.goroutine());
    Breakpoint breakpoint = thread.breakpoint();
    if (breakpoint != null) {
      o.add("breakPoint", breakpoint(breakpoint));
    }
    o.add("ReturnValues", JsonNull.INSTANCE);
    o.addProperty("CallReturn", false);
    return o;
  }

  // Breakpoints

  JsonObject breakpoint(Breakpoint b) {
    JsonObject o = new JsonObject();
    Location at = b.location();
    o.addProperty("id", b.id());
    o.addProperty("name", b.name());
    boolean set = b.isEnabled();
    o.add("addr", address(set ? at.address() : 0));
    o.add("addrs", set ? addresses(at.addresses()) : JsonNull.INSTANCE);
    JsonArray pids = new JsonArray();
    at.addresses().forEach(a -> pids.add(session.target().pid()));
    o.add("addrpid", set ? pids : JsonNull.INSTANCE);
    String function = functionName(at);
    boolean several =
        function.equals(SEVERAL)
            && at.addresses().stream()
                    .map(a -> session.process().line(a))
                    .map(r -> r == null ? "" : r.file() + ":" + r.line())
                    .distinct()
                    .count()
                > 1;
    o.addProperty("file", several ? "<multiple locations>" : at.file());
    o.addProperty("line", several ? 0 : at.line());
    if (!function.isEmpty()) {
      o.addProperty("functionName", function);
    }
    o.addProperty("ExprString", set ? "" : b.spec());
    CompiledExpression condition = b.condition();
    o.addProperty("Cond", condition == null ? "" : condition.source());
    Breakpoint.HitCondition hits = b.hitCondition();
    o.addProperty("HitCond", hits == null ? "" : hits.toString());
    o.addProperty("HitCondPerG", hits != null && hits.perGoroutine());
    o.addProperty("continue", b.isTracepoint());
    o.addProperty("traceReturn", b.isTraceReturn());
    o.addProperty("goroutine", b.showsGoroutine());
    o.addProperty("stacktrace", b.stackDepth());
    if (!b.variables().isEmpty()) {
      o.add("variables", strings(b.variables()));
    }
    o.add("LoadArgs", limits(b.arguments()));
    o.add("LoadLocals", limits(b.locals()));
    Watchpoint watchpoint = b.watchpoint();
    o.addProperty("WatchExpr", watchpoint == null ? "" : watchpoint.expression());
    o.addProperty(
        "WatchType",
        watchpoint == null
            ? 0
            : watchpoint.watch().size() << 4 | (watchpoint.watch().reads() ? 3 : 2));
    JsonObject counts = new JsonObject();
    b.hitsByGoroutine().forEach((id, n) -> counts.addProperty(String.valueOf(id), n));
    o.add("hitCount", counts);
    o.addProperty("totalHitCount", b.totalHits());
    o.addProperty("disabled", !b.isEnabled() && !b.isSuspended());
    o.addProperty("RootFuncName", "");
    o.addProperty("TraceFollowCalls", 0);
    return o;
  }

  /** One name, of the function or of all the instances of a generic one. */
  private String functionName(Location at) {
    if (!session.program().inlinedCopies(at.function()).isEmpty()) {
      return at.function();
    }
    TreeMap<String, Boolean> names = new TreeMap<>();
    for (long address : at.addresses()) {
      Function code = session.process().functionAt(address);
      if (code != null) {
        names.put(code.name(), true);
      }
    }
    if (names.size() <= 1) {
      return at.function();
    }
    long plain = names.keySet().stream().map(Function::withoutTypeArguments).distinct().count();
    return plain == 1 ? Function.withoutTypeArguments(names.firstKey()) : SEVERAL;
  }

  /** What a breakpoint that was hit is asked to tell. */
  private JsonObject information(State.ThreadState thread, Breakpoint b) throws SessionException {
    JsonObject o = new JsonObject();
    Scope scope = session.scope(thread.goroutine() == 0 ? -1 : thread.goroutine(), 0);
    Goroutine g = scope.goroutine();
    if (b.showsGoroutine() && g != null) {
      o.add("goroutine", goroutine(g));
    }
    if (b.stackDepth() > 0 && g != null) {
      o.add("stacktrace", frames(session.stacks().of(g, b.stackDepth() + 1), g, null, List.of()));
    }
    if (!b.variables().isEmpty()) {
      JsonArray values = new JsonArray();
      for (String expression : b.variables()) {
        try {
          Variable v = session.evaluate(expression, scope, LoadLimits.FULL);
          values.add(variable(named(v, expression)));
        } catch (EvalException e) {
          values.add(failed(expression, String.valueOf(e.getMessage())));
        }
      }
      o.add("variables", values);
    }
    try {
      LoadLimits arguments = b.arguments();
      if (arguments != null) {
        o.add("arguments", variables(load(scope.arguments(), arguments)));
      }
      LoadLimits locals = b.locals();
      if (locals != null) {
        o.add("locals", variables(load(scope.variables(), locals)));
      }
    } catch (EvalException e) {
      return o; // nothing is known of the function: then that is all there is to tell
    }
    return o;
  }

  /** What a function returns whose thread is about to. */
  private List<Variable> results(Scope scope) {
    Frame frame = scope.frame();
    Function code = frame == null ? null : frame.function();
    TargetThread thread = scope.thread();
    if (code == null || thread == null) {
      return List.of();
    }
    List<Variable> results = session.results(code, thread);
    results.forEach(v -> v.flags |= Variable.RESULT);
    return results;
  }

  static Variable named(Variable v, String expression) {
    if (v.name.isEmpty()) {
      Variable copy = v.copy();
      copy.name = expression;
      return copy;
    }
    return v;
  }

  List<Variable> load(List<Variable> variables, LoadLimits limits) {
    Loader loader = new Loader(session.process());
    variables.forEach(v -> loader.load(v, limits));
    return variables;
  }

  // Stacks

  /**
   * A stack.
   *
   * @param deferred calls that each frame deferred; may have fewer entries than there are frames
   */
  JsonArray frames(
      List<Frame> frames,
      @Nullable Goroutine g,
      @Nullable LoadLimits limits,
      List<List<Defers.Deferred>> deferred) {
    JsonArray result = new JsonArray();
    for (int i = 0; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      JsonObject o = place(Places.of(frame));
      JsonArray locals = null;
      JsonArray arguments = null;
      if (limits != null && frame.function() != null) {
        Scope scope =
            new Scope(
                session.process(), session.stacks(), frames, i, g, g == null ? null : g.thread());
        try {
          locals = variables(load(scope.variables(), limits));
          arguments = variables(load(scope.arguments(), limits));
        } catch (EvalException e) {
          locals = null;
        }
      }
      o.add("Locals", locals == null ? JsonNull.INSTANCE : locals);
      o.add("Arguments", arguments == null ? JsonNull.INSTANCE : arguments);
      long high = g == null ? 0 : g.stackHigh();
      o.addProperty("FrameOffset", frame.cfa() - high);
      o.addProperty("FramePointerOffset", frame.registers()[Frame.BP] - high);
      JsonArray defers = new JsonArray();
      if (i < deferred.size()) {
        deferred.get(i).forEach(d -> defers.add(deferred(d)));
      }
      o.add("Defers", defers);
      boolean bottom = i == frames.size() - 1 && frame.isBottom();
      if (bottom) {
        o.addProperty("Bottom", true);
      }
      o.addProperty("Err", frame.error() == null ? "" : frame.error());
      result.add(o);
    }
    return result;
  }

  private JsonObject deferred(Defers.Deferred d) {
    JsonObject o = new JsonObject();
    Function function = d.function();
    o.add("DeferredLoc", code(function == null ? d.pc() : session.process().entry(function)));
    o.add("DeferLoc", code(d.pc()));
    o.add("SP", address(d.sp()));
    o.addProperty("Unreadable", d.error() == null ? "" : d.error());
    return o;
  }

  // State

  static JsonObject running(int pid) {
    JsonObject o = new JsonObject();
    o.addProperty("Pid", pid);
    o.addProperty("TargetCommandLine", "");
    o.addProperty("Running", true);
    o.addProperty("Recording", false);
    o.addProperty("CoreDumping", false);
    o.add("Threads", JsonNull.INSTANCE);
    o.addProperty("NextInProgress", false);
    o.add("WatchOutOfScope", JsonNull.INSTANCE);
    o.addProperty("exited", false);
    o.addProperty("exitStatus", 0);
    o.addProperty("When", "");
    return o;
  }

  /**
   * Where the session stands.
   *
   * @param results how much of returned values is told, or null for nothing of them
   * @param details whether breakpoints tell what they are asked to
   */
  JsonObject state(State state, @Nullable LoadLimits results, boolean details)
      throws SessionException {
    JsonObject o = running(state.pid());
    o.addProperty("Running", false);
    o.addProperty("TargetCommandLine", session.commandLine());
    if (state.exited()) {
      o.addProperty("exited", true);
      o.addProperty("exitStatus", state.exitStatus());
      return o;
    }
    JsonArray threads = new JsonArray();
    for (State.ThreadState thread : state.threads()) {
      JsonObject t = thread(thread);
      Breakpoint breakpoint = thread.breakpoint();
      if (details && breakpoint != null) {
        t.add("breakPointInfo", information(thread, breakpoint));
      }
      boolean current = thread.id() == state.thread();
      List<Variable> returned = current ? state.returned() : null;
      if (breakpoint != null && breakpoint.isTraceReturn()) {
        returned = results(session.scope(thread.goroutine() == 0 ? -1 : thread.goroutine(), 0));
      }
      if (current && state.reason() == State.Reason.CALL) {
        t.addProperty("CallReturn", true);
      }
      if (results != null && returned != null) {
        t.add("ReturnValues", variables(load(returned, results)));
      }
      threads.add(t);
      if (current) {
        o.add("currentThread", t);
      }
    }
    o.add("Threads", threads);
    Goroutine g = state.goroutine();
    if (g != null) {
      o.add("currentGoroutine", goroutine(g));
    }
    o.addProperty("NextInProgress", state.stepping());
    if (!state.outOfScope().isEmpty()) {
      JsonArray ended = new JsonArray();
      state.outOfScope().forEach(b -> ended.add(breakpoint(b)));
      o.add("WatchOutOfScope", ended);
    }
    o.addProperty("stopReason", state.reason().text());
    return o;
  }
}
