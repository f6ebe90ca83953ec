// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import hearth.debug.binary.Elf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The DWARF of one object file: its sections and units. For any thread. */
public final class Dwarf {
  final byte[] info;
  final byte[] str;
  final byte[] lineStr;
  final byte[] strOffsets;
  private final byte[] abbrev;
  private final byte[] addr;
  private final byte[] ranges;
  private final byte[] rangeLists;
  private final byte[] loc;
  private final byte[] locationLists;
  private final byte[] line;
  private final List<Unit> units = new ArrayList<>();
  private final int[] starts;
  private final Map<Long, Abbreviations> tables = new ConcurrentHashMap<>();
  private final Map<Integer, LineTable> lineTables = new ConcurrentHashMap<>();

  /** Reads the headers of all units. */
  public Dwarf(Elf elf) {
    // Inflating is most of the work of a start, and sections do not wait for each other.
    Stream.of(
            "info",
            "line",
            "abbrev",
            "str",
            "line_str",
            "addr",
            "ranges",
            "rnglists",
            "loc",
            "loclists",
            "str_offsets")
        .parallel()
        .forEach(name -> elf.content(".debug_" + name));
    info = elf.content(".debug_info");
    str = elf.content(".debug_str");
    lineStr = elf.content(".debug_line_str");
    strOffsets = elf.content(".debug_str_offsets");
    abbrev = elf.content(".debug_abbrev");
    addr = elf.content(".debug_addr");
    ranges = elf.content(".debug_ranges");
    rangeLists = elf.content(".debug_rnglists");
    loc = elf.content(".debug_loc");
    locationLists = elf.content(".debug_loclists");
    line = elf.content(".debug_line");
    int at = 0;
    while (at < info.length) {
      Unit unit = new Unit(this, at);
      units.add(unit);
      at = unit.end;
    }
    starts = units.stream().mapToInt(u -> u.offset).toArray();
  }

  /** Whether there is any. */
  public boolean isEmpty() {
    return units.isEmpty();
  }

  /** All units, in order. */
  public List<Unit> units() {
    return units;
  }

  Abbreviations abbreviations(long offset) {
    return tables.computeIfAbsent(offset, o -> new Abbreviations(abbrev, o));
  }

  /** The unit that an offset of {@code .debug_info} lies in. */
  public Unit unitAt(int offset) {
    int i = java.util.Arrays.binarySearch(starts, offset);
    i = i < 0 ? -i - 2 : i;
    if (i < 0 || offset >= units.get(i).end) {
      throw new BadBinaryException("no unit at " + offset);
    }
    return units.get(i);
  }

  /** The entry at an offset of {@code .debug_info}. */
  public Die die(int offset) {
    Unit unit = unitAt(offset);
    if (offset < unit.firstEntry) {
      throw new BadBinaryException("no entry at " + offset);
    }
    return new Die(unit, offset);
  }

  long indexedAddress(Unit unit, long index) {
    Cursor c = new Cursor(addr, unit.addressBase + index * unit.addressSize, addr.length);
    return c.unsigned(unit.addressSize);
  }

  private long listOffset(byte[] section, Unit unit, long base, long index) {
    Cursor c = new Cursor(section, base + index * unit.offsetSize, section.length);
    return base + c.unsigned(unit.offsetSize);
  }

