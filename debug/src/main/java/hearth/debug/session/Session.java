// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.dwarf.CallFrames;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Ancestors;
import hearth.debug.goruntime.CallLayout;
import hearth.debug.goruntime.Defers;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Goroutines;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Stacks;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.session.State.Reason;
import hearth.debug.session.State.ThreadState;
import hearth.debug.target.CoreFile;
import hearth.debug.target.Inferior;
import hearth.debug.target.Instruction;
import hearth.debug.target.LiveProcess;
import hearth.debug.target.Stop;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A process that is debugged: its breakpoints, where it stands, and how it goes on. What a face of
 * the debugger asks for is done on the session's own thread, one thing after the other; {@link
 * #halt} comes from any thread at any time.
 *
 * <p>A thread that comes to a breakpoint is asked for its condition while the others run on; only
 * if it holds are they stopped too.
 */
public final class Session implements AutoCloseable {
  static final int OUTER_FRAMES = 50;
  private static final int MAX_OWN_STEPS = 100;
  private static final int CALL_OPCODE = 0xe8;
  private static final int MAX_FRAMES = 1 << 20;

  private final Owner owner = new Owner();
  private final Path executable;
  private final LiveProcess.@Nullable Launch launch;

  private final Group group;

  /** The process that is looked at. */
  private volatile Traced current;

  /** What is found in the words that a child is started with which is followed. */
  private @Nullable Pattern followed;

  private @Nullable EventListener events;
  private final TreeMap<Integer, Breakpoint> breakpoints = new TreeMap<>();
  private final Map<Integer, Breakpoint> stoppedAt = new HashMap<>();
  private int nextId = 1;
  private long selectedGoroutine;
  private Reason reason;
  private @Nullable Stepper stepper;

  /** The process that the step is in. */
  private @Nullable Traced stepped;

  private @Nullable List<Variable> returned;
  private final Watchpoints watchpoints = new Watchpoints(this);
  private final Map<Integer, Traced> watchedIn = new HashMap<>();
  private final List<Breakpoint> outOfScope = new ArrayList<>();
  private @Nullable TraceListener listener;
  private @Nullable Injection interrupted;
  private volatile boolean running;
  private volatile boolean halting;
  private volatile boolean detached;

  /** Takes what tracepoints tell, on the session's thread, while the target runs. */
  public interface TraceListener {
    /**
     * A goroutine came to a tracepoint.
     *
     * @return whether it goes on; if not, it is stopped as by other breakpoints
     */
    boolean traced(Breakpoint breakpoint, Scope scope, long goroutine);
  }

  /**
   * How functions are called.
   *
   * @param unsafe whether pointers to the stack may be handed over
   * @param alone whether other threads are held meanwhile: a call that waits for another goroutine
   *     then waits until it is interrupted
   */
  public record CallRules(boolean unsafe, boolean alone) {
    /** The usual ones. */
    public static final CallRules USUAL = new CallRules(false, false);
  }

  /** Something that is done on the session's thread. */
  @FunctionalInterface
  public interface Task<T> {
    /** Does it. */
    T run() throws SessionException;
  }

  static final String THROW = "runtime.throw";

  /** Where the debugger stops by itself. */
  private static final Map<Integer, List<String>> OWN_FUNCTIONS =
      Map.of(
          Breakpoint.UNRECOVERED_PANIC,
          List.of("runtime.fatalpanic"),
          Breakpoint.FATAL_THROW,
          List.of(THROW, "runtime.fatal", "runtime.fatalsignal"));

  private Session(
      Path executable, LiveProcess.@Nullable Launch launch, Opening.Opener opener, Reason reason)
      throws SessionException {
    this.executable = executable;
    this.launch = launch;
    this.reason = reason;
    try {
      current = owner.run(() -> Opening.of(executable, opener));
    } catch (SessionException e) {
      owner.close();
      throw e;
    }
    group = new Group(current);
  }

  /**
   * Starts a program, stopped before its first instruction.
   *
   * @throws SessionException if it cannot be started or read
   */
  public static Session launch(LiveProcess.Launch launch) throws SessionException {
    Session session =
        new Session(
            Path.of(launch.arguments().getFirst()),
            launch,
            () -> LiveProcess.launch(launch),
            Reason.LAUNCHED);
    session.begin();
    return session;
  }

  /**
   * Attaches to a process.
   *
   * @param executable its program, or null to take the one that it runs
   * @throws SessionException if that is not allowed, or it cannot be read
   */
  public static Session attach(int pid, @Nullable Path executable) throws SessionException {
    Path path = executable == null ? Path.of("/proc/" + pid + "/exe") : executable;
    Session session = new Session(path, null, () -> LiveProcess.attach(pid), Reason.ATTACHED);
    session.begin();
    return session;
  }

  /**
   * Opens what is left of a process.
   *
   * @param executable its program
   * @throws SessionException if one of them cannot be read
   */
  public static Session core(Path executable, Path core) throws SessionException {
    Session session =
        new Session(executable, null, () -> CoreFile.open(core, executable), Reason.ATTACHED);
    session.begin();
    return session;
  }

  private void begin() throws SessionException {
    run(() -> {
      if (!current.target.canRun()) {
        return true;
      }
      internalBreakpoint(
          Breakpoint.UNRECOVERED_PANIC, "unrecovered-panic", "runtime.curg._panic.arg");
      internalBreakpoint(Breakpoint.FATAL_THROW, "runtime-fatal-throw", "");
      return true;
    });
  }

  private void internalBreakpoint(int id, String name, String variable) {
    List<Long> addresses = new ArrayList<>();
    for (String function : OWN_FUNCTIONS.getOrDefault(id, List.of())) {
      Location location = current.locations.ofFunction(function, 0);
      if (location != null) {
        addresses.addAll(location.addresses());
      }
    }
    if (addresses.isEmpty()) {
      return;
    }
    Location first = current.locations.at(addresses.getFirst());
    Breakpoint breakpoint =
        new Breakpoint(
            id,
            new Location(
                addresses.stream().sorted().toList(),
                first.file(),
                first.line(),
                first.function()));
    breakpoint.name = name;
    if (!variable.isEmpty()) {
      breakpoint.variables.add(variable);
    }
    breakpoints.put(id, breakpoint);
    insert(breakpoint);
  }

  /** Runs something on the session's thread. The target must be stopped, or the call waits. */
  public <T> T run(Task<T> task) throws SessionException {
    Callable<T> call = task::run;
    return owner.run(call);
  }

  // What a session is made of; for its thread

  /** The program. */
  public Program program() {
    return current.program;
  }

