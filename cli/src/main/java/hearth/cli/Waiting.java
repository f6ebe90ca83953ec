// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Says on a terminal what is being waited for once it takes longer than a blink, and takes it away
 * when the waiting is over. On anything but a terminal it says nothing.
 */
final class Waiting implements AutoCloseable {
  private static final long BLINK_MILLIS = 30;
  private static final long TURN_MILLIS = 250;
  private static final String TURNS = "|/-\\";

  private final CountDownLatch over = new CountDownLatch(1);
  private final Optional<Thread> thread;

  private Waiting(CliContext context, String text) {
    this.thread =
        context.errTerminal()
            ? Optional.of(Thread.ofPlatform().daemon().start(() -> show(context.err(), text)))
            : Optional.empty();
  }

  /** Begins to wait for {@code text}; the caller closes it before it prints anything. */
  static Waiting begin(CliContext context, String text) {
    return new Waiting(context, text);
  }

  private void show(PrintStream terminal, String text) {
    try {
      long wait = BLINK_MILLIS;
      int turn = 0;
      while (!over.await(wait, TimeUnit.MILLISECONDS)) {
        terminal.print("\r" + TURNS.charAt(turn++ % TURNS.length()) + " " + text);
        terminal.flush();
        wait = TURN_MILLIS;
      }
      if (turn > 0) {
        terminal.print("\r" + " ".repeat(text.length() + 2) + "\r");
        terminal.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    over.countDown();
    try {
      if (thread.isPresent()) {
        thread.get().join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
