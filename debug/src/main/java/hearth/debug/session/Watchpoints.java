// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.target.TargetThread;
import hearth.debug.target.Watch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Watchpoints of a session. One on a goroutine's stack follows it when the runtime moves the stack,
 * and ends with its frame: where the frame returns to is a sentinel, and so are the places where a
 * stack was moved. A frame that a panic ended is found missing when the memory is used again. For
 * the session's thread.
 */
final class Watchpoints {
  private static final int MAX_FRAMES = 1 << 16;
  private final Session session;

  Watchpoints(Session session) {
    this.session = session;
  }

  /** What a thread at a sentinel means. */
  enum Reached {
    NOTHING,
    MOVED,
    OUT_OF_SCOPE
  }

  /**
   * What to watch.
   *
   * @throws SessionException if it cannot be watched
   */
  Watchpoint of(Scope scope, String expression, boolean reads, boolean writes)
      throws SessionException {
    Variable v = session.evaluate(expression, scope, LoadLimits.SHORT);
    if (v.address == 0 || v.is(Variable.FAKE_ADDRESS) || v.is(Variable.REGISTER)) {
      throw new SessionException("can not watch \"" + expression + "\"");
    }
    if (v.unreadable != null) {
      throw new SessionException(
          "expression \"" + expression + "\" is unreadable: " + v.unreadable);
    }
    long address = v.address;
    long size = v.type.size();
    String shown = expression;
    switch (v.kind) {
      case UNSAFE_POINTER, INVALID ->
          throw new SessionException("can not watch variable of type " + v.kind.family());
      case INTERFACE -> {
        address += 8; // the data; what it is seldom changes
        size = 8;
        shown = expression + " (interface data)";
      }
      default -> {}
    }
    if (size <= 0 || size > 8) {
      throw new SessionException("can not watch variable of type " + v.type.name());
    }
    Goroutine g = scope.goroutine();
    boolean local =
        g != null
            && !g.systemStack()
            && Long.compareUnsigned(address, g.stackLow()) >= 0
            && Long.compareUnsigned(address, g.stackHigh()) < 0;
    if (local && reads) {
      throw new SessionException("can not watch stack allocated variable for reads");
    }
    if (!writes) {
      throw new SessionException("break on read only not supported");
    }
    Watchpoint.OnStack onStack = local && g != null ? onStack(g, address) : null;
    return new Watchpoint(shown, new Watch(address, (int) size, reads), onStack);
  }

  private Watchpoint.OnStack onStack(Goroutine g, long address) throws SessionException {
    List<Frame> frames = session.stacks().of(g, MAX_FRAMES);
    int i = 0;
    // The frame whose memory it is, which may be one that called the frame that is looked at.
    while (i < frames.size()
        && (frames.get(i).inlined() || Long.compareUnsigned(frames.get(i).cfa(), address) <= 0)) {
      i++;
    }
    if (i + 1 >= frames.size()) {
      throw new SessionException("can not watch memory of the stack that no frame holds");
    }
    Frame caller = frames.get(i + 1);
    return new Watchpoint.OnStack(
        g.id(),
        address - g.stackHigh(),
        frames.get(i).cfa() - g.stackHigh(),
        caller.cfa() - g.stackHigh(),
        caller.pc(),
        session.returns("runtime.copystack"));
  }

  /** Tells the sentinels of a watchpoint. */
  static void sentinels(Breakpoint b, BiConsumer<Long, Breakpoint> each) {
    Watchpoint watchpoint = b.watchpoint();
    Watchpoint.OnStack onStack = watchpoint == null ? null : watchpoint.onStack();
    if (onStack != null) {
      each.accept(onStack.returnAddress(), b);
      onStack.moved().forEach(address -> each.accept(address, b));
    }
  }

  /** What a thread at an address means for a watchpoint that has a sentinel there. */
  Reached reached(Breakpoint b, long address, TargetThread thread) {
    Watchpoint watchpoint = b.watchpoint();
    Watchpoint.OnStack onStack = watchpoint == null ? null : watchpoint.onStack();
    Goroutine g = session.goroutines().of(thread);
    if (onStack == null || g == null || g.id() != onStack.goroutine()) {
      return Reached.NOTHING;
    }
    if (onStack.moved().contains(address)) {
      return Reached.MOVED;
    }
    List<Frame> frames = session.stacks().of(thread, g, 20).stream().toList();
    for (Frame frame : frames) {
      if (!frame.inlined()) {
        boolean caller = frame.cfa() - g.stackHigh() == onStack.callerOffset();
        return caller ? Reached.OUT_OF_SCOPE : Reached.NOTHING;
      }
    }
    return Reached.NOTHING;
  }

  /** Follows a stack that was moved. All threads are stopped. */
  void follow(Breakpoint b, TargetThread thread) {
    Watchpoint watchpoint = b.watchpoint();
    Watchpoint.OnStack onStack = watchpoint == null ? null : watchpoint.onStack();
    Goroutine g = session.goroutines().of(thread);
    if (watchpoint != null && onStack != null && g != null) {
      session.target().removeWatch(watchpoint.watch());
      watchpoint.moveTo(g.stackHigh() + onStack.offset());
      session.target().insertWatch(watchpoint.watch());
    }
  }

  /** Whether the memory of a watchpoint that was run into is still what it was. */
  boolean isInScope(Breakpoint b, TargetThread thread) {
    Watchpoint watchpoint = b.watchpoint();
    Watchpoint.OnStack onStack = watchpoint == null ? null : watchpoint.onStack();
    if (onStack == null) {
      return true;
    }
    Goroutine g = session.goroutines().of(thread);
    if (g == null || g.id() != onStack.goroutine()) {
      return true; // another goroutine has a pointer to it
    }
    return session.stacks().of(thread, g, MAX_FRAMES).stream()
        .anyMatch(f -> f.cfa() - g.stackHigh() == onStack.frameOffset());
  }

  /** The breakpoint whose memory is watched, or null. */
  static @Nullable Breakpoint of(List<Breakpoint> all, Watch watch) {
    for (Breakpoint b : all) {
      Watchpoint watchpoint = b.watchpoint();
      if (watchpoint != null && watchpoint.watch().equals(watch)) {
        return b;
      }
    }
    return null;
  }

  /** Those among breakpoints. */
  static List<Breakpoint> among(List<Breakpoint> all) {
    List<Breakpoint> result = new ArrayList<>();
    for (Breakpoint b : all) {
      if (b.watchpoint() != null) {
        result.add(b);
      }
    }
    return result;
  }
}
