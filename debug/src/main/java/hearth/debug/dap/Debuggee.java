// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.json.Fields;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.GoroutineList;
import hearth.debug.session.Places;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A session as one client of the Debug Adapter Protocol sees it. For the thread of requests. */
final class Debuggee implements Session.EventListener {
  private static final int MAX_THREADS = 1024;
  private static final int NO_DATA_BREAKPOINT = 2017;
  private static final int UNABLE_TO_DISASSEMBLE = 2013;
  private static final int MAX_COMPLETIONS = 200;
  private static final int CALL_STRING = 1024;
  private static final int MAX_READ = 1 << 20;
  private static final String INTERRUPTED =
      "Step interrupted by a breakpoint. Use 'Continue' to resume the original step command.\n";
  private static final String TWICE =
      "Unable to step while the previous step is interrupted by a breakpoint.\n"
          + "Use 'Continue' to resume the original step command.";

  final Session session;
  private final List<Long> gotoTargets = new ArrayList<>();
  private List<Session.Call> stepInTargets = List.of();
  final Values values;
  boolean invalidated;
  private final Channel channel;
  private final Configuration configuration;
  private final Marks marks;
  private final Runner runner;
  private @Nullable String failure;
  private volatile boolean left;

  Debuggee(Session session, Channel channel, Configuration configuration) {
    this.session = session;
    this.channel = channel;
    this.configuration = configuration;
    values = new Values(session, configuration);
    marks = new Marks(session, configuration);
    runner =
        new Runner(
            session,
            new Runner.Listener() {
              @Override
              public void stopped(State state, boolean paused) {
                tell(state, paused);
              }

              @Override
              public void failed(String message) {
                tellFailure(message);
              }
            });
    session.setTraceListener(this::traced);
    session.setEventListener(this);
  }

  @Override
  public void spawned(int pid, String commandLine, boolean follows) {
    JsonObject body = new JsonObject();
    body.addProperty("name", commandLine);
    body.addProperty("systemProcessId", pid);
    body.addProperty("isLocalProcess", true);
    channel.event("process", body);
  }

  @Override
  public void materialized(Breakpoint breakpoint) {
    JsonObject body = new JsonObject();
    body.addProperty("reason", "changed");
    body.add("breakpoint", marks.told(breakpoint, null));
    channel.event("breakpoint", body);
  }

  boolean isRunning() {
    return runner.isRunning();
  }

  // Running

  void configured(Runnable answer) {
    if (configuration.stopOnEntry) {
      channel.event("stopped", stopped("entry", 1));
    }
    channel.output("console", "Type 'dlv help' for list of commands.\n");
    answer.run();
    if (!configuration.stopOnEntry) {
      runner.start(session::resume);
    }
  }

  void resume(Runnable answer) {
    answer.run();
    runner.start(session::resumeStep);
  }

  void step(String command, Fields fields, Runnable answer) throws SessionException {
    long id = fields.number("threadId");
    JsonObject continued = new JsonObject();
    continued.addProperty("threadId", id);
    continued.addProperty("allThreadsContinued", true);
    channel.event("continued", continued);
    answer.run();
    boolean instruction = fields.string("granularity").equals("instruction");
    try {
      session.run(() -> {
        session.selectGoroutine(id);
        return true;
      });
    } catch (SessionException e) {
      JsonObject body = stopped("error", session.run(() -> goroutineOf(session.stateNow())));
      body.addProperty("text", String.valueOf(e.getMessage()));
      channel.event("stopped", body);
      return;
    }
    Session.Call target = fields.has("targetId") ? stepInTarget(fields) : null;
    stepInTargets = List.of();
    if (instruction) {
      runner.start(() -> session.stepInstruction(false));
    } else if (target != null) {
      runner.start(() -> session.stepInto(target));
    } else {
      Session.Step how =
          switch (command) {
            case "next" -> Session.Step.NEXT;
            case "stepIn" -> Session.Step.INTO;
            default -> Session.Step.OUT;
          };
      runner.start(() -> session.step(how));
    }
  }

  void pause() {
    runner.pause();
  }

  private static long goroutineOf(State state) {
    Goroutine g = state.goroutine();
    State.ThreadState thread = state.current();
    return g != null ? g.id() : thread == null ? 0 : thread.goroutine();
  }

  private static JsonObject stopped(String reason, long goroutine) {
    JsonObject body = new JsonObject();
    body.addProperty("reason", reason);
    if (goroutine != 0) {
      body.addProperty("threadId", goroutine);
    }
    body.addProperty("allThreadsStopped", true);
    return body;
  }

