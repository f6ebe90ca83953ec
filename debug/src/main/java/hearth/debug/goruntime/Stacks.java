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
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows stacks from frame to frame: by call frame information, by frame pointers where there is
 * none, and across the places where the runtime changes stacks. For the owner of the target.
 */
public final class Stacks {
  private static final int COUNT = 17;
  private static final int MAX_RUNTIME_FRAMES = 40;
  private static final int MAX_SITES = 1 << 17;
  private static final int WINDOW = 1024;
  private static final int BATCH = 1024;
  private static final int MAX_SWITCHES = 1 << 10;

  /** Where in what the kernel pushes for a signal the registers are, in the kernel's order. */
  private static final int SIGNAL_REGISTERS_AT = 40;

  // r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip (struct sigcontext), by DWARF's numbers.
  private static final int[] SIGNAL_REGISTERS = {
    8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16
  };

  // mov $15, %rax; syscall: where a signal's handler returns to.
  private static final byte[] SIGNAL_RETURN = {0x48, (byte) 0xc7, (byte) 0xc0, 15, 0, 0, 0, 15, 5};
  private final GoProcess process;
  private final Memory memory;
  private final Map<Long, Site> sites = new HashMap<>();
  private final Map<Long, Site> tops = new HashMap<>();

  /** For the stacks of one process. */
  public Stacks(GoProcess process) {
    this.process = process;
    memory = process.memory();
  }

  /** What does not change from one visit of an address to the next. */
  private record Site(
      long lookup,
      @Nullable Function function,
      CallFrames.@Nullable Row row,
      @Nullable String error,
      List<Shown> shown) {}

  /** A frame as people see it: of the function itself, or of one that was copied into it. */
  private record Shown(String name, @Nullable Die scope, String file, int line, boolean inlined) {}

  /** How stacks are followed. */
  public enum Mode {
    /** As Go's functions called each other, on whatever stacks. */
    NORMAL,
    /** On one stack only. */
    SIMPLE,
    /** On one stack, from where the goroutine goes on when it runs again. */
    FROM_GOROUTINE
  }

  /**
   * Frames of a goroutine, the innermost first.
   *
   * @param depth most frames wanted
   */
  public List<Frame> of(Goroutine g, int depth, Mode mode) {
    Walk walk = mode == Mode.FROM_GOROUTINE ? walkFrom(g) : walk(g);
    walk.simple = mode != Mode.NORMAL;
    return walk.frames(depth);
  }

  /**
   * Frames of a goroutine, the innermost first.
   *
   * @param depth most frames wanted
   */
  public List<Frame> of(Goroutine g, int depth) {
    return walk(g).frames(depth);
  }

  /**
   * Frames of many goroutines, in their order; their stacks are read together.
   *
   * @param depth most frames wanted of each
   */
  public List<List<Frame>> ofAll(List<Goroutine> all, int depth) {
    List<List<Frame>> result = new ArrayList<>(all.size());
    walks(all, walk -> result.add(walk.frames(depth)));
    return result;
  }

  private void walks(List<Goroutine> all, Consumer<Walk> visit) {
    byte[] content = new byte[WINDOW * Math.min(all.size(), BATCH)];
    for (int from = 0; from < all.size(); from += BATCH) {
      List<Goroutine> part = all.subList(from, Math.min(from + BATCH, all.size()));
      long[] addresses = new long[part.size()];
      for (int i = 0; i < addresses.length; i++) {
        Goroutine g = part.get(i);
        // What lies above the stack pointer is read, but nothing that is not the stack.
        addresses[i] = Math.max(Math.min(g.sp(), g.stackHigh() - WINDOW), g.stackLow());
      }
      BitSet done = memory.gather(addresses, WINDOW, content);
      for (int i = 0; i < addresses.length; i++) {
        Walk walk = walk(part.get(i));
        if (done.get(i) && part.get(i).thread() == null) {
          walk.stack.set(addresses[i], content, i * WINDOW, WINDOW);
        }
        visit.accept(walk);
      }
    }
  }

  private Walk walk(Goroutine g) {
    TargetThread thread = g.thread();
    if (thread != null) {
      return new Walk(of(thread.registers()), g, g.systemStack());
    }
    return walkFrom(g);
  }

