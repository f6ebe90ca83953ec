// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** A prompt at which a session is driven, until it is left. */
public final class Terminal {
  private final Session session;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean interactive;
  private final Commands commands;

  /**
   * For a session.
   *
   * @param colors whether the output may have them
   * @param interactive whether people type the commands at a terminal
   */
  public Terminal(
      Session session, PrintStream out, PrintStream err, boolean colors, boolean interactive) {
    this.session = session;
    this.out = out;
    this.err = err;
    this.interactive = interactive;
    Printer printer = new Printer(session, out, colors);
    commands = new Commands(session, printer, out);
    session.setTraceListener(printer::traced);
  }

  /**
   * Reads commands until one leaves, or there are no more.
   *
   * @param script a file of commands that are run first, or null
   * @return the process's exit status for the shell
   */
  public int run(@Nullable String script) throws SessionException {
    out.println("Type 'help' for list of commands.");
    if (script != null) {
      try {
        commands.sourceFile(script);
      } catch (SessionException e) {
        err.println("Error executing init file: " + e.getMessage());
      }
    }
    try (Prompt prompt =
        interactive ? Prompt.atTerminal(this::interrupt, commands.names()) : Prompt.plain(out)) {
      read(prompt);
    } catch (IOException e) {
      err.println("cannot use the terminal: " + e.getMessage());
    }
    out.flush();
    session.detach(commands.killsAtEnd());
    return 0;
  }

  private void read(Prompt prompt) {
    String last = "";
    while (!commands.isFinished()) {
      out.flush();
      String line = prompt.read("(dlv) ");
      if (line == null) {
        out.println("exit");
        return;
      }
      line = line.trim();
      if (line.isEmpty()) {
        line = last;
      }
      last = line;
      try {
        commands.call(line);
      } catch (SessionException e) {
        String message = String.valueOf(e.getMessage());
        out.flush();
        err.println(message.contains("exited") ? message : "Command failed: " + message);
      }
    }
  }

  /** Stops the program, as the interrupt key asks. From any thread. */
  private void interrupt() {
    if (!session.isRunning()) {
      return;
    }
    out.println("received SIGINT, stopping process (will not forward signal)");
    out.flush();
    session.halt();
  }
}
