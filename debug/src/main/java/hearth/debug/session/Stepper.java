// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.LineTable;
import hearth.debug.eval.RangeFrames;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.CallLayout;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.session.Session.Step;
import hearth.debug.target.Instruction;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A step: the points at which it ends or has to think again, all of them for one goroutine, most of
 * them for one of its frames, so that neither recursion nor other goroutines disturb it. For the
 * session's thread.
 */
final class Stepper {
  private static final long ANY_FRAME = Long.MIN_VALUE;
  private static final int MAX_CODE = 1 << 20;
  private static final int FRAMES = 100;

  private final Session session;
  private final Step how;
  private final long goroutine;
  private final int thread;
  private final List<Point> points = new ArrayList<>();
  private final Set<Point> inactive = new HashSet<>();
  private final int tries;
  private @Nullable Function leaving;
  private @Nullable Function bodyOf;

  private enum Purpose {
    /** The step ends here. */
    END,
    /** The frame returned to its caller. */
    RETURNED,
    /** A function is called that is not known before. */
    CALLS,
    /** A deferred function runs, which counts only where a panic or the step's return calls it. */
    DEFERRED,
    /** The step goes on as it began. */
    AGAIN,
    /** The body of a loop over a function begins, for the frame whose offset is told. */
    BODY,
    /** The same on the line that the step began at: it goes on. */
    BODY_AGAIN,
    /** The body of a loop returned to its iterator, which may call it again. */
    BODY_LEFT
  }

  /**
   * An address.
   *
   * @param frameOffset of the frame that must be there, from the end of the goroutine's stack, or
   *     its address where goroutines are not known; of a loop's body, of the function around it
   */
  record Point(long address, long frameOffset, Purpose purpose) {}

  private Stepper(
      Session session, Step how, @Nullable Goroutine g, @Nullable TargetThread on, int tries) {
    this.session = session;
    this.how = how;
    goroutine = g == null ? 0 : g.id();
    thread = on == null ? 0 : on.id();
    this.tries = tries;
  }

  Stepper(Session session, Step how, @Nullable Goroutine g, @Nullable TargetThread on)
      throws SessionException {
    this(session, how, g, on, 0);
    prepare(g, on);
  }

  /** One instruction: only those need points that may take long or call. */
  static Stepper overInstruction(
      Session session, @Nullable Goroutine g, TargetThread on, boolean over) {
    Stepper made = new Stepper(session, Step.NEXT, g, on, 0);
    long pc = on.registers().pc();
    Instruction instruction = instructionAt(session.process(), pc);
    if (instruction == null) {
      return made;
    }
    boolean call =
        instruction.kind() == Instruction.Kind.CALL
            || instruction.kind() == Instruction.Kind.CALL_INDIRECT;
    if ((call && over) || instruction.kind() == Instruction.Kind.SYSTEM_CALL) {
      List<Frame> frames = session.stacks().of(on, g, 1);
      long offset = frames.isEmpty() ? ANY_FRAME : made.offset(frames.getFirst(), g);
      made.points.add(new Point(instruction.next(), offset, Purpose.END));
    }
    return made;
  }

  private static @Nullable Instruction instructionAt(GoProcess process, long pc) {
    byte[] code = new byte[Instruction.MAX_LENGTH];
    for (int length = code.length; length > 0; length--) {
      try {
        process.memory().read(pc, code, 0, length);
        return Instruction.decode(code, 0, pc);
      } catch (UnreadableException e) {
        // the code may end before so many bytes
      }
    }
    return null;
  }

  /** Whether it is the goroutine of a thread that steps, or the thread if it runs none. */
  boolean isOf(TargetThread on) {
    Goroutine g = session.goroutines().of(on);
    return (g == null || goroutine == 0) ? on.id() == thread : g.id() == goroutine;
  }

  boolean hasPoints() {
    return !points.isEmpty();
  }

  List<Point> points() {
    return points;
  }

