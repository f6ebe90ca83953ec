// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.eval.Caller;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.CallLayout;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.target.Inferior;
import hearth.debug.target.Memory;
import hearth.debug.target.Registers;
import hearth.debug.target.Stop;
import hearth.debug.target.TargetThread;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets a goroutine call a function, as if its code did, by the protocol of Go's runtime ({@code
 * runtime.debugCallV2} in {@code asm_amd64.s}): the runtime prepares a frame and traps, the
 * function is let run on it, and at each further trap register R12 says what happened. Breakpoints
 * of users stop nobody meanwhile. For the session's thread.
 */
final class Injection implements Caller {
  static final String ENTRY = "runtime.debugCallV2";
  private static final int R12 = 12;
  private static final int RDX = 1;
  private static final int READY = 0;
  private static final int RETURNED = 1;
  private static final int PANICKED = 2;
  private static final int REFUSED = 8;
  private static final int RESTORE = 16;
  private static final int NEEDED_STACK = 256;
  private static final int MAX_STEPS = 200;
  private static final int MAX_REASON = 1 << 12;

  private final Session session;
  private final GoProcess process;
  private final Inferior target;
  private final LoadLimits limits;
  private final Session.CallRules rules;
  private @Nullable Registers saved;
  private byte[] savedVectors = new byte[0];
  private @Nullable List<Variable> last;

  Injection(Session session, LoadLimits limits, Session.CallRules rules) {
    this.session = session;
    process = session.process();
    target = session.target();
    this.limits = limits;
    this.rules = rules;
  }

  @Override
  public boolean isUnsafe() {
    return rules.unsafe();
  }

  @Override
  public @Nullable List<Variable> returned() {
    return last;
  }

  @Override
  public List<Variable> call(
      Scope scope, Function function, CallLayout layout, long closure, List<byte[]> arguments) {
    Function entry = process.program().function(ENTRY);
    TargetThread thread = scope.thread();
    Goroutine g = scope.goroutine();
    if (entry == null) {
      throw new EvalException("function calls not supported by this version of Go");
    }
    if (thread == null || g == null) {
      throw new EvalException("selected goroutine not running");
    }
    Registers registers = thread.registers();
    long sp = registers.sp();
    if (Long.compareUnsigned(sp - NEEDED_STACK, g.stackLow()) <= 0) {
      throw new EvalException("not enough stack space");
    }
    saved = registers.copy();
    savedVectors = thread.floatingPoint();
    target.write(sp - 8, Memory.littleEndian(registers.pc(), 8));
    target.write(sp - 8 - 16, Memory.littleEndian(layout.size(), 8));
    registers.setSp(sp - 8);
    registers.setPc(process.entry(entry));
    thread.registersChanged();
    List<Variable> results = List.of();
    String refusal = null;
    while (true) {
      thread = runToTrap(thread);
      int state = (int) thread.registers().dwarf(R12);
      switch (state) {
        case READY -> prepare(thread, function, layout, closure, arguments);
        case RETURNED -> results = returned(thread, layout);
        case PANICKED -> results = panicked(thread);
        case REFUSED -> refusal = reason(thread.registers().sp());
        case RESTORE -> {
          restore(thread);
          if (refusal != null) {
            throw new EvalException(refusal);
          }
          renew(scope, thread);
          last = results;
          return results;
        }
        default -> throw new EvalException("unexpected state " + state + " of a call");
      }
    }
  }

  /** Whether a function is one of the runtime's that take part. */
  static boolean isOfProtocol(@Nullable Function at) {
    return at != null
        && (at.name().startsWith("debugCall") || at.name().startsWith("runtime.debugCall"));
  }

