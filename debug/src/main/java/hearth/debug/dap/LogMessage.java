// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import hearth.debug.session.SessionException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a log point tells: text with expressions in braces.
 *
 * @param texts before, between and after the expressions: one more than those
 */
record LogMessage(List<String> texts, List<String> expressions) {
  /**
   * Reads one.
   *
   * @return null if there is nothing to tell
   * @throws SessionException if braces do not come in pairs
   */
  static @Nullable LogMessage of(String message) throws SessionException {
    List<String> texts = new ArrayList<>();
    List<String> expressions = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    int depth = 0;
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      if (c == '{' && depth++ == 0) {
        texts.add(part.toString());
        part.setLength(0);
        continue;
      }
      if (c == '}') {
        if (depth == 0) {
          throw new SessionException("invalid log point format, unexpected '}'");
        }
        if (--depth == 0) {
          String expression = part.toString().trim();
          if (expression.isEmpty()) {
            throw new SessionException("empty evaluation string");
          }
          expressions.add(expression);
          part.setLength(0);
          continue;
        }
      }
      part.append(c);
    }
    if (depth > 0) {
      throw new SessionException("invalid log point format");
    }
    texts.add(part.toString());
    boolean empty = expressions.isEmpty() && part.isEmpty();
    return empty ? null : new LogMessage(texts, expressions);
  }

  /** The text with what its expressions are. */
  String text(UnaryOperator<String> evaluate) {
    StringBuilder result = new StringBuilder(texts.getFirst());
    for (int i = 0; i < expressions.size(); i++) {
      result.append(evaluate.apply(expressions.get(i))).append(texts.get(i + 1));
    }
    return result.toString();
  }
}