  /** The process, as Go knows it. */
  public GoProcess process() {
    return current.process;
  }

  /** Stacks of the process. */
  public Stacks stacks() {
    return current.stacks;
  }

  /** Places that goroutines are at. */
  public Places places() {
    return current.places;
  }

  /** Goroutines of the process. */
  public Goroutines goroutines() {
    return current.goroutines;
  }

  /** The process, as the kernel knows it. */
  public Inferior target() {
    return current.target;
  }

  /** The executable file. */
  public Path executable() {
    return executable;
  }

  /** The program and its arguments, as the process was started. */
  public String commandLine() {
    return current.target.commandLine();
  }

  /** Whether it was started here, and not attached to. */
  public boolean isChild() {
    return launch != null;
  }

  /** Takes what happens by the way while the target runs, on the session's thread. */
  public interface EventListener {
    /** A child runs a program; whether it is followed. */
    void spawned(int pid, String commandLine, boolean follows);

    /** A suspended breakpoint found its place. */
    void materialized(Breakpoint breakpoint);
  }

  /** Takes what happens by the way from now on. */
  public void setEventListener(@Nullable EventListener listener) {
    events = listener;
  }

  /** Takes what tracepoints tell from now on; with null, tracepoints stop like others. */
  public void setTraceListener(@Nullable TraceListener listener) {
    this.listener = listener;
  }

  private void requireRunnable() throws SessionException {
    requireAlive();
    if (!current.target.canRun()) {
      throw new SessionException("can not continue execution of core process");
    }
  }

  // Scopes

  /**
   * Does nothing while there is a process.
   *
   * @throws SessionException if it is gone
   */
  public void requireAlive() throws SessionException {
    Stop.Exited exit = current.target.exit();
    if (exit != null) {
      throw new SessionException(
          "Process "
              + current.target.pid()
              + " has exited with status "
              + (exit.signal() == 0 ? exit.status() : -exit.signal()));
    }
  }

  /** The goroutine that is looked at, or null. */
  public @Nullable Goroutine selected() {
    TargetThread thread = current.target.thread(current.currentThread);
    Goroutine running = thread == null ? null : current.goroutines.of(thread);
    if (selectedGoroutine == 0 || (running != null && running.id() == selectedGoroutine)) {
      return running;
    }
    try {
      return goroutine(selectedGoroutine);
    } catch (SessionException e) {
      return running;
    }
  }

  /**
   * A goroutine by its number; -1 for the one that is looked at.
   *
   * @throws SessionException if there is none
   */
  public @Nullable Goroutine goroutine(long id) throws SessionException {
    requireAlive();
    if (id < 0) {
      return selected();
    }
    for (TargetThread thread : current.target.threads()) {
      Goroutine g = current.goroutines.of(thread);
      if (g != null && g.id() == id) {
        return g;
      }
    }
    for (Goroutine g : current.goroutines.all()) {
      if (g.id() == id) {
        return g;
      }
    }
    throw new SessionException("unknown goroutine " + id);
  }

  /** Frames of a goroutine, followed in a certain way. */
  public List<Frame> frames(long goroutineId, int depth, Stacks.Mode mode) throws SessionException {
    Goroutine g = goroutine(goroutineId);
    return g == null || mode == Stacks.Mode.NORMAL
        ? frames(goroutineId, depth)
        : current.stacks.of(g, depth, mode);
  }

  /**
   * The goroutines that started a goroutine.
   *
   * @throws SessionException if the runtime does not remember them
   */
  public List<Ancestors.Ancestor> ancestors(long goroutineId, int count, int depth)
      throws SessionException {
    Goroutine g = goroutine(goroutineId);
    if (g == null) {
      throw new SessionException("no selected goroutine");
    }
    if (!Ancestors.areKept(current.process)) {
      throw new SessionException("tracebackancestors is disabled");
    }
    return Ancestors.of(current.process, g, count, depth);
  }

  /** Frames of a goroutine; -1 for the one that is looked at, or the thread if it runs none. */
  public List<Frame> frames(long goroutineId, int depth) throws SessionException {
    Goroutine g = goroutine(goroutineId);
    if (g != null) {
      return current.stacks.of(g, depth);
    }
    TargetThread thread = current.target.thread(current.currentThread);
    return thread == null ? List.of() : current.stacks.of(thread, null, depth);
  }

  /**
   * Where expressions are evaluated.
   *
   * @param goroutineId -1 for the one that is looked at
   * @throws SessionException if there is no such frame
   */
  public Scope scope(long goroutineId, int frame) throws SessionException {
    requireAlive();
    Goroutine g = goroutine(goroutineId);
    // Outer frames may be asked for by runtime.frame, so some more are taken.
    List<Frame> frames = frames(goroutineId, Math.min(frame + 50, MAX_FRAMES));
    if (frame >= frames.size() && frame > 0) {
      throw new SessionException(
          "Frame " + frame + " does not exist in goroutine " + (g == null ? 0 : g.id()));
    }
    TargetThread thread =
        g == null || g.thread() == null ? current.target.thread(current.currentThread) : g.thread();
    return new Scope(current.process, current.stacks, frames, frame, g, thread);
  }

  /**
   * Where expressions about a deferred call are evaluated: at the entry of what is called.
   *
   * @param deferred its number among those of the frame, from 1
   * @throws SessionException if there is no such call
   */
  public Scope deferredScope(long goroutineId, int frame, int deferred) throws SessionException {
    Goroutine g = goroutine(goroutineId);
    List<Frame> frames = frames(goroutineId, frame + 1);
    if (g == null || frame >= frames.size()) {
      throw new SessionException(
          "Frame " + frame + " does not exist in goroutine " + (g == null ? 0 : g.id()));
    }
    List<Defers.Deferred> calls = new Defers(current.process).byFrame(g, frames).get(frame);
    if (deferred > calls.size()) {
      throw new SessionException(
          "Frame " + frame + " only has " + calls.size() + " deferred calls");
    }
    Defers.Deferred call = calls.get(deferred - 1);
    Function function = current.process.functionAt(call.wrapper());
    GoType type = current.process.types().named("runtime._defer");
    if (function == null || type == null) {
      throw new SessionException(
          call.error() == null ? "could not find the deferred function" : call.error());
    }
    long cfa = call.address() + type.size();
    long[] registers = frames.getFirst().registers().clone();
    registers[Frame.SP] = cfa - 8;
    Frame made =
        new Frame(
            call.wrapper(),
            call.wrapper(),
            function,
            function.name(),
            function.die(),
            call.file(),
            call.line(),
            registers,
            cfa,
            0,
            false,
            false,
            null);
    return new Scope(current.process, current.stacks, List.of(made), 0, g, g.thread());
  }

