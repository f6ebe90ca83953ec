// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.rpc;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import hearth.debug.disassembly.Syntax;
import hearth.debug.dwarf.Unit;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Ancestors;
import hearth.debug.goruntime.Defers;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Stacks;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.json.BadFieldException;
import hearth.debug.json.Fields;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.CallGraph;
import hearth.debug.session.Disassembly;
import hearth.debug.session.GoroutineList;
import hearth.debug.session.Libraries;
import hearth.debug.session.Location;
import hearth.debug.session.PathGuess;
import hearth.debug.session.RegisterList;
import hearth.debug.session.RegisterList.Register;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.target.TargetThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The methods of Delve's interface ({@code service/rpc2}), for all clients of one session. From any
 * thread: what they do is done on the session's.
 */
public final class RpcServer implements Session.EventListener {
  private static final int MAX_MEMORY = 1 << 16;
  private static final int MAX_EVENTS = 100;
  private static final int RESUMED = 0;
  private static final int STOPPED = 1;
  private static final int MATERIALIZED = 3;
  private static final int SPAWNED = 4;
  private static final int READ_DEFERS = 1;
  private static final int SIMPLE = 2;
  private static final int FROM_GOROUTINE = 4;
  private static final int GO_FLAVOUR = 2;
  private static final LoadLimits FULL = LoadLimits.FULL;

  /** A method's work. */
  @FunctionalInterface
  private interface Method {
    JsonElement run(Fields in) throws SessionException;
  }

  private final Session session;
  private final Runnable detached;
  private final boolean severalClients;
  private final Wire wire;
  private final Map<String, Method> methods = new HashMap<>();
  private final BlockingQueue<JsonObject> events = new LinkedBlockingQueue<>(MAX_EVENTS);
  private final AtomicInteger commands = new AtomicInteger();
  private List<String> debugDirectories = List.of("/usr/lib/debug/.build-id");

  /**
   * For a session.
   *
   * @param severalClients whether it takes more than one
   * @param detached told when a client ended the session
   */
  public RpcServer(Session session, boolean severalClients, Runnable detached) {
    this.session = session;
    this.severalClients = severalClients;
    this.detached = detached;
    wire = new Wire(session);
    define();
  }

  private void define() {
    methods.put("GetVersion", in -> version());
    methods.put("SetApiVersion", this::setVersion);
    methods.put("ProcessPid", in -> field("Pid", session.target().pid()));
    methods.put("BuildID", in -> field("BuildID", buildId()));
    methods.put("LastModified", in -> lastModified());
    methods.put("IsMulticlient", in -> field("IsMulticlient", severalClients));
    methods.put("AttachedToExistingProcess", in -> field("Answer", !session.isChild()));
    methods.put("Recorded", in -> recorded());
    methods.put("State", this::state);
    methods.put("Command", this::command);
    methods.put("Restart", this::restart);
    methods.put("Detach", this::detach);
    methods.put("StopRecording", in -> refuse("debugger is not recording"));
    for (String name : List.of("Checkpoint", "ListCheckpoints", "ClearCheckpoint")) {
      methods.put(name, in -> refuse("not a recording"));
    }
    methods.put("CreateBreakpoint", this::createBreakpoint);
    methods.put("AmendBreakpoint", this::amendBreakpoint);
    methods.put("ClearBreakpoint", this::clearBreakpoint);
    methods.put("ToggleBreakpoint", this::toggleBreakpoint);
    methods.put("GetBreakpoint", in -> on(() -> one("Breakpoint", breakpointOf(in))));
    methods.put("ListBreakpoints", in -> on(this::listBreakpoints));
    methods.put("CreateWatchpoint", in -> on(() -> createWatchpoint(in)));
    methods.put("CreateEBPFTracepoint", in -> refuse("eBPF is not offered yet"));
    methods.put("GetBufferedTracepoints", in -> field("TracepointResults", JsonNull.INSTANCE));
    methods.put("CancelNext", in -> cancelNext());
    methods.put("FindLocation", in -> on(() -> findLocation(in)));
    methods.put("FunctionReturnLocations", in -> on(() -> returnLocations(in)));
    methods.put("Stacktrace", in -> on(() -> stacktrace(in)));
    methods.put("Ancestors", in -> on(() -> ancestors(in)));
    methods.put("ListGoroutines", in -> on(() -> listGoroutines(in)));
    methods.put("ListThreads", in -> on(() -> listThreads()));
    methods.put("GetThread", in -> on(() -> getThread(in)));
    methods.put("ListRegisters", in -> on(() -> listRegisters(in)));
    methods.put("Eval", in -> on(() -> eval(in)));
    methods.put("Set", in -> on(() -> set(in)));
    methods.put("ListLocalVars", in -> on(() -> listVariables(in, "Variables", false)));
    methods.put("ListFunctionArgs", in -> on(() -> listVariables(in, "Args", true)));
    methods.put("ListPackageVars", in -> on(() -> listPackageVariables(in)));
    methods.put(
        "ListSources", in -> on(() -> names(in, "Sources", session.program().files().keySet())));
    methods.put("ListFunctions", in -> on(() -> listFunctions(in)));
    methods.put(
        "ListTypes",
        in -> on(() -> names(in, "Types", new TreeSet<>(session.program().typeNames()))));
    methods.put("ListPackagesBuildInfo", in -> on(() -> listPackages(in)));
    methods.put("TypeInfo", in -> on(() -> typeInfo(in)));
    methods.put("ListDynamicLibraries", in -> on(this::libraries));
    methods.put("DownloadLibraryDebugInfo", in -> refuse("downloads are not offered yet"));
    methods.put("CancelDownloads", in -> new JsonObject());
    methods.put("DebugInfoDirectories", this::directories);
    methods.put("GuessSubstitutePath", in -> on(() -> guessPaths(in)));
    methods.put("Disassemble", in -> on(() -> disassemble(in)));
    methods.put("ExamineMemory", in -> on(() -> examineMemory(in)));
    for (String name : List.of("DumpStart", "DumpWait", "DumpCancel")) {
      methods.put(name, in -> refuse("core dumps are not offered yet"));
    }
    methods.put("ListTargets", in -> on(() -> listTargets()));
    methods.put("FollowExec", in -> on(() -> followChildren(in)));
    methods.put("FollowExecEnabled", in -> field("Enabled", session.followsChildren()));
    methods.put("SetExecutionPoint", in -> on(() -> setExecutionPoint(in)));
    methods.put("GetEvents", in -> events());
  }

