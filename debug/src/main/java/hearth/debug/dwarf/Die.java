// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import hearth.debug.dwarf.Abbreviations.Abbreviation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A debugging information entry. Attributes are found by reading through them, which there are few
 * of, so an entry costs nothing to keep but its offset.
 */
public final class Die {
  private static final int MAX_DEPTH = 512;
  private static final Abbreviation NULL_ENTRY =
      new Abbreviation(0, false, new int[0], new int[0], new long[0], 0);

  private final Unit unit;
  private final int offset;
  private final Abbreviation abbreviation;
  private final int attributesAt;

  Die(Unit unit, int offset) {
    this.unit = unit;
    this.offset = offset;
    Cursor c = new Cursor(unit.dwarf.info, offset, unit.end);
    long code = c.uleb();
    abbreviation = code == 0 ? NULL_ENTRY : unit.abbreviations.get(code);
    attributesAt = c.at();
  }

  /** Position from the start of the section, by which other entries name it. */
  public int offset() {
    return offset;
  }

  /** What it describes, as {@code Dw.TAG_…}; 0 for the entry that ends a list of children. */
  public int tag() {
    return abbreviation.tag();
  }

  /** Unit that it lies in. */
  public Unit unit() {
    return unit;
  }

  /** Whether entries follow that are its children. */
  public boolean hasChildren() {
    return abbreviation.children();
  }

  private record Found(int form, int at, long implied) {}

  private @Nullable Found find(int attribute) {
    int[] attributes = abbreviation.attributes();
    for (int i = 0; i < attributes.length; i++) {
      if (attributes[i] == attribute) {
        Cursor c = new Cursor(unit.dwarf.info, attributesAt, unit.end);
        for (int j = 0; j < i; j++) {
          skipForm(c, unit, abbreviation.forms()[j]);
        }
        int form = abbreviation.forms()[i];
        if (form == Dw.FORM_INDIRECT) {
          form = c.uleb32();
        }
        return new Found(form, c.at(), abbreviation.implied()[i]);
      }
    }
    return null;
  }

  static void skipForm(Cursor c, Unit unit, int form) {
    switch (form) {
      case Dw.FORM_ADDR -> c.skip(unit.addressSize);
      case Dw.FORM_DATA1, Dw.FORM_FLAG, Dw.FORM_REF1, Dw.FORM_STRX1, Dw.FORM_ADDRX1 -> c.skip(1);
      case Dw.FORM_DATA2, Dw.FORM_REF2, Dw.FORM_STRX2, Dw.FORM_ADDRX2 -> c.skip(2);
      case Dw.FORM_STRX3, Dw.FORM_ADDRX3 -> c.skip(3);
      case Dw.FORM_DATA4, Dw.FORM_REF4, Dw.FORM_STRX4, Dw.FORM_ADDRX4, Dw.FORM_REF_SUP4 ->
          c.skip(4);
      case Dw.FORM_DATA8, Dw.FORM_REF8, Dw.FORM_REF_SIG8, Dw.FORM_REF_SUP8 -> c.skip(8);
      case Dw.FORM_DATA16 -> c.skip(16);
      case Dw.FORM_STRING -> c.skipString();
      case Dw.FORM_SDATA,
          Dw.FORM_UDATA,
          Dw.FORM_REF_UDATA,
          Dw.FORM_STRX,
          Dw.FORM_ADDRX,
          Dw.FORM_LOCLISTX,
          Dw.FORM_RNGLISTX ->
          c.skipLeb();
      case Dw.FORM_REF_ADDR -> c.skip(unit.version < 3 ? unit.addressSize : unit.offsetSize);
      case Dw.FORM_STRP,
          Dw.FORM_SEC_OFFSET,
          Dw.FORM_LINE_STRP,
          Dw.FORM_STRP_SUP,
          Dw.FORM_GNU_REF_ALT,
          Dw.FORM_GNU_STRP_ALT ->
          c.skip(unit.offsetSize);
      case Dw.FORM_BLOCK1 -> c.skip(c.u8());
      case Dw.FORM_BLOCK2 -> c.skip(c.u16());
      case Dw.FORM_BLOCK4 -> c.skip(c.u32());
      case Dw.FORM_BLOCK, Dw.FORM_EXPRLOC -> c.skip(c.uleb());
      case Dw.FORM_FLAG_PRESENT, Dw.FORM_IMPLICIT_CONST -> {}
      case Dw.FORM_INDIRECT -> {
        int real = c.uleb32();
        if (real == Dw.FORM_INDIRECT) {
          throw new BadBinaryException("an indirect form of an indirect form");
        }
        skipForm(c, unit, real);
      }
      default -> throw new BadBinaryException("form 0x" + Integer.toHexString(form));
    }
  }

  private Cursor at(Found found) {
    return new Cursor(unit.dwarf.info, found.at, unit.end);
  }