  /** The same; packages alone where there is no such frame. */
  public Scope scopeOrNone(long goroutineId, int frame) {
    try {
      return scope(goroutineId, frame);
    } catch (SessionException e) {
      return new Scope(current.process, current.stacks, List.of(), 0, null, null);
    }
  }

  /**
   * Registers of a goroutine's frame: all of them where it is now, and what is known of them in the
   * frames that called that one.
   *
   * @param goroutineId -1 for the one that is looked at
   * @param here whether those of the thread that is looked at are meant instead
   * @param all whether with those of floating point and vectors
   * @throws SessionException if there is no such goroutine or frame
   */
  public List<RegisterList.Register> registers(
      long goroutineId, int frame, boolean here, boolean all) throws SessionException {
    requireAlive();
    TargetThread thread = current.target.thread(current.currentThread);
    if (!here) {
      Goroutine g = goroutine(goroutineId);
      thread = g == null ? thread : g.thread();
      List<Frame> frames = frames(goroutineId, frame + 1);
      if (frame >= frames.size()) {
        throw new SessionException(
            "Frame " + frame + " does not exist in goroutine " + (g == null ? 0 : g.id()));
      }
      if (thread == null || frame > 0) {
        return RegisterList.of(frames.get(frame));
      }
    }
    if (thread == null) {
      throw new SessionException("no current thread");
    }
    return RegisterList.of(thread, all);
  }

  private Scope scopeAt(TargetThread thread, int depth) {
    Goroutine g = current.goroutines.of(thread);
    return new Scope(
        current.process, current.stacks, current.stacks.of(thread, g, depth), 0, g, thread);
  }

  /** How often breakpoints were hit. */
  public CompiledExpression.Hits hits() {
    return id -> {
      for (Breakpoint b : breakpoints.values()) {
        if (String.valueOf(b.id()).equals(id) || b.name.equals(id)) {
          return b.totalHits;
        }
      }
      return -1;
    };
  }

  // Breakpoints

  /** A line of a source file, whether it has code or not; null if there is no such file. */
  public @Nullable Location sourceLine(String spec) {
    return current.locations.sourceLine(spec);
  }

  /** Finds places of the code. */
  public List<Location> find(String spec, Scope scope) throws SessionException {
    return current.locations.find(spec, scope);
  }

  /**
   * Finds places of the code.
   *
   * @param renamed beginnings of the paths that the program has, and what people have for them
   */
  public List<Location> find(String spec, Scope scope, Map<String, String> renamed)
      throws SessionException {
    return renamed.isEmpty()
        ? current.locations.find(spec, scope)
        : new Locations(current.process, renamed).find(spec, scope);
  }

  /** A place that consists of addresses. */
  public Location at(List<Long> addresses) {
    Location first = current.locations.at(addresses.getFirst());
    return new Location(
        addresses.stream().sorted().toList(), first.file(), first.line(), first.function());
  }

  /**
   * A line of a source file by the path that the program has.
   *
   * @throws SessionException if it has no code
   */
  public Location line(String file, int line) throws SessionException {
    return current.locations.ofLine(file, line);
  }

  /**
   * A function's start after its prologue, a line of it counted from there, or with line -1 its
   * first instruction.
   *
   * @throws SessionException if there is no such function
   */
  public Location functionLine(String name, int line) throws SessionException {
    List<Long> entries =
        current.program.functions(name).stream().map(f -> current.process.entry(f)).toList();
    if (line < 0 && !entries.isEmpty()) {
      return at(entries);
    }
    Location found = current.locations.ofFunction(name, Math.max(line, 0));
    if (found == null) {
      throw new SessionException("could not find function " + name);
    }
    return found;
  }

  /** Addresses of the instructions by which a function returns. */
  public List<Long> returns(String function) {
    return current.locations.returns(function);
  }

  Locations locations() {
    return current.locations;
  }

  /** All breakpoints by their numbers, with those of the debugger itself. */
  public List<Breakpoint> breakpoints() {
    return List.copyOf(breakpoints.values());
  }

  /**
   * A breakpoint by its number or name.
   *
   * @throws SessionException if there is none
   */
  public Breakpoint breakpoint(String idOrName) throws SessionException {
    for (Breakpoint b : breakpoints.values()) {
      if (String.valueOf(b.id()).equals(idOrName) || b.name.equals(idOrName)) {
        return b;
      }
    }
    throw new SessionException(
        idOrName.matches("-?\\d+")
            ? "no breakpoint with id " + idOrName
            : "no breakpoint with name " + idOrName);
  }

  /**
   * Sets a breakpoint.
   *
   * @param name or empty
   * @throws SessionException if there is one already, or the name is taken
   */
  public Breakpoint create(Location location, String name) throws SessionException {
    requireAlive();
    for (Breakpoint b : breakpoints.values()) {
      if (!name.isEmpty() && b.name.equals(name)) {
        throw new SessionException("breakpoint name already exists");
      }
    }
    int id = nextId++; // numbers are not given twice, even if nothing comes of it
    for (Breakpoint b : breakpoints.values()) {
      if (b.id() > 0
          && !b.traceReturn
          && b.location().addresses().stream().anyMatch(location.addresses()::contains)) {
        throw new SessionException(
            "Breakpoint exists at "
                + b.location().file()
                + ":"
                + b.location().line()
                + " at "
                + Long.toHexString(b.location().address()));
      }
    }
    Breakpoint breakpoint = new Breakpoint(id, location);
    breakpoint.name = name;
    insert(breakpoint);
    breakpoints.put(id, breakpoint);
    return breakpoint;
  }

  /**
   * Watches memory.
   *
   * @param expression whose memory is meant
   * @param reads whether reading it stops too
   * @throws SessionException if that cannot be watched
   */
  public Breakpoint watch(Scope scope, String expression, boolean reads, boolean writes)
      throws SessionException {
    requireAlive();
    int id = nextId++; // numbers are not given twice, even if nothing comes of it
    Watchpoint wanted = watchpoints.of(scope, expression, reads, writes);
    for (Breakpoint b : Watchpoints.among(breakpoints())) {
      if (b.location().address() == wanted.watch().address()) {
        throw new SessionException(
            "Breakpoint exists at :0 at " + Long.toHexString(wanted.watch().address()));
      }
    }
    Breakpoint made = new Breakpoint(id, wanted);
    Traced in = current;
    watchedIn.put(id, in);
    in.target.insertWatch(wanted.watch());
    boolean named = breakpoints.values().stream().anyMatch(b -> b.name.equals(expression));
    made.name = named ? "" : expression;
    breakpoints.put(id, made);
    Watchpoints.sentinels(
        made,
        (address, b) -> {
          in.target.insertBreakpoint(address);
          in.sites.computeIfAbsent(address, a -> new Traced.Site()).watchers.add(b);
        });
    return made;
  }

