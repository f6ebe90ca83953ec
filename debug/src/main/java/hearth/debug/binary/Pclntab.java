// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.binary;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The table from which Go's runtime knows functions, lines and frames (runtime/symtab.go, of Go
 * 1.20 and later). It stays in programs whose symbols and debug information were stripped. For any
 * thread.
 */
public final class Pclntab {
  private static final long MAGIC = 0xfffffff1L;
  private static final int MAX_FUNCTIONS = 1 << 22;
  private static final int MAX_STEPS = 1 << 20;

  // Within the structure of a function.
  private static final int NAME_AT = 4;
  private static final int DEFER_RETURN_AT = 12;
  private static final int FRAME_AT = 16;
  private static final int FILE_AT = 20;
  private static final int LINE_AT = 24;
  private static final int UNIT_AT = 32;

  private final byte[] table;
  private final long names;
  private final long units;
  private final long files;
  private final long values;
  private final long functions;
  private final long text;
  private final int count;
  private final int quantum;

  /**
   * A function.
   *
   * @param low first address, as the file has it
   * @param high first address after it
   * @param at where its structure is
   */
  public record Entry(String name, long low, long high, int at) {}

  /** From an address on, code is of a line of a file. */
  public record Line(long address, String file, int line) {}

  private record Step(long address, int value) {}

  private Pclntab(byte[] table, long textSection) {
    this.table = table;
    Cursor c = new Cursor(table);
    if (c.u32() != MAGIC) {
      throw new BadBinaryException("a table of functions of a version of Go that is not read");
    }
    c.skip(2);
    quantum = c.u8();
    if (c.u8() != 8) {
      throw new BadBinaryException("a table of functions that is not of 64 bits");
    }
    long number = c.u64();
    c.skip(8);
    long start = c.u64();
    text = start == 0 ? textSection : start;
    names = c.u64();
    units = c.u64();
    files = c.u64();
    values = c.u64();
    functions = c.u64();
    if (number < 0 || number > MAX_FUNCTIONS) {
      throw new BadBinaryException("a table of " + number + " functions");
    }
    count = (int) number;
  }

  /**
   * Of a program; nothing if it has none.
   *
   * @throws BadBinaryException if it is damaged
   */
  public static Optional<Pclntab> of(Elf elf) {
    for (String name : new String[] {".gopclntab", ".data.rel.ro.gopclntab"}) {
      byte[] table = elf.content(name);
      if (table.length > 0) {
        long start = elf.section(".text").map(Elf.Section::address).orElse(0L);
        return Optional.of(new Pclntab(table, start));
      }
    }
    return Optional.empty();
  }

  private Cursor at(long offset) {
    return new Cursor(table, offset, table.length);
  }

  /** All functions, by address. */
  public List<Entry> functions() {
    List<Entry> result = new ArrayList<>(Math.min(count, table.length / 8));
    Cursor c = at(functions);
    long entry = c.u32();
    for (int i = 0; i < count; i++) {
      long structure = functions + c.u32();
      if (structure < 0 || structure > table.length) {
        throw new BadBinaryException("a function's structure lies outside of its table");
      }
      long next = c.u32();
      String name = Cursor.stringAt(table, names + (int) at(structure + NAME_AT).u32());
      if (!name.isEmpty() && next > entry) {
        result.add(new Entry(name, text + entry, text + next, (int) structure));
      }
      entry = next;
    }
    return result;
  }

  /** Values of a table for a function: each holds from its address up to the next. */
  private List<Step> steps(Entry function, int field) {
    List<Step> result = new ArrayList<>();
    long offset = at(function.at + (long) field).u32();
    if (offset == 0) {
      return result;
    }
    Cursor c = at(values + offset);
    long pc = function.low;
    int value = -1;
    while (pc < function.high) {
      long delta = c.uleb();
      if (delta == 0 && !result.isEmpty()) {
        break;
      }
      value += (int) ((delta & 1) != 0 ? ~(delta >>> 1) : delta >>> 1);
      result.add(new Step(pc, value));
      long length = c.uleb() * quantum;
      if (length <= 0 || length > function.high - function.low || result.size() > MAX_STEPS) {
        break;
      }
      pc += length;
    }
    return result;
  }

  /** Lines of a function, in the order of their addresses. */
  public List<Line> lines(Entry function) {
    List<Line> result = new ArrayList<>();
    List<Step> numbers = steps(function, LINE_AT);
    List<Step> paths = steps(function, FILE_AT);
    int at = 0;
    String file = "";
    for (int i = 0, j = 0; i < numbers.size() || j < paths.size(); ) {
      boolean isPath =
          j < paths.size()
              && (i >= numbers.size() || paths.get(j).address <= numbers.get(i).address);
      Step step = isPath ? paths.get(j) : numbers.get(i);
      if (isPath) {
        file = file(function, step.value);
        j++;
        boolean same = i < numbers.size() && numbers.get(i).address == step.address;
        if (!same && at > 0) {
          result.add(new Line(step.address, file, at));
        }
      } else {
        at = step.value;
        i++;
        result.add(new Line(step.address, file, at));
      }
    }
    return result;
  }

  private String file(Entry function, int number) {
    long unit = at(function.at + (long) UNIT_AT).u32();
    if (unit == 0xffffffffL || number < 0) {
      return "?";
    }
    long offset = at(units + 4 * (unit + number)).u32();
    return offset == 0xffffffffL ? "?" : Cursor.stringAt(table, files + offset);
  }

  /** Paths of the files that a function has code of. */
  public Iterable<String> files(Entry function) {
    TreeSet<String> result = new TreeSet<>();
    steps(function, FILE_AT).forEach(s -> result.add(file(function, s.value)));
    result.remove("?");
    return result;
  }

  /** Bytes between the stack pointer and the return address at an address; -1 if unknown. */
  public int frameSize(Entry function, long pc) {
    int size = -1;
    for (Step step : steps(function, FRAME_AT)) {
      if (step.address > pc) {
        break;
      }
      size = step.value;
    }
    return size;
  }

  /** Whether a function has deferred calls. */
  public boolean defers(Entry function) {
    return at(function.at + (long) DEFER_RETURN_AT).u32() != 0;
  }

  /** The line that an address of a function belongs to, or null. */
  public @Nullable Line line(Entry function, long pc) {
    Line found = null;
    for (Line line : lines(function)) {
      if (line.address > pc) {
        break;
      }
      found = line;
    }
    return found;
  }
}