  /** Names of all methods, without what stands before the dot. */
  public Collection<String> methods() {
    return methods.keySet();
  }

  /** Whether a method is done beside others, so that later requests do not wait for it. */
  boolean isAsynchronous(String method) {
    return switch (method) {
      case "Command",
          "Restart",
          "State",
          "StopRecording",
          "GetEvents",
          "CancelDownloads",
          "DownloadLibraryDebugInfo" ->
          true;
      default -> false;
    };
  }

  boolean knows(String method) {
    return methods.containsKey(method);
  }

  /** Told after a method was answered. */
  void answered(String method) {
    if (session.isDetached()) {
      detached.run();
    }
  }

  /** Told before a method is done that lets the target run, on the thread that reads requests. */
  void announce(String method) {
    if (method.equals("Command")) {
      commands.incrementAndGet();
    }
  }

  /**
   * Does a method.
   *
   * @throws RpcException with the answer if it cannot be done
   */
  JsonElement call(String method, JsonObject arguments) {
    Method known = methods.get(method);
    if (known == null) {
      throw new RpcException("unknown method: RPCServer." + method);
    }
    try {
      return known.run(new Fields(arguments));
    } catch (SessionException | EvalException | hearth.debug.target.UnreadableException e) {
      throw new RpcException(String.valueOf(e.getMessage()));
    } catch (BadFieldException e) {
      throw new RpcException("malformed request body: " + e.getMessage());
    } finally {
      if (method.equals("Command")) {
        commands.decrementAndGet();
      }
    }
  }

  private static JsonElement refuse(String why) {
    throw new RpcException(why);
  }

  private JsonElement on(Session.Task<JsonElement> task) throws SessionException {
    return session.run(task);
  }

  private static JsonObject field(String name, JsonElement value) {
    JsonObject o = new JsonObject();
    o.add(name, value);
    return o;
  }

  private static JsonObject field(String name, String value) {
    return field(name, new JsonPrimitive(value));
  }

  private static JsonObject field(String name, Number value) {
    return field(name, new JsonPrimitive(value));
  }

  private static JsonObject field(String name, boolean value) {
    return field(name, new JsonPrimitive(value));
  }

  // Facts

  private JsonElement version() {
    JsonObject o = new JsonObject();
    o.addProperty("DelveVersion", "Version: 1.27.2 (Hearth)");
    o.addProperty("APIVersion", 2);
    o.addProperty("Backend", "native");
    o.addProperty("TargetGoVersion", session.program().producer());
    o.addProperty("MinSupportedVersionOfGo", "1.25.0");
    o.addProperty("MaxSupportedVersionOfGo", "1.27.0");
    return o;
  }

  private JsonElement setVersion(Fields in) {
    return in.number("APIVersion") == 2 ? new JsonObject() : refuse("unknown API version");
  }

  private String buildId() {
    return session.program().elf().gnuBuildId();
  }