  private void unwatch(Breakpoint breakpoint, Watchpoint watchpoint) {
    Traced in = watchedIn.remove(breakpoint.id());
    if (in == null || in.target.isGone()) {
      return;
    }
    in.target.removeWatch(watchpoint.watch());
    Watchpoints.sentinels(
        breakpoint,
        (address, b) -> {
          Traced.Site site = in.sites.get(address);
          if (site != null) {
            site.watchers.remove(b);
            in.forget(address, site);
          }
        });
  }

  /** Leaves a number out, as if a breakpoint of it had been set. */
  public void skipNumber() {
    nextId++;
  }

  private void insert(Breakpoint breakpoint) {
    current.insert(breakpoint, breakpoint.location().addresses());
    for (Traced other : group.alive()) {
      if (other != current) {
        insertInto(other, breakpoint);
      }
    }
  }

  /** Puts a breakpoint into another process, if its place is there. */
  private void insertInto(Traced other, Breakpoint breakpoint) {
    List<Long> there = addressesIn(other, breakpoint);
    if (!there.isEmpty()) {
      other.insert(breakpoint, there);
    }
  }

  private static List<Long> addressesIn(Traced other, Breakpoint breakpoint) {
    List<String> functions = OWN_FUNCTIONS.getOrDefault(breakpoint.id(), List.of());
    if (!functions.isEmpty()) {
      return functions.stream()
          .map(name -> other.locations.ofFunction(name, 0))
          .filter(Objects::nonNull)
          .flatMap(found -> found.addresses().stream())
          .toList();
    }
    Location place = breakpoint.location();
    if (breakpoint.watchpoint() != null || place.file().isEmpty()) {
      return List.of();
    }
    if (breakpoint.traceReturn) {
      return other.locations.returns(place.function());
    }
    try {
      return other.locations.ofLine(place.file(), place.line()).addresses();
    } catch (SessionException e) {
      return List.of(); // it is another program
    }
  }

  /**
   * Remembers a breakpoint whose place is not known yet, or whose process has ended: it is set when
   * the program starts again.
   *
   * @param spec the place
   * @param name or empty
   * @throws SessionException if the name is taken
   */
  public Breakpoint suspend(String spec, String name) throws SessionException {
    for (Breakpoint b : breakpoints.values()) {
      if (!name.isEmpty() && b.name.equals(name)) {
        throw new SessionException("breakpoint name already exists");
      }
    }
    Breakpoint made = new Breakpoint(nextId++, new Location(List.of(0L), "", 0, ""));
    made.name = name;
    made.spec = spec;
    made.suspended = true;
    made.enabled = false;
    breakpoints.put(made.id(), made);
    return made;
  }

  /** Whether there is a breakpoint at an address, be it one of a step. */
  boolean hasBreakpointAt(long address) {
    return current.sites.containsKey(address);
  }

  /** Sets tracepoints at all places at which a function returns. */
  public void traceReturns(String function) throws SessionException {
    for (long address : current.locations.returns(function)) {
      Breakpoint made = new Breakpoint(nextId, current.locations.at(address));
      made.setTraceReturn(true);
      made.setArguments(LoadLimits.SHORT);
      insert(made);
      breakpoints.put(nextId++, made);
    }
  }

  /** Names of the functions that an expression matches, sorted. */
  public List<String> functions(Pattern pattern) {
    return current.program.functions().stream()
        .map(Function::name)
        .filter(n -> pattern.matcher(n).find())
        .distinct()
        .sorted()
        .toList();
  }

  /** Where the indirect call leads that a thread is about to make; 0 if it is at none. */
  public long calledFrom(TargetThread thread) {
    byte[] code = current.process.memory().bytes(thread.registers().pc(), Instruction.MAX_LENGTH);
    Instruction call = Instruction.decode(code, 0, thread.registers().pc());
    return call == null || call.kind() != Instruction.Kind.CALL_INDIRECT
        ? 0
        : call.destination(thread.registers(), current.process.memory());
  }

  /** The place where a function starts, after its prologue; null if it has no code. */
  public @Nullable Location functionStart(String name) {
    return current.locations.ofFunction(name, 0);
  }

  /**
   * What a function returns whose thread is at its return instruction, or at the call that runs
   * what it deferred.
   */
  public List<Variable> results(Function function, TargetThread thread) {
    if (current.process.memory().u8(thread.registers().pc()) == CALL_OPCODE) {
      Loader loader = new Loader(current.process);
      List<Variable> results = new ArrayList<>();
      for (Variable v : scopeAt(thread, 1).arguments()) {
        if (v.is(Variable.RESULT)) {
          loader.prepare(v);
          results.add(v);
        }
      }
      return results;
    }
    return CallLayout.of(current.process, function)
        .results(
            current.process,
            new Loader(current.process),
            thread.registers(),
            thread.floatingPoint(),
            thread.registers().sp() + 8);
  }

  /** Takes a breakpoint out. */
  public void clear(Breakpoint breakpoint) {
    breakpoints.remove(breakpoint.id());
    stoppedAt.values().remove(breakpoint);
    Watchpoint watchpoint = breakpoint.watchpoint();
    if (watchpoint != null) {
      unwatch(breakpoint, watchpoint);
      return;
    }
    group.members().forEach(t -> t.remove(breakpoint));
  }

  /**
   * Switches a breakpoint on or off.
   *
   * @throws SessionException if it is a watchpoint
   */
  public void toggle(Breakpoint breakpoint) throws SessionException {
    if (breakpoint.watchpoint() != null) {
      throw new SessionException("can not disable watchpoints");
    }
    if (breakpoint.suspended) {
      throw new SessionException("its place is not known yet: " + breakpoint.spec);
    }
    breakpoint.enabled = !breakpoint.enabled;
    group.alive().forEach(t -> t.toggled(breakpoint));
  }

  // Running

  /** Whether the target runs. */
  public boolean isRunning() {
    return running;
  }

  /** Makes a target that runs stop. From any thread. */
  public void halt() {
    halting = true;
    if (running) {
      current.target.requestHalt();
    }
  }

