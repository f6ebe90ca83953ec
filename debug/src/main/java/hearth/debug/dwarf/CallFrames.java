// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to get from a frame to its caller: {@code .debug_frame} and {@code .eh_frame} (DWARF 5 §6.4;
 * System V ABI for the pointers of the latter). Entries are found at once, their programs run when
 * asked for.
 */
public final class CallFrames {
  private static final int MAX_STATES = 256;
  private final List<Entry> entries = new ArrayList<>();

  private record Common(
      long codeAlignment,
      long dataAlignment,
      int returnRegister,
      int pointerEncoding,
      boolean augmented,
      byte[] section,
      int programAt,
      int programEnd) {}

  private record Entry(long low, long high, Common common, int programAt, int programEnd) {}

  /** Where the caller's value of a register is. */
  public sealed interface Rule {
    /** It cannot be known. */
    record Undefined() implements Rule {}

    /** The register still has it. */
    record Same() implements Rule {}

    /** In memory, at the CFA plus an offset. */
    record AtOffset(long offset) implements Rule {}

    /** It is the CFA plus an offset. */
    record IsOffset(long offset) implements Rule {}

    /** In another register. */
    record InRegister(int register) implements Rule {}

    /** In memory, at an address that an expression gives. */
    record AtExpression(byte[] expression) implements Rule {}

    /** What an expression gives. */
    record IsExpression(byte[] expression) implements Rule {}
  }

  /**
   * What holds at an address. The CFA is a register plus an offset, or an expression's result.
   *
   * @param registers by the numbers of DWARF; others are the same as in the frame
   */
  public record Row(
      int cfaRegister,
      long cfaOffset,
      byte @Nullable [] cfaExpression,
      Map<Integer, Rule> registers,
      int returnRegister) {}

  /**
   * Reads a section. {@code ehFrame} tells which of the two, {@code address} where it is loaded.
   */
  public CallFrames add(byte[] section, boolean ehFrame, long address) {
    Map<Long, Common> commons = new HashMap<>();
    Common last = null;
    long lastAt = -1;
    Cursor c = new Cursor(section);
    while (c.left() >= 4) {
      int start = c.at();
      long length = c.u32();
      int offsetSize = 4;
      if (length == 0) {
        continue;
      }
      if (length == 0xffffffffL) {
        length = c.u64();
        offsetSize = 8;
      }
      if (length < 0 || length > c.left()) {
        throw new BadBinaryException("a call frame entry claims " + length + " bytes");
      }
      int next = (int) (c.at() + length);
      int idAt = c.at();
      long id = c.unsigned(ehFrame ? 4 : offsetSize);
      boolean isCommon =
          ehFrame ? id == 0 : offsetSize == 4 ? id == 0xffffffffL : id == 0xffffffffffffffffL;
      if (isCommon) {
        commons.put((long) start, common(section, c, next, ehFrame));
      } else {
        long commonAt = ehFrame ? idAt - id : id;
        if (commonAt != lastAt) { // nearly all have the same
          last = commons.get(commonAt);
          lastAt = commonAt;
        }
        if (last != null) {
          entry(section, c, next, last, address);
        }
      }
      c.seek(next);
    }
    entries.sort((a, b) -> Long.compare(a.low, b.low));
    return this;
  }

  private static Common common(byte[] section, Cursor c, int end, boolean ehFrame) {
    int version = c.u8();
    String augmentation = c.string();
    if (!ehFrame && version >= 4) {
      c.skip(2);
    }
    long code = c.uleb();
    long data = c.sleb();
    int returnRegister = version == 1 ? c.u8() : c.uleb32();
    int encoding = 0;
    boolean augmented = augmentation.startsWith("z");
    int programAt;
    if (augmented) {
      int length = c.uleb32();
      programAt = c.at() + length;
      for (int i = 1; i < augmentation.length(); i++) {
        switch (augmentation.charAt(i)) {
          case 'R' -> encoding = c.u8();
          case 'L' -> c.skip(1);
          case 'P' -> pointer(c, c.u8() & 0x7f, 0);
          default -> {}
        }
      }
    } else {
      programAt = c.at();
    }
    return new Common(code, data, returnRegister, encoding, augmented, section, programAt, end);
  }

  private static long pointer(Cursor c, int encoding, long sectionAddress) {
    if (encoding == 0xff) {
      return 0;
    }
    int at = c.at();
    long value =
        switch (encoding & 15) {
          case 0, 4, 12 -> c.u64();
          case 1 -> c.uleb();
          case 2 -> c.u16();
          case 3 -> c.u32();
          case 9 -> c.sleb();
          case 10 -> (short) c.u16();
          case 11 -> c.s32();
          default -> throw new BadBinaryException("pointer encoding " + encoding);
        };
    return (encoding & 0x70) == 0x10 ? value + sectionAddress + at : value;
  }

  private void entry(byte[] section, Cursor c, int end, Common common, long address) {
    if (common.pointerEncoding == 0 && !common.augmented && end - c.at() >= 16) {
      long low = Cursor.longAt(section, c.at()); // as Go writes all of them
      long size = Cursor.longAt(section, c.at() + 8);
      if (size > 0) {
        entries.add(new Entry(low, low + size, common, c.at() + 16, end));
      }
      return;
    }
    long low = pointer(c, common.pointerEncoding, address);
    long size = pointer(c, common.pointerEncoding & 15, 0);
    if (common.augmented) {
      c.skip(c.uleb());
    }
    if (size > 0) {
      entries.add(new Entry(low, low + size, common, c.at(), end));
    }
  }

