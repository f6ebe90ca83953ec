// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.LineTable;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The goroutines that started a goroutine, as the runtime remembers them where GODEBUG has {@code
 * tracebackancestors=N}. For the owner of the target.
 */
public final class Ancestors {
  private static final int MAX = 1 << 10;

  private Ancestors() {}

  /**
   * One of them.
   *
   * @param id number of the goroutine
   * @param frames where it was when it started the next, the innermost first
   * @param error why it cannot be read, or null
   */
  public record Ancestor(long id, List<Frame> frames, @Nullable String error) {}

  /** Whether the runtime remembers any. */
  public static boolean areKept(GoProcess process) {
    long debug = process.variableAddress("runtime.debug");
    Variable variable = process.variable("runtime.debug");
    GoType.Field field = variable == null ? null : variable.type.field("tracebackancestors");
    return debug != 0 && field != null && process.memory().u32(debug + field.offset()) != 0;
  }

  /** Those of a goroutine, the one that started it first. */
  public static List<Ancestor> of(GoProcess process, Goroutine g, int count, int depth) {
    List<Ancestor> result = new ArrayList<>();
    Memory memory = process.memory();
    long field = process.offset("runtime.g", "ancestors");
    long pcs = process.offset("runtime.ancestorInfo", "pcs");
    long goid = process.offset("runtime.ancestorInfo", "goid");
    GoType type = process.types().named("runtime.ancestorInfo");
    long slice = field < 0 ? 0 : memory.u64(g.address() + field);
    if (slice == 0 || pcs < 0 || goid < 0 || type == null) {
      return result;
    }
    long base = memory.u64(slice);
    long length = memory.u64(slice + 8);
    for (int i = 0; i < Math.min(Math.min(length, count), MAX); i++) {
      long at = base + i * type.size();
      try {
        long list = memory.u64(at + pcs);
        long known = memory.u64(at + pcs + 8);
        List<Frame> frames = new ArrayList<>();
        for (int j = 0; j < Math.min(Math.min(known, depth), MAX); j++) {
          boolean last = j + 1 == known;
          frames.add(frame(process, memory.u64(list + 8L * j), last));
        }
        result.add(new Ancestor(memory.u64(at + goid), frames, null));
      } catch (UnreadableException e) {
        result.add(new Ancestor(0, List.of(), String.valueOf(e.getMessage())));
      }
    }
    return result;
  }

  private static Frame frame(GoProcess process, long pc, boolean last) {
    Function function = process.functionAt(pc);
    long lookup = function != null && pc > process.entry(function) ? pc - 1 : pc;
    LineTable.Row row = process.line(lookup);
    return new Frame(
        pc,
        lookup,
        function,
        function == null ? "?" : function.name(),
        null,
        row == null ? "?" : row.file(),
        row == null ? 0 : row.line(),
        new long[17],
        0,
        last ? 0 : pc,
        false,
        false,
        null);
  }
}