  /** Lets the target run until something stops it. */
  public State resume() throws SessionException {
    return run(() -> {
      requireRunnable();
      cancelSteps();
      proceed();
      return told();
    });
  }

  /** Goes on with a step that something else interrupted. */
  public State resumeStep() throws SessionException {
    return run(() -> {
      requireRunnable();
      proceed();
      return told();
    });
  }

  /** Forgets a step that something else interrupted. */
  public void cancelSteps() {
    Stepper known = stepper;
    Traced in = stepped;
    if (known != null && in != null) {
      stepper = null;
      stepped = null;
      for (Stepper.Point point : known.points()) {
        Traced.Site site = in.sites.get(point.address());
        if (site != null) {
          site.points.remove(point);
          if (!in.target.isGone()) {
            in.forget(point.address(), site);
          }
        }
      }
    }
  }

  /** How a step goes. */
  public enum Step {
    /** To the next line of the function. */
    NEXT,
    /** To the next line, of a function that is called too. */
    INTO,
    /** To the caller. */
    OUT
  }

  /** Goes on by a line, or to the caller. */
  public State step(Step how) throws SessionException {
    return run(() -> {
      requireRunnable();
      if (stepper != null) {
        throw new SessionException("next while nexting");
      }
      begin(how);
      return told();
    });
  }

  /**
   * A call that a line makes.
   *
   * @param address of its instruction
   * @param function what it calls; empty if that is known only when it is made
   */
  public record Call(long address, String function) {}

  /** The calls that are still to come on the line of the frame that is looked at. */
  public List<Call> callsToCome() throws SessionException {
    return Stepper.callsToCome(current.process, frames(-1, 1).getFirst());
  }

  /** Goes on into what a call of the line calls, or to the next line if it is not made. */
  public State stepInto(Call call) throws SessionException {
    return run(() -> {
      requireRunnable();
      if (stepper != null) {
        throw new SessionException("next while nexting");
      }
      Goroutine g = selected();
      TargetThread thread = g == null ? current.target.thread(current.currentThread) : g.thread();
      if (thread == null) {
        throw new SessionException("the goroutine does not run: go on by next or step");
      }
      add(Stepper.intoCall(this, g, thread, call.address()));
      proceed();
      return told();
    });
  }

  private void begin(Step how) throws SessionException {
    Goroutine g = selected();
    TargetThread thread =
        g == null || g.thread() == null ? current.target.thread(current.currentThread) : g.thread();
    Stepper made = new Stepper(this, how, g, thread);
    if (!made.hasPoints()) {
      stepInstruction(thread);
      return;
    }
    add(made);
    proceed();
  }

  private void add(Stepper made) {
    stepper = made;
    stepped = current;
    for (Stepper.Point point : made.points()) {
      addPoint(point);
    }
  }

  private void addPoint(Stepper.Point point) {
    try {
      current.target.insertBreakpoint(point.address());
      current.sites.computeIfAbsent(point.address(), a -> new Traced.Site()).points.add(point);
    } catch (UnreadableException e) {
      // no code there: nobody comes by
    }
  }

  private void stepInstruction(@Nullable TargetThread thread) throws SessionException {
    if (thread == null) {
      throw new SessionException("no current thread");
    }
    stoppedAt.clear();
    returned = null;
    selectedGoroutine = 0;
    current.currentThread = thread.id();
    outOfScope.clear();
    current.target.step(thread);
    reason = current.target.isGone() ? Reason.EXITED : Reason.STEP;
    rest();
  }

  /** Runs one instruction of the thread that is looked at; over calls if {@code over}. */
  public State stepInstruction(boolean over) throws SessionException {
    return run(() -> {
      requireRunnable();
      Goroutine g = selected();
      TargetThread thread =
          g == null || g.thread() == null
              ? current.target.thread(current.currentThread)
              : g.thread();
      Stepper made = thread == null ? null : Stepper.overInstruction(this, g, thread, over);
      if (made != null && made.hasPoints()) {
        add(made);
        proceed();
      } else {
        stepInstruction(thread);
      }
      return told();
    });
  }

  /**
   * Evaluates an expression that may call functions, or assigns one to another; the goroutine runs
   * meanwhile, and the others with it. What it gives is among the state's returned values.
   *
   * @param goroutineId -1 for the one that is looked at
   */
  public State call(long goroutineId, String expression, LoadLimits limits, CallRules rules)
      throws SessionException {
    return run(() -> {
      requireRunnable();
      if (interrupted != null) {
        throw new SessionException(
            "cannot call function while another function call is already in progress");
      }
      Goroutine g = goroutine(goroutineId);
      if (g == null) {
        throw new SessionException("no goroutine selected");
      }
      if (g.thread() == null) {
        throw new SessionException("selected goroutine not running");
      }
      Scope scope = scope(g.id(), 0);
      Injection injection = new Injection(this, limits, rules);
      scope.setCaller(injection);
      running = true;
      try {
        returned = calls(expression, scope, limits, injection);
        TargetThread thread = scope.thread();
        current.currentThread = thread == null ? current.currentThread : thread.id();
        selectedGoroutine = 0;
        reason = Reason.CALL;
        return told();
      } catch (EvalException | UnreadableException e) {
        throw new SessionException(String.valueOf(e.getMessage()));
      } finally {
        running = false;
        halting = false;
        if (!current.target.isGone()) {
          current.target.clearHalt();
          rest();
        }
      }
    });
  }

  private @Nullable List<Variable> calls(
      String expression, Scope scope, LoadLimits limits, Injection injection) {
    int equals = Assignments.operator(expression);
    if (equals >= 0) {
      CompiledExpression.of(expression.substring(0, equals).trim())
          .assign(scope, hits(), CompiledExpression.of(expression.substring(equals + 1).trim()));
      return null;
    }
    Variable v = CompiledExpression.of(expression).evaluate(scope, hits(), limits);
    List<Variable> results = injection.returned();
    return v.kind == Kind.INVALID && results != null ? results : List.of(v);
  }

  /** The process runs on for a call: it is at no breakpoint any more. */
  void runsForCall() {
    stoppedAt.clear();
  }

  /** The user stopped a call: it is gone on with when the program runs again. */
  void interruptedIn(Injection call, TargetThread thread) {
    interrupted = call;
    current.currentThread = thread.id();
    reason = Reason.MANUAL;
  }

  /** The process ended while a call ran. */
  void gone() {
    reason = Reason.EXITED;
    cancelSteps();
  }