  private Walk walkFrom(Goroutine g) {
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

  private Site site(long pc, boolean top) {
    Map<Long, Site> known = top ? tops : sites;
    Site found = known.get(pc);
    if (found == null) {
      if (known.size() >= MAX_SITES) {
        known.clear();
      }
      found = look(pc, top);
      known.put(pc, found);
    }
    return found;
  }

  private Site look(long pc, boolean top) {
    CallFrames.Row row = null;
    String error = null;
    try {
      row = process.program().callFrame(pc - process.bias());
    } catch (BadBinaryException e) {
      error = e.getMessage();
    }
    Function function = process.functionAt(pc);
    if (function == null) {
      return new Site(pc, null, row, error, List.of(new Shown("?", null, "?", 0, false)));
    }
    long lookup = pc;
    if (!top && pc != process.entry(function)) {
      boolean inserted =
          function.name().equals("runtime.mstart")
              || function.name().equals("runtime.systemstack_switch");
      lookup = inserted ? pc : pc - 1;
    }
    LineTable.Row at = process.program().line(function, lookup - process.bias());
    String file = at == null ? "?" : at.file();
    int line = at == null ? 0 : at.line();
    List<Shown> shown = new ArrayList<>();
    for (Die copy : process.program().inlinedAt(function, lookup - process.bias()).reversed()) {
      shown.add(new Shown(copy.name(), copy, file, line, true));
      long number = copy.number(Dw.AT_CALL_FILE, -1);
      if (number >= 0) {
        file = process.program().dwarf().lines(copy.unit()).file(number);
      }
      line = (int) copy.number(Dw.AT_CALL_LINE, 0);
    }
    shown.add(new Shown(function.name(), function.die(), file, line, false));
    return new Site(lookup, function, row, error, shown);
  }

  /** A part of a stack that was read at once. */
  private final class StackMemory {
    private final long high;
    private byte[] content = new byte[0];
    private long from;
    private int at;
    private int length;

    StackMemory(@Nullable Goroutine g) {
      high = g == null ? 0 : g.stackHigh();
    }

    void set(long address, byte[] bytes, int offset, int count) {
      content = bytes;
      from = address;
      at = offset;
      length = count;
    }

    long u64(long address) {
      long offset = address - from;
      if (offset < 0 || offset + 8 > length) {
        long left = high - address;
        if (left < 8 || !fill(address, (int) Math.min(left, WINDOW))) {
          return memory.u64(address);
        }
        offset = 0;
      }
      return (long) Memory.LONG.get(content, at + (int) offset);
    }

    private boolean fill(long address, int count) {
      try {
        set(address, memory.bytes(address, count), 0, count);
        return true;
      } catch (UnreadableException e) {
        return false;
      }
    }
  }

  private final class Walk {
    private long[] registers;
    private final @Nullable Goroutine goroutine;
    private final StackMemory stack;
    private boolean system;
    private boolean top = true;
    private boolean end;
    private boolean untilUser;
    private boolean atFault;
    private boolean simple;
    private int switches;
    private long systemSp;

    Walk(long[] registers, @Nullable Goroutine goroutine, boolean system) {
      this.registers = registers;
      this.goroutine = goroutine;
      this.system = system;
      stack = new StackMemory(goroutine);
    }

    List<Frame> frames(int depth) {
      List<Frame> result = new ArrayList<>();
      while (!end && result.size() < depth) {
        long pc = registers[Frame.RA];
        if (pc == 0) {
          break;
        }
        Site site = site(pc, top || atFault);
        atFault = isNamed(site, "runtime.sigpanic"); // as if what faulted had called it
        if (switchesStack(site.function)) {
          continue;
        }
        Step step = step(site);
        boolean user = expand(pc, site, step, result, depth);
        if (untilUser && user) {
          break;
        }
        long[] elsewhere = switches < MAX_SWITCHES && !simple ? elsewhere(site) : null;
        if (elsewhere == null && step.error != null) {
          result.add(end(step.error));
          break;
        }
        boolean first = top;
        top = false;
        if (end) {
          break;
        }
        if (elsewhere != null) {
          switches++;
          registers = elsewhere;
          continue;
        }
        long before = registers[Frame.SP];
        registers = step.caller;
        if (step.returnAddress == 0 || (!first && registers[Frame.SP] <= before)) {
          break;
        }
      }
      return result;
    }

    /** What stands for the frames that cannot be found. */
    private Frame end(String error) {
      return new Frame(0, 0, null, "", null, "", 0, registers, 0, 0, false, false, error);
    }

    private static boolean isNamed(Site site, String name) {
      return site.function != null && site.function.name().equals(name);
    }

    /**
     * Registers of the caller where it is on another stack: across calls of C and back, and below a
     * signal's handler; null where it is on the same.
     */
    private long @Nullable [] elsewhere(Site site) {
      Function function = site.function;
      try {
        if (function == null) {
          if (system && top && goroutine != null) {
            toGoroutine(goroutine);
            return registers;
          }
          return null;
        }
        return switch (function.name()) {
          case "runtime.asmcgocall" -> calledC(site);
          case "runtime.cgocallback" -> calledFromC(site);
          case "runtime.sigtrampgo" -> interrupted(site);
          default -> null;
        };
      } catch (UnreadableException e) {
        return null;
      }
    }

    /** On its way to C the runtime keeps how deep in its stack the goroutine was. */
    private long @Nullable [] calledC(Site site) {
      if (top || !system || goroutine == null) {
        return null;
      }
      long sp = registers[Frame.SP];
      // Beside it lies the goroutine, at another place before Go 1.25.
      long at = memory.u64(sp + 8) == goroutine.address() ? sp : sp + 40;
      if (memory.u64(at + 8) != goroutine.address()) {
        return null;
      }
      long own = goroutine.stackHigh() - memory.u64(at);
      long[] caller = onStackAt(own, site);
      system = caller == null;
      return caller;
    }

    /** Registers of the caller of a function whose stack pointer is another. */
    private long @Nullable [] onStackAt(long sp, Site site) {
      long[] kept = registers;
      registers = registers.clone();
      registers[Frame.SP] = sp;
      Step step = step(site);
      registers = kept;
      return step.error == null ? step.caller : null;
    }

    /** Called from C, the runtime keeps where the thread's own stack was left. */
    private long @Nullable [] calledFromC(Site site) {
      if (top || system || goroutine == null) {
        return null;
      }
      if (systemSp == 0) {
        long m = memory.u64(goroutine.address() + process.offset("runtime.g", "m"));
        long g0 = m == 0 ? 0 : memory.u64(m + process.offset("runtime.m", "g0"));
        systemSp = g0 == 0 ? 0 : memory.u64(g0 + process.offset("runtime.g", "sched.sp"));
      }
      if (systemSp == 0) {
        return null;
      }
      long own = systemSp;
      systemSp = memory.u64(own);
      long[] caller = onStackAt(own, site);
      system = caller != null;
      return caller;
    }

    /** Where a signal interrupted the thread, by what the kernel pushed for its handler. */
    private long @Nullable [] interrupted(Site handler) {
      long[] kept = registers;
      try {
        Site site = handler;
        for (int i = 0; i < 4; i++) {
          registers = step(site).caller;
          long pc = registers[Frame.RA];
          byte[] code = memory.bytes(pc, SIGNAL_RETURN.length);
          if (java.util.Arrays.equals(code, SIGNAL_RETURN)) {
            return below(registers[Frame.SP]);
          }
          site = site(pc, false);
        }
        return null;
      } finally {
        registers = kept;
      }
    }

    private long[] below(long context) {
      byte[] bytes = memory.bytes(context + SIGNAL_REGISTERS_AT, 8 * SIGNAL_REGISTERS.length);
      long[] result = new long[COUNT];
      for (int i = 0; i < SIGNAL_REGISTERS.length; i++) {
        result[SIGNAL_REGISTERS[i]] = (long) Memory.LONG.get(bytes, 8 * i);
      }
      Goroutine g = goroutine;
      if (g != null && g.id() != 0) {
        long sp = result[Frame.SP];
        system =
            Long.compareUnsigned(sp, g.stackLow()) < 0
                || Long.compareUnsigned(sp, g.stackHigh()) >= 0;
      }
      return result;
    }

    /** Where the runtime went over to another stack, goes on there. */
    private boolean switchesStack(@Nullable Function function) {
      if (function == null) {
        return false;
      }
      if (simple && !function.name().equals("runtime.goexit")) {
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

    private Step step(Site site) {
      long[] caller = registers.clone();
      if (site.error != null) {
        return new Step(0, 0, caller, site.error);
      }
      try {
        CallFrames.Row row = site.row;
        if (row == null) {
          long bp = registers[Frame.BP];
          long cfa = bp + 16;
          long ra = stack.u64(bp + 8);
          caller[Frame.BP] = stack.u64(bp);
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
                case CallFrames.Rule.AtOffset r -> stack.u64(cfa + r.offset());
                case CallFrames.Rule.IsOffset r -> cfa + r.offset();
                case CallFrames.Rule.InRegister r -> register(r.register());
                case CallFrames.Rule.AtExpression r ->
                    memory.u64(Expression.number(r.expression(), context(cfa), cfa));
                case CallFrames.Rule.IsExpression r ->
                    Expression.number(r.expression(), context(cfa), cfa);
              };
        }
        if (!row.registers().containsKey(row.returnRegister())) {
          caller[Frame.RA] = stack.u64(cfa - 8);
        } else if (row.returnRegister() != Frame.RA && row.returnRegister() < COUNT) {
          caller[Frame.RA] = caller[row.returnRegister()];
        }
        caller[Frame.SP] = cfa;
        long bp = registers[Frame.BP];
        if (!hasBp && Long.compareUnsigned(bp, cfa) < 0 && bp != 0) {
          // Go keeps frame pointers but does not tell so: one within this frame is ours.
          caller[Frame.BP] = stack.u64(bp);
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

    /** Adds the frames of a place; whether one of them is of the users' own code. */
    private boolean expand(long pc, Site site, Step step, List<Frame> result, int depth) {
      boolean user = false;
      for (int i = 0; i < site.shown.size() && result.size() < depth; i++) {
        Shown shown = site.shown.get(i);
        user |= isUser(shown.name);
        result.add(
            new Frame(
                pc,
                site.lookup,
                site.function,
                shown.name,
                shown.scope,
                shown.file,
                shown.line,
                registers,
                step.cfa,
                step.returnAddress,
                shown.inlined,
                top && i == 0,
                null));
      }
      return user;
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
    return userFrame(walk(g));
  }

  /** The same of many goroutines, in their order; their stacks are read together. */
  public List<@Nullable Frame> userFrames(List<Goroutine> all) {
    List<@Nullable Frame> result = new ArrayList<>(all.size());
    walks(all, walk -> result.add(userFrame(walk)));
    return result;
  }

  private static @Nullable Frame userFrame(Walk walk) {
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