  private void prepare(@Nullable Goroutine g, @Nullable TargetThread on) throws SessionException {
    List<Frame> frames =
        g != null
            ? session.stacks().of(g, FRAMES)
            : on == null ? List.of() : session.stacks().of(on, null, FRAMES);
    if (frames.isEmpty()) {
      throw new SessionException("empty stack trace");
    }
    Frame top = frames.getFirst();
    long high = g == null ? 0 : g.stackHigh();
    long own = offset(top, g);
    boolean anyFrame = own == ANY_FRAME;
    Function function = top.function();
    leaving = function;
    bodyOf = function;
    if (function == null || session.process().program().lines(function).isEmpty()) {
      if (how == Step.OUT) {
        addReturn(frames, high, anyFrame, Purpose.RETURNED);
      }
      return;
    }
    List<Frame> loops = loops(g, on, frames);
    if (how != Step.OUT || top.inlined()) {
      addLines(function, top, own);
    }
    if (how == Step.INTO) {
      addCalls(function, top, own);
    }
    List<Frame> left = frames;
    if (how != Step.INTO && !loops.isEmpty()) {
      if (how == Step.NEXT) {
        addLoops(loops, high);
      }
      left = from(frames, loops.get(loops.size() - 2));
      leaving = left.getFirst().function();
    }
    if (how == Step.NEXT && g != null) {
      addBodies(top, left.getFirst().cfa() - high);
    }
    addReturn(left, high, anyFrame, Purpose.RETURNED);
    if (g != null) {
      addDeferred(g);
    }
  }

  /** The bodies of loops over functions that the step is in: see {@link RangeFrames#of}. */
  private List<Frame> loops(@Nullable Goroutine g, @Nullable TargetThread on, List<Frame> frames) {
    return g == null
        ? List.of()
        : RangeFrames.of(new Scope(session.process(), session.stacks(), frames, 0, g, on), 0);
  }

  private static List<Frame> from(List<Frame> frames, Frame first) {
    int at = frames.indexOf(first);
    return at < 0 ? frames : frames.subList(at, frames.size());
  }

  /** Where bodies of loops of the function begin. */
  private void addBodies(Frame top, long parentOffset) {
    GoProcess process = session.process();
    String parent = RangeFrames.parent(top.name());
    String around = parent.isEmpty() ? top.name() : parent;
    for (Function body : process.program().functions()) {
      if (body.name().startsWith(around) && RangeFrames.parent(body.name()).equals(around)) {
        long pc = session.locations().afterPrologue(body);
        LineTable.Row row = process.program().line(body, pc);
        boolean same = row != null && row.line() == top.line() && row.file().equals(top.file());
        points.add(
            new Point(pc + process.bias(), parentOffset, same ? Purpose.BODY_AGAIN : Purpose.BODY));
      }
    }
  }

  /** Where the bodies return to that the step is in. */
  private void addLoops(List<Frame> loops, long high) {
    for (int i = 2; i < loops.size(); i += 2) {
      points.add(new Point(loops.get(i).pc(), loops.get(i).cfa() - high, Purpose.END));
    }
    if (!loops.getFirst().inlined()) {
      Frame iterator = loops.get(1);
      points.add(new Point(iterator.pc(), iterator.cfa() - high, Purpose.BODY_LEFT));
    }
  }

