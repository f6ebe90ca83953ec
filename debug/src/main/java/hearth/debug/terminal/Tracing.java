// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.target.TargetThread;
import java.io.PrintStream;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Tells each call and each return of functions while a program runs, until it ends: {@code dlv
 * trace}. No thread but the one that calls is stopped.
 */
public final class Tracing {
  private static final List<LoadLimits> LIMITS =
      List.of(
          LoadLimits.SHORT,
          new LoadLimits(false, 0, 32, 0, 0),
          new LoadLimits(false, 1, 64, 5, 3),
          new LoadLimits(false, 2, 128, 10, 10),
          new LoadLimits(true, 3, 256, 100, -1));

  private final Session session;
  private final Printer printer;
  private final PrintStream out;
  private final int verbosity;
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
    this.verbosity = verbosity;
    this.stackDepth = stackDepth;
    this.timestamps = timestamps;
    printer = new Printer(session, out, false);
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

  private void traced(Breakpoint breakpoint, Scope scope, long goroutine) {
    Frame frame = scope.frame();
    if (frame == null) {
      return;
    }
    StringBuilder line = new StringBuilder();
    if (timestamps) {
      line.append(
              DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                  OffsetDateTime.now(ZoneId.systemDefault())))
          .append(' ');
    }
    List<String> values = new ArrayList<>();
    TargetThread thread = scope.thread();
    if (breakpoint.isTraceReturn()) {
      if (frame.function() != null && thread != null) {
        for (Variable v : session.results(frame.function(), thread)) {
          values.add(text(v));
        }
      }
      line.append(">> goroutine(").append(goroutine).append("): ").append(frame.name());
      line.append(" => (").append(String.join(",", values)).append(')');
    } else {
      line.append("> goroutine(").append(goroutine).append("): ").append(frame.name());
      for (Variable v : arguments(scope)) {
        String text = text(v);
        values.add(verbosity == 0 ? text : (verbosity >= 3 ? "  " : "") + v.name + ": " + text);
      }
      line.append('(').append(verbosity >= 3 ? "\n" : "");
      line.append(String.join(verbosity >= 3 ? "\n" : ", ", values)).append(')');
    }
    out.println(line);
    Goroutine g = scope.goroutine();
    if (stackDepth > 0 && g != null) {
      if (!breakpoint.isTraceReturn()) {
        out.println();
      }
      out.println("\tStack:");
      printer.stack(session.stacks().of(g, stackDepth + 1), "\t\t", false, g);
    }
  }

  private static List<Variable> arguments(Scope scope) {
    try {
      return scope.arguments().stream().filter(v -> v.is(Variable.ARGUMENT)).toList();
    } catch (EvalException e) {
      return List.of();
    }
  }

  private String text(Variable v) {
    if (verbosity == 1) {
      return "<" + Text.shortTypeName(v) + ">";
    }
    new Loader(session.process()).load(v, LIMITS.get(verbosity));
    return verbosity == 0
        ? Text.line(session.process(), v)
        : Text.traced(session.process(), v, verbosity >= 3);
  }
}
