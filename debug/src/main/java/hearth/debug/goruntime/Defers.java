// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.LineTable;
import hearth.debug.index.Function;
import hearth.debug.target.Instruction;
import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls that goroutines have deferred, as the runtime's structure _defer has them. Those that the
 * compiler keeps within a frame (open-coded defers) are not among them. For the owner of the
 * target.
 */
public final class Defers {
  private static final int MAX = 1 << 16;
  private static final int MAX_OF_RANGE = 10;
  private final GoProcess process;
  private final Memory memory;

  /** Of a process. */
  public Defers(GoProcess process) {
    this.process = process;
    memory = process.memory();
  }

  /**
   * A deferred call.
   *
   * @param address of its _defer
   * @param function that is called, past the wrapper that the compiler makes, or null
   * @param wrapper first address of what is called by the runtime
   * @param file of the function's entry
   * @param line of the function's entry
   * @param pc where it was deferred
   * @param sp stack pointer then
   * @param error why it cannot be read, or null
   */
  public record Deferred(
      long address,
      @Nullable Function function,
      long wrapper,
      String file,
      int line,
      long pc,
      long sp,
      @Nullable String error) {}

  /** All of a goroutine, the one that runs first at the start. */
  public List<Deferred> of(Goroutine g) {
    List<Deferred> result = new ArrayList<>();
    long field = process.offset("runtime.g", "_defer");
    long link = process.offset("runtime._defer", "link");
    if (field < 0 || link < 0) {
      return result;
    }
    try {
      long at = memory.u64(g.address() + field);
      long last = 0;
      while (at != 0 && result.size() < MAX) {
        Deferred d = read(at);
        if (Long.compareUnsigned(d.sp, last) < 0) {
          result.add(broken(at, "corrupted defer list: SP decreased"));
          return result;
        }
        last = d.sp;
        List<Deferred> ofRange = ofRange(at);
        if (ofRange.isEmpty()) {
          result.add(d);
        } else {
          ofRange.forEach(r -> result.add(withSp(r, d.sp)));
        }
        at = memory.u64(at + link);
      }
    } catch (UnreadableException e) {
      result.add(broken(0, String.valueOf(e.getMessage())));
    }
    return result;
  }

  /** Those that bodies of range-over-func loops deferred, for the function around them. */
  private List<Deferred> ofRange(long at) {
    List<Deferred> result = new ArrayList<>();
    long head = process.offset("runtime._defer", "head"); // a pointer to an atomic.Pointer
    long link = process.offset("runtime._defer", "link");
    long first = head < 0 ? 0 : memory.u64(at + head);
    long next = first == 0 ? 0 : memory.u64(first);
    while (next != 0 && result.size() <= MAX_OF_RANGE) {
      result.add(read(next));
      next = memory.u64(next + link);
    }
    return result;
  }

  private static Deferred withSp(Deferred d, long sp) {
    return new Deferred(d.address, d.function, d.wrapper, d.file, d.line, d.pc, sp, d.error);
  }

  private static Deferred broken(long address, String error) {
    return new Deferred(address, null, 0, "", 0, 0, 0, error);
  }

  private Deferred read(long at) {
    long closure = memory.u64(at + process.offset("runtime._defer", "fn"));
    long pc = memory.u64(at + process.offset("runtime._defer", "pc"));
    long sp = memory.u64(at + process.offset("runtime._defer", "sp"));
    long code = closure == 0 ? 0 : memory.u64(closure);
    Function function = unwrapped(process.functionAt(code));
    LineTable.Row row = function == null ? null : process.program().line(function, function.low());
    return new Deferred(
        at,
        function,
        code,
        row == null ? "" : row.file(),
        row == null ? 0 : row.line(),
        pc,
        sp,
        null);
  }

  /** The function that a wrapper of the compiler's leads to. */
  private @Nullable Function unwrapped(@Nullable Function function) {
    if (function == null || !function.trampoline()) {
      return function;
    }
    long entry = process.entry(function);
    int size = (int) Math.min(function.high() - function.low(), 1 << 16);
    byte[] code = memory.bytes(entry, size);
    int at = 0;
    while (at < size) {
      Instruction instruction = Instruction.decode(code, at, entry + at);
      if (instruction == null) {
        break;
      }
      if (instruction.kind() == Instruction.Kind.CALL) {
        Function called = process.functionAt(instruction.target());
        if (called != null && !called.isRuntimePrivate()) {
          return called;
        }
      }
      at += instruction.length();
    }
    return function;
  }

  /**
   * The same for the frames that they belong to.
   *
   * @return a list for each frame
   */
  public List<List<Deferred>> byFrame(Goroutine g, List<Frame> frames) {
    List<List<Deferred>> result = new ArrayList<>();
    frames.forEach(f -> result.add(new ArrayList<>()));
    int i = 0;
    for (Deferred d : of(g)) {
      while (i < frames.size() && d.error == null && !holds(frames.get(i), g, d)) {
        i++;
      }
      if (i >= frames.size() || frames.get(i).error() != null) {
        break;
      }
      result.get(i).add(d);
    }
    return result;
  }

  private static boolean holds(Frame frame, Goroutine g, Deferred d) {
    boolean elsewhere =
        Long.compareUnsigned(frame.cfa(), g.stackLow()) < 0
            || Long.compareUnsigned(frame.cfa(), g.stackHigh()) > 0;
    return !elsewhere && !frame.inlined() && Long.compareUnsigned(d.sp, frame.cfa()) < 0;
  }
}
