// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.goruntime.Stacks.Mode;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import java.util.Iterator;

/**
 * What is asked of the command {@code stack}.
 *
 * @param depth frames after the first
 * @param ancestors goroutines that started it
 * @param ancestorDepth frames of those
 */
record StackOptions(
    int depth, Printer.StackView view, Mode mode, int ancestors, int ancestorDepth) {
  private static final int USUAL = 50;

  /**
   * Reads arguments.
   *
   * @throws SessionException if they are wrong
   */
  static StackOptions of(String arguments) throws SessionException {
    int depth = USUAL;
    boolean full = false;
    boolean offsets = false;
    boolean defers = false;
    Mode mode = Mode.NORMAL;
    int ancestors = 0;
    int ancestorDepth = 0;
    Iterator<String> words = Words.all(arguments).iterator();
    while (words.hasNext()) {
      String word = words.next();
      switch (word) {
        case "-full" -> full = true;
        case "-offsets" -> offsets = true;
        case "-defer" -> defers = true;
        case "-a" -> ancestors = number(word, words);
        case "-adepth" -> ancestorDepth = number(word, words);
        case "-mode" -> {
          String name = words.hasNext() ? words.next() : "";
          mode =
              switch (name) {
                case "normal" -> Mode.NORMAL;
                case "simple" -> Mode.SIMPLE;
                case "fromg" -> Mode.FROM_GOROUTINE;
                default ->
                    throw new SessionException("expected normal, simple or fromg after -mode");
              };
        }
        default -> {
          if (!word.matches("\\d{1,6}")) {
            throw new SessionException("depth must be a number");
          }
          depth = Integer.parseInt(word);
        }
      }
    }
    return new StackOptions(
        depth,
        new Printer.StackView(full, offsets, defers),
        mode,
        ancestors,
        ancestorDepth == 0 ? depth : ancestorDepth);
  }

  private static int number(String flag, Iterator<String> words) throws SessionException {
    String word = words.hasNext() ? words.next() : "";
    if (!word.matches("\\d{1,6}")) {
      throw new SessionException("expected number after " + flag);
    }
    return Integer.parseInt(word);
  }
}
