// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The line table of a unit: which line of which file an address belongs to (DWARF 5 §6.2). Files
 * are read at once, rows when they are first asked for; they are in order of the program, in which
 * a sequence's addresses ascend.
 */
public final class LineTable {
  private static final int IS_STATEMENT = 1;
  private static final int END_OF_SEQUENCE = 2;
  private static final int PROLOGUE_END = 4;
  private static final int START_SIZE = 11;
  private static final int END_SIZE = 3;

  /** How many addresses are looked for in their own sequence before all rows are read. */
  private static final int ASKED_ALONE = 64;

  private final List<String> files = new ArrayList<>();
  private final int version;
  private final byte[] section;
  private int programAt;
  private int programEnd;
  private int minimumInstruction = 1;
  private boolean statementByDefault;
  private int lineBase;
  private int lineRange = 1;
  private int[] lengths = new int[0];
  private volatile @Nullable Rows rows;
  private final AtomicInteger asked = new AtomicInteger();

  /**
   * Rows as parallel arrays, and the first row of each sequence that has code, by ascending
   * addresses.
   */
  private record Rows(long[] address, int[] file, int[] line, byte[] flags, int[] sequences) {
    /** Whether an address lies in one of the sequences. */
    boolean holds(long pc) {
      int sequence = sequence(pc);
      if (sequence < 0) {
        return false;
      }
      int last = sequences[sequence];
      while ((flags[last] & END_OF_SEQUENCE) == 0) {
        last++;
      }
      return pc < address[last];
    }

    /** The place in {@code sequences} of the last that begins at an address or before, or -1. */
    int sequence(long pc) {
      int low = -1;
      int high = sequences.length;
      while (high - low > 1) {
        int middle = (low + high) >>> 1;
        if (address[sequences[middle]] <= pc) {
          low = middle;
        } else {
          high = middle;
        }
      }
      return low;
    }
  }

  private static int[] ascending(int[] sequences, long[] addresses) {
    for (int i = 1; i < sequences.length; i++) {
      if (addresses[sequences[i]] < addresses[sequences[i - 1]]) {
        return IntStream.of(sequences)
            .boxed()
            .sorted(Comparator.comparingLong(s -> addresses[s]))
            .mapToInt(s -> s)
            .toArray();
      }
    }
    return sequences;
  }

  LineTable(Dwarf dwarf, Unit unit, byte[] section) {
    this.section = section;
    if (unit.lineOffset() < 0) {
      version = 0;
      rows = new Rows(new long[0], new int[0], new int[0], new byte[0], new int[0]);
      return;
    }
    Cursor c = new Cursor(section, unit.lineOffset(), section.length);
    long length = c.u32();
    int offsetSize = 4;
    if (length == 0xffffffffL) {
      length = c.u64();
      offsetSize = 8;
    }
    if (length < 0 || length > c.left()) {
      throw new BadBinaryException("a line table claims " + length + " bytes of " + c.left());
    }
    programEnd = (int) (c.at() + length);
    version = c.u16();
    if (version < 2 || version > 5) {
      throw new BadBinaryException("line table of version " + version + " (expected: 2 to 5)");
    }
    if (version >= 5) {
      c.skip(2);
    }
    long headerLength = c.unsigned(offsetSize);
    if (headerLength < 0 || headerLength > programEnd - c.at()) {
      throw new BadBinaryException("a line table's header claims " + headerLength + " bytes");
    }
    programAt = (int) (c.at() + headerLength);
    minimumInstruction = c.u8();
    if (version >= 4) {
      c.skip(1);
    }
    statementByDefault = c.u8() != 0;
    lineBase = c.s8();
    lineRange = c.u8();
    int opcodeBase = c.u8();
    lengths = new int[Math.max(opcodeBase, 1)];
    for (int i = 1; i < opcodeBase; i++) {
      lengths[i] = c.u8();
    }
    if (version >= 5) {
      List<String> folders = entries(c, dwarf, offsetSize, List.of(), unit.directory());
      files.addAll(entries(c, dwarf, offsetSize, folders, unit.directory()));
    } else {
      List<String> folders = new ArrayList<>();
      folders.add(unit.directory());
      for (String folder = c.string(); !folder.isEmpty(); folder = c.string()) {
        folders.add(join(unit.directory(), folder));
      }
      files.add(unit.name());
      for (String name = c.string(); !name.isEmpty(); name = c.string()) {
        int folder = c.uleb32();
        c.skipLeb();
        c.skipLeb();
        files.add(join(folder < folders.size() ? folders.get(folder) : "", name));
      }
    }
  }

  private static String join(String folder, String name) {
    if (name.startsWith("/") || name.startsWith("<") || folder.isEmpty()) {
      return name;
    }
    String path = folder.endsWith("/") ? folder + name : folder + "/" + name;
    boolean plain = !path.startsWith("./") && !path.contains("/.") && !path.contains("//");
    return plain ? path : Path.of(path).normalize().toString();
  }