  private void tell(State state, boolean paused) {
    if (left) {
      return;
    }
    if (state.exited()) {
      JsonObject body = new JsonObject();
      body.addProperty("exitCode", state.exitStatus());
      channel.event("exited", body);
      channel.event("terminated", null);
      return;
    }
    values.reset();
    failure = null;
    try {
      JsonObject body = session.run(() -> reason(state, paused));
      if (state.reason() == State.Reason.MANUAL || paused) {
        session.run(() -> {
          session.cancelSteps();
          return true;
        });
      }
      channel.event("stopped", body);
      if (state.stepping() && !paused) {
        channel.output("console", INTERRUPTED);
      }
    } catch (SessionException e) {
      tellFailure(String.valueOf(e.getMessage()));
    }
  }

  private JsonObject reason(State state, boolean paused) {
    State.ThreadState at = state.current();
    if (at == null || at.breakpoint() == null) {
      for (State.ThreadState thread : state.threads()) {
        if (thread.breakpoint() != null && state.reason() == State.Reason.BREAKPOINT) {
          at = thread;
        }
      }
    }
    Breakpoint hit = at == null ? null : at.breakpoint();
    long id = goroutineOf(state);
    JsonObject body =
        switch (state.reason()) {
          case STEP -> stopped("step", id);
          case MANUAL -> stopped("pause", id);
          case LAUNCHED, ATTACHED, EXITED, CALL -> stopped("unknown", id);
          case WATCHPOINT -> {
            JsonObject o = stopped("data breakpoint", id);
            String ended =
                state.outOfScope().stream()
                    .map(b -> b.watchpoint())
                    .filter(w -> w != null)
                    .map(w -> "watchpoint on [" + w.expression() + "] went out of scope")
                    .collect(Collectors.joining(", "));
            if (!ended.isEmpty()) {
              o.addProperty("description", ended);
            }
            if (hit != null) {
              JsonArray ids = new JsonArray();
              ids.add(hit.id());
              o.add("hitBreakpointIds", ids);
            }
            yield o;
          }
          case BREAKPOINT, HARDCODED_BREAKPOINT -> {
            JsonObject o =
                stopped("breakpoint", at == null || at.goroutine() == 0 ? id : at.goroutine());
            if (hit != null) {
              breakpoint(hit, o, at == null ? id : at.goroutine());
            }
            yield o;
          }
        };
    boolean exception = body.get("reason").getAsString().equals("exception");
    if (paused && !exception) {
      body.addProperty("reason", "pause");
      body.remove("hitBreakpointIds");
    }
    return body;
  }

  private void breakpoint(Breakpoint hit, JsonObject body, long goroutine) {
    if (hit.id() == Breakpoint.FATAL_THROW) {
      body.addProperty("reason", "exception");
      body.addProperty("description", "fatal error");
      body.addProperty("text", throwReason(goroutine));
    } else if (hit.id() == Breakpoint.UNRECOVERED_PANIC) {
      body.addProperty("reason", "exception");
      body.addProperty("description", "panic");
      body.addProperty("text", panicReason(goroutine));
    } else if (hit.name().startsWith(Marks.FUNCTION)) {
      body.addProperty("reason", "function breakpoint");
    } else if (hit.name().startsWith(Marks.INSTRUCTION)) {
      body.addProperty("reason", "instruction breakpoint");
    }
    JsonArray ids = new JsonArray();
    if (hit.id() != Breakpoint.HARDCODED) {
      ids.add(hit.id());
    }
    body.add("hitBreakpointIds", ids);
  }

  private String throwReason(long goroutine) {
    return text("s", goroutine);
  }

  private String panicReason(long goroutine) {
    return text("(*msgs).arg.(data)", goroutine);
  }

  /** A value of the innermost frame, as Go would write it. */
  private String text(String expression, long goroutine) {
    try {
      Scope scope = session.scope(goroutine == 0 ? -1 : goroutine, 0);
      Variable v = session.evaluate(expression, scope, configuration.limits());
      String plain = hearth.debug.eval.Text.value(session.process(), v);
      if (v.kind == Kind.STRING && v.value instanceof String s) {
        return hearth.debug.eval.Text.quote(s);
      }
      return plain.isEmpty() ? values.text(v, true) : plain;
    } catch (SessionException | EvalException | UnreadableException e) {
      return "Error getting the reason: " + e.getMessage();
    }
  }

