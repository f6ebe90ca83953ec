// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A process under ptrace (ptrace(2), with PTRACE_SEIZE throughout).
 *
 * <p>Either all threads are stopped, or some run: {@link #resume} lets all run, {@link #next} waits
 * until something happens to one of them, while the others run on. Whoever asks then either lets
 * that thread run on ({@link #resume(TargetThread)}) or stops them all ({@link #stopAll}). A
 * breakpoint is stepped over without being taken out, so other threads cannot miss it: by carrying
 * out the instruction that it replaced, or by running a copy of it elsewhere.
 *
 * <p>All methods but {@link #requestHalt} and the reading of memory are for the thread that made
 * it.
 */
public final class LiveProcess implements Inferior, AutoCloseable {
  private static final int AT_ENTRY = 9;
  private static final int TRAP = 0xcc;
  private static final int SCRATCH_LENGTH = 16;
  private static final int MAX_ATTEMPTS = 100;

  private final Family family;
  private final Linux linux;
  private final int pid;
  private final boolean child;
  private final Map<Integer, Tracee> threads = new LinkedHashMap<>();
  private final TreeMap<Long, Byte> breakpoints = new TreeMap<>();
  private final ArrayDeque<Stop> pending = new ArrayDeque<>();
  private final DebugRegisters watches = new DebugRegisters();
  private long entryPoint;
  private Stop.@Nullable Exited exit;
  private volatile boolean haltRequested;

  /** Whether its threads are being stopped: one that stops for another reason stays so. */
  private boolean stopping;

  private int options;

  /** Whether breakpoints are in the program's code: only while it runs, or is about to. */
  private boolean planted;

  /** Whether it ended while news of another process was waited for. */
  private boolean endUntold;

  /** Who puts the code back if the debugger is killed; a process started here ends with it. */
  private @Nullable Guardian guardian;

  private byte @Nullable [] scratchOriginal;
  private byte @Nullable [] scratchCurrent;

  /**
   * What is started.
   *
   * @param arguments the program's path, absolute, and its arguments
   * @param folder where it is started, or null for here
   * @param redirects paths for its descriptors 0, 1 and 2; null leaves one as it is here
   * @param randomize whether addresses are chosen by chance, as usual
   */
  public record Launch(
      List<String> arguments,
      Map<String, String> environment,
      @Nullable String folder,
      @Nullable String[] redirects,
      boolean randomize) {}

  private final class Tracee implements TargetThread {
    private final int id;
    private boolean running = true;
    private int signal;
    private boolean atReported;
    private @Nullable Registers registers;
    private boolean changed;
    private int watchVersion;

    Tracee(int id) {
      this.id = id;
    }

    @Override
    public int id() {
      return id;
    }

    @Override
    public int process() {
      return pid;
    }

    @Override
    public Registers registers() {
      Registers known = registers;
      if (known != null) {
        return known;
      }
      long[] values = new long[Registers.COUNT];
      int result = linux.registers(Linux.PTRACE_GETREGS, id, values);
      if (result < 0) {
        throw new UnreadableException(
            "cannot read registers of thread " + id + ": error " + -result);
      }
      Registers read = new Registers(values);
      registers = read;
      return read;
    }

    @Override
    public void registersChanged() {
      changed = true;
    }

    @Override
    public byte[] floatingPoint() {
      byte[] fxsave = new byte[512];
      int result = linux.floatingPoint(Linux.PTRACE_GETFPREGS, id, fxsave);
      if (result < 0) {
        throw new UnreadableException(
            "cannot read registers of thread " + id + ": error " + -result);
      }
      return fxsave;
    }

    @Override
    public void setFloatingPoint(byte[] fxsave) {
      linux.floatingPoint(Linux.PTRACE_SETFPREGS, id, fxsave);
    }

    /** Hands changed registers over; what was read holds no longer. */
    private void flush() {
      Registers known = registers;
      if (known != null && changed) {
        linux.registers(Linux.PTRACE_SETREGS, id, known.values);
      }
      changed = false;
      registers = null;
    }

    /** Lets it run, with the signal that it waits for. */
    private void go(int request) {
      flush();
      if (watchVersion != watches.version()) {
        watch();
      }
      running = true;
      atReported = false;
      int deliver = signal;
      signal = 0;
      // An error means that it died just now: its end is told by the next wait.
      linux.ptrace(request, id, 0, deliver);
    }

    /** Gives it the debug registers that all have; what the kernel answers if it refuses. */
    private int watch() {
      watchVersion = watches.version();
      int result = debugRegister(DebugRegisters.CONTROL, 0);
      for (int i = 0; i < 4 && result >= 0; i++) {
        result = debugRegister(i, watches.address(i));
      }
      return result < 0 ? result : debugRegister(DebugRegisters.CONTROL, watches.control());
    }

    /** Switches its watches off until it runs again. */
    private void unwatch() {
      watchVersion = -1;
      debugRegister(DebugRegisters.CONTROL, 0);
    }

    private int debugRegister(int number, long value) {
      return linux.ptrace(Linux.PTRACE_POKEUSER, id, Linux.DEBUG_REGISTERS_AT + 8L * number, value);
    }

    /** The watch that it ran into since that was asked last, or null. */
    private @Nullable Watch watched() {
      if (watches.isEmpty()) {
        return null;
      }
      long status = linux.peekUser(id, Linux.DEBUG_REGISTERS_AT + 8L * DebugRegisters.STATUS);
      Watch hit = watches.hit(status);
      if (hit != null) {
        debugRegister(DebugRegisters.STATUS, 0);
      }
      return hit;
    }
  }

  private LiveProcess(Family family, int pid, boolean child) {
    this.family = family;
    linux = family.linux;
    this.pid = pid;
    this.child = child;
  }

  /**
   * Gets the calls of the system ready on another thread, which take a while the first time: for
   * whoever knows that a process will be traced, and has something else to do before.
   */
  public static void prepare() {
    Thread.ofPlatform().name("linker").daemon().start(() -> Linux.signal(0, 0));
  }

  /**
   * Starts a program and stops it before its first instruction.
   *
   * @throws TargetException if it cannot be started
   */
  public static LiveProcess launch(Launch launch) throws TargetException {
    Family family = new Family();
    Linux linux = family.linux;
    boolean started = false;
    int spawned = 0;
    try {
      // A JVM cannot fork by itself; a shell waits, stopped, until it is traced.
      List<String> arguments = new ArrayList<>();
      if (!launch.randomize) {
        arguments.addAll(List.of("/usr/bin/setarch", "-R"));
      }
      arguments.addAll(List.of("/bin/sh", "-c", "kill -STOP $$; exec \"$@\"", "sh"));
      arguments.addAll(launch.arguments);
      int pid = linux.spawn(arguments, launch.environment, launch.folder, launch.redirects);
      spawned = pid;
      if (pid < 0) {
        String folder = launch.folder;
        throw new TargetException(
            folder != null && !Files.isDirectory(Path.of(folder))
                ? "could not launch process: there is no folder " + folder + "; see --wd"
                : "could not launch process: the system refused, error " + -pid);
      }
      int result = linux.waitFor(pid, false);
      if (result != pid || (linux.status() & 0xff) != 0x7f) {
        throw new TargetException("could not launch process: the shell ended");
      }
      LiveProcess process = new LiveProcess(family, pid, true);
      family.add(process);
      process.seize(pid, Linux.OPTION_EXITKILL);
      Linux.signal(pid, Linux.SIGCONT);
      Stop stop = process.next();
      while (!(stop instanceof Stop.Executed)
          || (!launch.randomize && process.isShellOrWrapper(launch.arguments.getFirst()))) {
        if (stop instanceof Stop.Exited exited) {
          throw new TargetException(
              "could not launch process: the program could not be run (status "
                  + exited.status()
                  + ")");
        }
        process.resume();
        stop = process.next();
      }
      process.findEntryPoint();
      started = true;
      return process;
    } finally {
      if (!started) {
        if (spawned > 0) {
          Linux.signal(spawned, Linux.SIGKILL);
          linux.waitFor(spawned, false);
        }
        linux.close();
      }
    }
  }

  private boolean isShellOrWrapper(String program) {
    try {
      return !Files.isSameFile(Path.of("/proc/" + pid + "/exe"), Path.of(program));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Attaches to a process that runs, and stops it. Not one that this JVM started: the JVM waits for
   * its own children, and would take what the kernel tells of them.
   *
   * @throws TargetException if that is not allowed, or there is no such process
   */
  public static LiveProcess attach(int pid) throws TargetException {
    Family family = new Family();
    Linux linux = family.linux;
    LiveProcess process = new LiveProcess(family, pid, false);
    family.add(process);
    boolean attached = false;
    try {
      process.seize(pid, 0);
      boolean more = true;
      while (more) { // threads that are made while we look are found by looking again
        more = false;
        for (int id : tasks(pid)) {
          if (!process.threads.containsKey(id)) {
            more = true;
            try {
              process.seize(id, 0);
            } catch (TargetException e) {
              process.threads.remove(id); // it ended meanwhile
            }
          }
        }
      }
      process.stopAll();
      if (process.exit != null) {
        throw new TargetException("could not attach to pid " + pid + ": it ended");
      }
      process.findEntryPoint();
      attached = true;
      return process;
    } finally {
      if (!attached) {
        process.threads.keySet().forEach(id -> linux.ptrace(Linux.PTRACE_DETACH, id, 0, 0));
        linux.close();
      }
    }
  }

  /**
   * A child that is traced since it was made, and runs a program now.
   *
   * @throws TargetException if it is gone
   */
  static LiveProcess spawned(Family family, int pid, boolean child) throws TargetException {
    LiveProcess process = new LiveProcess(family, pid, child);
    process.threads.put(pid, process.new Tracee(pid));
    process.threads.values().forEach(t -> t.running = false);
    process.options =
        Linux.OPTION_TRACECLONE
            | Linux.OPTION_TRACEEXEC
            | (child ? Linux.OPTION_EXITKILL : 0); // as its parent's, whose it got
    process.findEntryPoint();
    return process;
  }

  private static List<Integer> tasks(int pid) throws TargetException {
    List<Integer> ids = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path entry : entries) {
        ids.add(Integer.valueOf(entry.getFileName().toString()));
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      throw new TargetException("could not attach to pid " + pid + ": no such process");
    }
    return ids;
  }

  private void seize(int id, int moreOptions) throws TargetException {
    options = Linux.OPTION_TRACECLONE | Linux.OPTION_TRACEEXEC | moreOptions;
    int result = linux.ptrace(Linux.PTRACE_SEIZE, id, 0, options | family.options());
    if (result == -Linux.EPERM) {
      throw new TargetException(
          "could not attach to pid "
              + pid
              + ": this could be caused by a kernel security setting, try writing \"0\" to"
              + " /proc/sys/kernel/yama/ptrace_scope");
    }
    if (result < 0) {
      throw new TargetException("could not attach to pid " + pid + ": no such process");
    }
    threads.put(id, new Tracee(id));
  }

  /** Tells the kernel of what threads do it is to tell. */
  void setOptions() {
    for (Tracee thread : threads.values()) {
      if (!thread.running) {
        linux.ptrace(Linux.PTRACE_SETOPTIONS, thread.id, 0, options | family.options());
      }
    }
  }

  @Override
  public void followChildren(boolean on) {
    family.follow(on);
  }

  private void findEntryPoint() throws TargetException {
    try {
      byte[] vector = Files.readAllBytes(Path.of("/proc/" + pid + "/auxv"));
      for (int i = 0; i + 16 <= vector.length; i += 16) {
        if ((long) LONG.get(vector, i) == AT_ENTRY) {
          entryPoint = (long) LONG.get(vector, i + 8);
          return;
        }
      }
    } catch (IOException e) {
      throw new TargetException("cannot read /proc/" + pid + "/auxv: " + e.getMessage());
    }
    throw new TargetException("/proc/" + pid + "/auxv does not tell where the program begins");
  }

  @Override
  public int pid() {
    return pid;
  }

  /** Whether it was started here, and not attached to. */
  public boolean isChild() {
    return child;
  }

  @Override
  public boolean canRun() {
    return true;
  }

  @Override
  public Collection<? extends TargetThread> threads() {
    return threads.values();
  }

  @Override
  public @Nullable TargetThread thread(int id) {
    return threads.get(id);
  }

  @Override
  public long entryPoint() {
    return entryPoint;
  }

  @Override
  public boolean isGone() {
    return exit != null;
  }

  @Override
  public Stop.@Nullable Exited exit() {
    return exit;
  }

  // Running and stopping

  @Override
  public Stop next() {
    while (true) {
      Stop known = poll();
      if (known != null) {
        return known;
      }
      Stop.Exited gone = exit;
      if (gone != null) {
        return gone;
      }
      Stop stop = await();
      if (stop != null) {
        if (stop.process() == pid) {
          return stop;
        }
        keep(stop);
      }
    }
  }

  @Override
  public Stop nextOfAll() {
    while (true) {
      Stop known = family.known();
      if (known != null) {
        return known;
      }
      if (family.members().stream().allMatch(LiveProcess::isGone)) {
        Stop.Exited gone = exit;
        return gone == null ? exited(0, Linux.SIGKILL) : gone;
      }
      Stop stop = await();
      if (stop != null) {
        return stop;
      }
    }
  }

  @Override
  public List<Inferior> newChildren() {
    return family.untold();
  }

  /** Waits for news of any process; if there is none to come, this one is gone. */
  private @Nullable Stop await() {
    int id = linux.waitFor(-1, false);
    return id < 0 ? exited(0, Linux.SIGKILL) : family.take(id, linux.status());
  }

  /** What happened to another process waits until that is asked. */
  private void keep(Stop stop) {
    if (stop instanceof Stop.Spawned s) {
      family.keep(s);
      return;
    }
    for (LiveProcess member : family.members()) {
      if (member.pid == stop.process()) {
        if (stop instanceof Stop.Exited) {
          member.endUntold = true;
        } else {
          member.pending.add(stop);
        }
      }
    }
  }

  /** What happened to it and was not told, or null. */
  @Nullable Stop poll() {
    Stop known = pending.poll();
    Stop.Exited gone = exit;
    if (known == null && gone != null && endUntold) {
      endUntold = false;
      return gone;
    }
    return known;
  }

  boolean has(int id) {
    return threads.containsKey(id);
  }

  private Stop.Exited exited(int status, int signal) {
    Stop.Exited made = new Stop.Exited(pid, status, signal);
    exit = made;
    threads.clear();
    return made;
  }

  /** Takes what a wait told. A thread that need not stop goes on, unless all are being stopped. */
  @Nullable Stop handle(int id, int status) {
    int low = status & 0x7f;
    if (low != 0x7f) { // it ended
      threads.remove(id);
      if (id == pid) {
        return low == 0 ? exited((status >> 8) & 0xff, 0) : exited(0, low);
      }
      return null;
    }
    int signal = (status >> 8) & 0xff;
    int event = status >> 16;
    Tracee thread = threads.computeIfAbsent(id, Tracee::new);
    thread.running = false;
    thread.registers = null;
    switch (event) {
      case Linux.EVENT_CLONE -> {
        int made = (int) linux.eventMessage(id);
        if (made > 0) {
          threads.computeIfAbsent(made, Tracee::new);
        }
      }
      case Linux.EVENT_FORK, Linux.EVENT_VFORK ->
          family.forked(this, (int) linux.eventMessage(id), event == Linux.EVENT_VFORK);
      case Linux.EVENT_EXEC -> {
        threads.keySet().removeIf(other -> other != pid);
        thread = threads.computeIfAbsent(pid, Tracee::new);
        thread.running = false;
        breakpoints.clear();
        forgetCode();
        watches.clear();
        scratchOriginal = null;
        scratchCurrent = null;
        try {
          findEntryPoint();
        } catch (TargetException e) {
          return null; // it is gone, which is told next
        }
        return new Stop.Executed(thread);
      }
      case Linux.EVENT_STOP -> {
        if (signal == Linux.SIGSTOP || (signal >= 20 && signal <= 22)) {
          if (!stopping) { // somebody stopped the process: it stays so, and still counts as running
            thread.running = true;
            linux.ptrace(Linux.PTRACE_LISTEN, id, 0, 0);
            return null;
          }
        }
      }
      default -> {
        if (signal == Linux.SIGTRAP) {
          Stop trap = trap(thread);
          if (trap != null) {
            return trap;
          }
        } else if (signal == Linux.SIGURG && haltRequested) {
          haltRequested = false;
          return new Stop.Halted(thread);
        } else {
          thread.signal = signal;
        }
      }
    }
    if (!stopping) {
      thread.go(Linux.PTRACE_CONT);
    }
    return null;
  }

  private @Nullable Stop trap(Tracee thread) {
    Watch watch = thread.watched();
    if (watch != null) {
      return new Stop.Watched(thread, watch);
    }
    Registers registers = thread.registers();
    long at = registers.pc() - 1;
    if (breakpoints.containsKey(at)) {
      registers.setPc(at);
      thread.registersChanged();
      thread.atReported = true;
      return new Stop.AtBreakpoint(thread, at);
    }
    byte[] one = new byte[1];
    if (Linux.readMemory(pid, at, one, 0, 1) == 1 && (one[0] & 0xff) == TRAP) {
      return new Stop.OwnTrap(thread);
    }
    return null;
  }

  @Override
  public void stopAll() {
    stopping = true;
    try {
      for (Tracee thread : threads.values()) {
        if (thread.running) {
          linux.ptrace(Linux.PTRACE_INTERRUPT, thread.id, 0, 0);
        }
      }
      while (exit == null && !haveStopped()) {
        Stop stop = await();
        if (stop != null) {
          keep(stop);
        }
      }
      for (Tracee thread : List.copyOf(threads.values())) {
        if (exit == null) {
          settle(thread);
        }
      }
    } finally {
      stopping = false;
    }
  }

  /**
   * Asks each thread that runs by itself whether it stopped: to find any one of ten thousand, the
   * kernel looks at all.
   *
   * @return whether none runs any more, or the process ended
   */
  private boolean haveStopped() {
    boolean all = true;
    for (Tracee thread : List.copyOf(threads.values())) {
      if (thread.running && exit == null) {
        int id = linux.waitFor(thread.id, true);
        Stop stop = id > 0 ? family.take(id, linux.status()) : null;
        if (stop != null) {
          keep(stop);
        }
        all &= id > 0 && !thread.running;
      }
    }
    return exit != null || (all && threads.values().stream().noneMatch(t -> t.running));
  }

  /**
   * A thread may be interrupted after it ran into a breakpoint and before the kernel told so. Its
   * trap would then come later, when the breakpoint may be gone, and end the program: it is fetched
   * now. The kernel delivers it before the thread runs any instruction.
   */
  private void settle(Tracee thread) {
    if (breakpoints.isEmpty()
        || thread.atReported
        || !breakpoints.containsKey(thread.registers().pc() - 1)
        || !isTrapPending(thread)) {
      return;
    }
    thread.go(Linux.PTRACE_CONT);
    int id = linux.waitFor(thread.id, false);
    if (id > 0) {
      Stop stop = handle(id, linux.status());
      if (stop != null && !(stop instanceof Stop.Exited)) {
        pending.add(stop);
      }
    }
  }

  private boolean isTrapPending(Tracee thread) {
    try {
      for (String line :
          Files.readAllLines(Path.of("/proc/" + pid + "/task/" + thread.id + "/status"))) {
        if (line.startsWith("SigPnd:")) {
          long signals = Long.parseUnsignedLong(line.substring(7).trim(), 16);
          return (signals & (1L << (Linux.SIGTRAP - 1))) != 0;
        }
      }
    } catch (IOException e) {
      return false; // it ended
    }
    return false;
  }

  @Override
  public List<Stop> pendingStops() {
    List<Stop> result = List.copyOf(pending);
    pending.clear();
    return result;
  }

  /**
   * Makes the thread that waits in {@link #next} come back with {@link Stop.Halted}. From any
   * thread. The signal used is one that Go's runtime takes at any time, so nothing is harmed should
   * it arrive late.
   */
  @Override
  public void requestHalt() {
    haltRequested = true;
    Linux.signal(pid, Linux.SIGURG);
  }

  @Override
  public void clearHalt() {
    haltRequested = false;
  }

  @Override
  public void rest() {
    if (exit != null || threads.values().stream().anyMatch(t -> t.running)) {
      return;
    }
    if (planted) {
      planted = false;
      breakpoints.forEach(this::restore);
    }
    for (Tracee thread : List.copyOf(threads.values())) {
      thread.flush();
      if (!watches.isEmpty()) {
        thread.unwatch();
      }
    }
  }

  private void restore(long address, byte original) {
    try {
      poke(address, new byte[] {original});
    } catch (UnreadableException e) {
      // its code is there no more
    }
  }

  /** Puts the breakpoints into the code; all threads are stopped. */
  private void plant() {
    if (!planted && exit == null) {
      planted = true;
      for (long address : breakpoints.keySet()) {
        try {
          poke(address, new byte[] {(byte) TRAP});
        } catch (UnreadableException e) {
          // its code is there no more: nobody comes by
        }
      }
    }
  }

  @Override
  public void resume() {
    for (Tracee thread : List.copyOf(threads.values())) {
      if (!thread.running && exit == null) {
        resume(thread);
      }
    }
  }

  @Override
  public void resume(TargetThread stopped) {
    Tracee thread = (Tracee) stopped;
    if (pending.stream().anyMatch(s -> isOf(s, thread))) {
      return; // what happened to it is told first
    }
    plant();
    // A breakpoint that was set where the thread stands has not been told: it will be hit.
    if (!thread.atReported || leaveBreakpoint(thread)) {
      if (pending.stream().noneMatch(s -> isOf(s, thread))) { // else it ran into a watch
        thread.go(Linux.PTRACE_CONT);
      }
    }
  }

  /**
   * Gets a thread past the breakpoint that it is at, if it is at one.
   *
   * @return false if it died
   */
  private boolean leaveBreakpoint(Tracee thread) {
    long pc = thread.registers().pc();
    if (!breakpoints.containsKey(pc)) {
      return true;
    }
    byte[] code = readCode(pc);
    Instruction instruction = Instruction.decode(code, 0, pc);
    if (instruction != null) {
      try {
        if (watches.isEmpty() && Emulator.step(instruction, thread.registers(), this)) {
          thread.registersChanged();
          return true;
        }
      } catch (UnreadableException e) {
        // then the instruction faults, which it does best by itself
      }
      if (instruction.kind() == Instruction.Kind.OTHER && pc != entryPoint) {
        return stepCopy(thread, instruction, code);
      }
    }
    return stepInPlace(thread, pc);
  }

  private byte[] readCode(long pc) {
    byte[] code = new byte[Instruction.MAX_LENGTH];
    int count = Linux.readMemory(pid, pc, code, 0, code.length);
    for (int i = Math.max(count, 0); i < code.length; i++) {
      code[i] = (byte) TRAP;
    }
    maskBreakpoints(pc, code, 0, code.length);
    return code;
  }

  /** Runs a copy of an instruction where the program began, which nobody runs a second time. */
  private boolean stepCopy(Tracee thread, Instruction instruction, byte[] code) {
    byte[] copy = new byte[SCRATCH_LENGTH];
    System.arraycopy(code, 0, copy, 0, instruction.length());
    long pc = instruction.pc();
    if (instruction.isPcRelative()) {
      long displacement = instruction.displacement() + (pc - entryPoint);
      if ((int) displacement != displacement) {
        return stepInPlace(thread, pc);
      }
      System.arraycopy(
          Memory.littleEndian(displacement, 4), 0, copy, instruction.displacementAt(), 4);
    }
    if (scratchOriginal == null) {
      byte[] original = new byte[SCRATCH_LENGTH];
      if (Linux.readMemory(pid, entryPoint, original, 0, SCRATCH_LENGTH) != SCRATCH_LENGTH) {
        return stepInPlace(thread, pc);
      }
      scratchOriginal = original;
      for (int i = 0; i < SCRATCH_LENGTH; i++) {
        remember(entryPoint + i, original[i]);
      }
    }
    if (!java.util.Arrays.equals(copy, scratchCurrent)) {
      poke(entryPoint, copy);
      scratchCurrent = copy;
    }
    Registers registers = thread.registers();
    registers.setPc(entryPoint);
    thread.registersChanged();
    if (!singleStep(thread)) {
      return false;
    }
    registers = thread.registers();
    long moved = registers.pc() - entryPoint;
    if (moved >= 0 && moved <= SCRATCH_LENGTH) {
      registers.setPc(pc + moved);
      thread.registersChanged();
    }
    return true;
  }

  private boolean stepInPlace(Tracee thread, long pc) {
    // Others must not run past while the breakpoint is out.
    List<Tracee> others = threads.values().stream().filter(t -> t.running).toList();
    if (!others.isEmpty()) {
      stopAll();
    }
    Byte original = breakpoints.get(pc);
    if (original != null && planted) {
      poke(pc, new byte[] {original});
    }
    boolean alive = exit == null && singleStep(thread);
    if (original != null && exit == null && planted) {
      poke(pc, new byte[] {(byte) TRAP});
    }
    for (Tracee other : others) {
      boolean reported = pending.stream().anyMatch(s -> isOf(s, other));
      if (threads.containsKey(other.id) && !reported) {
        resume(other);
      }
    }
    return alive;
  }

  private static boolean isOf(Stop stop, Tracee thread) {
    return switch (stop) {
      case Stop.AtBreakpoint s -> s.thread() == thread;
      case Stop.Watched s -> s.thread() == thread;
      case Stop.OwnTrap s -> s.thread() == thread;
      case Stop.Halted s -> s.thread() == thread;
      case Stop.Executed s -> s.thread() == thread;
      case Stop.Exited s -> false;
      case Stop.Spawned s -> false;
    };
  }

  /**
   * Runs one instruction of a thread, without regard to breakpoints.
   *
   * @return false if the thread died of it
   */
  private boolean singleStep(Tracee thread) {
    int keep = thread.signal;
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      thread.signal = 0;
      thread.go(Linux.PTRACE_SINGLESTEP);
      int id = linux.waitFor(thread.id, false);
      if (id < 0) {
        return false;
      }
      int status = linux.status();
      if ((status & 0x7f) != 0x7f) {
        handle(id, status);
        return false;
      }
      thread.running = false;
      thread.registers = null;
      int signal = (status >> 8) & 0xff;
      int event = status >> 16;
      if (event == 0 && signal == Linux.SIGTRAP) {
        thread.signal = keep;
        Watch watch = thread.watched();
        if (watch != null) {
          pending.add(new Stop.Watched(thread, watch));
        }
        return true;
      }
      if (event == 0) {
        if (signal == Linux.SIGURG && haltRequested) {
          continue; // the caller looks at what was asked for
        }
        keep = signal;
        if (signal == 11 || signal == 7 || signal == 8 || signal == 4) {
          // The instruction itself faults: its signal is delivered from here.
          thread.signal = signal;
          return true;
        }
      } else if (event == Linux.EVENT_CLONE || Family.isFork(event) || event == Linux.EVENT_EXEC) {
        boolean before = stopping;
        stopping = true;
        handle(id, status);
        stopping = before;
      }
    }
    return true;
  }

  @Override
  public boolean step(TargetThread stopped) {
    Tracee thread = (Tracee) stopped;
    long pc = thread.registers().pc();
    return breakpoints.containsKey(pc) ? stepInPlace(thread, pc) : singleStep(thread);
  }

  @Override
  public void detach(boolean kill) {
    if (exit == null && kill) {
      kill();
    } else if (exit == null) {
      stopAll();
      for (long address : List.copyOf(breakpoints.keySet())) {
        removeBreakpoint(address);
      }
      byte[] original = scratchOriginal;
      if (original != null) {
        poke(entryPoint, original);
      }
      watches.clear();
      for (Tracee thread : List.copyOf(threads.values())) {
        thread.flush();
        thread.watch();
        linux.ptrace(Linux.PTRACE_DETACH, thread.id, 0, thread.signal);
      }
      threads.clear();
      exited(0, 0);
    }
    Guardian watching = guardian;
    if (watching != null) {
      guardian = null;
      watching.close();
    }
    family.remove(this);
  }

  /** Ends the process. */
  public void kill() {
    Linux.signal(pid, Linux.SIGKILL);
    stopping = true;
    while (exit == null) {
      Stop stop = await();
      if (stop != null) {
        keep(stop);
      }
    }
  }

  /** Puts the code of a child that has a copy of this memory back as it was. */
  void restoreIn(int child) {
    if (planted) {
      breakpoints.forEach((address, original) -> pokeIn(child, address, original));
    }
  }

  private void pokeIn(int child, long address, byte value) {
    byte[] content = new byte[8];
    long word = address & ~7L;
    if (Linux.readMemory(child, word, content, 0, 8) == 8) {
      content[(int) (address - word)] = value;
      linux.ptrace(Linux.PTRACE_POKEDATA, child, word, (long) LONG.get(content, 0));
    }
  }

  /**
   * Gets a child that shares this memory past a breakpoint that it came to.
   *
   * @return false if it came to none
   */
  boolean passTrap(int child) {
    long[] values = new long[Registers.COUNT];
    if (linux.registers(Linux.PTRACE_GETREGS, child, values) < 0) {
      return false;
    }
    Registers registers = new Registers(values);
    long at = registers.pc() - 1;
    Byte original = breakpoints.get(at);
    if (original == null) {
      return false;
    }
    registers.setPc(at);
    linux.registers(Linux.PTRACE_SETREGS, child, registers.values);
    pokeIn(child, at, original);
    linux.ptrace(Linux.PTRACE_SINGLESTEP, child, 0, 0);
    linux.waitFor(child, false);
    if (planted) {
      pokeIn(child, at, (byte) TRAP);
    }
    return true;
  }

  @Override
  public String commandLine() {
    try {
      byte[] words = Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
      String text = new String(words, java.nio.charset.StandardCharsets.UTF_8);
      return text.replace('\0', ' ').strip();
    } catch (IOException e) {
      return "";
    }
  }

  // Breakpoints

  @Override
  public void insertBreakpoint(long address) {
    if (breakpoints.containsKey(address)) {
      return;
    }
    byte original = bytes(address, 1)[0];
    if (planted) {
      poke(address, new byte[] {(byte) TRAP});
    }
    breakpoints.put(address, original);
    remember(address, original);
  }

  private void remember(long address, byte original) {
    if (!child) {
      Guardian told = guardian;
      if (told == null) {
        told = new Guardian(pid);
        guardian = told;
      }
      told.remember(address, original);
    }
  }

  private void forgetCode() {
    Guardian told = guardian;
    if (told != null) {
      told.forget();
    }
  }

  @Override
  public void removeBreakpoint(long address) {
    Byte original = breakpoints.remove(address);
    if (original != null && exit == null && planted) {
      poke(address, new byte[] {original});
    }
  }

  @Override
  public void insertWatch(Watch watch) {
    watches.add(watch);
    for (Tracee thread : List.copyOf(threads.values())) {
      int result = thread.watch();
      if (result == -Linux.EINVAL) {
        watches.remove(watch);
        throw new UnreadableException(
            "can not watch "
                + watch.size()
                + " bytes at 0x"
                + Long.toHexString(watch.address())
                + ": the address must be a multiple of the size");
      }
    }
    if (!planted) {
      threads.values().forEach(Tracee::unwatch); // until they run
    }
  }

  @Override
  public void removeWatch(Watch watch) {
    watches.remove(watch);
  }

  private void maskBreakpoints(long address, byte[] into, int offset, int count) {
    if (breakpoints.isEmpty()
        || address > breakpoints.lastKey()
        || address + count <= breakpoints.firstKey()) {
      return;
    }
    breakpoints
        .subMap(address, address + count)
        .forEach((at, original) -> into[offset + (int) (at - address)] = original);
  }

  // Memory

  @Override
  public void read(long address, byte[] into, int offset, int count) {
    int done = Linux.readMemory(pid, address, into, offset, count);
    if (done != count) {
      throw new UnreadableException("input/output error");
    }
    maskBreakpoints(address, into, offset, count);
  }

  @Override
  public BitSet gather(long[] addresses, int size, byte[] into) {
    BitSet done = Linux.gather(pid, addresses, size, into);
    done.stream().forEach(i -> maskBreakpoints(addresses[i], into, i * size, size));
    return done;
  }

  @Override
  public void write(long address, byte[] bytes) {
    if (Linux.writeMemory(pid, address, bytes) != bytes.length) {
      poke(address, bytes);
    }
  }

  /** Writes through protections, as only a tracer may. */
  private void poke(long address, byte[] bytes) {
    Tracee thread =
        threads.values().stream()
            .filter(t -> !t.running)
            .findFirst()
            .orElseThrow(() -> new UnreadableException("no thread is stopped"));
    int from = 0;
    while (from < bytes.length) {
      long word = (address + from) & ~7L;
      byte[] content = new byte[8];
      if (Linux.readMemory(pid, word, content, 0, 8) != 8) {
        throw new UnreadableException("input/output error");
      }
      int start = (int) (address + from - word);
      int count = Math.min(8 - start, bytes.length - from);
      System.arraycopy(bytes, from, content, start, count);
      int result =
          linux.ptrace(Linux.PTRACE_POKEDATA, thread.id, word, (long) LONG.get(content, 0));
      if (result < 0) {
        throw new UnreadableException("input/output error");
      }
      from += count;
    }
  }

  @Override
  public void close() {
    detach(child);
  }
}
