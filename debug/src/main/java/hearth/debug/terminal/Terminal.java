// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A prompt at which a session is driven, until it is left. */
public final class Terminal {
  private final Session session;
  private final Transcript transcript;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean interactive;
  private final Commands commands;

  /**
   * For a session.
   *
   * @param settings the user's
   * @param colors whether the output may have them
   * @param interactive whether people type the commands at a terminal
   * @param rebuild builds the program anew, or null if it was not built here
   */
  public Terminal(
      Session session,
      Settings settings,
      PrintStream out,
      PrintStream err,
      boolean colors,
      boolean interactive,
      @Nullable Rebuild rebuild) {
    this.session = session;
    transcript = new Transcript(out);
    this.out = transcript.stream();
    this.err = err;
    this.interactive = interactive;
    if (settings.wrong() != null) {
      err.println("Warning: " + settings.wrong());
    }
    Printer printer = new Printer(session, settings, this.out, colors);
    commands = new Commands(session, printer, settings, transcript, rebuild);
    session.setTraceListener(printer::traced);
    session.setEventListener(printer);
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
      askAboutEnd(prompt);
    } catch (IOException e) {
      err.println("cannot use the terminal: " + e.getMessage());
    }
    out.flush();
    session.detach(commands.killsAtEnd());
    return 0;
  }

  /** Names of all commands. */
  Collection<String> commandNames() {
    return commands.names();
  }

  /**
   * Reads commands that come from elsewhere, until one leaves or there are no more.
   *
   * @param several whether the session outlives its clients
   * @return whether the session ended
   */
  boolean serve(Prompt prompt, boolean several) throws SessionException {
    out.println("Type 'help' for list of commands.");
    read(prompt);
    boolean ends = !several;
    if (several && commands.isFinished() && !commands.saidHowToLeave()) {
      String answer = prompt.read("Would you like to kill the headless instance? [Y/n] ");
      ends = answer != null && !isNo(answer);
    } else if (!several) {
      askAboutEnd(prompt);
    }
    out.flush();
    session.setTraceListener(null);
    session.setEventListener(null);
    if (ends) {
      session.halt();
      session.detach(commands.killsAtEnd());
    } else if (commands.leavesRunning()) {
      Thread.ofVirtual().name("continue").start(this::letRun);
    }
    return ends;
  }

  private void letRun() {
    try {
      session.resume();
    } catch (SessionException e) {
      return; // the next client is told by the state
    }
  }

  private static boolean isNo(String answer) {
    return answer.strip().toLowerCase(Locale.ROOT).startsWith("n");
  }

  /** Asks whether a process that was attached to ends with the debugger, if that is not said. */
  private void askAboutEnd(Prompt prompt) {
    boolean open =
        interactive
            && !session.isChild()
            && session.target().canRun()
            && !session.target().isGone();
    if (open && !commands.saidHowToLeave()) {
      String answer = prompt.read("Would you like to kill the process? [Y/n] ");
      commands.setKillAtEnd(answer != null && !isNo(answer));
    }
  }

  private void read(Prompt prompt) {
    String last = "";
    while (!commands.isFinished()) {
      out.flush();
      String before = prompt();
      String line = prompt.read(before);
      if (line == null) {
        out.println("exit");
        return;
      }
      transcript.typed(before, line);
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
        err.flush();
      }
    }
  }

  /** What stands before the next command, with what the codes in it stand for. */
  private String prompt() {
    String text = commands.settings().prompt();
    if (!text.contains("$")) {
      return text;
    }
    try {
      return session.run(() -> PromptCodes.replace(text, session.stateNow(), commands.frame));
    } catch (SessionException e) {
      return text;
    }
  }

  /** Stops the program, as the interrupt key asks. From any thread. */
  void interrupt() {
    if (!session.isRunning()) {
      return;
    }
    out.println("received SIGINT, stopping process (will not forward signal)");
    out.flush();
    session.halt();
  }
}