  private @Nullable Entry find(long pc) {
    int low = 0;
    int high = entries.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (entries.get(middle).low <= pc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    // Entries of the two sections may cover the same place; the nearest start wins.
    Entry found = low > 0 ? entries.get(low - 1) : null;
    return found != null && pc < found.high ? found : null;
  }

  /** What holds at an address as the file has it; null if no entry covers it. */
  public @Nullable Row at(long pc) {
    Entry entry = find(pc);
    if (entry == null) {
      return null;
    }
    State state = new State(entry.common, entry.low, pc);
    Common common = entry.common;
    state.run(new Cursor(common.section, common.programAt, common.programEnd));
    state.initial = Map.copyOf(state.registers);
    state.location = entry.low;
    state.run(new Cursor(common.section, entry.programAt, entry.programEnd));
    return new Row(
        state.cfaRegister,
        state.cfaOffset,
        state.cfaExpression,
        state.registers,
        common.returnRegister);
  }

  /** A program of call frame instructions while it runs (DWARF 5 §6.4.2). */
  private static final class State {
    private final Common common;
    private final long pc;
    private long location;
    private int cfaRegister;
    private long cfaOffset;
    private byte @Nullable [] cfaExpression;
    private Map<Integer, Rule> registers = new HashMap<>();
    private Map<Integer, Rule> initial = Map.of();
    private final List<State> remembered = new ArrayList<>();

    State(Common common, long location, long pc) {
      this.common = common;
      this.location = location;
      this.pc = pc;
    }

    private boolean advance(long units) {
      location += units * common.codeAlignment;
      return location > pc;
    }

    void run(Cursor c) {
      while (c.more()) {
        int opcode = c.u8();
        int low = opcode & 0x3f;
        boolean beyond = false;
        switch (opcode >> 6) {
          case 1 -> beyond = advance(low);
          case 2 -> registers.put(low, new Rule.AtOffset(c.uleb() * common.dataAlignment));
          case 3 -> restore(low);
          default -> beyond = other(opcode, c);
        }
        if (beyond) {
          return;
        }
      }
    }

    private void restore(int register) {
      Rule rule = initial.get(register);
      if (rule == null) {
        registers.remove(register);
      } else {
        registers.put(register, rule);
      }
    }

    private boolean other(int opcode, Cursor c) {
      switch (opcode) {
        case 0x00 -> {}
        case 0x01 -> {
          location = c.u64();
          return location > pc;
        }
        case 0x02 -> {
          return advance(c.u8());
        }
        case 0x03 -> {
          return advance(c.u16());
        }
        case 0x04 -> {
          return advance(c.u32());
        }
        case 0x05 -> registers.put(c.uleb32(), new Rule.AtOffset(c.uleb() * common.dataAlignment));
        case 0x06 -> restore(c.uleb32());
        case 0x07 -> registers.put(c.uleb32(), new Rule.Undefined());
        case 0x08 -> registers.put(c.uleb32(), new Rule.Same());
        case 0x09 -> registers.put(c.uleb32(), new Rule.InRegister(c.uleb32()));
        case 0x0a -> remember();
        case 0x0b -> recall();
        case 0x0c -> {
          cfaRegister = c.uleb32();
          cfaOffset = c.uleb();
          cfaExpression = null;
        }
        case 0x0d -> cfaRegister = c.uleb32();
        case 0x0e -> cfaOffset = c.uleb();
        case 0x0f -> cfaExpression = c.bytes(c.uleb());
        case 0x10 -> registers.put(c.uleb32(), new Rule.AtExpression(c.bytes(c.uleb())));
        case 0x11 -> registers.put(c.uleb32(), new Rule.AtOffset(c.sleb() * common.dataAlignment));
        case 0x12 -> {
          cfaRegister = c.uleb32();
          cfaOffset = c.sleb() * common.dataAlignment;
          cfaExpression = null;
        }
        case 0x13 -> cfaOffset = c.sleb() * common.dataAlignment;
        case 0x14 -> registers.put(c.uleb32(), new Rule.IsOffset(c.uleb() * common.dataAlignment));
        case 0x15 -> registers.put(c.uleb32(), new Rule.IsOffset(c.sleb() * common.dataAlignment));
        case 0x16 -> registers.put(c.uleb32(), new Rule.IsExpression(c.bytes(c.uleb())));
        case 0x2e -> c.skipLeb();
        default ->
            throw new BadBinaryException("call frame instruction 0x" + Integer.toHexString(opcode));
      }
      return false;
    }

    private void remember() {
      if (remembered.size() >= MAX_STATES) {
        throw new BadBinaryException("more than " + MAX_STATES + " states of a call frame");
      }
      State copy = new State(common, location, pc);
      copy.cfaRegister = cfaRegister;
      copy.cfaOffset = cfaOffset;
      copy.cfaExpression = cfaExpression;
      copy.registers = new HashMap<>(registers);
      remembered.add(copy);
    }

    private void recall() {
      if (remembered.isEmpty()) {
        throw new BadBinaryException("a call frame restores a state that it did not remember");
      }
      State copy = remembered.removeLast();
      cfaRegister = copy.cfaRegister;
      cfaOffset = copy.cfaOffset;
      cfaExpression = copy.cfaExpression;
      registers = copy.registers;
    }
  }
}