  /** Lets all run, or the caller alone, until the runtime traps for the call. */
  private TargetThread runToTrap(TargetThread caller) {
    session.runsForCall();
    if (rules.alone()) {
      target.resume(caller);
    } else {
      target.resume();
    }
    while (true) {
      Stop stop = target.next();
      switch (stop) {
        case Stop.Exited e -> {
          session.gone();
          throw new EvalException(
              "Process "
                  + target.pid()
                  + " has exited with status "
                  + (e.signal() == 0 ? e.status() : -e.signal()));
        }
        case Stop.OwnTrap t -> {
          Function at = process.functionAt(t.thread().registers().pc());
          if (isOfProtocol(at)) {
            target.stopAll();
            target.pendingStops();
            return t.thread();
          }
          target.resume(t.thread());
        }
        case Stop.AtBreakpoint at -> target.resume(at.thread());
        case Stop.Watched w -> target.resume(w.thread());
        case Stop.Halted h -> {
          target.stopAll();
          target.pendingStops();
          session.interruptedIn(this, h.thread());
          throw new EvalException(
              "call stopped before it returned; \"continue\" lets it go on to its end");
        }
        case Stop.Executed x -> target.resume(x.thread());
        case Stop.Spawned s -> {} // told of this process alone
      }
    }
  }

  private void prepare(
      TargetThread thread,
      Function function,
      CallLayout layout,
      long closure,
      List<byte[]> arguments) {
    Registers registers = thread.registers();
    byte[] vectors = thread.floatingPoint();
    long stack = registers.sp();
    int i = 0;
    for (CallLayout.Slot slot : layout.slots()) {
      if (slot.isResult()) {
        continue;
      }
      byte[] bytes = arguments.get(i++);
      if (slot.isOnStack()) {
        target.write(stack + slot.offset(), bytes);
      } else {
        slot.write(bytes, registers, vectors);
      }
    }
    thread.setFloatingPoint(vectors);
    target.write(stack - 8, Memory.littleEndian(registers.pc(), 8));
    registers.setSp(stack - 8);
    registers.setDwarf(RDX, closure);
    registers.setPc(process.entry(function));
    thread.registersChanged();
  }

  private List<Variable> returned(TargetThread thread, CallLayout layout) {
    Loader loader = new Loader(process);
    List<Variable> results =
        layout.results(
            process, loader, thread.registers(), thread.floatingPoint(), thread.registers().sp());
    results.forEach(v -> {
      loader.load(v, limits);
      v.flags |= Variable.FAKE_ADDRESS; // its place is another's by the time it is shown
    });
    return results;
  }

  private List<Variable> panicked(TargetThread thread) {
    GoType type = process.types().named("interface {}");
    if (type == null) {
      return List.of();
    }
    Loader loader = new Loader(process);
    Variable v = loader.variable("~panic", thread.registers().sp(), type, process.memory());
    loader.load(v, limits);
    return List.of(v);
  }

  private String reason(long sp) {
    long at = target.u64(sp);
    int length = Math.clamp(target.u64(sp + 8), 0, MAX_REASON);
    return new String(target.bytes(at, length), StandardCharsets.UTF_8);
  }

  /** Gives the goroutine back what it had; its stack may lie elsewhere by now. */
  private void restore(TargetThread thread) {
    Registers old = saved;
    if (old == null) {
      return;
    }
    Registers registers = thread.registers();
    long pc = registers.pc();
    long sp = registers.sp();
    registers.set(old);
    registers.setPc(pc);
    registers.setSp(sp);
    thread.registersChanged();
    thread.setFloatingPoint(savedVectors);
    for (int i = 0; i < MAX_STEPS; i++) {
      Function at = process.functionAt(thread.registers().pc());
      if (at == null || !at.name().equals(ENTRY) || !target.step(thread)) {
        break;
      }
    }
    if (!target.isGone()) {
      thread.registers().setFlags(old.flags());
      thread.registersChanged();
    }
    saved = null;
  }

  private void renew(Scope scope, TargetThread thread) {
    Goroutine g = session.goroutines().of(thread);
    scope.renew(session.stacks().of(thread, g, Session.OUTER_FRAMES), g, thread);
  }

  /**
   * Goes on with a call that was stopped, of which nobody wants the results any more.
   *
   * @return whether it is done
   */
  boolean goOn(TargetThread thread) {
    if ((int) thread.registers().dwarf(R12) != RESTORE) {
      return false;
    }
    restore(thread);
    return true;
  }
}