  /** Statements of the function that belong to other lines. */
  private void addLines(Function function, Frame top, long own) {
    GoProcess process = session.process();
    long bias = process.bias();
    List<Die> here = process.program().inlinedAt(function, top.lookupPc() - bias);
    boolean body = how != Step.INTO && RangeFrames.isBody(function.name());
    String parent = RangeFrames.parent(top.name());
    String around = parent.isEmpty() ? top.name() : parent;
    if (top.inlined() && !parent.isEmpty()) {
      // What comes after the body is the function around it, and not the iterator between them.
      int outer = 0;
      for (int i = 0; i < here.size(); i++) {
        outer = here.get(i).name().equals(around) ? i + 1 : outer;
      }
      here = here.subList(0, outer);
    }
    List<Integer> chain = here.stream().map(Die::offset).toList();
    long first = body ? session.locations().afterPrologue(function) : 0;
    for (LineTable.Row row : process.program().lines(function)) {
      if (!row.statement() || (row.line() == top.line() && row.file().equals(top.file()))) {
        continue;
      }
      if (row.address() < first) {
        continue; // a loop's body may be called again before the step ends
      }
      List<Die> there = process.program().inlinedAt(function, row.address());
      boolean loop = !there.isEmpty() && RangeFrames.parent(there.getLast().name()).equals(around);
      if (how == Step.NEXT && !loop && !isWithin(there, chain)) {
        continue;
      }
      if (how == Step.OUT && there.size() >= chain.size()) {
        continue; // still in the copy that is to be left
      }
      points.add(new Point(row.address() + bias, own, Purpose.END));
    }
  }

  /** Whether copies are those that the frame is in, or some of the outer ones of them. */
  private static boolean isWithin(List<Die> there, List<Integer> chain) {
    if (there.size() > chain.size()) {
      return false;
    }
    for (int i = 0; i < there.size(); i++) {
      if (there.get(i).offset() != chain.get(i)) {
        return false;
      }
    }
    return true;
  }

  /** Functions that the line calls. */
  private void addCalls(Function function, Frame top, long own) {
    calls(session.process(), function, top).forEach(call -> addCall(call, own));
  }

  /** The calls of a frame's line that are still to come. */
  private static List<Instruction> calls(GoProcess process, Function function, Frame top) {
    List<Instruction> calls = new ArrayList<>();
    long bias = process.bias();
    int size = (int) Math.min(function.high() - function.low(), MAX_CODE);
    byte[] code = process.memory().bytes(function.low() + bias, size);
    List<LineTable.Row> rows = process.program().lines(function);
    for (int i = 0; i < rows.size(); i++) {
      LineTable.Row row = rows.get(i);
      if (row.line() != top.line() || !row.file().equals(top.file())) {
        continue;
      }
      long end = i + 1 < rows.size() ? rows.get(i + 1).address() : function.high();
      long at = row.address();
      while (at < end && at - function.low() < size) {
        Instruction instruction = Instruction.decode(code, (int) (at - function.low()), at + bias);
        if (instruction == null) {
          break;
        }
        boolean call =
            instruction.kind() == Instruction.Kind.CALL
                || instruction.kind() == Instruction.Kind.CALL_INDIRECT;
        if (call && at + bias >= top.pc()) {
          calls.add(instruction);
        }
        at += instruction.length();
      }
    }
    return calls;
  }

  /** The calls that a step into the line of a frame may go into, as they come. */
  static List<Session.Call> callsToCome(GoProcess process, Frame top) {
    Function function = top.function();
    if (function == null) {
      return List.of();
    }
    List<Session.Call> result = new ArrayList<>();
    for (Instruction call : calls(process, function, top)) {
      boolean known = call.kind() == Instruction.Kind.CALL;
      Function called = known ? process.functionAt(call.target()) : null;
      if (!known || isStepped(called)) {
        result.add(new Session.Call(call.pc(), called == null ? "" : called.name()));
      }
    }
    return result;
  }

  /** A step over the line that ends in what one of its calls calls, if it comes by there. */
  static Stepper intoCall(Session session, @Nullable Goroutine g, TargetThread on, long call)
      throws SessionException {
    Stepper made = new Stepper(session, Step.NEXT, g, on);
    Frame top = session.stacks().of(on, g, 1).getFirst();
    Point point = new Point(call, made.offset(top, g), Purpose.CALLS);
    if (on.registers().pc() == call) {
      Stepper within = made.after(point, on);
      return within == null ? made : within;
    }
    made.points.add(point);
    return made;
  }

