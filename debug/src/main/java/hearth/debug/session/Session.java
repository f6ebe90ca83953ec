// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.binary.BadBinaryException;
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
import hearth.debug.target.TargetException;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
  private Program program;
  private Inferior target;
  private GoProcess process;
  private Stacks stacks;
  private Goroutines goroutines;
  private Locations locations;
  private Places places;
  private final TreeMap<Integer, Breakpoint> breakpoints = new TreeMap<>();
  private final Map<Long, Site> sites = new HashMap<>();
  private final Map<Integer, Breakpoint> stoppedAt = new HashMap<>();
  private int nextId = 1;
  private int currentThread;
  private long selectedGoroutine;
  private Reason reason;
  private @Nullable Stepper stepper;
  private @Nullable List<Variable> returned;
  private final Watchpoints watchpoints = new Watchpoints(this);
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

  /** An address with a breakpoint, and everything that wants it. */
  private static final class Site {
    final List<Breakpoint> breakpoints = new ArrayList<>();
    final List<Stepper.Point> points = new ArrayList<>();
    final List<Breakpoint> watchers = new ArrayList<>();

    boolean isUnused() {
      return points.isEmpty()
          && watchers.isEmpty()
          && breakpoints.stream().noneMatch(Breakpoint::isEnabled);
    }
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

  private static final String THROW = "runtime.throw";

  private record Opened(Program program, Inferior target) {}

  /** Gets hold of what is debugged. */
  @FunctionalInterface
  private interface Opener {
    Inferior open() throws TargetException;
  }

  private Session(
      Path executable, LiveProcess.@Nullable Launch launch, Opener opener, Reason reason)
      throws SessionException {
    this.executable = executable;
    this.launch = launch;
    this.reason = reason;
    Opened opened;
    try {
      opened = owner.run(() -> open(executable, opener));
    } catch (SessionException e) {
      owner.close();
      throw e;
    }
    program = opened.program;
    target = opened.target;
    process = new GoProcess(program, target);
    stacks = new Stacks(process);
    goroutines = new Goroutines(process);
    locations = new Locations(process);
    places = new Places(process, stacks);
  }

  /** Reads the program while the target is got hold of. */
  private static Opened open(Path executable, Opener opener) throws SessionException {
    CompletableFuture<Program> reading = CompletableFuture.supplyAsync(() -> read(executable));
    Inferior target = null;
    Program program = null;
    boolean opened = false;
    try {
      if (!Files.isReadable(executable)) {
        reading.join(); // says why
      }
      // The runtime's line table is needed at once, and is long.
      reading.thenAcceptAsync(p -> p.functions(THROW).forEach(f -> p.line(f, f.low())));
      target = opener.open();
      program = reading.join();
      opened = true;
      return new Opened(program, target);
    } catch (TargetException | BadBinaryException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    } catch (CompletionException e) {
      throw new SessionException(why(executable, e.getCause()));
    } finally {
      if (!opened) {
        letGo(reading, target);
      }
    }
  }

  private static Program read(Path executable) {
    try {
      return Program.open(executable);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String why(Path executable, @Nullable Throwable cause) {
    if (!(cause instanceof UncheckedIOException)) {
      return String.valueOf(cause == null ? null : cause.getMessage());
    }
    return executable.startsWith("/proc")
        ? "could not attach to pid "
            + executable.getName(1)
            + ": cannot read "
            + executable
            + "; is there such a process, and is it yours?"
        : "could not open "
            + executable
            + ": "
            + (Files.exists(executable) ? cause.getMessage() : "no such file or directory");
  }

  private static void letGo(CompletableFuture<Program> reading, @Nullable Inferior target) {
    if (target != null) {
      target.detach(target instanceof LiveProcess process && process.isChild());
    }
    reading.whenComplete((program, failure) -> {
      if (program != null) {
        try {
          program.close();
        } catch (IOException e) {
          // nothing was written to it
        }
      }
    });
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
      for (TargetThread thread : target.threads()) {
        currentThread = currentThread == 0 ? thread.id() : currentThread;
      }
      if (!target.canRun()) {
        return true;
      }
      internalBreakpoint(
          Breakpoint.UNRECOVERED_PANIC,
          "unrecovered-panic",
          List.of("runtime.fatalpanic"),
          "runtime.curg._panic.arg");
      internalBreakpoint(
          Breakpoint.FATAL_THROW,
          "runtime-fatal-throw",
          List.of(THROW, "runtime.fatal", "runtime.fatalsignal"),
          "");
      return true;
    });
  }

  private void internalBreakpoint(int id, String name, List<String> functions, String variable) {
    List<Long> addresses = new ArrayList<>();
    for (String function : functions) {
      Location location = locations.ofFunction(function, 0);
      if (location != null) {
        addresses.addAll(location.addresses());
      }
    }
    if (addresses.isEmpty()) {
      return;
    }
    Location first = locations.at(addresses.getFirst());
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
    return program;
  }

  /** The process, as Go knows it. */
  public GoProcess process() {
    return process;
  }

  /** Stacks of the process. */
  public Stacks stacks() {
    return stacks;
  }

  /** Places that goroutines are at. */
  public Places places() {
    return places;
  }

  /** Goroutines of the process. */
  public Goroutines goroutines() {
    return goroutines;
  }

  /** The process, as the kernel knows it. */
  public Inferior target() {
    return target;
  }

  /** The executable file. */
  public Path executable() {
    return executable;
  }

  /** The program and its arguments, as the process was started. */
  public String commandLine() {
    return target.commandLine();
  }

  /** Whether it was started here, and not attached to. */
  public boolean isChild() {
    return launch != null;
  }

  /** Takes what tracepoints tell from now on; with null, tracepoints stop like others. */
  public void setTraceListener(@Nullable TraceListener listener) {
    this.listener = listener;
  }

  private void requireRunnable() throws SessionException {
    requireAlive();
    if (!target.canRun()) {
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
    Stop.Exited exit = target.exit();
    if (exit != null) {
      throw new SessionException(
          "Process "
              + target.pid()
              + " has exited with status "
              + (exit.signal() == 0 ? exit.status() : -exit.signal()));
    }
  }

  /** The goroutine that is looked at, or null. */
  public @Nullable Goroutine selected() {
    TargetThread thread = target.thread(currentThread);
    Goroutine running = thread == null ? null : goroutines.of(thread);
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
    for (TargetThread thread : target.threads()) {
      Goroutine g = goroutines.of(thread);
      if (g != null && g.id() == id) {
        return g;
      }
    }
    for (Goroutine g : goroutines.all()) {
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
        : stacks.of(g, depth, mode);
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
    if (!Ancestors.areKept(process)) {
      throw new SessionException("tracebackancestors is disabled");
    }
    return Ancestors.of(process, g, count, depth);
  }

  /** Frames of a goroutine; -1 for the one that is looked at, or the thread if it runs none. */
  public List<Frame> frames(long goroutineId, int depth) throws SessionException {
    Goroutine g = goroutine(goroutineId);
    if (g != null) {
      return stacks.of(g, depth);
    }
    TargetThread thread = target.thread(currentThread);
    return thread == null ? List.of() : stacks.of(thread, null, depth);
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
        g == null || g.thread() == null ? target.thread(currentThread) : g.thread();
    return new Scope(process, stacks, frames, frame, g, thread);
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
    List<Defers.Deferred> calls = new Defers(process).byFrame(g, frames).get(frame);
    if (deferred > calls.size()) {
      throw new SessionException(
          "Frame " + frame + " only has " + calls.size() + " deferred calls");
    }
    Defers.Deferred call = calls.get(deferred - 1);
    Function function = process.functionAt(call.wrapper());
    GoType type = process.types().named("runtime._defer");
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
    return new Scope(process, stacks, List.of(made), 0, g, g.thread());
  }

  /** The same; packages alone where there is no such frame. */
  public Scope scopeOrNone(long goroutineId, int frame) {
    try {
      return scope(goroutineId, frame);
    } catch (SessionException e) {
      return new Scope(process, stacks, List.of(), 0, null, null);
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
    TargetThread thread = target.thread(currentThread);
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
    Goroutine g = goroutines.of(thread);
    return new Scope(process, stacks, stacks.of(thread, g, depth), 0, g, thread);
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
    return locations.sourceLine(spec);
  }

  /** Finds places of the code. */
  public List<Location> find(String spec, Scope scope) throws SessionException {
    return locations.find(spec, scope);
  }

  /**
   * Finds places of the code.
   *
   * @param renamed beginnings of the paths that the program has, and what people have for them
   */
  public List<Location> find(String spec, Scope scope, Map<String, String> renamed)
      throws SessionException {
    return renamed.isEmpty()
        ? locations.find(spec, scope)
        : new Locations(process, renamed).find(spec, scope);
  }

  /** A place that consists of addresses. */
  public Location at(List<Long> addresses) {
    Location first = locations.at(addresses.getFirst());
    return new Location(
        addresses.stream().sorted().toList(), first.file(), first.line(), first.function());
  }

  /**
   * A line of a source file by the path that the program has.
   *
   * @throws SessionException if it has no code
   */
  public Location line(String file, int line) throws SessionException {
    return locations.ofLine(file, line);
  }

  /**
   * A function's start after its prologue, a line of it counted from there, or with line -1 its
   * first instruction.
   *
   * @throws SessionException if there is no such function
   */
  public Location functionLine(String name, int line) throws SessionException {
    List<Long> entries = program.functions(name).stream().map(f -> process.entry(f)).toList();
    if (line < 0 && !entries.isEmpty()) {
      return at(entries);
    }
    Location found = locations.ofFunction(name, Math.max(line, 0));
    if (found == null) {
      throw new SessionException("could not find function " + name);
    }
    return found;
  }

  /** Addresses of the instructions by which a function returns. */
  public List<Long> returns(String function) {
    return locations.returns(function);
  }

  Locations locations() {
    return locations;
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
    target.insertWatch(wanted.watch());
    boolean named = breakpoints.values().stream().anyMatch(b -> b.name.equals(expression));
    made.name = named ? "" : expression;
    breakpoints.put(id, made);
    Watchpoints.sentinels(
        made,
        (address, b) -> {
          target.insertBreakpoint(address);
          sites.computeIfAbsent(address, a -> new Site()).watchers.add(b);
        });
    return made;
  }

  private void unwatch(Breakpoint breakpoint, Watchpoint watchpoint) {
    target.removeWatch(watchpoint.watch());
    Watchpoints.sentinels(
        breakpoint,
        (address, b) -> {
          Site site = sites.get(address);
          if (site != null) {
            site.watchers.remove(b);
            forget(address, site);
          }
        });
  }

  /** Leaves a number out, as if a breakpoint of it had been set. */
  public void skipNumber() {
    nextId++;
  }

  private void insert(Breakpoint breakpoint) {
    for (long address : breakpoint.location().addresses()) {
      Site site = sites.computeIfAbsent(address, a -> new Site());
      if (!site.breakpoints.contains(breakpoint)) {
        site.breakpoints.add(breakpoint);
      }
      if (breakpoint.enabled) {
        target.insertBreakpoint(address);
      }
    }
  }

  private void forget(long address, Site site) {
    if (site.isUnused()) {
      target.removeBreakpoint(address);
    }
    if (site.breakpoints.isEmpty() && site.points.isEmpty() && site.watchers.isEmpty()) {
      sites.remove(address);
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
    return sites.containsKey(address);
  }

  /** Sets tracepoints at all places at which a function returns. */
  public void traceReturns(String function) throws SessionException {
    for (long address : locations.returns(function)) {
      Breakpoint made = new Breakpoint(nextId, locations.at(address));
      made.setTraceReturn(true);
      made.setArguments(LoadLimits.SHORT);
      insert(made);
      breakpoints.put(nextId++, made);
    }
  }

  /** Names of the functions that an expression matches, sorted. */
  public List<String> functions(java.util.regex.Pattern pattern) {
    return program.functions().stream()
        .map(Function::name)
        .filter(n -> pattern.matcher(n).find())
        .distinct()
        .sorted()
        .toList();
  }

  /** Where the indirect call leads that a thread is about to make; 0 if it is at none. */
  public long calledFrom(TargetThread thread) {
    byte[] code = process.memory().bytes(thread.registers().pc(), Instruction.MAX_LENGTH);
    Instruction call = Instruction.decode(code, 0, thread.registers().pc());
    return call == null || call.kind() != Instruction.Kind.CALL_INDIRECT
        ? 0
        : call.destination(thread.registers(), process.memory());
  }

  /** The place where a function starts, after its prologue; null if it has no code. */
  public @Nullable Location functionStart(String name) {
    return locations.ofFunction(name, 0);
  }

  /**
   * What a function returns whose thread is at its return instruction, or at the call that runs
   * what it deferred.
   */
  public List<Variable> results(Function function, TargetThread thread) {
    if (process.memory().u8(thread.registers().pc()) == CALL_OPCODE) {
      Loader loader = new Loader(process);
      List<Variable> results = new ArrayList<>();
      for (Variable v : scopeAt(thread, 1).arguments()) {
        if (v.is(Variable.RESULT)) {
          loader.prepare(v);
          results.add(v);
        }
      }
      return results;
    }
    return CallLayout.of(process, function)
        .results(
            process,
            new Loader(process),
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
    for (long address : breakpoint.location().addresses()) {
      Site site = sites.get(address);
      if (site != null) {
        site.breakpoints.remove(breakpoint);
        forget(address, site);
      }
    }
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
    for (long address : breakpoint.location().addresses()) {
      Site site = sites.get(address);
      if (site != null && breakpoint.enabled) {
        target.insertBreakpoint(address);
      } else if (site != null) {
        forget(address, site);
      }
    }
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
      target.requestHalt();
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
    if (known != null) {
      stepper = null;
      for (Stepper.Point point : known.points()) {
        Site site = sites.get(point.address());
        if (site != null) {
          site.points.remove(point);
          if (!target.isGone()) {
            forget(point.address(), site);
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
    return Stepper.callsToCome(process, frames(-1, 1).getFirst());
  }

  /** Goes on into what a call of the line calls, or to the next line if it is not made. */
  public State stepInto(Call call) throws SessionException {
    return run(() -> {
      requireRunnable();
      if (stepper != null) {
        throw new SessionException("next while nexting");
      }
      Goroutine g = selected();
      TargetThread thread = g == null ? target.thread(currentThread) : g.thread();
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
        g == null || g.thread() == null ? target.thread(currentThread) : g.thread();
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
    for (Stepper.Point point : made.points()) {
      addPoint(point);
    }
  }

  private void addPoint(Stepper.Point point) {
    try {
      target.insertBreakpoint(point.address());
      sites.computeIfAbsent(point.address(), a -> new Site()).points.add(point);
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
    currentThread = thread.id();
    outOfScope.clear();
    target.step(thread);
    reason = target.isGone() ? Reason.EXITED : Reason.STEP;
    target.pendingStops().forEach(this::handleOther);
    target.rest();
  }

  /** Runs one instruction of the thread that is looked at; over calls if {@code over}. */
  public State stepInstruction(boolean over) throws SessionException {
    return run(() -> {
      requireRunnable();
      Goroutine g = selected();
      TargetThread thread =
          g == null || g.thread() == null ? target.thread(currentThread) : g.thread();
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
      stoppedAt.clear();
      try {
        returned = calls(expression, scope, limits, injection);
        TargetThread thread = scope.thread();
        currentThread = thread == null ? currentThread : thread.id();
        selectedGoroutine = 0;
        reason = Reason.CALL;
        return told();
      } catch (EvalException | UnreadableException e) {
        throw new SessionException(String.valueOf(e.getMessage()));
      } finally {
        running = false;
        halting = false;
        if (!target.isGone()) {
          target.clearHalt();
          target.rest();
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

  /** The user stopped a call: it is gone on with when the program runs again. */
  void interruptedIn(Injection call, TargetThread thread) {
    interrupted = call;
    currentThread = thread.id();
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
      target.resume();
      while (true) {
        Stop stop = target.next();
        if (handle(stop)) {
          break;
        }
      }
      for (Stop stop : target.pendingStops()) {
        handleOther(stop);
      }
    } finally {
      running = false;
      halting = false;
      target.clearHalt();
      target.rest();
    }
  }

  private boolean handle(Stop stop) throws SessionException {
    return switch (stop) {
      case Stop.Exited e -> {
        reason = Reason.EXITED;
        cancelSteps();
        yield true;
      }
      case Stop.Halted h -> {
        target.stopAll();
        currentThread = h.thread().id();
        reason = Reason.MANUAL;
        yield true;
      }
      case Stop.OwnTrap t when isOfCall(t.thread()) -> {
        target.stopAll();
        Injection call = interrupted;
        if (call != null && call.goOn(t.thread())) {
          interrupted = null;
        }
        target.resume();
        yield false;
      }
      case Stop.OwnTrap t -> {
        target.stopAll();
        currentThread = t.thread().id();
        reason = Reason.HARDCODED_BREAKPOINT;
        cancelSteps();
        ownBreakpoint(t.thread());
        yield true;
      }
      case Stop.Watched w -> watched(w);
      case Stop.Executed x -> {
        // Another program runs now; what was known of the old one does not hold.
        sites.clear();
        breakpoints.clear();
        stepper = null;
        target.resume(x.thread());
        yield false;
      }
      case Stop.AtBreakpoint at -> atBreakpoint(at);
    };
  }

  private boolean isOfCall(TargetThread thread) {
    return interrupted != null
        && Injection.isOfProtocol(process.functionAt(thread.registers().pc()));
  }

  /** A breakpoint of the program's own: the call that makes it is left, if it is the runtime's. */
  private void ownBreakpoint(TargetThread thread) {
    for (int i = 0; i < MAX_OWN_STEPS && !target.isGone(); i++) {
      Function function = process.functionAt(thread.registers().pc());
      boolean own =
          function != null
              && (function.name().equals("runtime.breakpoint")
                  || function.name().equals("runtime.Breakpoint"));
      if (!own || !target.step(thread)) {
        break;
      }
    }
    if (!target.isGone()) {
      Breakpoint breakpoint =
          new Breakpoint(Breakpoint.HARDCODED, locations.at(thread.registers().pc()));
      breakpoint.name = "hardcoded-breakpoint";
      stoppedAt.put(thread.id(), breakpoint);
    }
  }

  /** A thread used memory that is watched. */
  private boolean watched(Stop.Watched stop) throws SessionException {
    target.stopAll();
    TargetThread thread = stop.thread();
    Breakpoint watching = Watchpoints.of(breakpoints(), stop.watch());
    if (target.isGone() || watching == null) {
      target.resume();
      return false;
    }
    if (!watchpoints.isInScope(watching, thread)) {
      return endWatch(watching, thread);
    }
    if (hit(List.of(watching), thread) == null) {
      target.resume();
      return false;
    }
    return stopAt(watching, thread, Reason.WATCHPOINT);
  }

  private boolean endWatch(Breakpoint watching, TargetThread thread) {
    clear(watching);
    outOfScope.add(watching);
    currentThread = thread.id();
    reason = Reason.WATCHPOINT;
    return true;
  }

  /** Looks after watchpoints that have a sentinel here; whether one of them ended. */
  private boolean atSentinel(Site site, long address, TargetThread thread) {
    boolean ended = false;
    for (Breakpoint b : List.copyOf(site.watchers)) {
      switch (watchpoints.reached(b, address, thread)) {
        case MOVED -> {
          target.stopAll();
          watchpoints.follow(b, thread);
        }
        case OUT_OF_SCOPE -> {
          target.stopAll();
          ended |= endWatch(b, thread);
        }
        case NOTHING -> {}
      }
    }
    return ended;
  }

  private boolean stopAt(Breakpoint hit, TargetThread thread, Reason why) throws SessionException {
    stoppedAt.put(thread.id(), hit);
    currentThread = thread.id();
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
    Site site = sites.get(at.address());
    if (site != null && !site.watchers.isEmpty() && atSentinel(site, at.address(), thread)) {
      countHits(site, thread);
      return true;
    }
    Stepper active = stepper;
    if (site != null && active != null) {
      Stepper.Point reached = active.reached(site.points, thread);
      if (reached != null) {
        target.stopAll();
        if (target.isGone()) {
          reason = Reason.EXITED;
          return true;
        }
        countHits(site, thread);
        return continueStep(active, reached, thread);
      }
    }
    Breakpoint hit = site == null ? null : hit(site.breakpoints, thread);
    if (hit == null) {
      if (halting) {
        target.stopAll();
        currentThread = thread.id();
        reason = Reason.MANUAL;
        return true;
      }
      if (site != null && !site.watchers.isEmpty()) {
        target.resume(); // all were stopped, to give them the watch anew
      } else {
        target.resume(thread);
      }
      return false;
    }
    target.stopAll();
    if (target.isGone()) {
      reason = Reason.EXITED;
      return true;
    }
    return stopAt(hit, thread, Reason.BREAKPOINT);
  }

  private @Nullable String conditionError;

  /** What else happened by the time that all were stopped. */
  private void handleOther(Stop stop) {
    switch (stop) {
      case Stop.AtBreakpoint at -> {
        Site site = sites.get(at.address());
        int id = at.thread().id();
        if (site != null && target.thread(id) != null && !stoppedAt.containsKey(id)) {
          atSentinel(site, at.address(), at.thread());
          countHits(site, at.thread());
        }
      }
      case Stop.Watched w -> {
        Breakpoint watching = Watchpoints.of(breakpoints(), w.watch());
        int id = w.thread().id();
        if (watching != null && target.thread(id) != null && !stoppedAt.containsKey(id)) {
          Breakpoint hit = hit(List.of(watching), w.thread());
          conditionError = null;
          if (hit != null) {
            stoppedAt.put(id, hit);
            reason = currentThread == id ? Reason.WATCHPOINT : reason;
          }
        }
      }
      default -> {}
    }
  }

  private void countHits(Site site, TargetThread thread) {
    Breakpoint hit = hit(site.breakpoints, thread);
    conditionError = null;
    if (hit != null) {
      stoppedAt.put(thread.id(), hit);
    }
  }

  /** A step came to one of its points: done, or on from there. */
  private boolean continueStep(Stepper active, Stepper.Point reached, TargetThread thread)
      throws SessionException {
    currentThread = thread.id();
    cancelSteps();
    Stepper next = active.after(reached, thread);
    if (next != null && !stoppedAt.containsKey(thread.id())) {
      if (next.hasPoints()) {
        add(next);
        target.resume();
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
    Stop.Exited exit = target.exit();
    if (exit != null) {
      return new State(
          target.pid(),
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
    for (TargetThread thread : target.threads()) {
      threads.add(threadState(thread));
    }
    return new State(
        target.pid(),
        false,
        0,
        threads,
        currentThread,
        selected(),
        reason,
        returned,
        stepper != null,
        List.copyOf(outOfScope));
  }

  private ThreadState threadState(TargetThread thread) {
    try {
      Goroutine g = goroutines.of(thread);
      List<Frame> frames = stacks.of(thread, g, 1);
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
    TargetThread thread = target.thread(currentThread);
    Function here = thread == null ? null : process.functionAt(thread.registers().pc());
    if (thread == null || here == null || !here.equals(process.functionAt(address))) {
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
    target.rest();
  }

  /** Whether a frame is as large at one address as at another of the same function. */
  public boolean hasSameFrame(long one, long other) {
    CallFrames.Row here = program.callFrame(one - process.bias());
    CallFrames.Row there = program.callFrame(other - process.bias());
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
      currentThread = thread.id();
    }
  }

  /** Looks at another thread from now on. */
  public void selectThread(int id) throws SessionException {
    requireAlive();
    if (target.thread(id) == null) {
      throw new SessionException("unknown thread " + id);
    }
    currentThread = id;
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
    if (!target.canRun()) {
      throw new SessionException("can not continue execution of core process");
    }
    if (known == null) {
      throw new SessionException("cannot restart process Delve did not create");
    }
    return run(() -> {
      cancelSteps();
      target.detach(true);
      List<String> words = new ArrayList<>();
      words.add(known.arguments().getFirst());
      words.addAll(
          arguments == null ? known.arguments().subList(1, known.arguments().size()) : arguments);
      LiveProcess.Launch next =
          new LiveProcess.Launch(
              words, known.environment(), known.folder(), known.redirects(), known.randomize());
      Opened opened = open(executable, () -> LiveProcess.launch(next));
      Program old = program;
      long oldBias = process.bias();
      program = opened.program;
      target = opened.target;
      process = new GoProcess(program, target);
      stacks = new Stacks(process);
      goroutines = new Goroutines(process);
      locations = new Locations(process);
      places = new Places(process, stacks);
      try {
        old.close();
      } catch (IOException e) {
        // nothing was written to it
      }
      return again(oldBias);
    });
  }

  /** Puts the breakpoints into the program that was started again. */
  private List<Breakpoint> again(long oldBias) {
    sites.clear();
    stoppedAt.clear();
    interrupted = null; // the call ended with the process that made it
    currentThread = 0;
    selectedGoroutine = 0;
    for (TargetThread thread : target.threads()) {
      currentThread = currentThread == 0 ? thread.id() : currentThread;
    }
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
      List<Long> moved = place.addresses().stream().map(a -> a - oldBias + process.bias()).toList();
      Location there = null;
      if (b.id() > 0 && !place.file().isEmpty() && !b.traceReturn) {
        try {
          Location found = locations.ofLine(place.file(), place.line());
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
  private void materialize(Breakpoint suspended) {
    try {
      Location found = locations.find(suspended.spec, scopeOrNone(-1, 0)).getFirst();
      Breakpoint fresh = suspended.copyTo(found);
      fresh.enabled = true;
      breakpoints.put(fresh.id(), fresh);
      insert(fresh);
    } catch (SessionException e) {
      // not yet
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
          target.detach(kill);
          return true;
        });
    if (!first) {
      return;
    }
    owner.close();
    try {
      program.close();
    } catch (IOException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    }
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