  /** Folders or files of version 5, whose entries say themselves what they hold (§6.2.4.1). */
  private static List<String> entries(
      Cursor c, Dwarf dwarf, int offsetSize, List<String> folders, String directory) {
    int count = c.u8();
    int[] kinds = new int[count];
    int[] forms = new int[count];
    for (int i = 0; i < count; i++) {
      kinds[i] = c.uleb32();
      forms[i] = c.uleb32();
    }
    int entries = c.uleb32();
    if ((count == 0 && entries > 0) || entries > c.left()) {
      throw new BadBinaryException(entries + " files in " + c.left() + " bytes");
    }
    List<String> result = new ArrayList<>(entries);
    for (int e = 0; e < entries; e++) {
      String path = "";
      int folder = 0;
      for (int i = 0; i < count; i++) {
        String text = null;
        long number = 0;
        switch (forms[i]) {
          case Dw.FORM_STRING -> text = c.string();
          case Dw.FORM_LINE_STRP -> text = Cursor.stringAt(dwarf.lineStr, c.unsigned(offsetSize));
          case Dw.FORM_STRP -> text = Cursor.stringAt(dwarf.str, c.unsigned(offsetSize));
          case Dw.FORM_UDATA -> number = c.uleb();
          case Dw.FORM_DATA1 -> number = c.u8();
          case Dw.FORM_DATA2 -> number = c.u16();
          case Dw.FORM_DATA4 -> number = c.u32();
          case Dw.FORM_DATA8 -> number = c.u64();
          case Dw.FORM_DATA16 -> c.skip(16);
          case Dw.FORM_BLOCK -> c.skip(c.uleb());
          default -> throw new BadBinaryException("form " + forms[i] + " in a line table");
        }
        if (kinds[i] == 1 && text != null) {
          path = text;
        } else if (kinds[i] == 2) {
          folder = Math.clamp(number, 0, Integer.MAX_VALUE);
        }
      }
      String base = folder < folders.size() ? folders.get(folder) : directory;
      result.add(join(base, path));
    }
    return result;
  }

  /** Paths of its files. */
  public List<String> files() {
    return files;
  }

  private String fileName(int number) {
    return number >= 0 && number < files.size() ? files.get(number) : "?";
  }

  /** Path of a file by its number, as entries name it. */
  public String file(long number) {
    return fileName(Math.clamp(number, -1, Integer.MAX_VALUE));
  }

  private synchronized Rows rows() {
    Rows known = rows;
    if (known == null) {
      known = decode(programAt, programEnd, false);
      rows = known;
    }
    return known;
  }

  /** Rows among which are those around an address: of its sequence, or of all. */
  private Rows around(long pc) {
    if (rows == null && version >= 2 && asked.incrementAndGet() <= ASKED_ALONE) {
      int at = sequenceBefore(pc);
      if (at >= 0) {
        Rows alone = decode(at, programEnd, true);
        if (alone.holds(pc)) {
          return alone;
        }
      }
    }
    return rows();
  }

