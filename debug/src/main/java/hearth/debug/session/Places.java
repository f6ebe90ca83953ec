// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.dwarf.LineTable;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Stacks;
import hearth.debug.index.Function;
import hearth.debug.target.Instruction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Places of the source that goroutines are at, and come from. For the session's thread. */
public final class Places {
  private static final int MAX_WRAPPER = 1 << 12;
  private final GoProcess process;
  private final Stacks stacks;
  private final Map<Long, Place> statements = new HashMap<>();
  private final Map<Long, Place> starts = new HashMap<>();

  Places(GoProcess process, Stacks stacks) {
    this.process = process;
    this.stacks = stacks;
  }

  /**
   * A place.
   *
   * @param pc address in the target
   * @param file or {@code ?}
   * @param function name, or {@code ???}
   * @param code the function whose code it is, or null
   */
  public record Place(long pc, String file, int line, String function, @Nullable Function code) {
    static final Place NOWHERE = new Place(0, "?", 0, "???", null);
  }

  /** Which place of a goroutine is meant. */
  public enum Which {
    /** Where users' own code is. */
    USER,
    /** Where it is. */
    CURRENT,
    /** The statement that started it. */
    STATEMENT,
    /** The function that it began with. */
    START
  }

  /** Places of goroutines of a process without a session. */
  public static Places of(GoProcess process, Stacks stacks) {
    return new Places(process, stacks);
  }

  /** Place of a frame. */
  public static Place of(@Nullable Frame frame) {
    return frame == null
        ? Place.NOWHERE
        : new Place(frame.pc(), frame.file(), frame.line(), frame.name(), frame.function());
  }

  /** A place of a goroutine. */
  public Place of(Goroutine g, Which which) {
    return ofAll(List.of(g), which).getFirst();
  }

  /** The same place of many goroutines, in their order. */
  public List<Place> ofAll(List<Goroutine> all, Which which) {
    List<Place> result = new ArrayList<>(all.size());
    switch (which) {
      case USER -> stacks.userFrames(all).forEach(frame -> result.add(of(frame)));
      case CURRENT ->
          stacks
              .ofAll(all, 1)
              .forEach(frames -> result.add(of(frames.isEmpty() ? null : frames.getFirst())));
      case STATEMENT ->
          all.forEach(g -> result.add(statements.computeIfAbsent(g.goPc(), this::statement)));
      case START -> all.forEach(g -> result.add(starts.computeIfAbsent(g.startPc(), this::start)));
    }
    return result;
  }

  private Place statement(long pc) {
    Function function = process.functionAt(pc);
    return at(pc, function != null && process.entry(function) != pc ? pc - 1 : pc, function);
  }

  private Place start(long pc) {
    Function function = process.functionAt(pc);
    boolean wrapper =
        function != null && (function.trampoline() || function.name().contains(".gowrap"));
    if (function != null && wrapper) {
      // The compiler's wrapper leads to the function that the statement names.
      Function meant = wrapped(function);
      if (meant != null) {
        return at(process.entry(meant), process.entry(meant), meant);
      }
    }
    return at(pc, pc, function);
  }

  /** The first function that a wrapper calls, but for the runtime's own. */
  private @Nullable Function wrapped(Function wrapper) {
    Die die = wrapper.die();
    Function named =
        die == null ? null : process.program().function(die.string(Dw.AT_TRAMPOLINE, ""));
    if (named != null) {
      return named;
    }
    int size = (int) Math.min(wrapper.high() - wrapper.low(), MAX_WRAPPER);
    long start = process.entry(wrapper);
    byte[] code = process.memory().bytes(start, size);
    int at = 0;
    while (at < size) {
      Instruction i = Instruction.decode(code, at, start + at);
      if (i == null) {
        return null;
      }
      if (i.kind() == Instruction.Kind.CALL) {
        Function called = process.functionAt(i.target());
        if (called != null && !called.isRuntimePrivate()) {
          return called;
        }
      }
      at += i.length();
    }
    return null;
  }

  private Place at(long pc, long lookup, @Nullable Function function) {
    LineTable.Row row = process.line(lookup);
    return new Place(
        pc,
        row == null ? "?" : row.file(),
        row == null ? 0 : row.line(),
        function == null ? "???" : function.name(),
        function);
  }
}
