// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Go's source with colors for its words (Go specification, lexical elements). */
final class SourceColors {
  private static final String NORMAL = "\u001b[0m";
  private static final Pattern WORD =
      Pattern.compile(
          "(?<comment>//.*|/\\*.*?(?:\\*/|$))"
              + "|(?<string>\"(?:\\\\.|[^\"\\\\])*\"?|'(?:\\\\.|[^'\\\\])*'?|`[^`]*`?)"
              + "|(?<keyword>\\b(?:break|case|chan|const|continue|default|defer|else|fallthrough|for|func"
              + "|go|goto|if|import|interface|map|package|range|return|select|struct|switch|type|var)\\b)"
              + "|(?<number>\\b\\d[\\w.]*)"
              + "|(?<other>[\\p{L}_]\\w*)");
  private final Settings settings;
  private final List<String> lines;
  private final List<Character> open = new ArrayList<>();

  /** For all lines of a file: comments and strings may go over several. */
  SourceColors(Settings settings, List<String> lines) {
    this.settings = settings;
    this.lines = lines;
    char within = 0;
    for (String line : lines) {
      open.add(within);
      within = after(line, within);
    }
  }

  /** What a line leaves open: a comment as '*', a string as '`', or nothing as 0. */
  private static char after(String line, char before) {
    char within = before;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      char next = i + 1 < line.length() ? line.charAt(i + 1) : 0;
      if (within == '*') {
        if (c == '*' && next == '/') {
          within = 0;
          i++;
        }
      } else if (within == 0) {
        if (c == '/' && next == '/') {
          return 0;
        } else if (c == '/' && next == '*') {
          within = '*';
          i++;
        } else if (c == '"' || c == '\'' || c == '`') {
          within = c;
        }
      } else if (c == '\\' && within != '`') {
        i++;
      } else if (c == within) {
        within = 0;
      }
    }
    return within == '"' || within == '\'' ? 0 : within; // those end with the line
  }

  /** A line with its number; {@code mark} stands before it. */
  String line(String mark, int number) {
    StringBuilder text = new StringBuilder();
    text.append(settings.color("source-list-arrow", "\u001b[33m")).append(mark);
    text.append(settings.color("source-list-line", "\u001b[34m"));
    text.append(String.format("%4d:\t", number)).append(NORMAL);
    return text.append(painted(lines.get(number - 1), open.get(number - 1))).toString();
  }

  private String painted(String source, char within) {
    String line = source.replace("\t", settings.tab());
    int from = 0;
    StringBuilder text = new StringBuilder();
    if (within != 0) {
      int end = line.indexOf(within == '*' ? "*/" : "`");
      from = end < 0 ? line.length() : end + (within == '*' ? 2 : 1);
      add(text, within == '*' ? "comment" : "string", line.substring(0, from));
    }
    Matcher words = WORD.matcher(line);
    while (from < line.length() && words.find(from)) {
      text.append(line, from, words.start());
      String kind = "other";
      for (String name : List.of("comment", "string", "keyword", "number")) {
        kind = words.group(name) == null ? kind : name;
      }
      add(text, kind, words.group());
      from = words.end();
    }
    return text.append(line.substring(from)).toString();
  }

  private void add(StringBuilder text, String kind, String word) {
    String usual =
        switch (kind) {
          case "comment" -> "\u001b[95m";
          case "string" -> "\u001b[32m";
          default -> "";
        };
    String color = settings.color("source-list-" + kind, usual);
    if (color.isEmpty() || kind.equals("other")) {
      text.append(word);
    } else {
      text.append(color).append(word).append(NORMAL);
    }
  }
}
