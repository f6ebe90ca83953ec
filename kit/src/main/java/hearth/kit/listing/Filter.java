// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.listing;

import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The filter language of AIP-160: comparisons ({@code = != < <= > >= :}) joined by AND, OR, NOT (or
 * a minus) and parentheses, of which OR binds tighter than AND. Text compares without case by
 * {@code :} and exactly by {@code =}, where {@code *} stands for anything at an end.
 */
final class Filter<T> {
  private static final int LONGEST = 2000;
  private static final int DEEPEST = 20;

  private final Fields<T> fields;
  private final List<String> tokens;
  private int next;
  private int depth;

  private Filter(Fields<T> fields, List<String> tokens) {
    this.fields = fields;
    this.tokens = tokens;
  }

  /** Compiles a filter; an empty one lets everything pass. */
  static <T> Predicate<T> compile(Fields<T> fields, String text) {
    if (text.length() > LONGEST) {
      throw wrong("is longer than " + LONGEST + " characters");
    }
    Filter<T> filter = new Filter<>(fields, tokenize(text));
    if (filter.tokens.isEmpty()) {
      return item -> true;
    }
    Predicate<T> predicate = filter.conjunction();
    if (filter.next < filter.tokens.size()) {
      throw wrong("has '" + filter.tokens.get(filter.next) + "' where it should end");
    }
    return predicate;
  }

  private static Problem wrong(String message) {
    return Problem.invalid(
        "filter",
        message,
        "Write comparisons joined by AND, such as: name = \"data*\" AND size_bytes > 1GiB");
  }

  private static List<String> tokenize(String text) {
    List<String> tokens = new ArrayList<>();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c)) {
        i++;
      } else if (c == '"' || c == '\'') {
        StringBuilder value = new StringBuilder("\"");
        int end = i + 1;
        while (end < text.length() && text.charAt(end) != c) {
          if (text.charAt(end) == '\\' && end + 1 < text.length()) {
            end++;
          }
          value.append(text.charAt(end++));
        }
        if (end >= text.length()) {
          throw wrong("has a quotation that does not end");
        }
        tokens.add(value.toString());
        i = end + 1;
      } else if ("()".indexOf(c) >= 0) {
        tokens.add(String.valueOf(c));
        i++;
      } else if ("=!<>:".indexOf(c) >= 0) {
        int end = i + 1 < text.length() && text.charAt(i + 1) == '=' ? i + 2 : i + 1;
        tokens.add(text.substring(i, end));
        i = end;
      } else {
        int end = i;
        while (end < text.length() && " \t\r\n()=!<>:\"'".indexOf(text.charAt(end)) < 0) {
          end++;
        }
        tokens.add(text.substring(i, end));
        i = end;
      }
    }
    return tokens;
  }

  private Predicate<T> conjunction() {
    if (++depth > DEEPEST) {
      throw wrong("is nested more than " + DEEPEST + " deep");
    }
    Predicate<T> all = disjunction();
    while (next < tokens.size() && !tokens.get(next).equals(")")) {
      if (tokens.get(next).equals("AND")) {
        next++;
      }
      all = all.and(disjunction());
    }
    depth--;
    return all;
  }

  private Predicate<T> disjunction() {
    Predicate<T> any = term();
    while (next < tokens.size() && tokens.get(next).equals("OR")) {
      next++;
      any = any.or(term());
    }
    return any;
  }

  private Predicate<T> term() {
    String token = take("a comparison");
    if (token.startsWith("-") && token.length() > 1) {
      tokens.set(--next, token.substring(1));
      return term().negate();
    }
    if (token.equals("NOT") || token.equals("-")) {
      if (++depth > DEEPEST) {
        throw wrong("is nested more than " + DEEPEST + " deep");
      }
      Predicate<T> negated = term().negate();
      depth--;
      return negated;
    }
    if (token.equals("(")) {
      Predicate<T> inner = conjunction();
      if (!take("')'").equals(")")) {
        throw wrong("has an unbalanced '('");
      }
      return inner;
    }
    String operator = take("an operator after '" + token + "'");
    if (!List.of("=", "!=", "<", "<=", ">", ">=", ":").contains(operator)) {
      throw wrong("has '" + operator + "' where an operator should be");
    }
    return comparison(token, operator, take("a value after '" + operator + "'"));
  }

  private String take(String expected) {
    if (next >= tokens.size()) {
      throw wrong("ends where " + expected + " should follow");
    }
    return tokens.get(next++);
  }

  private Predicate<T> comparison(String field, String operator, String quoted) {
    Function<T, Object> getter = fields.find("filter", field);
    String value = quoted.startsWith("\"") ? quoted.substring(1) : quoted;
    return item ->
        switch (getter.apply(item)) {
          case Long number -> holds(operator, Long.compare(number, number(field, value)));
          case Boolean truth -> holds(operator, Boolean.compare(truth, truth(field, value)));
          case Instant time -> holds(operator, time.compareTo(time(field, value)));
          case Map<?, ?> entries ->
              value.equals("*") ? !entries.isEmpty() : entries.containsKey(value);
          case String text ->
              switch (operator) {
                case ":" ->
                    value.equals("*")
                        ? !text.isEmpty()
                        : text.toLowerCase(Locale.ROOT).contains(value.toLowerCase(Locale.ROOT));
                case "=" -> matches(text, value);
                case "!=" -> !matches(text, value);
                default -> holds(operator, text.compareTo(value));
              };
          default -> throw wrong("cannot compare '" + field + "'");
        };
  }

  private static boolean matches(String text, String pattern) {
    boolean open = pattern.startsWith("*");
    boolean close = pattern.length() > 1 && pattern.endsWith("*");
    String core = pattern.substring(open ? 1 : 0, pattern.length() - (close ? 1 : 0));
    if (open && close) {
      return text.contains(core);
    }
    return open ? text.endsWith(core) : close ? text.startsWith(core) : text.equals(core);
  }

  private static boolean holds(String operator, int comparison) {
    return switch (operator) {
      case "=", ":" -> comparison == 0;
      case "!=" -> comparison != 0;
      case "<" -> comparison < 0;
      case "<=" -> comparison <= 0;
      case ">" -> comparison > 0;
      case ">=" -> comparison >= 0;
      default -> throw wrong("has the unknown operator '" + operator + "'");
    };
  }

  private static long number(String field, String value) {
    try {
      return ByteSize.parse(value);
    } catch (IllegalArgumentException e) {
      throw wrong("compares " + field + " with '" + value + "', which is not a number");
    }
  }

  private static boolean truth(String field, String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw wrong("compares " + field + " with '" + value + "', which is not true or false");
    };
  }

  private static Instant time(String field, String value) {
    try {
      return Instant.parse(value);
    } catch (DateTimeParseException e) {
      throw wrong(
          "compares "
              + field
              + " with '"
              + value
              + "', which is not a time such as 2026-01-31T12:00:00Z");
    }
  }
}