  private void tellFailure(String message) {
    if (left) {
      return;
    }
    values.reset();
    boolean twice = message.equals("next while nexting");
    failure = twice ? TWICE : message;
    long id = 0;
    try {
      id = session.run(() -> goroutineOf(session.stateNow()));
    } catch (SessionException e) {
      id = 0; // nothing is known of it any more
    }
    JsonObject body = stopped("exception", id);
    body.addProperty("description", twice ? "invalid command" : "runtime error");
    body.addProperty("text", twice ? TWICE : message);
    if (twice) {
      channel.output("console", "invalid command: " + TWICE + "\n");
    }
    channel.event("stopped", body);
  }

  /** A log point tells, and the program goes on; other tracepoints stop. */
  private boolean traced(Breakpoint b, Scope scope, long goroutine) {
    LogMessage message = marks.message(b);
    if (message == null || left) {
      return message != null;
    }
    String text =
        message.text(expression -> {
          try {
            return values.text(session.evaluate(expression, scope, configuration.limits()), true);
          } catch (EvalException | UnreadableException e) {
            return "{eval err: " + e.getMessage() + "}";
          }
        });
    JsonObject body = new JsonObject();
    body.addProperty("category", "stdout");
    body.addProperty("output", "> [Go " + goroutine + "]: " + text + "\n");
    body.add("source", Marks.source(configuration.toClient(b.location().file())));
    body.addProperty("line", b.location().line());
    channel.event("output", body);
    return true;
  }

  void restart(Start start, Fields arguments) throws SessionException, Refusal {
    runner.halt();
    if (!session.isChild()) {
      throw new Refusal(3000, "Cannot restart", "cannot restart process Delve did not create");
    }
    List<String> words = null;
    boolean rebuild = true;
    if (arguments.string("request").equals("launch")) {
      rebuild = !arguments.has("rebuild") || arguments.truth("rebuild");
      configuration.read(arguments);
      words = arguments.has("args") ? arguments.strings("args") : null;
    }
    try {
      if (rebuild) {
        start.compile();
      }
      session.restart(words);
    } catch (SessionException e) {
      throw new Refusal(3000, "Failed to restart", String.valueOf(e.getMessage()));
    }
    values.reset();
    channel.event("initialized", null);
  }

  /** The client goes, the session stays. */
  void leave() {
    left = true;
    session.setTraceListener(null);
    session.setEventListener(null);
  }

  /**
   * Ends the session.
   *
   * @param kill whether the process ends too; null for what is usual
   */
  void end(@Nullable Boolean kill) throws SessionException {
    if (session.isDetached()) {
      return;
    }
    left = true;
    runner.halt();
    boolean gone = session.run(() -> session.target().isGone());
    boolean ends = kill == null ? session.isChild() : kill || session.isChild();
    channel.output(
        "console",
        gone
            ? "Detaching\n"
            : ends
                ? "Detaching and terminating target process\n"
                : "Detaching without terminating target process\n");
    session.detach(ends);
  }

  // Breakpoints

  JsonObject setBreakpoints(String kind, Fields fields) throws SessionException, Refusal {
    String path = fields.object("source").string("path");
    if (kind.equals("setBreakpoints") && path.isEmpty()) {
      throw new Refusal(2002, "Unable to set or clear breakpoints", "empty file path");
    }
    List<Fields> wanted = fields.objects("breakpoints");
    JsonArray list =
        runner.whileStopped(() -> {
          if (session.target().isGone()) {
            return new JsonArray();
          }
          return switch (kind) {
            case "setBreakpoints" -> marks.source(path, wanted);
            case "setFunctionBreakpoints" -> marks.functions(wanted);
            case "setInstructionBreakpoints" -> marks.instructions(wanted);
            case "setDataBreakpoints" -> marks.data(wanted);
            default -> marks.exceptions(fields.strings("filters"));
          };
        });
    JsonObject body = new JsonObject();
    body.add("breakpoints", list);
    return body;
  }

  /** The calls of a line that can be stepped into one by one. */
  JsonObject stepInTargets(Fields fields) throws SessionException {
    Values.Frame frame = values.frame(fields.smallNumber("frameId"));
    JsonArray list = new JsonArray();
    if (frame != null && frame.index() == 0) {
      List<Session.Call> calls =
          session.run(() -> {
            session.selectGoroutine(frame.goroutine());
            return session.callsToCome();
          });
      stepInTargets = calls;
      for (int i = 0; i < calls.size(); i++) {
        JsonObject o = new JsonObject();
        o.addProperty("id", i);
        String name = calls.get(i).function();
        o.addProperty("label", name.isEmpty() ? "what a value or an interface holds" : name);
        list.add(o);
      }
    }
    JsonObject body = new JsonObject();
    body.add("targets", list);
    return body;
  }

