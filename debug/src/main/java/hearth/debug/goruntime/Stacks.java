// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.dwarf.CallFrames;
import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.dwarf.Expression;
import hearth.debug.dwarf.LineTable;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.Registers;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Follows stacks from frame to frame: by call frame information, by frame pointers where there is
 * none, and across the places where the runtime changes stacks. For the owner of the target.
 */
public final class Stacks {
  private static final int COUNT = 17;
  private static final int MAX_RUNTIME_FRAMES = 40;
  private final GoProcess process;
  private final Memory memory;

  /** For the stacks of one process. */
  public Stacks(GoProcess process) {
    this.process = process;
    memory = process.memory();
  }

  /**
   * Frames of a goroutine, the innermost first.
   *
   * @param depth most frames wanted
   */
  public List<Frame> of(Goroutine g, int depth) {
    return walk(g).frames(depth);
  }

  private Walk walk(Goroutine g) {
    TargetThread thread = g.thread();
    if (thread != null) {
      return new Walk(of(thread.registers()), g, g.systemStack());
    }
    long[] registers = new long[COUNT];
    registers[Frame.RA] = g.pc();
    registers[Frame.SP] = g.sp();
    registers[Frame.BP] = g.bp();
    return new Walk(registers, g, false);
  }

  /** Frames of a thread, the innermost first, with the goroutine that it works for if any. */
  public List<Frame> of(TargetThread thread, @Nullable Goroutine g, int depth) {
    boolean system = g == null || g.systemStack();
    return new Walk(of(thread.registers()), g, system).frames(depth);
  }

  private static long[] of(Registers registers) {
    long[] result = new long[COUNT];
    for (int i = 0; i < COUNT; i++) {
      result[i] = registers.dwarf(i);
    }
    return result;
  }

  private final class Walk {
    private long[] registers;
    private final @Nullable Goroutine goroutine;
    private boolean system;
    private boolean top = true;
    private boolean end;
    private boolean untilUser;

    Walk(long[] registers, @Nullable Goroutine goroutine, boolean system) {
      this.registers = registers;
      this.goroutine = goroutine;
      this.system = system;
    }

    List<Frame> frames(int depth) {
      List<Frame> result = new ArrayList<>();
      while (!end && result.size() < depth) {
        long pc = registers[Frame.RA];
        Function function = process.functionAt(pc);
        if (pc == 0) {
          break;
        }
        if (switchesStack(function)) {
          continue;
        }
        Step step = step(pc);
        int known = result.size();
        expand(pc, function, step, result, depth);
        if (untilUser && result.stream().skip(known).anyMatch(f -> isUser(f.name()))) {
          break;
        }
        if (step.error != null) {
          break;
        }
        boolean first = top;
        top = false;
        if (end) {
          break;
        }
        long before = registers[Frame.SP];
        registers = step.caller;
        if (step.returnAddress == 0 || (!first && registers[Frame.SP] <= before)) {
          break;
        }
      }
      return result;
    }

    /** Where the runtime went over to another stack, goes on there. */
    private boolean switchesStack(@Nullable Function function) {
      if (function == null) {
        return false;
      }
      switch (function.name()) {
        case "runtime.goexit", "runtime.rt0_go" -> {
          end = true;
          return false;
        }
        case "runtime.mstart", "runtime.mcall" -> {
          if (system && goroutine != null) {
            toGoroutine(goroutine);
            return true;
          }
          end = true;
          return false;
        }
        case "runtime.newstack", "runtime.systemstack" -> {
          if (system && goroutine != null) {
            toGoroutine(goroutine);
            return true;
          }
          return false;
        }
        default -> {
          return false;
        }
      }
    }

    private void toGoroutine(Goroutine g) {
      system = false;
      top = false;
      registers = registers.clone();
      registers[Frame.RA] = g.pc();
      registers[Frame.SP] = g.sp();
      registers[Frame.BP] = g.bp();
    }

    private record Step(long cfa, long returnAddress, long[] caller, @Nullable String error) {}

    private Step step(long pc) {
      long[] caller = registers.clone();
      try {
        CallFrames.Row row = process.program().frames().at(pc - process.bias());
        if (row == null) {
          long bp = registers[Frame.BP];
          long cfa = bp + 16;
          long ra = memory.u64(bp + 8);
          caller[Frame.BP] = memory.u64(bp);
          caller[Frame.SP] = cfa;
          caller[Frame.RA] = ra;
          return new Step(cfa, ra, caller, null);
        }
        byte[] expression = row.cfaExpression();
        long cfa =
            expression == null
                ? register(row.cfaRegister()) + row.cfaOffset()
                : Expression.number(expression, context(0), 0);
        boolean hasBp = false;
        for (var entry : row.registers().entrySet()) {
          int number = entry.getKey();
          if (number < 0 || number >= COUNT) {
            continue;
          }
          hasBp |= number == Frame.BP;
          caller[number] =
              switch (entry.getValue()) {
                case CallFrames.Rule.Undefined r -> number == Frame.RA ? 0 : registers[number];
                case CallFrames.Rule.Same r -> registers[number];
                case CallFrames.Rule.AtOffset r -> memory.u64(cfa + r.offset());
                case CallFrames.Rule.IsOffset r -> cfa + r.offset();
                case CallFrames.Rule.InRegister r -> register(r.register());
                case CallFrames.Rule.AtExpression r ->
                    memory.u64(Expression.number(r.expression(), context(cfa), cfa));
                case CallFrames.Rule.IsExpression r ->
                    Expression.number(r.expression(), context(cfa), cfa);
              };
        }
        if (!row.registers().containsKey(row.returnRegister())) {
          caller[Frame.RA] = memory.u64(cfa - 8);
        } else if (row.returnRegister() != Frame.RA && row.returnRegister() < COUNT) {
          caller[Frame.RA] = caller[row.returnRegister()];
        }
        caller[Frame.SP] = cfa;
        long bp = registers[Frame.BP];
        if (!hasBp && Long.compareUnsigned(bp, cfa) < 0 && bp != 0) {
          // Go keeps frame pointers but does not tell so: one within this frame is ours.
          caller[Frame.BP] = memory.u64(bp);
        }
        return new Step(cfa, caller[Frame.RA], caller, null);
      } catch (UnreadableException | BadBinaryException e) {
        return new Step(0, 0, caller, e.getMessage());
      }
    }