  private void addCall(Instruction instruction, long own) {
    if (instruction.kind() == Instruction.Kind.CALL) {
      addEntry(instruction.target());
    } else if (instruction.kind() == Instruction.Kind.CALL_INDIRECT) {
      points.add(new Point(instruction.pc(), own, Purpose.CALLS));
    }
  }

  private void addEntry(long target) {
    Function called = session.process().functionAt(target);
    if (called == null || !isStepped(called)) {
      return;
    }
    long at =
        called.trampoline()
            ? session.process().entry(called)
            : session.locations().afterPrologue(called) + session.process().bias();
    points.add(new Point(at, ANY_FRAME, Purpose.END));
  }

  private static boolean isStepped(@Nullable Function called) {
    return called != null
        && !called.isRuntimePrivate()
        && !called.name().startsWith("internal/abi.");
  }

  /** Where the frame returns to; past the runtime's frames if it was called for a defer. */
  private void addReturn(List<Frame> frames, long high, boolean any, Purpose purpose) {
    int i = 0;
    while (i < frames.size() && frames.get(i).inlined()) {
      i++;
    }
    i++;
    while (i < frames.size() && isDeferring(frames.get(i).name())) {
      i++;
    }
    if (i >= frames.size()) {
      return;
    }
    Frame caller = frames.get(i);
    long cfa = caller.cfa();
    points.add(new Point(caller.pc(), any ? ANY_FRAME : cfa - high, purpose));
  }

  private static boolean isDeferring(String name) {
    return switch (name) {
      case "runtime.deferreturn", "runtime.gopanic", "runtime.deferCallSave", "runtime.Goexit" ->
          true;
      default -> false;
    };
  }

  /** The function that runs when this one returns or panics. */
  private void addDeferred(Goroutine g) {
    GoProcess process = session.process();
    long field = process.offset("runtime.g", "_defer");
    long function = process.offset("runtime._defer", "fn");
    if (field < 0 || function < 0) {
      return;
    }
    try {
      long deferred = process.memory().u64(g.address() + field);
      if (deferred == 0) {
        return;
      }
      long closure = process.memory().u64(deferred + function);
      Function called = closure == 0 ? null : process.functionAt(process.memory().u64(closure));
      if (called != null && !called.isRuntimePrivate()) {
        long at = session.locations().afterPrologue(called) + process.bias();
        points.add(new Point(at, ANY_FRAME, Purpose.DEFERRED));
      }
    } catch (UnreadableException e) {
      // then no deferred function can be told
    }
  }

  /** The point of a place that a thread has reached, or null if it is not meant. */
  @Nullable Point reached(List<Point> there, TargetThread on) {
    Goroutine g = null;
    List<Frame> frames = null;
    for (Point point : there) {
      if (!points.contains(point) || inactive.contains(point)) {
        continue;
      }
      if (goroutine == 0) {
        if (isWithoutGoroutine(point, on)) {
          return point;
        }
        continue;
      }
      g = g == null ? session.goroutines().of(on) : g;
      if (g == null || g.id() != goroutine) {
        continue;
      }
      if (point.purpose == Purpose.DEFERRED && !isCalledToDefer(on, g)) {
        continue;
      }
      if (point.frameOffset == ANY_FRAME) {
        return point;
      }
      if (point.purpose == Purpose.BODY || point.purpose == Purpose.BODY_AGAIN) {
        List<Frame> loops = loops(g, on, session.stacks().of(on, g, FRAMES));
        int parent = loops.size() - 2;
        if (parent >= 0 && loops.get(parent).cfa() - g.stackHigh() == point.frameOffset) {
          return point;
        }
        continue;
      }
      frames = frames == null ? session.stacks().of(on, g, 1) : frames;
      if (point.purpose == Purpose.BODY_LEFT) {
        if (!frames.isEmpty() && frames.getFirst().cfa() - g.stackHigh() == point.frameOffset) {
          leaveBody();
        }
        continue;
      }
      if (!frames.isEmpty() && frames.getFirst().cfa() - g.stackHigh() == point.frameOffset) {
        return point;
      }
    }
    return null;
  }