  private Session.@Nullable Call stepInTarget(Fields fields) {
    int id = fields.smallNumber("targetId");
    return id < 0 || id >= stepInTargets.size() ? null : stepInTargets.get(id);
  }

  /** Where a line of the function begins that the client looks at. */
  JsonObject gotoTargets(Fields fields) throws SessionException {
    String path = configuration.toServer(fields.object("source").string("path"));
    int line = fields.smallNumber("line");
    JsonArray list =
        session.run(() -> {
          gotoTargets.clear();
          Frame here = session.frames(-1, 1).getFirst();
          Function function = here.function();
          JsonArray found = new JsonArray();
          for (long address : session.line(path, line).addresses()) {
            boolean own =
                function != null && function.equals(session.process().functionAt(address));
            if (own && session.hasSameFrame(here.pc(), address)) {
              JsonObject o = new JsonObject();
              o.addProperty("id", gotoTargets.size());
              o.addProperty("label", here.name() + ":" + line);
              o.addProperty("line", line);
              o.addProperty("instructionPointerReference", "0x" + Long.toHexString(address));
              gotoTargets.add(address);
              found.add(o);
            }
          }
          return found;
        });
    JsonObject body = new JsonObject();
    body.add("targets", list);
    return body;
  }

  /** Goes on at a target, and stops there at once. */
  void goOnAt(Fields fields, Runnable accepted) throws SessionException {
    int id = fields.smallNumber("targetId");
    State state =
        session.run(() -> {
          if (id < 0 || id >= gotoTargets.size()) {
            throw new SessionException("unknown target " + id);
          }
          session.goOnAt(gotoTargets.get(id));
          return session.stateNow();
        });
    accepted.run();
    values.reset();
    channel.event("stopped", stopped("goto", goroutineOf(state)));
  }

  JsonObject disassemble(Fields fields) throws SessionException, Refusal {
    try {
      return session.run(() -> new Instructions(session, configuration).of(fields));
    } catch (SessionException e) {
      throw new Refusal(
          UNABLE_TO_DISASSEMBLE, "Unable to disassemble", String.valueOf(e.getMessage()));
    }
  }

  /** What a client must know to watch a variable, or an expression. */
  JsonObject dataBreakpointInfo(Fields fields) throws SessionException, Refusal {
    String name = fields.string("name");
    int reference = fields.smallNumber("variablesReference");
    try {
      return session.run(() -> values.watchable(reference, name, fields.smallNumber("frameId")));
    } catch (SessionException e) {
      throw new Refusal(
          NO_DATA_BREAKPOINT, "Could not get data breakpoint info", String.valueOf(e.getMessage()));
    }
  }

  JsonObject breakpointLocations(Fields fields) throws SessionException {
    String path = configuration.toServer(fields.object("source").string("path"));
    int first = fields.smallNumber("line");
    int last = fields.has("endLine") ? fields.smallNumber("endLine") : first;
    JsonArray list = new JsonArray();
    NavigableSet<Integer> lines = session.run(() -> linesOf(path));
    for (int line : lines.subSet(first, true, Math.max(first, last), true)) {
      JsonObject o = new JsonObject();
      o.addProperty("line", line);
      list.add(o);
    }
    JsonObject body = new JsonObject();
    body.add("breakpoints", list);
    return body;
  }

  private NavigableSet<Integer> linesOf(String path) {
    Program program = session.program();
    NavigableSet<Integer> lines = new TreeSet<>();
    for (var unit : program.files().getOrDefault(path, List.of())) {
      program.dwarf().lines(unit).statementLines(path).filter(l -> l > 0).forEach(lines::add);
    }
    return lines;
  }

  // What the program is at

  JsonObject threads() throws SessionException {
    JsonArray list = new JsonArray();
    if (runner.isRunning()) {
      list.add(thread(-1, "Current"));
    } else {
      session.run(() -> {
        if (!session.target().isGone()) {
          goroutines(list);
        }
        return true;
      });
      if (list.isEmpty()) {
        list.add(thread(1, "Dummy"));
      }
    }
    JsonObject body = new JsonObject();
    body.add("threads", list);
    return body;
  }

