// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import java.io.PrintStream;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Tells each call and each return of functions while a program runs, until it ends: {@code dlv
 * trace}. No thread but the one that calls is stopped.
 */
public final class Tracing {
  private final Session session;
  private final Printer printer;
  private final PrintStream out;
  private final TraceLine line;
  private final int stackDepth;
  private final boolean timestamps;

  /**
   * For a session that has not begun to run.
   *
   * @param verbosity how much of values is shown, 0 to 4
   * @param stackDepth frames that are shown with each line, 0 for none
   * @param timestamps whether each line begins with the time
   */
  public Tracing(
      Session session, PrintStream out, int verbosity, int stackDepth, boolean timestamps) {
    this.session = session;
    this.out = out;
    line = new TraceLine(session, verbosity);
    this.stackDepth = stackDepth;
    this.timestamps = timestamps;
    printer = new Printer(session, new Settings(), out, false);
  }

  /**
   * Traces until the program ends or is halted.
   *
   * @param expression names of functions
   * @throws SessionException if it matches none
   */
  public void run(String expression) throws SessionException {
    Pattern pattern;
    try {
      pattern = Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new SessionException("invalid filter argument: " + e.getDescription());
    }
    boolean some =
        session.run(() -> {
          boolean set = false;
          for (String name : session.functions(pattern)) {
            set |= trace(name);
          }
          return set;
        });
    if (!some) {
      throw new SessionException("no breakpoints set");
    }
    session.setTraceListener(this::traced);
    State state = session.resume();
    if (state.exited()) {
      out.println("Process " + state.pid() + " has exited with status " + state.exitStatus());
    }
  }

  private boolean trace(String name) {
    Location start = session.functionStart(name);
    if (start == null) {
      return false;
    }
    try {
      session.create(start, "").setTracepoint(true);
      session.traceReturns(name);
      return true;
    } catch (SessionException | hearth.debug.target.UnreadableException e) {
      out.println("unable to set tracepoint on function " + name + ": " + e.getMessage());
      return false;
    }
  }

  private boolean traced(Breakpoint breakpoint, Scope scope, long goroutine) {
    String time =
        timestamps
            ? DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                    OffsetDateTime.now(ZoneId.systemDefault()))
                + " "
            : "";
    out.println(time + line.of(breakpoint, scope, goroutine));
    Goroutine g = scope.goroutine();
    if (stackDepth > 0 && g != null) {
      if (!breakpoint.isTraceReturn()) {
        out.println();
      }
      out.println("\tStack:");
      printer.stack(session.stacks().of(g, stackDepth + 1), "\t\t", Printer.StackView.PLAIN, g);
    }
    return true;
  }
}
