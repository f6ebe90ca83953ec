// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.unit.ByteSize;
import java.io.PrintStream;
import java.util.Locale;

/** Tells at a terminal, in one line, how far a transfer is and how long it will take. */
final class Progress {
  private static final long PERIOD = 500_000_000L;

  private final PrintStream terminal;
  private final boolean shown;
  private final long began = System.nanoTime();
  private final long start;
  private final long total;
  private long told = began;
  private int width;

  /**
   * Begins.
   *
   * @param start where the disk was when this transfer began to go on
   * @param total size of the disk
   */
  Progress(CliContext context, long start, long total) {
    this.terminal = context.err();
    this.shown = context.errTerminal();
    this.start = start;
    this.total = total;
  }

  /** The transfer has reached a place of the disk, and moved so many bytes. */
  void at(long place, long moved) {
    long now = System.nanoTime();
    if (!shown || now - told < PERIOD || total == 0) {
      return;
    }
    told = now;
    double seconds = (now - began) / 1e9;
    String line =
        String.format(
            Locale.ROOT,
            "%3d %%  %s transferred, %s/s",
            100 * place / total,
            ByteSize.format(moved),
            ByteSize.format((long) (moved / seconds)));
    if (place > start) {
      long left = (long) (seconds * (total - place) / (place - start));
      line += left > 3600 ? ", " + left / 3600 + " h left" : ", " + left + " s left";
    }
    print(line);
  }

  private void print(String line) {
    terminal.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
    terminal.flush();
    width = line.length();
  }

  /** Takes the line away. */
  void end() {
    if (width > 0) {
      print("");
      terminal.print("\r");
      terminal.flush();
    }
  }
}