  private static JsonObject thread(long id, String name) {
    JsonObject o = new JsonObject();
    o.addProperty("id", id);
    o.addProperty("name", name);
    return o;
  }

  private void goroutines(JsonArray list) throws SessionException {
    List<GoroutineList.Filter> filters =
        new ArrayList<>(GoroutineList.filters(configuration.goroutineFilters));
    if (configuration.hideSystemGoroutines) {
      filters.add(new GoroutineList.Filter(GoroutineList.Field.USER, false, ""));
    }
    List<Goroutine> all = session.goroutines().all();
    Goroutine selected = session.selected();
    boolean tooMany = all.size() > MAX_THREADS;
    List<Goroutine> shown =
        new ArrayList<>(
            GoroutineList.filter(session, tooMany ? all.subList(0, MAX_THREADS) : all, filters));
    if (tooMany) {
      channel.output("console", "Too many goroutines, only loaded " + shown.size() + "\n");
      if (selected != null && shown.stream().noneMatch(g -> g.id() == selected.id())) {
        shown.add(selected);
      }
    }
    List<Places.Place> places = session.places().ofAll(shown, Places.Which.USER);
    for (int i = 0; i < shown.size(); i++) {
      Goroutine g = shown.get(i);
      String mark = selected != null && selected.id() == g.id() ? "* " : "";
      TargetThread on = g.thread();
      list.add(
          thread(
              g.id(),
              mark
                  + "[Go "
                  + g.id()
                  + labels(g)
                  + "] "
                  + shortName(places.get(i).function())
                  + (on == null ? "" : " (Thread " + on.id() + ")")));
    }
  }

  private String labels(Goroutine g) {
    if (configuration.labels.isEmpty()) {
      return "";
    }
    Map<String, String> all = session.goroutines().labels(g);
    StringBuilder text = new StringBuilder();
    boolean every = configuration.labels.equals(List.of("*"));
    boolean one = configuration.labels.size() == 1 && !every;
    for (String key : every ? all.keySet() : configuration.labels) {
      String value = all.getOrDefault(key, "");
      if (!value.isEmpty()) {
        text.append(' ').append(one ? value : key + ":" + value);
      }
    }
    return text.toString();
  }

  /** A function's name without the folders of its package. */
  private static String shortName(String name) {
    String path = Function.packagePath(name);
    int slash = path.lastIndexOf('/');
    return slash < 0 ? name : name.substring(slash + 1);
  }

  JsonObject stackTrace(Fields fields) throws SessionException, Refusal {
    long id = fields.number("threadId");
    int start = Math.max(fields.smallNumber("startFrame"), 0);
    int wanted = fields.smallNumber("levels");
    int levels = wanted > 0 ? wanted : configuration.stackDepth;
    try {
      return session.run(() -> stack(id, start, levels));
    } catch (SessionException e) {
      throw new Refusal(2004, "Unable to produce stack trace", String.valueOf(e.getMessage()));
    }
  }

  private JsonObject stack(long id, int start, int levels) throws SessionException {
    Goroutine g = session.goroutine(id);
    List<Frame> frames = session.frames(id, Math.min(start + levels, 1 << 20));
    boolean system = g == null || session.goroutines().isSystem(g);
    JsonArray list = new JsonArray();
    for (int i = start; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      JsonObject o = new JsonObject();
      o.addProperty("id", values.frame(id, i));
      o.addProperty("name", frame.function() == null ? "???" : shortName(frame.name()));
      if (!frame.file().equals("<autogenerated>")) {
        o.add("source", Marks.source(configuration.toClient(frame.file())));
      }
      o.addProperty("line", frame.line());
      o.addProperty("column", 0);
      o.addProperty("instructionPointerReference", "0x" + Long.toHexString(frame.pc()));
      boolean runtime =
          frame.function() == null || Function.packagePath(frame.name()).equals("runtime");
      if (!system && runtime) {
        o.addProperty("presentationHint", "subtle");
      }
      list.add(o);
    }
    int total = frames.size();
    if (total >= start + levels && !frames.getLast().isBottom()) {
      total += configuration.stackDepth; // there are more, and nobody counted them
    }
    JsonObject body = new JsonObject();
    body.add("stackFrames", list);
    body.addProperty("totalFrames", total);
    return body;
  }