  /** Whether it has an attribute. */
  public boolean has(int attribute) {
    for (int a : abbreviation.attributes()) {
      if (a == attribute) {
        return true;
      }
    }
    return false;
  }

  /** A number, an offset of another section, or a flag (1); the default if there is none. */
  public long number(int attribute, long otherwise) {
    Found f = find(attribute);
    if (f == null) {
      return otherwise;
    }
    Cursor c = at(f);
    return switch (f.form) {
      case Dw.FORM_DATA1, Dw.FORM_FLAG -> c.u8();
      case Dw.FORM_DATA2 -> c.u16();
      case Dw.FORM_DATA4 -> c.u32();
      case Dw.FORM_DATA8, Dw.FORM_DATA16 -> c.u64();
      case Dw.FORM_SDATA -> c.sleb();
      case Dw.FORM_UDATA, Dw.FORM_RNGLISTX, Dw.FORM_LOCLISTX -> c.uleb();
      case Dw.FORM_SEC_OFFSET -> c.unsigned(unit.offsetSize);
      case Dw.FORM_FLAG_PRESENT -> 1;
      case Dw.FORM_IMPLICIT_CONST -> f.implied;
      case Dw.FORM_ADDR,
          Dw.FORM_ADDRX,
          Dw.FORM_ADDRX1,
          Dw.FORM_ADDRX2,
          Dw.FORM_ADDRX3,
          Dw.FORM_ADDRX4 ->
          address(attribute, otherwise);
      default -> otherwise;
    };
  }

  /** Whether a flag is there and set. */
  public boolean flag(int attribute) {
    return number(attribute, 0) != 0;
  }

  /** A string. */
  public String string(int attribute, String otherwise) {
    Found f = find(attribute);
    if (f == null) {
      return otherwise;
    }
    Cursor c = at(f);
    return switch (f.form) {
      case Dw.FORM_STRING -> c.string();
      case Dw.FORM_STRP -> Cursor.stringAt(unit.dwarf.str, c.unsigned(unit.offsetSize));
      case Dw.FORM_LINE_STRP -> Cursor.stringAt(unit.dwarf.lineStr, c.unsigned(unit.offsetSize));
      case Dw.FORM_STRX -> indexedString(c.uleb());
      case Dw.FORM_STRX1 -> indexedString(c.u8());
      case Dw.FORM_STRX2 -> indexedString(c.u16());
      case Dw.FORM_STRX3 -> indexedString(c.unsigned(3));
      case Dw.FORM_STRX4 -> indexedString(c.u32());
      default -> otherwise;
    };
  }

  private String indexedString(long index) {
    byte[] offsets = unit.dwarf.strOffsets;
    Cursor c =
        new Cursor(offsets, unit.stringOffsetsBase + index * unit.offsetSize, offsets.length);
    return Cursor.stringAt(unit.dwarf.str, c.unsigned(unit.offsetSize));
  }

  /** An address as the file has it. */
  public long address(int attribute, long otherwise) {
    Found f = find(attribute);
    if (f == null) {
      return otherwise;
    }
    Cursor c = at(f);
    return switch (f.form) {
      case Dw.FORM_ADDR -> c.unsigned(unit.addressSize);
      case Dw.FORM_ADDRX -> unit.dwarf.indexedAddress(unit, c.uleb());
      case Dw.FORM_ADDRX1 -> unit.dwarf.indexedAddress(unit, c.u8());
      case Dw.FORM_ADDRX2 -> unit.dwarf.indexedAddress(unit, c.u16());
      case Dw.FORM_ADDRX3 -> unit.dwarf.indexedAddress(unit, c.unsigned(3));
      case Dw.FORM_ADDRX4 -> unit.dwarf.indexedAddress(unit, c.u32());
      default -> otherwise;
    };
  }

  /** Offset of the entry that an attribute names, or -1. */
  public int reference(int attribute) {
    Found f = find(attribute);
    if (f == null) {
      return -1;
    }
    Cursor c = at(f);
    long target =
        switch (f.form) {
          case Dw.FORM_REF1 -> unit.offset + c.u8();
          case Dw.FORM_REF2 -> unit.offset + c.u16();
          case Dw.FORM_REF4 -> unit.offset + c.u32();
          case Dw.FORM_REF8 -> unit.offset + c.u64();
          case Dw.FORM_REF_UDATA -> unit.offset + c.uleb();
          case Dw.FORM_REF_ADDR ->
              c.unsigned(unit.version < 3 ? unit.addressSize : unit.offsetSize);
          default -> -1;
        };
    if (target < 0 || target >= unit.dwarf.info.length) {
      return -1;
    }
    return (int) target;
  }