    private long register(int number) {
      return number >= 0 && number < COUNT ? registers[number] : 0;
    }

    private Expression.Context context(long cfa) {
      return new FrameContext(registers, cfa, cfa);
    }

    private void expand(
        long pc, @Nullable Function function, Step step, List<Frame> result, int depth) {
      long lookup = pc;
      if (!top && function != null && pc != process.entry(function)) {
        boolean inserted =
            function.name().equals("runtime.mstart")
                || function.name().equals("runtime.systemstack_switch");
        lookup = inserted ? pc : pc - 1;
      }
      LineTable.Row row =
          function == null ? null : process.program().line(function, lookup - process.bias());
      String file = row == null ? "?" : row.file();
      int line = row == null ? 0 : row.line();
      if (function == null) {
        result.add(
            new Frame(
                pc,
                lookup,
                null,
                "?",
                null,
                "?",
                0,
                registers,
                step.cfa,
                step.returnAddress,
                false,
                top,
                step.error));
        return;
      }
      List<Die> copies = process.program().inlinedAt(function, lookup - process.bias());
      for (int i = copies.size() - 1; i >= 0 && result.size() < depth; i--) {
        Die copy = copies.get(i);
        result.add(
            new Frame(
                pc,
                lookup,
                function,
                copy.name(),
                copy,
                file,
                line,
                registers,
                step.cfa,
                step.returnAddress,
                true,
                top && i == copies.size() - 1,
                null));
        long number = copy.number(Dw.AT_CALL_FILE, -1);
        if (number >= 0) {
          file = process.program().dwarf().lines(copy.unit()).file(number);
        }
        line = (int) copy.number(Dw.AT_CALL_LINE, 0);
      }
      if (result.size() < depth) {
        result.add(
            new Frame(
                pc,
                lookup,
                function,
                function.name(),
                function.die(),
                file,
                line,
                registers,
                step.cfa,
                step.returnAddress,
                false,
                top && copies.isEmpty(),
                step.error));
      }
    }
  }

  /** What location expressions ask of a frame. */
  final class FrameContext implements Expression.Context {
    private final long[] registers;
    private final long cfa;
    private final long frameBase;

    FrameContext(long[] registers, long cfa, long frameBase) {
      this.registers = registers;
      this.cfa = cfa;
      this.frameBase = frameBase;
    }

    @Override
    public long register(int number) {
      return number >= 0 && number < registers.length ? registers[number] : 0;
    }

    @Override
    public long cfa() {
      return cfa;
    }

    @Override
    public long frameBase() {
      return frameBase;
    }

    @Override
    public long memory(long address, int size) {
      return memory.unsigned(address, size);
    }

    @Override
    public long bias() {
      return process.bias();
    }
  }

  /** What location expressions of a frame's variables ask. */
  public Expression.Context context(Frame frame) {
    Function function = frame.function();
    Die die = function == null ? null : function.die();
    long base = frame.cfa();
    if (die != null) {
      byte[] expression = die.block(Dw.AT_FRAME_BASE).orElse(null);
      boolean plain =
          expression == null || (expression.length == 1 && expression[0] == (byte) 0x9c);
      if (!plain && expression != null) {
        Expression.Location location =
            Expression.locate(
                expression, new FrameContext(frame.registers(), frame.cfa(), frame.cfa()));
        base =
            switch (location) {
              case Expression.Location.Address a -> a.address();
              case Expression.Location.Register r ->
                  r.number() < COUNT ? frame.registers()[r.number()] : 0;
              default -> frame.cfa();
            };
      }
    }
    return new FrameContext(frame.registers(), frame.cfa(), base);
  }

  /** The goroutine's frame that users wrote, or the innermost if there is none. */
  public @Nullable Frame userFrame(Goroutine g) {
    Walk walk = walk(g);
    walk.untilUser = true; // what called it costs as much again, and nobody asked
    List<Frame> frames = walk.frames(MAX_RUNTIME_FRAMES);
    for (Frame frame : frames) {
      if (isUser(frame.name())) {
        return frame;
      }
    }
    return frames.isEmpty() ? null : frames.getFirst();
  }

  private static boolean isUser(String name) {
    if (!name.contains(".")) {
      return false;
    }
    boolean privateRuntime =
        name.startsWith("runtime.")
            && !(name.length() > 8 && Character.isUpperCase(name.charAt(8)));
    return !privateRuntime
        && !name.startsWith("internal/")
        && !name.startsWith("runtime/internal")
        && !name.startsWith("iter.");
  }
}