  JsonObject scopes(Fields fields) throws SessionException, Refusal {
    int id = fields.smallNumber("frameId");
    Values.Frame frame = values.frame(id);
    if (frame == null) {
      throw new Refusal(2005, "Unable to list locals", "unknown frame id " + id);
    }
    try {
      return session.run(() -> scopesOf(frame));
    } catch (SessionException | EvalException e) {
      throw new Refusal(2005, "Unable to list locals", String.valueOf(e.getMessage()));
    }
  }

  private JsonObject scopesOf(Values.Frame frame) throws SessionException {
    Scope scope = session.scope(frame.goroutine(), frame.index());
    Frame at = scope.frame();
    Function function = at == null ? null : at.function();
    if (function == null) {
      throw new SessionException("Unable to find enclosing function");
    }
    Loader loader = new Loader(session.process());
    List<Variable> locals = new ArrayList<>(scope.arguments());
    locals.addAll(scope.variables());
    locals.forEach(v -> loader.load(v, configuration.limits()));
    boolean optimized = function.unit() != null && function.unit().isOptimized();
    JsonArray list = new JsonArray();
    list.add(
        values.scope(
            "Locals" + (optimized ? " (warning: optimized function)" : ""), "", locals, frame));
    if (configuration.globals) {
      String path = Function.packagePath(at == null ? "" : at.name());
      list.add(
          values.scope(
              "Globals (package " + path + ")",
              path,
              globals(path, loader),
              new Values.Frame(-1, 0)));
    }
    if (configuration.registers) {
      list.add(values.scope(Values.REGISTERS, "", registers(scope), frame));
    }
    JsonObject body = new JsonObject();
    body.add("scopes", list);
    return body;
  }

  private List<Variable> globals(String path, Loader loader) {
    List<Variable> result = new ArrayList<>();
    session.program().variables().stream()
        .filter(p -> p.name().startsWith(path + ".") && p.address() != 0)
        .sorted(Comparator.comparingLong(Program.PackageVariable::address))
        .forEach(p -> {
          Variable v = session.process().variable(p.name());
          if (v != null) {
            loader.prepare(v);
            loader.load(v, configuration.limits());
            v.name = p.name().substring(path.length() + 1);
            result.add(v);
          }
        });
    return result;
  }

  private List<Variable> registers(Scope scope) {
    List<Variable> result = new ArrayList<>();
    TargetThread thread = scope.thread();
    if (thread != null) {
      thread
          .registers()
          .texts()
          .forEach((name, value) -> {
            // All names have the same width, so that values stand below each other.
            String shown = String.format("%6s", name.toLowerCase(Locale.ROOT));
            Variable text =
                new Variable(
                    shown, 0, GoType.basic("", Kind.INVALID, 0), session.process().memory());
            text.value = value;
            text.loaded = true;
            result.add(text);
          });
    }
    return result;
  }

  JsonObject variables(Fields fields) throws SessionException, Refusal {
    try {
      JsonArray list =
          session.run(() ->
              values.variables(
                  fields.smallNumber("variablesReference"),
                  fields.string("filter"),
                  fields.smallNumber("start"),
                  fields.smallNumber("count")));
      JsonObject body = new JsonObject();
      body.add("variables", list);
      return body;
    } catch (SessionException | EvalException | UnreadableException e) {
      throw new Refusal(2008, "Unable to lookup variable", String.valueOf(e.getMessage()));
    }
  }

  private Values.Frame frameOf(Fields fields) {
    Values.Frame known = values.frame(fields.smallNumber("frameId"));
    return known == null ? new Values.Frame(-1, 0) : known;
  }

  JsonObject evaluate(Fields fields) throws Refusal {
    String context = fields.string("context");
    boolean show = !List.of("watch", "repl", "hover").contains(context);
    boolean alone = List.of("repl", "variables", "hover", "clipboard").contains(context);
    boolean whole = context.equals("clipboard") || context.equals("variables");
    Values.Frame frame = frameOf(fields);
    String expression = fields.string("expression");
    if (expression.strip().startsWith("dlv ")) {
      try {
        JsonObject body = new JsonObject();
        body.addProperty(
            "result", new Console(session, configuration).run(expression.strip().substring(4)));
        body.addProperty("variablesReference", 0);
        return body;
      } catch (SessionException e) {
        throw new Refusal(2015, "Unable to run dlv command", String.valueOf(e.getMessage()), show);
      }
    }
    try {
      if (expression.strip().startsWith("call ")) {
        return call(expression.strip().substring(5), frame);
      }
      return session.run(() -> {
        Scope scope = session.scopeOrNone(frame.goroutine(), frame.index());
        Variable v = values.evaluate(expression, scope, alone);
        return values.result(v, expression, whole, frame);
      });
    } catch (SessionException | EvalException | UnreadableException e) {
      throw new Refusal(
          2009, "Unable to evaluate expression", String.valueOf(e.getMessage()), show);
    }
  }

