// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;

/**
 * A unit of {@code .debug_info}: its header, and the attributes of its first entry that the reading
 * of others needs (DWARF 5 §7.5.1). Offsets count from the start of the section.
 */
public final class Unit {
  private static final int DW_UT_SKELETON = 4;
  private static final int DW_UT_SPLIT_COMPILE = 5;
  private static final int DW_UT_TYPE = 2;
  private static final int DW_UT_SPLIT_TYPE = 6;

  final Dwarf dwarf;
  final int offset;
  final int firstEntry;
  final int end;
  final int version;
  final int offsetSize;
  final int addressSize;
  final Abbreviations abbreviations;
  long addressBase;
  long rangeListsBase;
  long locationListsBase;
  long stringOffsetsBase;
  private final String name;
  private final String directory;
  private final String producer;
  private final String goPackage;
  private final int language;
  private final long lowPc;
  private final long lineOffset;
  private final int tag;

  Unit(Dwarf dwarf, int offset) {
    this.dwarf = dwarf;
    this.offset = offset;
    Cursor c = new Cursor(dwarf.info, offset, dwarf.info.length);
    long length = c.u32();
    if (length == 0xffffffffL) {
      length = c.u64();
      offsetSize = 8;
    } else {
      offsetSize = 4;
    }
    if (length < 0 || length > c.left()) {
      throw new BadBinaryException(
          "the unit at " + offset + " claims " + length + " bytes of " + c.left());
    }
    end = (int) (c.at() + length);
    version = c.u16();
    if (version < 2 || version > 5) {
      throw new BadBinaryException("DWARF version " + version + " (expected: 2 to 5)");
    }
    long abbreviationsAt;
    if (version >= 5) {
      int kind = c.u8();
      addressSize = c.u8();
      abbreviationsAt = c.unsigned(offsetSize);
      if (kind == DW_UT_SKELETON || kind == DW_UT_SPLIT_COMPILE) {
        c.skip(8);
      } else if (kind == DW_UT_TYPE || kind == DW_UT_SPLIT_TYPE) {
        c.skip(8 + offsetSize);
      }
    } else {
      abbreviationsAt = c.unsigned(offsetSize);
      addressSize = c.u8();
    }
    if (addressSize != 8 && addressSize != 4) {
      throw new BadBinaryException("addresses of " + addressSize + " bytes");
    }
    firstEntry = c.at();
    abbreviations = dwarf.abbreviations(abbreviationsAt);
    // DWARF 5 §7.26 to §7.29: bases, where a unit names none, come after the first header.
    stringOffsetsBase = version >= 5 ? offsetSize * 2L : 0;
    addressBase = version >= 5 ? offsetSize * 2L : 0;
    if (firstEntry >= end) {
      name = "";
      directory = "";
      producer = "";
      goPackage = "";
      language = 0;
      lowPc = 0;
      lineOffset = -1;
      tag = 0;
      return;
    }
    Die root = new Die(this, firstEntry);
    tag = root.tag();
    addressBase = root.number(Dw.AT_ADDR_BASE, addressBase);
    stringOffsetsBase = root.number(Dw.AT_STR_OFFSETS_BASE, stringOffsetsBase);
    rangeListsBase = root.number(Dw.AT_RNGLISTS_BASE, 0);
    locationListsBase = root.number(Dw.AT_LOCLISTS_BASE, 0);
    name = root.string(Dw.AT_NAME, "");
    directory = root.string(Dw.AT_COMP_DIR, "");
    producer = root.string(Dw.AT_PRODUCER, "");
    goPackage = root.string(Dw.AT_GO_PACKAGE_NAME, "");
    language = (int) root.number(Dw.AT_LANGUAGE, 0);
    lowPc = root.address(Dw.AT_LOW_PC, 0);
    lineOffset = root.number(Dw.AT_STMT_LIST, -1);
  }

  /** Where the unit starts. */
  public int offset() {
    return offset;
  }

  /** Where the next unit starts. */
  public int end() {
    return end;
  }

  /** Whether it has entries of its own: partial units are only imported by others. */
  public boolean isPartial() {
    return tag == Dw.TAG_PARTIAL_UNIT;
  }

  /** DWARF version, 2 to 5. */
  public int version() {
    return version;
  }

  /** Import path of a Go package, or the name of a source file. */
  public String name() {
    return name;
  }

  /** Folder that relative names of files start from. */
  public String directory() {
    return directory;
  }

  /** Compiler and its flags. */
  public String producer() {
    return producer;
  }

  /** The name that its package clause gives, or empty. */
  public String goPackage() {
    return goPackage;
  }

  /** Whether Go's compiler made it. */
  public boolean isGo() {
    return language == 0x16;
  }

  /** Whether it was compiled with optimisations, which move and remove variables. */
  public boolean isOptimized() {
    if (!isGo() || !producer.contains("; ")) {
      return isGo();
    }
    String flags = producer.substring(producer.indexOf("; "));
    return !(flags.contains("-N") && flags.contains("-l"));
  }

  /** Address that ranges are relative to. */
  public long lowPc() {
    return lowPc;
  }

  /** Where its line table starts, or -1. */
  public long lineOffset() {
    return lineOffset;
  }

  /** The address that an expression of one operation {@code DW_OP_addrx} gives. */
  public long addressOf(byte[] expression) {
    return dwarf.indexedAddress(this, new Cursor(expression, 1, expression.length).uleb());
  }

  /** The entry at an offset of the section, which must lie in this unit. */
  public Die die(int at) {
    if (at < firstEntry || at >= end) {
      throw new BadBinaryException("no entry at " + at + " of the unit at " + offset);
    }
    return new Die(this, at);
  }

  /** Its first entry, which all others are children of. */
  public Die root() {
    return new Die(this, firstEntry);
  }

  /**
   * Runs through all entries, and shows those whose tag is wanted, with their depth: 1 for children
   * of the first. Much quicker than asking each entry for its children.
   *
   * @param wanted by tag; tags beyond its length are not wanted
   */
  public void scan(boolean[] wanted, Die.Visitor visitor) {
    boolean plain = offsetSize == 4 && addressSize == 8;
    Cursor c = new Cursor(dwarf.info, firstEntry, end);
    int depth = 0;
    while (c.more()) {
      int at = c.at();
      long code = c.uleb();
      if (code == 0) {
        if (--depth <= 0) {
          return;
        }
        continue;
      }
      Abbreviations.Abbreviation abbreviation = abbreviations.get(code);
      int kind = abbreviation.tag();
      if (kind < wanted.length && wanted[kind] && !visitor.visit(new Die(this, at), depth)) {
        return;
      }
      if (plain && abbreviation.fixedSize() >= 0) {
        c.skip(abbreviation.fixedSize());
      } else {
        for (int form : abbreviation.forms()) {
          Die.skipForm(c, this, form);
        }
      }
      if (abbreviation.children()) {
        depth++;
      } else if (depth == 0) {
        return;
      }
    }
  }
}
