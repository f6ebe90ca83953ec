// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.disassembly.Decoded;
import hearth.debug.disassembly.Operand;
import hearth.debug.disassembly.Syntax;
import hearth.debug.dwarf.LineTable;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.target.Instruction;
import hearth.debug.target.TargetThread;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Machine code of the target with the lines that it comes from. For the session's thread. */
public final class Disassembly {
  private static final int MAX_BYTES = 1 << 24;
  private final Session session;
  private final GoProcess process;
  private @Nullable List<Syntax.Symbol> variables;

  /** Of a session's target, as it is now. */
  public Disassembly(Session session) {
    this.session = session;
    process = session.process();
  }

  /**
   * An instruction.
   *
   * @param file of the source, or {@code ?}
   * @param line of the source, or 0
   * @param function that it belongs to, or null
   * @param breakpoint whether there is one
   * @param here whether the thread that is looked at is there
   */
  public record Line(
      Decoded instruction,
      String file,
      int line,
      @Nullable Function function,
      boolean breakpoint,
      boolean here) {}

  /**
   * The function that an address belongs to.
   *
   * @throws SessionException if it belongs to none
   */
  public List<Line> function(long pc, long goroutine) throws SessionException {
    Function function = process.functionAt(pc);
    if (function == null) {
      throw new SessionException(
          "address 0x" + Long.toHexString(pc) + " does not belong to any function");
    }
    long start = process.entry(function);
    return range(start, start + (function.high() - function.low()), goroutine);
  }

  /**
   * What lies between two addresses.
   *
   * @param goroutine whose place is marked; -1 for the one that is looked at
   * @throws SessionException if the range cannot be
   */
  public List<Line> range(long start, long end, long goroutine) throws SessionException {
    session.requireAlive();
    if (Long.compareUnsigned(start, end) > 0) {
      throw new SessionException(
          "start address("
              + Long.toHexString(start)
              + ") should be less than end address("
              + Long.toHexString(end)
              + ")");
    }
    if (end - start > MAX_BYTES) {
      throw new SessionException("more than " + MAX_BYTES + " bytes are not disassembled at once");
    }
    byte[] code = process.memory().bytes(start, (int) (end - start));
    long here = pc(goroutine);
    List<Line> result = new ArrayList<>();
    int at = 0;
    while (at < code.length) {
      Decoded decoded = Decoded.at(code, at, start + at);
      long pc = decoded.pc();
      LineTable.Row row = process.line(pc);
      result.add(
          new Line(
              decoded,
              row == null ? "?" : row.file(),
              row == null ? 0 : row.line(),
              process.functionAt(pc),
              session.hasBreakpointAt(pc),
              pc == here));
      at += decoded.bytes().length;
    }
    return result;
  }

  private long pc(long goroutine) throws SessionException {
    Goroutine g = session.goroutine(goroutine);
    TargetThread thread = g == null ? null : g.thread();
    thread = thread == null ? session.target().thread(session.stateNow().thread()) : thread;
    return thread == null ? 0 : thread.registers().pc();
  }

  /** An instruction as text. */
  public String text(Line line, Syntax syntax) {
    return syntax.text(line.instruction(), this::symbol);
  }

  /** Where a call or jump leads; 0 if that is not known from the instruction alone. */
  public static long destination(Decoded decoded) {
    Instruction instruction = decoded.instruction();
    boolean leads =
        instruction != null
            && (instruction.kind() == Instruction.Kind.CALL
                || instruction.kind() == Instruction.Kind.JUMP);
    if (leads && !decoded.operands().isEmpty()) {
      return decoded.operands().getFirst() instanceof Operand.Target t ? t.address() : 0;
    }
    return 0;
  }

  /** A function that begins at an address, or the variable that it lies in or behind. */
  private Syntax.@Nullable Symbol symbol(long address) {
    Function function = process.functionAt(address);
    if (function != null) {
      return process.entry(function) == address
          ? new Syntax.Symbol(function.name(), address)
          : null;
    }
    List<Syntax.Symbol> known = variables;
    if (known == null) {
      known = new ArrayList<>();
      for (Program.PackageVariable v : process.program().variables()) {
        if (v.address() != 0) {
          known.add(new Syntax.Symbol(v.name(), v.address() + process.bias()));
        }
      }
      known.sort(Comparator.comparingLong(Syntax.Symbol::address));
      variables = known;
    }
    int low = 0;
    int high = known.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (known.get(middle).address() <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    // Behind the last one nothing is told.
    boolean last = low == known.size();
    boolean exact = low > 0 && known.get(low - 1).address() == address;
    return low == 0 || (last && !exact) ? null : known.get(low - 1);
  }
}
