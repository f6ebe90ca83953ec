// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.State;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** What codes in a prompt stand for. */
final class PromptCodes {
  private PromptCodes() {}

  /**
   * Replaces {@code $d} by the time, {@code $f} by the frame's number, {@code $g} by the
   * goroutine's, {@code $t} by the thread's and {@code $p} by the process's.
   */
  static String replace(String prompt, State state, int frame) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < prompt.length(); i++) {
      char c = prompt.charAt(i);
      if (c != '$' || i + 1 == prompt.length()) {
        text.append(c);
        continue;
      }
      char code = prompt.charAt(++i);
      switch (code) {
        case 'd' ->
            text.append(
                DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                    OffsetDateTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)));
        case 'f' -> text.append(frame);
        case 'g' -> text.append(state.goroutine() == null ? 0 : state.goroutine().id());
        case 't' -> text.append(state.thread());
        case 'p' -> text.append(state.pid());
        default -> text.append(c).append(code);
      }
    }
    return text.toString();
  }
}