  /** Ranges of an entry by {@code DW_AT_ranges} (DWARF 4 §2.17.3, DWARF 5 §7.25). */
  List<long[]> ranges(Die die) {
    Unit unit = die.unit();
    long at = die.number(Dw.AT_RANGES, 0);
    List<long[]> result = new ArrayList<>();
    if (unit.version < 5) {
      Cursor c = new Cursor(ranges, at, ranges.length);
      long base = unit.lowPc();
      while (true) {
        long low = c.unsigned(unit.addressSize);
        long high = c.unsigned(unit.addressSize);
        if (low == 0 && high == 0) {
          return result;
        }
        if (low == -1L) {
          base = high;
        } else if (low < high) {
          result.add(new long[] {base + low, base + high});
        }
      }
    }
    if (die.isListIndex(Dw.AT_RANGES)) {
      at = listOffset(rangeLists, unit, unit.rangeListsBase, at);
    }
    Cursor c = new Cursor(rangeLists, at, rangeLists.length);
    long base = unit.lowPc();
    while (true) {
      int kind = c.u8();
      long low;
      long high;
      switch (kind) {
        case 0 -> {
          return result;
        }
        case 1 -> {
          base = indexedAddress(unit, c.uleb());
          continue;
        }
        case 2 -> {
          low = indexedAddress(unit, c.uleb());
          high = indexedAddress(unit, c.uleb());
        }
        case 3 -> {
          low = indexedAddress(unit, c.uleb());
          high = low + c.uleb();
        }
        case 4 -> {
          low = base + c.uleb();
          high = base + c.uleb();
        }
        case 5 -> {
          base = c.unsigned(unit.addressSize);
          continue;
        }
        case 6 -> {
          low = c.unsigned(unit.addressSize);
          high = c.unsigned(unit.addressSize);
        }
        case 7 -> {
          low = c.unsigned(unit.addressSize);
          high = low + c.uleb();
        }
        default -> throw new BadBinaryException("entry " + kind + " of a list of ranges");
      }
      if (low < high) {
        result.add(new long[] {low, high});
      }
    }
  }

  /**
   * The expression that tells where a variable is while the program counter has a value: from the
   * attribute itself, or from the location list that it names (DWARF 5 §2.6.2).
   *
   * @return nothing if the list covers no such place
   */
  public Optional<byte[]> location(Die die, int attribute, long pc) {
    Optional<byte[]> direct = die.block(attribute);
    if (direct.isPresent() || !die.has(attribute)) {
      return direct;
    }
    Unit unit = die.unit();
    long at = die.number(attribute, 0);
    long base = unit.lowPc();
    if (unit.version < 5) {
      Cursor c = new Cursor(loc, at, loc.length);
      while (true) {
        long low = c.unsigned(unit.addressSize);
        long high = c.unsigned(unit.addressSize);
        if (low == 0 && high == 0) {
          return Optional.empty();
        }
        if (low == -1L) {
          base = high;
          continue;
        }
        int size = c.u16();
        if (pc >= base + low && pc < base + high) {
          return Optional.of(c.bytes(size));
        }
        c.skip(size);
      }
    }
    if (die.isListIndex(attribute)) {
      at = listOffset(locationLists, unit, unit.locationListsBase, at);
    }
    Cursor c = new Cursor(locationLists, at, locationLists.length);
    byte @Nullable [] otherwise = null;
    while (true) {
      int kind = c.u8();
      long low;
      long high;
      switch (kind) {
        case 0 -> {
          return Optional.ofNullable(otherwise);
        }
        case 1 -> {
          base = indexedAddress(unit, c.uleb());
          continue;
        }
        case 2 -> {
          low = indexedAddress(unit, c.uleb());
          high = indexedAddress(unit, c.uleb());
        }
        case 3 -> {
          low = indexedAddress(unit, c.uleb());
          high = low + c.uleb();
        }
        case 4 -> {
          low = base + c.uleb();
          high = base + c.uleb();
        }
        case 5 -> {
          otherwise = c.bytes(c.uleb());
          continue;
        }
        case 6 -> {
          base = c.unsigned(unit.addressSize);
          continue;
        }
        case 7 -> {
          low = c.unsigned(unit.addressSize);
          high = c.unsigned(unit.addressSize);
        }
        case 8 -> {
          low = c.unsigned(unit.addressSize);
          high = low + c.uleb();
        }
        default -> throw new BadBinaryException("entry " + kind + " of a location list");
      }
      long size = c.uleb();
      if (pc >= low && pc < high) {
        return Optional.of(c.bytes(size));
      }
      c.skip(size);
    }
  }

  /** The line table of a unit; empty if it has none. */
  public LineTable lines(Unit unit) {
    return lineTables.computeIfAbsent(unit.offset, o -> new LineTable(this, unit, line));
  }
}