  private JsonObject call(String expression, Values.Frame frame) throws SessionException {
    if (frame.index() > 0) {
      throw new SessionException("call is only supported with topmost stack frame");
    }
    LoadLimits usual = configuration.limits();
    LoadLimits limits =
        new LoadLimits(true, usual.recursion(), CALL_STRING, usual.arrayValues(), -1);
    State state = session.call(frame.goroutine(), expression, limits, Session.CallRules.USUAL);
    List<Variable> returned = state.returned();
    return session.run(() -> values.results(returned == null ? List.of() : returned, frame));
  }

  /** Assigns; a string that is written out needs room in the program, which a call makes. */
  private JsonObject assign(String to, String value, Values.Frame frame) throws SessionException {
    if (frame.index() == 0 && value.strip().startsWith("\"")) {
      session.call(
          frame.goroutine(), to + " = " + value, configuration.limits(), Session.CallRules.USUAL);
    } else {
      session.run(() -> {
        Scope scope = session.scope(frame.goroutine(), frame.index());
        CompiledExpression.of(to).assign(scope, session.hits(), CompiledExpression.of(value));
        return true;
      });
    }
    return session.run(() -> {
      Scope scope = session.scope(frame.goroutine(), frame.index());
      return values.result(values.evaluate(to, scope, false), to, false, frame);
    });
  }

  JsonObject setVariable(Fields fields) throws Refusal {
    try {
      Values.Part part =
          session.run(
              () -> values.part(fields.smallNumber("variablesReference"), fields.string("name")));
      JsonObject result = assign(part.expression(), fields.string("value"), part.frame());
      JsonObject body = new JsonObject();
      body.add("value", result.get("result"));
      if (result.has("type")) {
        body.add("type", result.get("type"));
      }
      body.add("variablesReference", result.get("variablesReference"));
      return body;
    } catch (SessionException | EvalException | UnreadableException e) {
      throw new Refusal(2012, "Unable to set variable", String.valueOf(e.getMessage()));
    }
  }

  JsonObject setExpression(Fields fields) throws Refusal {
    try {
      JsonObject result =
          assign(fields.string("expression"), fields.string("value"), frameOf(fields));
      JsonObject body = new JsonObject();
      result
          .entrySet()
          .forEach(e -> body.add(e.getKey().equals("result") ? "value" : e.getKey(), e.getValue()));
      return body;
    } catch (SessionException | EvalException | UnreadableException e) {
      throw new Refusal(2012, "Unable to set expression", String.valueOf(e.getMessage()));
    }
  }

  /** Tells the client to look again, where it can be told. */
  void changed() {
    if (invalidated) {
      JsonArray areas = new JsonArray();
      areas.add("all");
      JsonObject body = new JsonObject();
      body.add("areas", areas);
      channel.event("invalidated", body);
    }
  }

  JsonObject exceptionInfo(Fields fields) throws SessionException, Refusal {
    long id = fields.number("threadId");
    JsonObject body = session.run(() -> exception(id));
    if (body.isEmpty()) {
      throw new Refusal(2011, "Unable to get exception info", "no runtime error found");
    }
    body.addProperty("breakMode", "always");
    return body;
  }

  private JsonObject exception(long id) throws SessionException {
    JsonObject body = new JsonObject();
    Goroutine g = session.goroutine(id);
    TargetThread on = g == null ? null : g.thread();
    Breakpoint hit = null;
    for (State.ThreadState thread : session.stateNow().threads()) {
      if (on != null && thread.id() == on.id()) {
        hit = thread.breakpoint();
      }
    }
    boolean withStack = true;
    String known = failure;
    if (hit != null && hit.id() == Breakpoint.FATAL_THROW) {
      body.addProperty("exceptionId", "fatal error");
      body.addProperty("description", throwReason(id));
    } else if (hit != null && hit.id() == Breakpoint.UNRECOVERED_PANIC) {
      body.addProperty("exceptionId", "panic");
      body.addProperty("description", panicReason(id));
    } else if (known != null) {
      withStack = !known.equals(TWICE);
      body.addProperty("exceptionId", withStack ? "runtime error" : "invalid command");
      body.addProperty("description", known);
    } else {
      return body;
    }
    if (withStack) {
      JsonObject details = new JsonObject();
      details.addProperty("stackTrace", stackText(id));
      body.add("details", details);
    }
    return body;
  }

