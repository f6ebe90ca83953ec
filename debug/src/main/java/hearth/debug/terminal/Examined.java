// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.SessionException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Writes bytes of memory as numbers in columns. */
final class Examined {
  private Examined() {}

  /**
   * Rows of numbers, each row after its address.
   *
   * @param format {@code hex}, {@code dec}, {@code oct}, {@code bin} or the first letter of one
   * @param size bytes of a number, 1 to 8
   */
  static String text(long address, byte[] bytes, String format, int size) throws SessionException {
    if (size > 8) {
      throw new SessionException("size must be a positive integer (<=8)");
    }
    int columns = 8;
    int radix;
    int digits;
    String prefix = "";
    switch (format) {
      case "b", "bin", "binary" -> {
        columns = 4;
        radix = 2;
        digits = size * 8;
      }
      case "o", "oct", "octal" -> {
        radix = 8;
        digits = size * 3;
        prefix = "0";
      }
      case "d", "dec", "decimal" -> {
        radix = 10;
        digits = size * 3;
      }
      case "x", "hex", "hexadecimal" -> {
        radix = 16;
        digits = size * 2;
        prefix = "0x";
      }
      default -> throw new SessionException("\"" + format + "\" is not a valid format");
    }
    int width = Long.toHexString(address + bytes.length).length();
    StringBuilder out = new StringBuilder();
    int row = columns * size;
    for (int start = 0; start < bytes.length; start += row) {
      List<String> cells = new ArrayList<>();
      for (int at = start; at < Math.min(start + row, bytes.length); at += size) {
        int count = Math.min(size, bytes.length - at);
        BigInteger value = new BigInteger(1, reversed(bytes, at, count));
        String text = value.toString(radix);
        cells.add(prefix + "0".repeat(Math.max(0, digits - text.length())) + text);
      }
      out.append(String.format("0x%0" + width + "x:   ", address + start));
      cells.forEach(c -> out.append(c).append("   "));
      out.append('\n');
    }
    return out.toString();
  }

  private static byte[] reversed(byte[] bytes, int at, int count) {
    byte[] big = new byte[count];
    for (int i = 0; i < count; i++) {
      big[i] = bytes[at + count - 1 - i];
    }
    return big;
  }
}