  /** Lets all run, and waits for what stops them. */
  private void proceed() throws SessionException {
    stoppedAt.clear();
    outOfScope.clear();
    returned = null;
    selectedGoroutine = 0;
    running = true;
    try {
      if (halting) {
        halting = false;
        reason = Reason.MANUAL;
        return;
      }
      group.resume();
      while (true) {
        Stop stop = current.target.nextOfAll();
        current = group.of(stop.process(), current);
        if (handle(stop)) {
          break;
        }
      }
    } finally {
      running = false;
      halting = false;
      group.members().forEach(t -> t.target.clearHalt());
      rest();
    }
  }

  /**
   * All are stopped, and stay so until the user says more. What happened to other processes than
   * the one that is looked at is told when they go on.
   */
  private void rest() {
    current.target.pendingStops().forEach(this::handleOther);
    current.target.newChildren().forEach(this::spawned);
    group.members().forEach(t -> t.target.rest());
  }

  /** A child runs a program: the session has a process more, if that is one of Go. */
  private void spawned(Inferior child) {
    String words = child.commandLine();
    Traced made = isFollowed(words) ? group.read(child) : null;
    if (made != null) {
      group.add(made);
      insertInto(made);
    } else {
      child.detach(false);
    }
    EventListener told = events;
    if (told != null) {
      told.spawned(child.pid(), words, made != null);
    }
  }

  private boolean isFollowed(String words) {
    Pattern wanted = followed;
    return wanted != null && wanted.matcher(words).find();
  }

  private void insertInto(Traced made) {
    Traced here = current;
    for (Breakpoint b : List.copyOf(breakpoints.values())) {
      if (b.suspended) {
        current = made;
        Breakpoint fresh = materialize(b);
        current = here;
        EventListener told = events;
        if (told != null && fresh != null) {
          told.materialized(fresh);
        }
      } else {
        insertInto(made, b);
      }
    }
  }

  /** A process ended: the session goes on with the others, if there are any. */
  private boolean ended() {
    Traced gone = current;
    List<Traced> left = group.alive();
    if (left.isEmpty()) {
      reason = Reason.EXITED;
      cancelSteps();
      return true;
    }
    if (stepped == gone) {
      cancelSteps();
    }
    breakpoints.values().removeIf(b -> watchedIn.get(b.id()) == gone);
    current = left.getFirst();
    group.remove(gone);
    return false;
  }

  /** The process that something happened to ended when all were to be stopped. */
  private boolean goneMeanwhile() {
    if (group.isSingle()) {
      reason = Reason.EXITED;
      return true;
    }
    group.resume(); // its end is told next
    return false;
  }

  /**
   * Follows children into the programs that they run.
   *
   * @param wanted what is found in the words that a child was started with, joined by spaces; null
   *     for none
   */
  public void followChildren(@Nullable Pattern wanted) throws SessionException {
    requireRunnable();
    followed = wanted;
    current.target.followChildren(wanted != null);
  }

  /** Whether children are followed. */
  public boolean followsChildren() {
    return followed != null;
  }

  /** One of the processes of a session. */
  public record TargetInfo(
      int pid, String commandLine, @Nullable ThreadState thread, boolean selected) {}

  /** The processes of the session. */
  public List<TargetInfo> targets() {
    List<TargetInfo> result = new ArrayList<>();
    Traced here = current;
    for (Traced one : group.alive()) {
      current = one;
      TargetThread thread = one.target.thread(one.currentThread);
      result.add(
          new TargetInfo(
              one.target.pid(),
              one.target.commandLine(),
              thread == null ? null : threadState(thread),
              one == here));
    }
    current = here;
    return result;
  }

  private boolean handle(Stop stop) throws SessionException {
    return switch (stop) {
      case Stop.Exited e -> ended();
      case Stop.Spawned s -> {
        spawned(s.child());
        if (!s.child().isGone()) {
          s.child().resume();
        }
        yield false;
      }
      case Stop.Halted h -> {
        group.stop();
        current.currentThread = h.thread().id();
        reason = Reason.MANUAL;
        yield true;
      }
      case Stop.OwnTrap t when isOfCall(t.thread()) -> {
        group.stop();
        Injection call = interrupted;
        if (call != null && call.goOn(t.thread())) {
          interrupted = null;
        }
        group.resume();
        yield false;
      }
      case Stop.OwnTrap t -> {
        group.stop();
        current.currentThread = t.thread().id();
        reason = Reason.HARDCODED_BREAKPOINT;
        cancelSteps();
        ownBreakpoint(t.thread());
        yield true;
      }
      case Stop.Watched w -> watched(w);
      case Stop.Executed x -> {
        // Another program runs now; what was known of the old one does not hold.
        current.sites.clear();
        stepper = stepped == current ? null : stepper;
        if (isFollowed(current.target.commandLine())) {
          Traced old = current;
          Traced made = group.read(old.target);
          if (made != null) {
            group.replace(old, made);
            current = made;
            insertInto(made);
          }
        } else if (group.isSingle()) {
          breakpoints.clear();
        }
        current.target.resume(x.thread());
        yield false;
      }
      case Stop.AtBreakpoint at -> atBreakpoint(at);
    };
  }

  private boolean isOfCall(TargetThread thread) {
    return interrupted != null
        && Injection.isOfProtocol(current.process.functionAt(thread.registers().pc()));
  }

  /** A breakpoint of the program's own: the call that makes it is left, if it is the runtime's. */
  private void ownBreakpoint(TargetThread thread) {
    for (int i = 0; i < MAX_OWN_STEPS && !current.target.isGone(); i++) {
      Function function = current.process.functionAt(thread.registers().pc());
      boolean own =
          function != null
              && (function.name().equals("runtime.breakpoint")
                  || function.name().equals("runtime.Breakpoint"));
      if (!own || !current.target.step(thread)) {
        break;
      }
    }
    if (!current.target.isGone()) {
      Breakpoint breakpoint =
          new Breakpoint(Breakpoint.HARDCODED, current.locations.at(thread.registers().pc()));
      breakpoint.name = "hardcoded-breakpoint";
      stoppedAt.put(thread.id(), breakpoint);
    }
  }

  /** A thread used memory that is watched. */
  private boolean watched(Stop.Watched stop) throws SessionException {
    group.stop();
    TargetThread thread = stop.thread();
    Breakpoint watching = Watchpoints.of(breakpoints(), stop.watch());
    if (current.target.isGone() || watching == null) {
      group.resume();
      return false;
    }
    if (!watchpoints.isInScope(watching, thread)) {
      return endWatch(watching, thread);
    }
    if (hit(List.of(watching), thread) == null) {
      group.resume();
      return false;
    }
    return stopAt(watching, thread, Reason.WATCHPOINT);
  }