  /** Bytes of a block or an expression; nothing if the attribute is missing or a number. */
  public Optional<byte[]> block(int attribute) {
    Found f = find(attribute);
    if (f == null) {
      return Optional.empty();
    }
    Cursor c = at(f);
    return switch (f.form) {
      case Dw.FORM_BLOCK1 -> Optional.of(c.bytes(c.u8()));
      case Dw.FORM_BLOCK2 -> Optional.of(c.bytes(c.u16()));
      case Dw.FORM_BLOCK4 -> Optional.of(c.bytes(c.u32()));
      case Dw.FORM_BLOCK, Dw.FORM_EXPRLOC -> Optional.of(c.bytes(c.uleb()));
      case Dw.FORM_DATA16 -> Optional.of(c.bytes(16));
      default -> Optional.empty();
    };
  }

  /** Whether the attribute is an index into a table of lists, not an offset. */
  boolean isListIndex(int attribute) {
    Found f = find(attribute);
    return f != null && (f.form == Dw.FORM_RNGLISTX || f.form == Dw.FORM_LOCLISTX);
  }

  /** Whether {@code DW_AT_high_pc} is an address and not a length. */
  private boolean isAddress(int attribute) {
    Found f = find(attribute);
    return f != null
        && (f.form == Dw.FORM_ADDR
            || f.form == Dw.FORM_ADDRX
            || (f.form >= Dw.FORM_ADDRX1 && f.form <= Dw.FORM_ADDRX4));
  }

  /** First address after its code, from {@code DW_AT_high_pc}; 0 if it has none. */
  public long highPc(long lowPc) {
    if (!has(Dw.AT_HIGH_PC)) {
      return 0;
    }
    return isAddress(Dw.AT_HIGH_PC) ? address(Dw.AT_HIGH_PC, 0) : lowPc + number(Dw.AT_HIGH_PC, 0);
  }

  /** Ranges of its code as pairs of first address and first after. */
  public List<long[]> ranges() {
    if (has(Dw.AT_RANGES)) {
      return unit.dwarf.ranges(this);
    }
    long low = address(Dw.AT_LOW_PC, 0);
    long high = highPc(low);
    return high > low ? List.of(new long[] {low, high}) : List.of();
  }

  /** Whether an address lies in its ranges. */
  public boolean covers(long pc) {
    for (long[] range : ranges()) {
      if (pc >= range[0] && pc < range[1]) {
        return true;
      }
    }
    return false;
  }

  private int afterAttributes() {
    Cursor c = new Cursor(unit.dwarf.info, attributesAt, unit.end);
    for (int form : abbreviation.forms()) {
      skipForm(c, unit, form);
    }
    return c.at();
  }

  /**
   * Its children.
   *
   * @throws BadBinaryException if they are nested deeper than 512
   */
  public List<Die> children() {
    if (!hasChildren()) {
      return List.of();
    }
    List<Die> result = new ArrayList<>();
    int at = afterAttributes();
    int depth = 0;
    while (at < unit.end) {
      Die child = new Die(unit, at);
      at = child.afterAttributes();
      if (child.tag() == 0) {
        if (depth-- == 0) {
          break;
        }
        continue;
      }
      if (depth == 0) {
        result.add(child);
      }
      if (child.hasChildren() && ++depth > MAX_DEPTH) {
        throw new BadBinaryException("entries nested deeper than " + MAX_DEPTH);
      }
    }
    return result;
  }

  /** Runs through the entries after this one, children first, until {@code false} comes back. */
  public void walk(Visitor visitor) {
    int at = afterAttributes();
    int depth = hasChildren() ? 1 : 0;
    while (at < unit.end && depth > 0) {
      Die die = new Die(unit, at);
      at = die.afterAttributes();
      if (die.tag() == 0) {
        depth--;
        continue;
      }
      if (!visitor.visit(die, depth)) {
        return;
      }
      if (die.hasChildren()) {
        depth++;
      }
    }
  }

  /** What is done with each entry. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Takes an entry.
     *
     * @param depth 1 for children of the entry that the walk began at
     * @return whether to go on
     */
    boolean visit(Die die, int depth);
  }

  /** The entry that this one completes or is a copy of, or itself. */
  public Die origin() {
    int at = reference(Dw.AT_ABSTRACT_ORIGIN);
    if (at < 0) {
      at = reference(Dw.AT_SPECIFICATION);
    }
    return at < 0 || at == offset ? this : unit.dwarf.die(at);
  }

  /** Its name, or that of its origin. */
  public String name() {
    return has(Dw.AT_NAME) ? string(Dw.AT_NAME, "") : origin().string(Dw.AT_NAME, "");
  }

  /** The type that it names, itself or its origin. */
  public Optional<Die> type() {
    int at = reference(Dw.AT_TYPE);
    if (at < 0) {
      at = origin().reference(Dw.AT_TYPE);
    }
    return at < 0 ? Optional.empty() : Optional.of(unit.dwarf.die(at));
  }
}