  private String stackText(long id) throws SessionException {
    StringBuilder text = new StringBuilder("Stack:\n");
    List<Frame> frames = session.frames(id, configuration.stackDepth + 1);
    int digits = String.valueOf(Math.max(frames.size() - 1, 0)).length();
    for (int i = 0; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      if (frame.name().startsWith("runtime.") && i < frames.size()) {
        continue;
      }
      text.append(
          String.format(
              "\t%" + digits + "d  0x%016x in %s%n\t%s   at %s:%d%n",
              i,
              frame.pc(),
              frame.name(),
              " ".repeat(digits),
              configuration.toClient(frame.file()),
              frame.line()));
    }
    return text.toString();
  }

  // Memory

  private static long address(Fields fields) throws SessionException {
    String text = fields.string("memoryReference");
    try {
      return Long.decode(text) + fields.number("offset");
    } catch (NumberFormatException e) {
      throw new SessionException("unknown memory reference " + text);
    }
  }

  JsonObject readMemory(Fields fields) throws Refusal {
    try {
      long at = address(fields);
      int count = Math.clamp(fields.number("count"), 0, MAX_READ);
      JsonObject body = new JsonObject();
      body.addProperty("address", "0x" + Long.toHexString(at));
      byte[] bytes =
          session.run(() -> {
            try {
              return session.target().bytes(at, count);
            } catch (UnreadableException e) {
              return new byte[0];
            }
          });
      body.addProperty("data", Base64.getEncoder().encodeToString(bytes));
      if (bytes.length < count) {
        body.addProperty("unreadableBytes", count - bytes.length);
      }
      return body;
    } catch (SessionException e) {
      throw new Refusal(2016, "Unable to read memory", String.valueOf(e.getMessage()));
    }
  }

  JsonObject writeMemory(Fields fields) throws Refusal {
    try {
      long at = address(fields);
      byte[] bytes = Base64.getDecoder().decode(fields.string("data"));
      session.run(() -> {
        session.target().write(at, bytes);
        return true;
      });
      JsonObject body = new JsonObject();
      body.addProperty("bytesWritten", bytes.length);
      return body;
    } catch (SessionException | UnreadableException | IllegalArgumentException e) {
      throw new Refusal(2018, "Unable to write memory", String.valueOf(e.getMessage()));
    }
  }

  // Beyond Delve

  JsonObject loadedSources() throws SessionException {
    JsonArray list = new JsonArray();
    for (String file : session.program().files().keySet()) {
      if (file.startsWith("/")) {
        list.add(Marks.source(configuration.toClient(file)));
      }
    }
    JsonObject body = new JsonObject();
    body.add("sources", list);
    return body;
  }

  JsonObject modules() {
    JsonObject module = new JsonObject();
    String path = session.executable().toString();
    module.addProperty("id", path);
    module.addProperty("name", Marks.source(path).get("name").getAsString());
    module.addProperty("path", path);
    session
        .program()
        .buildInfo()
        .ifPresent(info -> {
          info.mainModule().ifPresent(m -> module.addProperty("version", m.version()));
          boolean optimized = !info.settings().contains("-gcflags=all=-N -l");
          module.addProperty("isOptimized", optimized);
        });
    module.addProperty(
        "symbolStatus",
        session.program().hasDebugInformation() ? "Symbols loaded." : "No debug information.");
    JsonArray list = new JsonArray();
    list.add(module);
    JsonObject body = new JsonObject();
    body.add("modules", list);
    body.addProperty("totalModules", 1);
    return body;
  }

  JsonObject completions(Fields fields) throws SessionException {
    Values.Frame frame = frameOf(fields);
    String text = fields.string("text");
    int column = Math.clamp(fields.number("column") - 1L, 0, text.length());
    JsonArray list =
        session.run(() -> {
          JsonArray targets = new JsonArray();
          Completions.of(
                  session,
                  session.scopeOrNone(frame.goroutine(), frame.index()),
                  text.substring(0, column),
                  MAX_COMPLETIONS)
              .forEach(targets::add);
          return targets;
        });
    JsonObject body = new JsonObject();
    body.add("targets", list);
    return body;
  }
}