  private long offset(Frame frame, @Nullable Goroutine g) {
    return g != null ? frame.cfa() - g.stackHigh() : knowsGoroutines() ? ANY_FRAME : frame.cfa();
  }

  /** Whether goroutines can be told apart; not in a program without debug information. */
  private boolean knowsGoroutines() {
    return session.process().offset("runtime.g", "goid") >= 0;
  }

  /**
   * Whether a point is meant that the thread has reached. Where goroutines are not known, their
   * stacks tell them: one that has moved to another thread has still its frames, and one that has
   * none of them but is on the same thread has got a larger stack.
   */
  private boolean isWithoutGoroutine(Point point, TargetThread on) {
    if (point.frameOffset == ANY_FRAME || knowsGoroutines()) {
      return on.id() == thread;
    }
    List<Frame> frames = session.stacks().of(on, null, FRAMES);
    if (frames.isEmpty()) {
      return on.id() == thread;
    }
    return frames.getFirst().cfa() == point.frameOffset
        || (on.id() == thread
            && frames.stream().noneMatch(frame -> frame.cfa() == point.frameOffset));
  }

  /** The iterator may call the body again: its lines are no ends of the step then. */
  private void leaveBody() {
    Function body = bodyOf;
    if (body == null) {
      return;
    }
    GoProcess process = session.process();
    long start = session.locations().afterPrologue(body) + process.bias();
    for (Point point : points) {
      boolean within = body.contains(point.address - process.bias()) && point.address != start;
      if (within && point.purpose == Purpose.END) {
        inactive.add(point);
      }
    }
  }

  private boolean isCalledToDefer(TargetThread on, Goroutine g) {
    List<Frame> frames = session.stacks().of(on, g, 3);
    for (int i = 1; i < frames.size(); i++) {
      String name = frames.get(i).name();
      if (name.equals("runtime.gopanic")
          || (how == Step.INTO && i == 1 && name.equals("runtime.deferreturn"))) {
        return true;
      }
    }
    return false;
  }

  /** What the function returned that the step left; null if it left none. */
  @Nullable List<Variable> returned(Point reached, TargetThread on) {
    Function left = leaving;
    if (reached.purpose != Purpose.RETURNED || left == null) {
      return null;
    }
    return CallLayout.of(session.process(), left)
        .results(
            session.process(),
            new Loader(session.process()),
            on.registers(),
            on.floatingPoint(),
            on.registers().sp());
  }

  /** How the step goes on from a point; null if it ends there. All threads are stopped. */
  @Nullable Stepper after(Point reached, TargetThread on) throws SessionException {
    Goroutine g = session.goroutines().of(on);
    if (reached.purpose == Purpose.CALLS && session.target().step(on)) {
      Stepper next = new Stepper(session, how, g, on, tries + 1);
      next.addEntry(on.registers().pc());
      List<Frame> frames = g == null ? List.of() : session.stacks().of(g, FRAMES);
      if (!frames.isEmpty() && g != null) {
        next.addReturn(frames, g.stackHigh(), false, Purpose.AGAIN);
      }
      return next;
    }
    boolean again = reached.purpose == Purpose.AGAIN || reached.purpose == Purpose.BODY_AGAIN;
    if (again && tries < 100) {
      Stepper next = new Stepper(session, how, g, on, tries + 1);
      next.prepare(g, on);
      return next;
    }
    List<Frame> frames = session.stacks().of(on, g, 1);
    if (frames.isEmpty()) {
      return null;
    }
    Function function = frames.getFirst().function();
    boolean within =
        function != null
            && (function.trampoline() || frames.getFirst().file().equals("<autogenerated>"));
    if (within && tries < 100) {
      Stepper next = new Stepper(session, Step.INTO, g, on, tries + 1);
      next.prepare(g, on);
      return next;
    }
    return null;
  }
}
