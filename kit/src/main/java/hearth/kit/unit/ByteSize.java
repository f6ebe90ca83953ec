// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.unit;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes in bytes, written with the units of IEC 80000-13 (KiB = 1024) or the SI (kB = 1000). */
public final class ByteSize {
  public static final long KIB = 1024;
  public static final long MIB = KIB * 1024;
  public static final long GIB = MIB * 1024;
  public static final long TIB = GIB * 1024;

  private static final Pattern TEXT = Pattern.compile("(\\d{1,20}(?:\\.\\d{1,9})?)\\s*([a-zA-Z]*)");
  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("b", 1L),
          Map.entry("k", KIB),
          Map.entry("ki", KIB),
          Map.entry("kib", KIB),
          Map.entry("kb", 1000L),
          Map.entry("m", MIB),
          Map.entry("mi", MIB),
          Map.entry("mib", MIB),
          Map.entry("mb", 1_000_000L),
          Map.entry("g", GIB),
          Map.entry("gi", GIB),
          Map.entry("gib", GIB),
          Map.entry("gb", 1_000_000_000L),
          Map.entry("t", TIB),
          Map.entry("ti", TIB),
          Map.entry("tib", TIB),
          Map.entry("tb", 1_000_000_000_000L),
          Map.entry("p", TIB * 1024),
          Map.entry("pi", TIB * 1024),
          Map.entry("pib", TIB * 1024),
          Map.entry("pb", 1_000_000_000_000_000L));

  private ByteSize() {}

  /**
   * Reads a size such as {@code 10GiB}, {@code 1.5 TB}, {@code 500M} (= MiB) or {@code 4096}.
   *
   * @throws IllegalArgumentException with a message for people if it is no size, is negative, is
   *     not a whole number of bytes, or exceeds 2^63 - 1
   */
  public static long parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + shorten(text) + "' is not a size (expected: a number and a unit, such as 10GiB)");
    }
    Long unit = UNITS.get(matcher.group(2).toLowerCase(Locale.ROOT));
    if (unit == null) {
      throw new IllegalArgumentException(
          "'"
              + shorten(matcher.group(2))
              + "' is not a unit of size (expected: B, KiB, MiB, GiB, TiB, PiB)");
    }
    BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
    try {
      return bytes.longValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "'"
              + shorten(text)
              + "' is not a whole number of bytes below 2^63 (expected: such as 10GiB)",
          e);
    }
  }

  /** Writes a size for people with three significant digits: {@code 1.5 GiB}. */
  public static String format(long bytes) {
    if (bytes < KIB) {
      return bytes + " B";
    }
    String units = "KMGTPE";
    BigDecimal value = BigDecimal.valueOf(bytes);
    BigDecimal step = BigDecimal.valueOf(KIB);
    int unit = -1;
    while (value.compareTo(step) >= 0 && unit < units.length() - 1) {
      value = value.divide(step);
      unit++;
    }
    int decimals =
        value.compareTo(BigDecimal.valueOf(100)) >= 0
            ? 0
            : value.compareTo(BigDecimal.TEN) >= 0 ? 1 : 2;
    String number =
        value.setScale(decimals, RoundingMode.HALF_UP).stripTrailingZeros().toPlainString();
    return number + " " + units.charAt(unit) + "iB";
  }

  private static String shorten(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
