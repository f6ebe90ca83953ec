// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Session;
import hearth.debug.target.TargetThread;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes a call or a return as a trace tells it. For the session's thread. */
final class TraceLine {
  private static final List<LoadLimits> LIMITS =
      List.of(
          LoadLimits.SHORT,
          new LoadLimits(false, 0, 32, 0, 0),
          new LoadLimits(false, 1, 64, 5, 3),
          new LoadLimits(false, 2, 128, 10, 10),
          new LoadLimits(true, 3, 256, 100, -1));

  private final Session session;
  private final int verbosity;

  /**
   * For a session.
   *
   * @param verbosity how much of values is shown, 0 to 4
   */
  TraceLine(Session session, int verbosity) {
    this.session = session;
    this.verbosity = verbosity;
  }

  /** The line for a goroutine that came to a tracepoint, or to a return of what is traced. */
  String of(Breakpoint breakpoint, Scope scope, long goroutine) {
    return of(breakpoint, scope, "goroutine(" + goroutine + "): ", false);
  }

  /**
   * The same where calls are followed.
   *
   * @param depth of the frame below the function that is traced, from 1
   * @param plain whether arguments are left out
   */
  String of(Breakpoint breakpoint, Scope scope, long goroutine, int depth, boolean plain) {
    return of(breakpoint, scope, "goroutine(" + goroutine + "):frame(" + depth + ") ", plain);
  }

  private String of(Breakpoint breakpoint, Scope scope, String who, boolean plain) {
    Frame frame = scope.frame();
    String name = frame == null ? "?" : frame.name();
    if (breakpoint.isTraceReturn()) {
      List<String> values = plain ? List.of() : results(scope);
      return ">> " + who + name + " => (" + String.join(",", values) + ")";
    }
    String label = breakpoint.name().isEmpty() ? "" : "[" + breakpoint.name() + "] ";
    String start = verbosity >= 3 ? "(\n" : "(";
    return "> " + who + label + name + start + (plain ? "" : arguments(scope)) + ")";
  }

  private List<String> results(Scope scope) {
    Frame frame = scope.frame();
    TargetThread thread = scope.thread();
    List<String> values = new ArrayList<>();
    if (frame != null && frame.function() != null && thread != null) {
      session.results(frame.function(), thread).forEach(v -> values.add(text(v)));
    }
    return values;
  }

  /** The arguments of a frame; empty if it is not described. */
  String arguments(@Nullable Scope scope) {
    List<String> values = new ArrayList<>();
    try {
      for (Variable v : scope == null ? List.<Variable>of() : scope.arguments()) {
        if (v.is(Variable.ARGUMENT)) {
          String name = verbosity == 0 ? "" : (verbosity >= 3 ? "  " : "") + v.name + ": ";
          values.add(name + text(v));
        }
      }
    } catch (EvalException e) {
      return "";
    }
    return String.join(verbosity >= 3 ? "\n" : ", ", values);
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