  /**
   * Where the sequence that an address should be in begins, or -1. Go's linker puts a unit's
   * sequences in order of their addresses, each behind the end of another; so they are found by
   * halving what lies between. What is found is only a guess until its rows are read.
   */
  private int sequenceBefore(long pc) {
    int low = programAt;
    int high = programEnd;
    if (!isStart(low)) {
      return -1;
    }
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      int next = middle;
      while (next < high && !(isStart(next) && isEnd(next - END_SIZE))) {
        next++;
      }
      if (next < high && Cursor.longAt(section, next + 3) <= pc) {
        low = next;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** DW_LNE_set_address of eight bytes. */
  private boolean isStart(int at) {
    return at + START_SIZE <= programEnd
        && section[at] == 0
        && section[at + 1] == 9
        && section[at + 2] == 2;
  }

  /** DW_LNE_end_sequence. */
  private boolean isEnd(int at) {
    return at >= programAt && section[at] == 0 && section[at + 1] == 1 && section[at + 2] == 1;
  }

  /** Reads a program from the start of a sequence on: all of it, or one sequence that has code. */
  private Rows decode(int from, int to, boolean single) {
    int capacity = single ? 64 : Math.max(16, (to - from) / 2);
    long[] addresses = new long[capacity];
    int[] fileNumbers = new int[capacity];
    int[] lines = new int[capacity];
    byte[] flags = new byte[capacity];
    int count = 0;
    int[] sequences = new int[16];
    int sequenceCount = 0;
    int first = 0;
    Cursor c = new Cursor(section, from, to);
    byte[] program = section;
    int at = from;
    int special = lengths.length;
    int range = Math.max(1, lineRange);
    long address = 0;
    int file = 1;
    int line = 1;
    boolean statement = statementByDefault;
    boolean prologueEnd = false;
    while (at < to && !(single && sequenceCount > 0)) {
      boolean emit = false;
      boolean end = false;
      int opcode = program[at++] & 0xff;
      if (opcode >= special) { // nearly all are, and few of them run compiled
        int adjusted = opcode - special;
        address += (long) (adjusted / range) * minimumInstruction;
        line += lineBase + adjusted % range;
        emit = true;
      } else {
        c.seek(at);
        switch (opcode) {
          case 0 -> {
            int length = c.uleb32();
            int next = c.at() + length;
            if (length > 0) {
              switch (c.u8()) {
                case 1 -> end = true;
                case 2 -> address = c.unsigned(length - 1);
                default -> {}
              }
            }
            c.seek(next);
          }
          case 1 -> emit = true;
          case 2 -> address += c.uleb() * minimumInstruction;
          case 3 -> line += (int) c.sleb();
          case 4 -> file = (int) c.uleb();
          case 5 -> c.skipLeb();
          case 6 -> statement = !statement;
          case 7, 11 -> {}
          case 8 -> address += (long) ((255 - special) / range) * minimumInstruction;
          case 9 -> address += c.u16();
          case 10 -> prologueEnd = true;
          case 12 -> c.skipLeb();
          default -> {
            for (int i = 0; i < lengths[opcode]; i++) {
              c.skipLeb();
            }
          }
        }
        at = c.at();
      }
      if (emit || end) {
        if (count == addresses.length) {
          int larger = count * 2;
          addresses = Arrays.copyOf(addresses, larger);
          fileNumbers = Arrays.copyOf(fileNumbers, larger);
          lines = Arrays.copyOf(lines, larger);
          flags = Arrays.copyOf(flags, larger);
        }
        addresses[count] = address;
        fileNumbers[count] = file;
        lines[count] = line;
        flags[count++] =
            (byte)
                ((statement ? IS_STATEMENT : 0)
                    | (end ? END_OF_SEQUENCE : 0)
                    | (prologueEnd ? PROLOGUE_END : 0));
        prologueEnd = false;
      }
      if (end) {
        if (addresses[count - 1] > addresses[first]) {
          if (sequenceCount == sequences.length) {
            sequences = Arrays.copyOf(sequences, sequenceCount * 2);
          }
          sequences[sequenceCount++] = first;
        }
        first = count;
        address = 0;
        file = 1;
        line = 1;
        statement = statementByDefault;
      }
    }
    return new Rows(
        Arrays.copyOf(addresses, count),
        Arrays.copyOf(fileNumbers, count),
        Arrays.copyOf(lines, count),
        Arrays.copyOf(flags, count),
        ascending(Arrays.copyOf(sequences, sequenceCount), addresses));
  }

  /** A row: from this address on, instructions belong to a line. */
  public record Row(long address, String file, int line, boolean statement, boolean prologueEnd) {}

  private Row row(Rows r, int i) {
    return new Row(
        r.address[i],
        fileName(r.file[i]),
        r.line[i],
        (r.flags[i] & IS_STATEMENT) != 0,
        (r.flags[i] & PROLOGUE_END) != 0);
  }

  /** The row that an address belongs to, or null if none does. */
  public @Nullable Row at(long pc) {
    Rows r = around(pc);
    int sequence = r.sequence(pc);
    if (sequence < 0) {
      return null;
    }
    int i = r.sequences[sequence];
    while ((r.flags[i] & END_OF_SEQUENCE) == 0) {
      if (r.address[i + 1] > pc) {
        return row(r, i);
      }
      i++;
    }
    return null;
  }

  /** Rows with addresses of a range, in order. */
  public List<Row> between(long low, long high) {
    Rows r = around(low);
    if (!r.holds(high - 1)) {
      r = rows();
    }
    List<Row> result = new ArrayList<>();
    for (int s = Math.max(r.sequence(low), 0); s < r.sequences.length; s++) {
      int i = r.sequences[s];
      if (r.address[i] >= high) {
        break;
      }
      for (; (r.flags[i] & END_OF_SEQUENCE) == 0; i++) {
        if (r.address[i] >= low && r.address[i] < high) {
          result.add(row(r, i));
        }
      }
    }
    return result;
  }

  /** Lines of a file that have statements, without order. */
  public IntStream statementLines(String file) {
    Rows r = rows();
    return IntStream.range(0, r.address.length)
        .filter(i -> (r.flags[i] & END_OF_SEQUENCE) == 0 && (r.flags[i] & IS_STATEMENT) != 0)
        .filter(i -> fileName(r.file[i]).equals(file))
        .map(i -> r.line[i]);
  }

  /** Rows of a line of a file that are statements, in order. */
  public List<Row> of(String file, int line) {
    Rows r = rows();
    List<Row> result = new ArrayList<>();
    for (int i = 0; i < r.address.length; i++) {
      boolean real = (r.flags[i] & END_OF_SEQUENCE) == 0;
      if (real
          && r.line[i] == line
          && (r.flags[i] & IS_STATEMENT) != 0
          && fileName(r.file[i]).equals(file)) {
        result.add(row(r, i));
      }
    }
    return result;
  }
}
