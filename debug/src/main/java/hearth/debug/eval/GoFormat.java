// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The verbs of Go's package fmt that numbers and strings are printed with: {@code %x}, {@code
 * %08b}.
 */
final class GoFormat {
  private GoFormat() {}

  /**
   * Writes a value.
   *
   * @param value a BigInteger, Double, Boolean, double[] or a String of bytes
   */
  static String format(String format, Object value) {
    int at = format.indexOf('%');
    if (at < 0 || at == format.length() - 1) {
      return format;
    }
    int i = at + 1;
    while (i < format.length() && "+-# 0123456789.".indexOf(format.charAt(i)) >= 0) {
      i++;
    }
    if (i >= format.length()) {
      return format;
    }
    String flags = format.substring(at + 1, i);
    String text = verb(format.charAt(i), flags, value);
    return format.substring(0, at) + pad(text, flags) + format.substring(i + 1);
  }

  private static String pad(String text, String flags) {
    String plain = flags.replace("#", "").replace("+", "").replace(" ", "");
    boolean left = plain.startsWith("-");
    boolean zeros = plain.startsWith("0");
    int dot = plain.indexOf('.');
    String digits = (dot < 0 ? plain : plain.substring(0, dot)).replace("-", "");
    int width =
        digits.isEmpty()
            ? 0
            : Math.min(Integer.parseInt(digits, 0, Math.min(4, digits.length()), 10), 4096);
    int missing = width - text.codePointCount(0, text.length());
    if (missing <= 0) {
      return text;
    }
    if (left) {
      return text + " ".repeat(missing);
    }
    if (zeros && text.startsWith("-")) {
      return "-" + "0".repeat(missing) + text.substring(1);
    }
    return (zeros ? "0" : " ").repeat(missing) + text;
  }

  private static String verb(char verb, String flags, Object value) {
    boolean sharp = flags.contains("#");
    if (value instanceof BigInteger i) {
      return switch (verb) {
        case 'd', 'v' -> (flags.contains("+") && i.signum() >= 0 ? "+" : "") + i;
        case 'x' -> signed(i, sharp ? "0x" : "", 16);
        case 'X' -> signed(i, sharp ? "0X" : "", 16).toUpperCase(Locale.ROOT);
        case 'o' -> signed(i, sharp ? "0" : "", 8);
        case 'O' -> signed(i, "0o", 8);
        case 'b' -> signed(i, sharp ? "0b" : "", 2);
        case 'c' ->
            Character.isValidCodePoint(i.intValue()) ? Character.toString(i.intValue()) : "\ufffd";
        case 'U' -> String.format("U+%04X", i.longValue());
        default -> "%!" + verb + "(int=" + i + ")";
      };
    }
    if (value instanceof Double d) {
      int dot = flags.indexOf('.');
      String precision = dot < 0 ? ".6" : flags.substring(dot);
      return switch (verb) {
        case 'f', 'F' -> String.format(Locale.ROOT, "%" + precision + "f", d);
        case 'e' -> String.format(Locale.ROOT, "%" + precision + "e", d);
        case 'g', 'v' -> Text.number(d);
        default -> "%!" + verb + "(float64=" + Text.number(d) + ")";
      };
    }
    if (value instanceof Boolean b) {
      return verb == 't' || verb == 'v' ? b.toString() : "%!" + verb + "(bool=" + b + ")";
    }
    if (value instanceof String s) {
      byte[] raw = s.getBytes(StandardCharsets.ISO_8859_1);
      return switch (verb) {
        case 's', 'v' -> new String(raw, StandardCharsets.UTF_8);
        case 'q' -> Text.quote(s);
        case 'x' -> HexFormat.of().formatHex(raw);
        case 'X' -> HexFormat.of().withUpperCase().formatHex(raw);
        default -> "%!" + verb + "(string=" + new String(raw, StandardCharsets.UTF_8) + ")";
      };
    }
    return String.valueOf(value);
  }

  private static String signed(BigInteger i, String prefix, int radix) {
    return (i.signum() < 0 ? "-" : "") + prefix + i.abs().toString(radix);
  }
}
