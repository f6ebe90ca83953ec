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

/** A table of abbreviations: which attributes an entry has, and in which forms (DWARF 5 §7.5.3). */
final class Abbreviations {
  private static final int MAX_DENSE = 1 << 16;
  private final List<@Nullable Abbreviation> dense = new ArrayList<>();
  private final Map<Long, Abbreviation> sparse = new HashMap<>();

  /** One kind of entry: parallel arrays of attributes, forms and constants that forms imply. */
  record Abbreviation(
      int tag, boolean children, int[] attributes, int[] forms, long[] implied, int fixedSize) {}

  /** Bytes that forms take in 32-bit DWARF with addresses of 64 bits, or -1 if that varies. */
  private static int fixedSize(int[] forms, int count) {
    int size = 0;
    for (int i = 0; i < count; i++) {
      switch (forms[i]) {
        case Dw.FORM_DATA1, Dw.FORM_FLAG, Dw.FORM_REF1, Dw.FORM_STRX1, Dw.FORM_ADDRX1 -> size++;
        case Dw.FORM_DATA2, Dw.FORM_REF2, Dw.FORM_STRX2, Dw.FORM_ADDRX2 -> size += 2;
        case Dw.FORM_DATA4,
            Dw.FORM_REF4,
            Dw.FORM_STRP,
            Dw.FORM_SEC_OFFSET,
            Dw.FORM_LINE_STRP,
            Dw.FORM_STRX4 ->
            size += 4;
        case Dw.FORM_ADDR, Dw.FORM_DATA8, Dw.FORM_REF8 -> size += 8;
        case Dw.FORM_FLAG_PRESENT, Dw.FORM_IMPLICIT_CONST -> {}
        default -> {
          return -1;
        }
      }
    }
    return size;
  }

  Abbreviations(byte[] section, long offset) {
    Cursor c = new Cursor(section, offset, section.length);
    int[] attributes = new int[8];
    int[] forms = new int[8];
    long[] implied = new long[8];
    while (true) {
      long code = c.uleb();
      if (code == 0) {
        return;
      }
      int tag = c.uleb32();
      boolean children = c.u8() != 0;
      int count = 0;
      while (true) {
        int attribute = c.uleb32();
        int form = c.uleb32();
        long constant = form == Dw.FORM_IMPLICIT_CONST ? c.sleb() : 0;
        if (attribute == 0 && form == 0) {
          break;
        }
        if (count == attributes.length) {
          attributes = java.util.Arrays.copyOf(attributes, count * 2);
          forms = java.util.Arrays.copyOf(forms, count * 2);
          implied = java.util.Arrays.copyOf(implied, count * 2);
        }
        attributes[count] = attribute;
        forms[count] = form;
        implied[count++] = constant;
      }
      Abbreviation abbreviation =
          new Abbreviation(
              tag,
              children,
              java.util.Arrays.copyOf(attributes, count),
              java.util.Arrays.copyOf(forms, count),
              java.util.Arrays.copyOf(implied, count),
              fixedSize(forms, count));
      if (code > 0 && code < MAX_DENSE) {
        while (dense.size() <= code) {
          dense.add(null);
        }
        dense.set((int) code, abbreviation);
      } else {
        sparse.put(code, abbreviation);
      }
    }
  }

  Abbreviation get(long code) {
    Abbreviation found = code > 0 && code < dense.size() ? dense.get((int) code) : sparse.get(code);
    if (found == null) {
      throw new BadBinaryException("no abbreviation " + code);
    }
    return found;
  }
}