  private boolean endWatch(Breakpoint watching, TargetThread thread) {
    clear(watching);
    outOfScope.add(watching);
    current.currentThread = thread.id();
    reason = Reason.WATCHPOINT;
    return true;
  }

  /** Looks after watchpoints that have a sentinel here; whether one of them ended. */
  private boolean atSentinel(Traced.Site site, long address, TargetThread thread) {
    boolean ended = false;
    for (Breakpoint b : List.copyOf(site.watchers)) {
      switch (watchpoints.reached(b, address, thread)) {
        case MOVED -> {
          group.stop();
          watchpoints.follow(b, thread);
        }
        case OUT_OF_SCOPE -> {
          group.stop();
          ended |= endWatch(b, thread);
        }
        case NOTHING -> {}
      }
    }
    return ended;
  }

  private boolean stopAt(Breakpoint hit, TargetThread thread, Reason why) throws SessionException {
    stoppedAt.put(thread.id(), hit);
    current.currentThread = thread.id();
    reason = why;
    Stepper active = stepper;
    if (active != null && active.isOf(thread)) {
      cancelSteps(); // a step of another goroutine can go on
    }
    String error = conditionError;
    if (error != null) {
      conditionError = null;
      running = false;
      throw new SessionException(error);
    }
    return true;
  }

  private boolean atBreakpoint(Stop.AtBreakpoint at) throws SessionException {
    TargetThread thread = at.thread();
    Traced.Site site = current.sites.get(at.address());
    if (site != null && !site.watchers.isEmpty() && atSentinel(site, at.address(), thread)) {
      countHits(site, thread);
      return true;
    }
    Stepper active = stepper;
    if (site != null && active != null) {
      Stepper.Point reached = active.reached(site.points, thread);
      if (reached != null) {
        group.stop();
        if (current.target.isGone()) {
          return goneMeanwhile();
        }
        countHits(site, thread);
        return continueStep(active, reached, thread);
      }
    }
    Breakpoint hit = site == null ? null : hit(site.breakpoints, thread);
    if (hit == null) {
      if (halting) {
        group.stop();
        current.currentThread = thread.id();
        reason = Reason.MANUAL;
        return true;
      }
      if (site != null && !site.watchers.isEmpty()) {
        group.resume(); // all were stopped, to give them the watch anew
      } else {
        current.target.resume(thread);
      }
      return false;
    }
    group.stop();
    if (current.target.isGone()) {
      return goneMeanwhile();
    }
    return stopAt(hit, thread, Reason.BREAKPOINT);
  }

  private @Nullable String conditionError;

  /** What else happened by the time that all were stopped. */
  private void handleOther(Stop stop) {
    switch (stop) {
      case Stop.AtBreakpoint at -> {
        Traced.Site site = current.sites.get(at.address());
        int id = at.thread().id();
        if (site != null && current.target.thread(id) != null && !stoppedAt.containsKey(id)) {
          atSentinel(site, at.address(), at.thread());
          countHits(site, at.thread());
        }
      }
      case Stop.Watched w -> {
        Breakpoint watching = Watchpoints.of(breakpoints(), w.watch());
        int id = w.thread().id();
        if (watching != null && current.target.thread(id) != null && !stoppedAt.containsKey(id)) {
          Breakpoint hit = hit(List.of(watching), w.thread());
          conditionError = null;
          if (hit != null) {
            stoppedAt.put(id, hit);
            reason = current.currentThread == id ? Reason.WATCHPOINT : reason;
          }
        }
      }
      default -> {}
    }
  }

  private void countHits(Traced.Site site, TargetThread thread) {
    Breakpoint hit = hit(site.breakpoints, thread);
    conditionError = null;
    if (hit != null) {
      stoppedAt.put(thread.id(), hit);
    }
  }

  /** A step came to one of its points: done, or on from there. */
  private boolean continueStep(Stepper active, Stepper.Point reached, TargetThread thread)
      throws SessionException {
    current.currentThread = thread.id();
    cancelSteps();
    Stepper next = active.after(reached, thread);
    if (next != null && !stoppedAt.containsKey(thread.id())) {
      if (next.hasPoints()) {
        add(next);
        group.resume();
        return false;
      }
    }
    returned = active.returned(reached, thread);
    reason = Reason.STEP;
    return true;
  }

  /** The breakpoint of a place that stops a thread, if one does. Tracepoints tell and do not. */
  private @Nullable Breakpoint hit(List<Breakpoint> here, TargetThread thread) {
    Breakpoint stopping = null;
    Scope scope = null;
    for (Breakpoint b : List.copyOf(here)) {
      if (!b.enabled) {
        continue;
      }
      if (scope == null) {
        // Outer frames are only looked at where somebody names them.
        boolean outer = here.stream().anyMatch(Breakpoint::namesFrames);
        scope = scopeAt(thread, outer ? OUTER_FRAMES : 1);
      }
      CompiledExpression condition = b.condition();
      if (condition != null) {
        try {
          if (!condition.holds(scope, hits())) {
            continue;
          }
        } catch (EvalException e) {
          String message = String.valueOf(e.getMessage());
          conditionError =
              message.startsWith("condition expression")
                  ? message
                  : "error evaluating expression: " + message;
        }
      }
      Goroutine g = scope.goroutine();
      long id = g == null ? 0 : g.id();
      b.totalHits++;
      long own = g == null ? 0 : b.hits.merge(id, 1L, Long::sum);
      Breakpoint.HitCondition hitCondition = b.hitCondition();
      if (hitCondition != null
          && !hitCondition.holds(hitCondition.perGoroutine() ? own : b.totalHits)) {
        continue;
      }
      if (b.tracepoint || b.traceReturn) {
        TraceListener listening = listener;
        if (listening != null && listening.traced(b, scope, id)) {
          continue;
        }
      }
      stopping = stopping == null ? b : stopping;
    }
    return stopping;
  }

  // State

  /** Where the session stands after it moved: what a function returned is told once. */
  private State told() {
    State state = stateNow();
    returned = null;
    return state;
  }

  /** Where the session stands. */
  public State state() throws SessionException {
    return run(this::stateNow);
  }

  /** Where the session stands; for its thread. */
  public State stateNow() {
    Stop.Exited exit = current.target.exit();
    if (exit != null) {
      return new State(
          current.target.pid(),
          true,
          exit.signal() == 0 ? exit.status() : -exit.signal(),
          List.of(),
          0,
          null,
          Reason.EXITED,
          null,
          false,
          List.of());
    }
    List<ThreadState> threads = new ArrayList<>();
    for (TargetThread thread : current.target.threads()) {
      threads.add(threadState(thread));
    }
    return new State(
        current.target.pid(),
        false,
        0,
        threads,
        current.currentThread,
        selected(),
        reason,
        returned,
        stepper != null,
        List.copyOf(outOfScope));
  }

