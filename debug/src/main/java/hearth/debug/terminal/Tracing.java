// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.index.Function;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.CallGraph;
import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.target.TargetThread;
import java.io.PrintStream;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Tells each call and each return of functions while a program runs, until it ends: {@code dlv
 * trace}. No thread but the one that calls is stopped.
 */
public final class Tracing {
  private final Session session;
  private final Printer printer;
  private static final int FOLLOWED = 20;
  private final PrintStream out;
  private final Set<String> traced = new HashSet<>();
  private final TraceLine line;
  private final Options options;

  /** Indirect calls, which tell what they call when they are made. */
  private final Set<Breakpoint> calls = new HashSet<>();

  /** Tracepoints of functions that were only found then: they tell no arguments, as in Delve. */
  private final Set<String> foundLate = new HashSet<>();

  private String root = "";

  /**
   * How it is traced.
   *
   * @param verbosity how much of values is shown, 0 to 4
   * @param stackDepth frames that are shown with each line, 0 for none
   * @param timestamps whether each line begins with the time
   * @param followCalls how many levels of calls are traced below a function too, 0 for none
   */
  public record Options(int verbosity, int stackDepth, boolean timestamps, int followCalls) {}

  /** For a session that has not begun to run. */
  public Tracing(Session session, PrintStream out, Options options) {
    this.session = session;
    this.out = out;
    this.options = options;
    line = new TraceLine(session, options.verbosity);
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
          root = expression;
          for (String name : session.functions(pattern)) {
            set |= options.followCalls == 0 ? trace(name) : follow(name, 1, false);
          }
          return set;
        });
    if (!some) {
      throw new SessionException("no breakpoints set");
    }
    session.setTraceListener(this::traced);
    State state = session.resume();
    if (!state.exited() && state.reason() != State.Reason.MANUAL) {
      session.run(() -> {
        printer.context(state, true);
        printer.position(state);
        return true;
      });
    }
    if (state.exited()) {
      out.println("Process " + state.pid() + " has exited with status " + state.exitStatus());
    }
  }

  /** Traces a function and those that it calls. */
  private boolean follow(String name, int depth, boolean late) {
    boolean set = false;
    for (Function function : session.program().functions(name)) {
      CallGraph.Reached reached = new CallGraph(session).from(function, depth, options.followCalls);
      for (String called : reached.functions()) {
        if (traced.add(called)) {
          if (late) {
            foundLate.add(called);
          }
          set |= trace(called);
        }
      }
      for (long address : reached.indirect()) {
        try {
          Breakpoint site = session.create(session.at(List.of(address)), "");
          site.setTracepoint(true);
          calls.add(site);
        } catch (SessionException e) {
          // there is one already
        }
      }
    }
    return set;
  }

  /** A goroutine is about to call what its registers or memory say. */
  private void called(Scope scope) {
    TargetThread thread = scope.thread();
    Goroutine g = scope.goroutine();
    int depth = g == null ? 0 : depth(g);
    if (thread == null || depth + 1 > options.followCalls) {
      return;
    }
    Function function = session.process().functionAt(session.calledFrom(thread));
    if (function != null) {
      follow(function.name(), depth + 1, true);
    }
  }

  /** How far from the root function the innermost frame is, from 1; 0 if it is not below it. */
  private int depth(Goroutine g) {
    List<Frame> frames = session.stacks().of(g, FOLLOWED + 1);
    for (int i = frames.size() - 1; i >= 0; i--) {
      if (frames.get(i).name().equals(root)) {
        return i + 1;
      }
    }
    return 0;
  }

  private boolean trace(String name) {
    Location start = session.functionStart(name);
    try {
      if (start == null) {
        start = session.functionLine(name, -1); // a wrapper of the compiler's
      }
      session.create(start, "").setTracepoint(true);
      session.traceReturns(name);
      return true;
    } catch (SessionException | hearth.debug.target.UnreadableException e) {
      out.println("unable to set tracepoint on function " + name + ": " + e.getMessage());
      return false;
    }
  }

  private boolean traced(Breakpoint breakpoint, Scope scope, long goroutine) {
    if (calls.contains(breakpoint)) {
      called(scope);
      return true;
    }
    String time =
        options.timestamps
            ? DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                    OffsetDateTime.now(ZoneId.systemDefault()))
                + " "
            : "";
    Goroutine g = scope.goroutine();
    if (options.followCalls > 0) {
      int depth = g == null ? 0 : depth(g);
      if (depth > 0) {
        Frame frame = scope.frame();
        boolean plain = frame != null && foundLate.contains(frame.name());
        out.println(
            time + " ".repeat(depth - 1) + line.of(breakpoint, scope, goroutine, depth, plain));
      }
      return true;
    }
    out.println(time + line.of(breakpoint, scope, goroutine));
    if (options.stackDepth > 0 && g != null) {
      if (!breakpoint.isTraceReturn()) {
        out.println();
      }
      out.println("\tStack:");
      printer.stack(
          session.stacks().of(g, options.stackDepth + 1), "\t\t", Printer.StackView.PLAIN, g);
    }
    return true;
  }
}
