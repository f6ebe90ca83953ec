// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.Map;

/**
 * Colours for one stream. A colour never says anything that the words do not. NO_COLOR, a terminal
 * that is dumb, and {@code --no-color} take colours away; CLICOLOR_FORCE and FORCE_COLOR give them
 * to streams that are no terminals.
 *
 * @see <a href="https://no-color.org">NO_COLOR</a>
 * @see <a href="https://bixense.com/clicolors/">CLICOLOR_FORCE</a>
 */
record Ink(boolean coloured) {
  static Ink of(boolean terminal, Map<String, String> environment, boolean forbidden) {
    if (forbidden || !environment.getOrDefault("NO_COLOR", "").isEmpty()) {
      return new Ink(false);
    }
    if (forced(environment, "CLICOLOR_FORCE") || forced(environment, "FORCE_COLOR")) {
      return new Ink(true);
    }
    return new Ink(terminal && !environment.getOrDefault("TERM", "dumb").equals("dumb"));
  }

  private static boolean forced(Map<String, String> environment, String variable) {
    String value = environment.getOrDefault(variable, "");
    return !value.isEmpty() && !value.equals("0");
  }

  String strong(String text) {
    return paint("1", text);
  }

  String good(String text) {
    return paint("32", text);
  }

  String warning(String text) {
    return paint("33", text);
  }

  String bad(String text) {
    return paint("31", text);
  }

  private String paint(String code, String text) {
    return coloured && !text.isEmpty() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
