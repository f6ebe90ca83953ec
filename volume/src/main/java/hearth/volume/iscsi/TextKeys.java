// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Key-value pairs of login and text PDUs (RFC 7143 6.1): {@code key=value} with a zero byte behind
 * each.
 */
final class TextKeys {
  private static final int MOST = 128;
  private static final int LONGEST_KEY = 63;
  private static final int LONGEST_VALUE = 8192;

  private TextKeys() {}

  /**
   * Reads pairs, in order.
   *
   * @throws ProtocolException if a pair is malformed, repeated, too long, or one too many
   */
  static Map<String, String> parse(byte[] data) throws ProtocolException {
    Map<String, String> pairs = new LinkedHashMap<>();
    int start = 0;
    for (int i = 0; i <= data.length; i++) {
      if (i < data.length && data[i] != 0) {
        continue;
      }
      if (i > start) {
        String pair = new String(data, start, i - start, StandardCharsets.UTF_8);
        int equals = pair.indexOf('=');
        if (equals < 1 || equals > LONGEST_KEY || pair.length() - equals > LONGEST_VALUE) {
          throw new ProtocolException("a text pair is malformed");
        }
        if (pairs.size() >= MOST) {
          throw new ProtocolException("more than " + MOST + " text pairs");
        }
        if (pairs.put(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
          throw new ProtocolException("the key " + pair.substring(0, equals) + " comes twice");
        }
      }
      start = i + 1;
    }
    return pairs;
  }

  static byte[] encode(Map<String, String> pairs) {
    StringBuilder text = new StringBuilder();
    pairs.forEach((key, value) -> text.append(key).append('=').append(value).append('\0'));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