  private JsonElement lastModified() {
    try {
      return field(
          "Time",
          DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
              OffsetDateTime.ofInstant(
                  Files.getLastModifiedTime(session.executable()).toInstant(),
                  ZoneId.systemDefault())));
    } catch (IOException e) {
      return field("Time", "0001-01-01T00:00:00Z");
    }
  }

  private static JsonElement recorded() {
    JsonObject o = field("Recorded", false);
    o.addProperty("TraceDirectory", "");
    return o;
  }

  private JsonElement libraries() throws SessionException {
    JsonArray list = new JsonArray();
    for (Libraries.Library library : Libraries.of(session)) {
      JsonObject one = new JsonObject();
      one.addProperty("Path", library.path());
      one.addProperty("Address", library.address());
      one.addProperty("LoadError", "");
      list.add(one);
    }
    JsonObject o = field("List", list);
    o.addProperty(
        "ExecutableTrimpath",
        session
            .program()
            .buildInfo()
            .map(b -> b.settings().contains("-trimpath=true"))
            .orElse(false));
    return o;
  }

  private JsonElement guessPaths(Fields in) {
    Fields here = in.object("Args");
    Map<String, String> modules = new TreeMap<>();
    here.object("ClientModuleDirectories")
        .json()
        .asMap()
        .forEach((module, folder) -> {
          if (folder.isJsonPrimitive()) {
            modules.put(module, folder.getAsString());
          }
        });
    JsonArray list = new JsonArray();
    PathGuess.rules(
            session.program(),
            new PathGuess.Here(
                here.string("ImportPathOfMainPackage"), here.string("ClientGOROOT"), modules))
        .forEach((from, to) -> list.add(Wire.strings(List.of(from, to))));
    return field("List", list);
  }

  private JsonElement directories(Fields in) {
    if (in.truth("Set")) {
      debugDirectories = in.strings("List");
    }
    return field("List", Wire.strings(debugDirectories));
  }

  private JsonElement listTargets() throws SessionException {
    JsonArray list = new JsonArray();
    for (Session.TargetInfo target : session.targets()) {
      JsonObject o = new JsonObject();
      o.addProperty("Pid", target.pid());
      o.addProperty("CmdLine", target.commandLine());
      State.ThreadState current = target.thread();
      o.add("CurrentThread", current == null ? JsonNull.INSTANCE : wire.thread(current));
      list.add(o);
    }
    return field("Targets", list);
  }

  private JsonElement followChildren(Fields in) throws SessionException {
    boolean on = in.truth("Enable");
    try {
      session.followChildren(on ? Pattern.compile(in.string("Regex")) : null);
    } catch (PatternSyntaxException e) {
      throw new SessionException("error parsing regexp: " + e.getDescription());
    }
    return new JsonObject();
  }

  private JsonElement events() {
    JsonArray list = new JsonArray();
    try {
      list.add(events.take());
      while (list.size() < MAX_EVENTS) {
        JsonObject next = events.poll();
        if (next == null) {
          break;
        }
        list.add(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return field("Events", list);
  }

  // Running

  private JsonElement state(Fields in) throws SessionException {
    if (in.truth("NonBlocking") && (session.isRunning() || commands.get() > 0)) {
      return field("State", Wire.running(session.target().pid()));
    }
    return on(() -> {
      session.requireAlive();
      return field("State", wire.state(session.stateNow(), null, false));
    });
  }

  private JsonElement command(Fields in) throws SessionException {
    String name = in.string("name");
    LoadLimits results = in.limits("ReturnInfoLoadConfig");
    if (name.equals("halt")) {
      session.halt();
      return on(() -> told(session.stateNow(), results));
    }
    if (name.equals("switchThread") || name.equals("switchGoroutine")) {
      return on(() -> {
        session.requireAlive();
        if (name.equals("switchThread")) {
          session.selectThread(in.smallNumber("threadID"));
        } else {
          session.selectGoroutine(in.number("goroutineID"));
        }
        return told(session.stateNow(), results);
      });
    }
    boolean tells = in.truth("WithEvents");
    if (tells) {
      session.setEventListener(this);
      tell(RESUMED);
    }
    try {
      return on(() -> {
        State gone = session.stateNow();
        return told(gone.exited() ? gone : move(name, in), results);
      });
    } finally {
      if (tells) {
        tell(STOPPED);
      }
    }
  }

  private void tell(int kind) {
    tell(field("Kind", kind));
  }

  @Override
  public void spawned(int pid, String commandLine, boolean follows) {
    JsonObject event = field("Kind", SPAWNED);
    event.addProperty("PID", pid);
    event.addProperty("ThreadID", pid);
    event.addProperty("Cmdline", commandLine);
    event.addProperty("WillFollow", follows);
    tell(event);
  }

  @Override
  public void materialized(Breakpoint breakpoint) {
    JsonObject event = field("Kind", MATERIALIZED);
    event.add("Breakpoint", wire.breakpoint(breakpoint));
    tell(event);
  }

  private void tell(JsonObject event) {
    if (!events.offer(event)) {
      events.poll(); // nobody reads them: the oldest goes
      events.offer(event);
    }
  }

  private JsonElement told(State state, @Nullable LoadLimits results) throws SessionException {
    return field("State", wire.state(state, results, true));
  }

  private State move(String name, Fields in) throws SessionException {
    return switch (name) {
      case "continue", "directionCongruentContinue" -> session.resumeStep();
      case "next" -> session.step(Session.Step.NEXT);
      case "step" -> session.step(Session.Step.INTO);
      case "stepOut" -> session.step(Session.Step.OUT);
      case "stepInstruction" -> session.stepInstruction(false);
      case "nextInstruction" -> session.stepInstruction(true);
      case "call" -> {
        LoadLimits limits = in.limits("ReturnInfoLoadConfig");
        if (limits == null) {
          throw new SessionException("can not call function with nil ReturnInfoLoadConfig");
        }
        long id = in.number("goroutineID");
        yield session.call(
            id > 0 ? id : -1,
            in.string("expr"),
            limits,
            new Session.CallRules(in.truth("unsafeCall"), false));
      }
      case "rewind",
          "reverseNext",
          "reverseStep",
          "reverseStepOut",
          "reverseStepInstruction",
          "reverseNextInstruction" ->
          throw new SessionException("not a recording");
      default -> throw new SessionException("unknown command \"" + name + "\"");
    };
  }

  private JsonElement restart(Fields in) throws SessionException {
    if (!in.string("Position").isEmpty()) {
      return refuse("not a recording");
    }
    List<String> arguments = in.truth("ResetArgs") ? in.strings("NewArgs") : null;
    List<Breakpoint> lost = session.restart(arguments);
    return on(() -> {
      JsonArray discarded = new JsonArray();
      for (Breakpoint b : lost) {
        JsonObject o = new JsonObject();
        o.add("Breakpoint", wire.breakpoint(b));
        o.addProperty("Reason", "its place is no more");
        discarded.add(o);
      }
      return field("DiscardedBreakpoints", discarded);
    });
  }

  private JsonElement detach(Fields in) throws SessionException {
    session.detach(in.truth("Kill") || session.isChild());
    return new JsonObject();
  }

  private JsonElement cancelNext() throws SessionException {
    return on(() -> {
      session.cancelSteps();
      return new JsonObject();
    });
  }

  // Breakpoints

  private Breakpoint breakpointOf(Fields in) throws SessionException {
    String name = in.string("Name");
    return session.breakpoint(name.isEmpty() ? String.valueOf(in.number("Id")) : name);
  }

  private JsonObject one(String field, Breakpoint b) {
    return field(field, wire.breakpoint(b));
  }

  private JsonElement listBreakpoints() {
    JsonArray list = new JsonArray();
    for (Breakpoint b : session.breakpoints()) {
      list.add(wire.breakpoint(b));
    }
    return field("Breakpoints", list);
  }

  private static void checkName(String name) {
    if (name.matches("[+-]?\\d+")) {
      throw new RpcException("breakpoint name can not be a number");
    }
    name.codePoints()
        .filter(c -> !Character.isLetter(c) && !Character.isDigit(c))
        .findFirst()
        .ifPresent(c -> {
          throw new RpcException(
              "invalid character in breakpoint name '" + Character.toString(c) + "'");
        });
  }

  private JsonElement createBreakpoint(Fields in) throws SessionException {
    Fields wanted = in.object("Breakpoint");
    checkName(wanted.string("name"));
    return on(() -> {
      Location location;
      try {
        location = locationOf(wanted, in);
      } catch (SessionException e) {
        if (in.truth("Suspended")) {
          return suspended(wanted, in);
        }
        session.skipNumber(); // as Delve does
        throw e;
      }
      Breakpoint b = session.create(location, wanted.string("name"));
      try {
        amend(b, wanted);
      } catch (SessionException | EvalException | RpcException | BadFieldException e) {
        session.clear(b);
        throw e;
      }
      String expression = in.string("LocExpr");
      b.setSpec(expression);
      return one("Breakpoint", b);
    });
  }

  private JsonElement setExecutionPoint(Fields in) throws SessionException {
    session.goOnAt(in.number("Addr"));
    return field("State", wire.state(session.stateNow(), null, false));
  }

  /** A breakpoint that is set when the program starts again. */
  private JsonElement suspended(Fields wanted, Fields in) throws SessionException {
    String expression = in.string("LocExpr");
    String file = wanted.string("file");
    String function = wanted.string("functionName");
    String spec =
        !expression.isEmpty()
            ? expression
            : !file.isEmpty() ? file + ":" + wanted.number("line") : function;
    Breakpoint b = session.suspend(spec, wanted.string("name"));
    amend(b, wanted);
    return one("Breakpoint", b);
  }

  private JsonElement createWatchpoint(Fields in) throws SessionException {
    long kind = in.number("Type");
    // Its fields are the answer's own.
    return wire.breakpoint(
        session.watch(scope(in), in.string("Expr"), (kind & 1) != 0, (kind & 2) != 0));
  }

  private Location locationOf(Fields wanted, Fields in) throws SessionException {
    String file = wanted.string("file");
    String function = wanted.string("functionName");
    int line = wanted.smallNumber("line");
    List<Long> addresses = wanted.numbers("addrs");
    if (wanted.truth("traceReturn")) {
      return session.at(List.of(wanted.number("addr")));
    }
    if (!file.isEmpty()) {
      return session.line(file, line);
    }
    if (!function.isEmpty()) {
      return session.functionLine(function, line);
    }
    if (!addresses.isEmpty()) {
      return session.at(addresses);
    }
    if (wanted.number("addr") != 0) {
      return session.at(List.of(wanted.number("addr")));
    }
    String expression = in.string("LocExpr");
    if (expression.isEmpty()) {
      throw new SessionException("no location: a file and line, a function, or an address");
    }
    Scope scope = session.scopeOrNone(-1, 0);
    List<Location> found = session.find(expression, scope, in.pairs("SubstitutePathRules"));
    if (found.size() != 1) {
      throw new SessionException("location \"" + expression + "\" is not one place");
    }
    return found.getFirst();
  }

  /** Gives a breakpoint all that a client said of it. */
  private static void amend(Breakpoint b, Fields wanted) throws SessionException {
    String condition = wanted.string("Cond");
    String hits = wanted.string("HitCond");
    b.setCondition(condition.isEmpty() ? null : CompiledExpression.of(condition));
    b.setHitCondition(
        hits.isEmpty() ? null : Breakpoint.HitCondition.of(hits, wanted.truth("HitCondPerG")));
    b.setName(wanted.string("name"));
    b.setTracepoint(wanted.truth("continue"));
    b.setTraceReturn(wanted.truth("traceReturn"));
    b.setShowsGoroutine(wanted.truth("goroutine"));
    b.setStackDepth(wanted.smallNumber("stacktrace"));
    b.setVariables(wanted.strings("variables"));
    b.setArguments(wanted.limits("LoadArgs"));
    b.setLocals(wanted.limits("LoadLocals"));
  }

  private JsonElement amendBreakpoint(Fields in) throws SessionException {
    Fields wanted = in.object("Breakpoint");
    checkName(wanted.string("name"));
    return on(() -> {
      Breakpoint b = session.breakpoint(String.valueOf(wanted.number("id")));
      amend(b, wanted);
      if (wanted.truth("disabled") == b.isEnabled()) {
        session.toggle(b);
      }
      return new JsonObject();
    });
  }

  private JsonElement clearBreakpoint(Fields in) throws SessionException {
    return on(() -> {
      Breakpoint b = breakpointOf(in);
      JsonObject answer = one("Breakpoint", b);
      session.clear(b);
      return answer;
    });
  }

  private JsonElement toggleBreakpoint(Fields in) throws SessionException {
    return on(() -> {
      Breakpoint b = breakpointOf(in);
      JsonObject answer = one("Breakpoint", b);
      session.toggle(b);
      answer.getAsJsonObject("Breakpoint").addProperty("disabled", !b.isEnabled());
      return answer;
    });
  }

  private JsonElement findLocation(Fields in) throws SessionException {
    Scope scope = session.scopeOrNone(goroutine(in.object("Scope")), frame(in.object("Scope")));
    String spec = in.string("Loc");
    JsonArray list = new JsonArray();
    try {
      session
          .find(spec, scope, in.pairs("SubstitutePathRules"))
          .forEach(l -> list.add(wire.location(l)));
    } catch (SessionException e) {
      Location line = in.truth("IncludeNonExecutableLines") ? session.sourceLine(spec) : null;
      if (line == null) {
        throw e;
      }
      JsonObject o = wire.location(line);
      o.addProperty("pc", 0);
      o.remove("pcs");
      o.remove("pcpids");
      o.remove("function");
      list.add(o);
    }
    JsonObject answer = field("Locations", list);
    answer.addProperty("SubstituteLocExpr", "");
    return answer;
  }

  private JsonElement returnLocations(Fields in) {
    String name = in.string("FnName");
    if (session.program().functions(name).isEmpty()) {
      return refuse("unable to find function " + name);
    }
    return field("Addrs", Wire.addresses(session.returns(name)));
  }

  // Stacks and goroutines

  private static long goroutine(Fields scope) {
    return scope.has("GoroutineID") ? scope.number("GoroutineID") : 0;
  }

  private static int frame(Fields scope) {
    return scope.smallNumber("Frame");
  }

  private Scope scope(Fields in) throws SessionException {
    Fields scope = in.object("Scope");
    int deferred = scope.smallNumber("DeferredCall");
    return deferred > 0
        ? session.deferredScope(goroutine(scope), frame(scope), deferred)
        : session.scope(goroutine(scope), frame(scope));
  }

  private JsonElement stacktrace(Fields in) throws SessionException {
    LoadLimits limits = in.limits("Cfg");
    if (limits == null && in.truth("Full")) {
      limits = FULL;
    }
    long id = in.number("Id");
    int depth = in.smallNumber("Depth");
    int skip = in.smallNumber("Skip");
    session.requireAlive();
    Goroutine g = session.goroutine(id);
    long options = in.number("Opts");
    Stacks.Mode mode =
        (options & FROM_GOROUTINE) != 0
            ? Stacks.Mode.FROM_GOROUTINE
            : (options & SIMPLE) != 0 ? Stacks.Mode.SIMPLE : Stacks.Mode.NORMAL;
    List<Frame> frames = session.frames(id, depth + 1, mode);
    boolean defers = (options & READ_DEFERS) != 0 || in.truth("Defers");
    List<List<Defers.Deferred>> deferred =
        defers && g != null ? new Defers(session.process()).byFrame(g, frames) : List.of();
    if (skip > 0) {
      frames = skip >= frames.size() ? List.of() : frames.subList(skip, frames.size());
      deferred = skip >= deferred.size() ? List.of() : deferred.subList(skip, deferred.size());
    }
    return field("Locations", wire.frames(frames, g, limits, deferred));
  }

  private JsonElement ancestors(Fields in) throws SessionException {
    JsonArray list = new JsonArray();
    for (Ancestors.Ancestor ancestor :
        session.ancestors(
            in.number("GoroutineID"), in.smallNumber("NumAncestors"), in.smallNumber("Depth"))) {
      JsonObject o = new JsonObject();
      o.addProperty("ID", ancestor.id());
      o.add("Stack", wire.frames(ancestor.frames(), null, null, List.of()));
      o.addProperty("Unreadable", ancestor.error() == null ? "" : ancestor.error());
      list.add(o);
    }
    return field("Ancestors", list);
  }

  private JsonElement listGoroutines(Fields in) throws SessionException {
    session.requireAlive();
    int start = in.smallNumber("Start");
    int count = in.smallNumber("Count");
    List<GoroutineList.Filter> filters = new ArrayList<>();
    List<Goroutine> all = null;
    for (Fields filter : in.objects("Filters")) {
      GoroutineList.Field field = field(filter.smallNumber("Kind"));
      filters.add(new GoroutineList.Filter(field, filter.truth("Negated"), filter.string("Arg")));
      if (field == GoroutineList.Field.CHANNEL) {
        all = waiting(in, filter, count);
      }
    }
    List<Goroutine> source = all == null ? session.goroutines().all() : all;
    int end = count > 0 ? Math.min(source.size(), start + count) : source.size();
    List<Goroutine> page = start >= source.size() ? List.of() : source.subList(start, end);
    int next = end < source.size() ? end : -1;
    page = GoroutineList.filter(session, page, filters);
    JsonObject answer = new JsonObject();
    GoroutineList.Field by = field(in.smallNumber("GroupBy"));
    if (by == GoroutineList.Field.NONE) {
      answer.add("Goroutines", wire.goroutines(page));
      answer.addProperty("Nextg", next);
      answer.add("Groups", JsonNull.INSTANCE);
      answer.addProperty("TooManyGroups", false);
      return answer;
    }
    int most = in.smallNumber("MaxGroups");
    List<GoroutineList.Group> groups =
        GoroutineList.group(
            session, page, by, in.string("GroupByKey"), in.smallNumber("MaxGroupMembers"));
    boolean tooMany = most > 0 && groups.size() > most;
    List<Goroutine> shown = new ArrayList<>();
    JsonArray list = new JsonArray();
    for (GoroutineList.Group group : tooMany ? groups.subList(0, most) : groups) {
      JsonObject o = new JsonObject();
      o.addProperty("Name", group.name());
      o.addProperty("Offset", shown.size());
      o.addProperty("Count", group.members().size());
      o.addProperty("Total", group.total());
      list.add(o);
      shown.addAll(group.members());
    }
    answer.add("Goroutines", wire.goroutines(shown));
    answer.addProperty("Nextg", next);
    answer.add("Groups", list);
    answer.addProperty("TooManyGroups", tooMany);
    return answer;
  }

  private static GoroutineList.Field field(int number) {
    GoroutineList.Field[] all = GoroutineList.Field.values();
    return number >= 0 && number < all.length ? all[number] : GoroutineList.Field.NONE;
  }

  private List<Goroutine> waiting(Fields in, Fields filter, int count) throws SessionException {
    if (filter.truth("Negated")) {
      throw new SessionException("channel filter can not be negated");
    }
    if (count == 0) {
      throw new SessionException("count == 0 not allowed with a channel filter");
    }
    if (!in.has("EvalScope")) {
      throw new SessionException("channel filter without eval scope");
    }
    Fields scope = in.object("EvalScope");
    Variable channel =
        session.evaluate(
            filter.string("Arg"), session.scope(goroutine(scope), frame(scope)), LoadLimits.SHORT);
    return session.goroutines().waitingAt(channel.base);
  }

  private JsonElement listThreads() throws SessionException {
    session.requireAlive();
    JsonArray list = new JsonArray();
    session.stateNow().threads().forEach(t -> list.add(wire.thread(t)));
    return field("Threads", list);
  }

  private JsonElement getThread(Fields in) throws SessionException {
    session.requireAlive();
    int id = in.smallNumber("Id");
    for (State.ThreadState thread : session.stateNow().threads()) {
      if (thread.id() == id) {
        return field("Thread", wire.thread(thread));
      }
    }
    return refuse("no thread with id " + id);
  }

  private JsonElement listRegisters(Fields in) throws SessionException {
    boolean all = in.truth("IncludeFp");
    List<Register> registers;
    if (in.has("Scope")) {
      Fields scope = in.object("Scope");
      registers = session.registers(goroutine(scope), frame(scope), false, all);
    } else {
      session.requireAlive();
      int id = in.smallNumber("ThreadID");
      TargetThread thread = session.target().thread(id == 0 ? session.stateNow().thread() : id);
      if (thread == null) {
        return refuse("couldn't find thread");
      }
      registers = RegisterList.of(thread, all);
    }
    JsonArray list = new JsonArray();
    for (Register r : registers) {
      JsonObject o = new JsonObject();
      o.addProperty("Name", r.name());
      o.addProperty("Value", r.text());
      o.addProperty("DwarfNumber", r.number());
      list.add(o);
    }
    JsonObject answer = field("Registers", RegisterList.lines(registers));
    answer.add("Regs", list);
    return answer;
  }

  // Values

  private JsonElement eval(Fields in) throws SessionException {
    LoadLimits limits = in.limits("Cfg");
    String expression = in.string("Expr");
    Variable v = session.evaluate(expression, scope(in), limits == null ? FULL : limits);
    return field("Variable", wire.variable(Wire.named(v, expression)));
  }

  private JsonElement set(Fields in) throws SessionException {
    CompiledExpression to = CompiledExpression.of(in.string("Symbol"));
    CompiledExpression value = CompiledExpression.of(in.string("Value"));
    to.assign(scope(in), session.hits(), value);
    return new JsonObject();
  }

  private JsonElement listVariables(Fields in, String field, boolean arguments)
      throws SessionException {
    Scope scope = scope(in);
    LoadLimits limits = in.limits("Cfg");
    List<Variable> list = arguments ? scope.arguments() : scope.variables();
    return field(
        field, wire.variables(wire.load(list, limits == null ? LoadLimits.NOTHING : limits)));
  }

  private JsonElement listPackageVariables(Fields in) throws SessionException {
    session.requireAlive();
    Pattern pattern = pattern(in.string("Filter"));
    LoadLimits limits = in.limits("Cfg");
    List<Program.PackageVariable> known = new ArrayList<>(session.program().variables());
    known.sort(Comparator.comparingLong(Program.PackageVariable::address));
    List<Variable> list = new ArrayList<>();
    Loader loader = new Loader(session.process());
    for (Program.PackageVariable p : known) {
      Variable v =
          pattern.matcher(p.name()).find() && p.address() != 0
              ? session.process().variable(p.name())
              : null;
      if (v != null) {
        loader.prepare(v);
        list.add(v);
      }
    }
    return field(
        "Variables", wire.variables(wire.load(list, limits == null ? LoadLimits.NOTHING : limits)));
  }

  private JsonElement disassemble(Fields in) throws SessionException {
    Fields scope = in.object("Scope");
    long start = in.number("StartPC");
    long end = in.number("EndPC");
    long goroutine = goroutine(scope);
    Disassembly disassembly = new Disassembly(session);
    Syntax syntax = in.number("Flavour") == GO_FLAVOUR ? Syntax.GO : Syntax.INTEL;
    List<Disassembly.Line> lines =
        end == 0
            ? disassembly.function(start, goroutine)
            : disassembly.range(start, end, goroutine);
    JsonArray list = new JsonArray();
    for (Disassembly.Line line : lines) {
      JsonObject o = new JsonObject();
      o.add("Loc", wire.code(line.instruction().pc()));
      long target = Disassembly.destination(line.instruction());
      o.add("DestLoc", target == 0 ? JsonNull.INSTANCE : wire.code(target));
      o.addProperty("Text", disassembly.text(line, syntax));
      o.addProperty("Bytes", Base64.getEncoder().encodeToString(line.instruction().bytes()));
      o.addProperty("Breakpoint", line.breakpoint());
      o.addProperty("AtPC", line.here());
      list.add(o);
    }
    return field("Disassemble", list);
  }

  private JsonElement examineMemory(Fields in) throws SessionException {
    session.requireAlive();
    int length = in.smallNumber("Length");
    if (length > MAX_MEMORY || length < 0) {
      return refuse("len must be less than or equal to " + MAX_MEMORY);
    }
    byte[] bytes = session.target().bytes(in.number("Address"), length);
    JsonObject answer = field("Mem", Base64.getEncoder().encodeToString(bytes));
    answer.addProperty("IsLittleEndian", true);
    return answer;
  }

  // Names

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new RpcException("invalid filter argument: " + e.getDescription());
    }
  }

  private static JsonElement names(Fields in, String field, Collection<String> all) {
    Pattern pattern = pattern(in.string("Filter"));
    return field(field, Wire.strings(all.stream().filter(n -> pattern.matcher(n).find()).toList()));
  }

  private JsonElement listFunctions(Fields in) {
    int follow = in.smallNumber("FollowCalls");
    if (follow > 0) {
      Pattern pattern = pattern(in.string("Filter"));
      TreeSet<String> reached = new TreeSet<>();
      CallGraph calls = new CallGraph(session);
      for (Function function : session.program().functions()) {
        if (pattern.matcher(function.name()).find()) {
          reached.addAll(calls.from(function, 1, follow).functions());
        }
      }
      return field("Funcs", Wire.strings(reached));
    }
    TreeSet<String> all = new TreeSet<>();
    session.program().functions().forEach(f -> all.add(f.name()));
    return names(in, "Funcs", all);
  }

  private JsonElement listPackages(Fields in) {
    Pattern pattern = pattern(in.string("Filter"));
    boolean files = in.truth("IncludeFiles");
    Map<String, TreeSet<String>> byPackage = new TreeMap<>();
    Map<String, String> folders = new HashMap<>();
    for (Unit unit : session.program().dwarf().units()) {
      if (unit.isGo() && !unit.name().isEmpty() && pattern.matcher(unit.name()).find()) {
        TreeSet<String> all = byPackage.computeIfAbsent(unit.name(), n -> new TreeSet<>());
        for (String file : session.program().dwarf().lines(unit).files()) {
          Path folder = Path.of(file).getParent();
          if (file.startsWith("/") && folder != null) {
            folders.putIfAbsent(unit.name(), folder.toString());
            all.add(file);
          } else if (file.equals("<autogenerated>")) {
            all.add(file);
          }
        }
      }
    }
    JsonArray list = new JsonArray();
    byPackage.forEach((path, sources) -> {
      JsonObject o = new JsonObject();
      o.addProperty("ImportPath", path);
      o.addProperty("DirectoryPath", folders.getOrDefault(path, ""));
      o.add("Files", files ? Wire.strings(sources) : JsonNull.INSTANCE);
      list.add(o);
    });
    return field("List", list);
  }

  private JsonElement typeInfo(Fields in) {
    String name = in.string("Name");
    GoType type = session.process().types().named(name);
    if (type == null) {
      return refuse("no type entry found, use 'types' for a list of valid types");
    }
    JsonObject o = new JsonObject();
    Kind kind = type.kind();
    o.addProperty("Kind", Wire.kind(kind));
    o.addProperty("Size", type.size());
    boolean named = type.resolved() != type;
    o.addProperty("RealType", named ? type.resolved().name() : "");
    JsonArray fields = new JsonArray();
    if (!named && kind == Kind.STRUCT) {
      for (GoType.Field f : type.fields()) {
        JsonObject part = new JsonObject();
        part.addProperty("Name", f.name());
        part.addProperty("Type", f.type().name());
        fields.add(part);
      }
    }
    o.add("Fields", fields.isEmpty() ? JsonNull.INSTANCE : fields);
    int dot = name.lastIndexOf('.');
    String pointer = name.substring(0, Math.max(dot, 0)) + ".(*" + name.substring(dot + 1) + ").";
    JsonArray methods = new JsonArray();
    for (Function f : session.program().functions()) {
      boolean own = f.name().startsWith(name + ".") || (dot > 0 && f.name().startsWith(pointer));
      if (own && !f.trampoline()) {
        methods.add(field("Name", f.name()));
      }
    }
    o.add("Methods", methods.isEmpty() ? JsonNull.INSTANCE : methods);
    return field("TypeInfo", o);
  }
}
