// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.id;

import hearth.kit.problem.Problem;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Identifiers: random ones, and the rules for those that people choose (AIP-122). */
public final class Identifiers {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?");

  private Identifiers() {}

  /** Lower-case hexadecimal digits of so many random bytes. */
  public static String randomHex(int bytes) {
    return HexFormat.of().formatHex(randomBytes(bytes));
  }

  /** URL-safe base64 of so many random bytes, without padding. */
  public static String randomBase64(int bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(randomBytes(bytes));
  }

  /** So many bytes from the system's cryptographic random source. */
  public static byte[] randomBytes(int bytes) {
    byte[] random = new byte[bytes];
    Source.RANDOM.nextBytes(random);
    return random;
  }

  /** Loaded on first use: programs that only check names need no random numbers. */
  private static final class Source {
    static final SecureRandom RANDOM = new SecureRandom();
  }

  /**
   * Checks an identifier that somebody chose: lower-case letters, digits and inner hyphens.
   *
   * @param field name of the request's field, for the error
   * @param most longest length, 63 at most so that it fits a DNS label
   * @return {@code id}
   */
  public static String checkLabel(String field, String id, int most) {
    if (id.isEmpty()) {
      throw Problem.invalid(field, "is missing", "Give a name of 1 to " + most + " characters");
    }
    if (id.length() > most || !LABEL.matcher(id).matches()) {
      String shown = id.length() <= most ? id : id.substring(0, most) + "…";
      throw Problem.invalid(
          field,
          "'" + printable(shown) + "' is not a valid name",
          "Use 1 to " + most + " lower-case letters, digits and inner hyphens, such as 'data-1'");
    }
    return id;
  }

  /** The text with control characters, which could fool a terminal, made visible. */
  public static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) ? '�' : c);
    }
    return out.toString();
  }
}
