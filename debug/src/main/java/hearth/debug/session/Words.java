// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import java.util.ArrayList;
import java.util.List;

/** Takes lines of commands apart. */
public final class Words {
  private Words() {}

  /** The first word and the rest; each may be empty. */
  public static String[] split(String text) {
    String trimmed = text.strip();
    int i = 0;
    while (i < trimmed.length() && !Character.isWhitespace(trimmed.charAt(i))) {
      i++;
    }
    return new String[] {trimmed.substring(0, i), trimmed.substring(i).strip()};
  }

  /** All words, those in quotes whole. */
  public static List<String> all(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inside = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else if (c == '\\' && quote == '"' && i + 1 < text.length()) {
          word.append(text.charAt(++i));
        } else {
          word.append(c);
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        inside = true;
      } else if (Character.isWhitespace(c)) {
        if (inside) {
          words.add(word.toString());
          word.setLength(0);
          inside = false;
        }
      } else {
        inside = true;
        word.append(c);
      }
    }
    if (inside) {
      words.add(word.toString());
    }
    return words;
  }
}
