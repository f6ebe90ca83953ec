// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

/** Finds assignments, which are no expressions of Go. */
public final class Assignments {
  private Assignments() {}

  /** Where the sign of an assignment is in a text, or -1. */
  public static int operator(String text) {
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' && (i == 0 || text.charAt(i - 1) != '\\')) {
        quoted = !quoted;
      }
      boolean part =
          (i + 1 < text.length() && text.charAt(i + 1) == '=')
              || (i > 0 && "=!<>".indexOf(text.charAt(i - 1)) >= 0);
      if (c == '=' && !quoted && !part) {
        return i;
      }
    }
    return -1;
  }
}