  private ThreadState threadState(TargetThread thread) {
    try {
      Goroutine g = current.goroutines.of(thread);
      List<Frame> frames = current.stacks.of(thread, g, 1);
      return new ThreadState(
          thread.id(),
          frames.isEmpty() ? null : frames.getFirst(),
          stoppedAt.get(thread.id()),
          g == null ? 0 : g.id());
    } catch (UnreadableException e) {
      return new ThreadState(thread.id(), null, null, 0);
    }
  }

  /**
   * Makes the thread that is looked at go on elsewhere in its function, without what lies between.
   *
   * @throws SessionException if the address is in another function
   */
  public void goOnAt(long address) throws SessionException {
    requireRunnable();
    TargetThread thread = current.target.thread(current.currentThread);
    Function here = thread == null ? null : current.process.functionAt(thread.registers().pc());
    if (thread == null || here == null || !here.equals(current.process.functionAt(address))) {
      throw new SessionException(
          "can not set the next execution point outside of the current function");
    }
    if (!hasSameFrame(thread.registers().pc(), address)) {
      throw new SessionException(
          "the frame is not set up alike there: go on by a line first, so that the function's"
              + " beginning is past");
    }
    thread.registers().setPc(address);
    thread.registersChanged();
    stoppedAt.remove(thread.id());
    selectedGoroutine = 0;
    cancelSteps();
    current.target.rest();
  }

  /** Whether a frame is as large at one address as at another of the same function. */
  public boolean hasSameFrame(long one, long other) {
    CallFrames.Row here = current.program.callFrame(one - current.process.bias());
    CallFrames.Row there = current.program.callFrame(other - current.process.bias());
    return here != null
        && there != null
        && here.cfaRegister() == there.cfaRegister()
        && here.cfaOffset() == there.cfaOffset();
  }

  /** Looks at another goroutine from now on. */
  public void selectGoroutine(long id) throws SessionException {
    Goroutine g = goroutine(id);
    if (g == null) {
      throw new SessionException("unknown goroutine " + id);
    }
    selectedGoroutine = g.id();
    TargetThread thread = g.thread();
    if (thread != null) {
      current.currentThread = thread.id();
    }
  }

  /** Looks at another thread from now on. */
  public void selectThread(int id) throws SessionException {
    requireAlive();
    Traced of = group.ofThread(id);
    if (of == null) {
      throw new SessionException("unknown thread " + id);
    }
    current = of;
    current.currentThread = id;
    selectedGoroutine = 0;
  }

  /**
   * Starts the program again; breakpoints stay.
   *
   * @param arguments new ones, or null to keep those it had
   * @return breakpoints whose place is no more
   */
  public List<Breakpoint> restart(@Nullable List<String> arguments) throws SessionException {
    LiveProcess.Launch known = launch;
    if (!current.target.canRun()) {
      throw new SessionException("can not continue execution of core process");
    }
    if (known == null) {
      throw new SessionException("cannot restart process Delve did not create");
    }
    return run(() -> {
      cancelSteps();
      group.detach(true);
      List<String> words = new ArrayList<>();
      words.add(known.arguments().getFirst());
      words.addAll(
          arguments == null ? known.arguments().subList(1, known.arguments().size()) : arguments);
      LiveProcess.Launch next =
          new LiveProcess.Launch(
              words, known.environment(), known.folder(), known.redirects(), known.randomize());
      Traced made = Opening.of(executable, () -> LiveProcess.launch(next));
      long oldBias = current.process.bias();
      current = made;
      group.restarted(made);
      if (followed != null) {
        current.target.followChildren(true);
      }
      return again(oldBias);
    });
  }

  /** Puts the breakpoints into the program that was started again. */
  private List<Breakpoint> again(long oldBias) {
    stoppedAt.clear();
    interrupted = null; // the call ended with the process that made it
    selectedGoroutine = 0;
    watchedIn.clear();
    reason = Reason.LAUNCHED;
    List<Breakpoint> lost = new ArrayList<>();
    for (Breakpoint b : Watchpoints.among(breakpoints())) {
      lost.add(b); // what lies where is known when the program has run some way
      breakpoints.remove(b.id());
    }
    for (Breakpoint b : List.copyOf(breakpoints.values())) {
      if (b.suspended) {
        materialize(b);
        continue;
      }
      Location place = b.location();
      List<Long> moved =
          place.addresses().stream().map(a -> a - oldBias + current.process.bias()).toList();
      Location there = null;
      if (b.id() > 0 && !place.file().isEmpty() && !b.traceReturn) {
        try {
          Location found = current.locations.ofLine(place.file(), place.line());
          there = found;
        } catch (SessionException e) {
          lost.add(b);
          breakpoints.remove(b.id());
          continue;
        }
      }
      List<Long> addresses =
          there == null || there.addresses().containsAll(moved) ? moved : there.addresses();
      Breakpoint fresh =
          b.copyTo(new Location(addresses, place.file(), place.line(), place.function()));
      breakpoints.put(b.id(), fresh);
      insert(fresh);
    }
    return lost;
  }

  /** Sets a suspended breakpoint, if its place is found. */
  private @Nullable Breakpoint materialize(Breakpoint suspended) {
    try {
      Location found = current.locations.find(suspended.spec, scopeOrNone(-1, 0)).getFirst();
      Breakpoint fresh = suspended.copyTo(found);
      fresh.enabled = true;
      breakpoints.put(fresh.id(), fresh);
      insert(fresh);
      return fresh;
    } catch (SessionException e) {
      return null; // not yet
    }
  }

  /** Whether it ended: the process was let go, or is no more. */
  public boolean isDetached() {
    return detached;
  }

  /** Ends the session: the process goes on, or ends. */
  public void detach(boolean kill) throws SessionException {
    boolean first =
        run(() -> {
          if (detached) {
            return false;
          }
          detached = true;
          group.detach(kill);
          return true;
        });
    if (!first) {
      return;
    }
    owner.close();
    group.close();
  }

  /** Evaluates an expression. */
  public Variable evaluate(String expression, Scope scope, LoadLimits limits) {
    return CompiledExpression.of(expression).evaluate(scope, hits(), limits);
  }

  @Override
  public void close() throws SessionException {
    detach(isChild());
  }
}
