// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.dwarf.LineTable;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.Defers;
import hearth.debug.goruntime.Defers.Deferred;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Disassembly;
import hearth.debug.session.Location;
import hearth.debug.session.Places;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.State.ThreadState;
import hearth.debug.session.Watchpoint;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes what a session shows, in the words and the layout of Delve. For the session's thread. */
final class Printer implements Session.EventListener {
  private static final String OPTIMIZED = "Warning: debugging optimized function";
  private final Session session;
  private final PrintStream out;
  private final String folder = Path.of("").toAbsolutePath().toString();
  private final boolean colors;
  private final TraceLine traceLine;
  private final Settings settings;

  Printer(Session session, Settings settings, PrintStream out, boolean colors) {
    this.session = session;
    this.out = out;
    this.colors = colors;
    this.settings = settings;
    traceLine = new TraceLine(session, 0);
  }

  /** A path, shortened where it lies below the current folder. */
  String path(String path) {
    String file = settings.local(path);
    int at = file.indexOf(folder);
    return at < 0 || folder.equals("/")
        ? file
        : file.substring(0, at) + "." + file.substring(at + folder.length());
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  /**
   * Where the session stopped, and why.
   *
   * @param details whether what breakpoints show is shown
   */
  void context(State state, boolean details) {
    if (state.exited()) {
      return;
    }
    ThreadState current = state.current();
    for (ThreadState thread : state.threads()) {
      if (thread.id() != state.thread() && thread.breakpoint() != null) {
        thread(thread, details);
      }
    }
    if (current == null) {
      out.println("No current thread available");
      return;
    }
    Goroutine g = state.goroutine();
    if (g != null && g.thread() == null) {
      List<Frame> frames = session.stacks().of(g, 1);
      if (!frames.isEmpty()) {
        place(frames.getFirst());
      }
      return;
    }
    Frame frame = current.frame();
    if (frame == null || frame.line() == 0) {
      out.println("Stopped at: " + hex(frame == null ? 0 : frame.pc()));
      return;
    }
    thread(current, details);
    returned(state.returned());
    for (Breakpoint ended : state.outOfScope()) {
      out.println(kind(ended) + " went out of scope and was cleared");
    }
  }

  private void returned(@Nullable List<Variable> values) {
    if (values == null) {
      return;
    }
    out.println("Values returned:");
    for (Variable v : load(values, settings.limits())) {
      out.println("\t" + v.name + ": " + lines(v, "\t", ""));
    }
    out.println();
  }

  private static boolean isOptimized(@Nullable Frame frame) {
    Function function = frame == null ? null : frame.function();
    return function != null && function.unit() != null && function.unit().isOptimized();
  }

  /** The function whose code it is, even where another was copied in. */
  private static String codeOf(Frame frame) {
    Function function = frame.function();
    return function == null ? frame.name() : function.name();
  }

  private void place(Frame frame) {
    out.printf(
        "> %s() %s:%d (PC: %s)%n",
        codeOf(frame), path(frame.file()), frame.line(), hex(frame.pc()));
    if (isOptimized(frame)) {
      out.println(OPTIMIZED);
    }
  }

  private void thread(ThreadState thread, boolean details) {
    Frame frame = thread.frame();
    if (frame == null) {
      return;
    }
    Breakpoint breakpoint = thread.breakpoint();
    if (breakpoint == null) {
      place(frame);
      return;
    }
    Scope scope = scope(thread);
    String arguments = isShort(breakpoint.arguments()) ? traceLine.arguments(scope) : "";
    Watchpoint watchpoint = breakpoint.watchpoint();
    String name =
        watchpoint != null
            ? "watchpoint on [" + watchpoint.expression() + "] "
            : breakpoint.name().isEmpty()
                ? "[Breakpoint " + breakpoint.id() + "] "
                : "[" + breakpoint.name() + "] ";
    String hits =
        !breakpoint.wasHitBy(thread.goroutine())
            ? "hits total:" + breakpoint.totalHits()
            : "hits goroutine("
                + thread.goroutine()
                + "):"
                + breakpoint.hits(thread.goroutine())
                + " total:"
                + breakpoint.totalHits();
    out.println(
        "> "
            + name
            + codeOf(frame)
            + "("
            + arguments
            + ") "
            + path(frame.file())
            + ":"
            + frame.line()
            + " ("
            + hits
            + ") (PC: "
            + hex(frame.pc())
            + ")");
    if (isOptimized(frame)) {
      out.println(OPTIMIZED);
    }
    if (details) {
      details(breakpoint, scope);
    }
  }

  private @Nullable Scope scope(ThreadState thread) {
    try {
      return session.scope(thread.goroutine() == 0 ? -1 : thread.goroutine(), 0);
    } catch (SessionException e) {
      return null;
    }
  }

  /** What a breakpoint shows when it is hit. */
  private void details(Breakpoint breakpoint, @Nullable Scope scope) {
    if (scope == null) {
      return;
    }
    Goroutine g = scope.goroutine();
    if (breakpoint.showsGoroutine() && g != null) {
      goroutineLong(g, "\t");
    }
    for (String expression : breakpoint.variables()) {
      try {
        Variable v = session.evaluate(expression, scope, settings.limits());
        out.println("\t" + expression + ": " + lines(v, "\t", ""));
      } catch (EvalException e) {
        out.println("\t" + expression + ": (unreadable eval error: " + e.getMessage() + ")");
      }
    }
    LoadLimits locals = breakpoint.locals();
    if (locals != null) {
      for (Variable v : load(scope.variables(), locals)) {
        out.println(
            "\t"
                + v.name
                + ": "
                + (isShort(locals) ? Text.line(session.process(), v) : lines(v, "\t", "")));
      }
    }
    LoadLimits arguments = breakpoint.arguments();
    if (arguments != null && !isShort(arguments)) {
      for (Variable v : load(scope.arguments(), arguments)) {
        out.println("\t" + v.name + ": " + lines(v, "\t", ""));
      }
    }
    if (breakpoint.stackDepth() > 0 && g != null) {
      out.println("\tStack:");
      stack(session.stacks().of(g, breakpoint.stackDepth() + 1), "\t\t", StackView.PLAIN, g);
    }
  }

  private static boolean isShort(@Nullable LoadLimits limits) {
    return LoadLimits.SHORT.equals(limits);
  }

  private List<Variable> load(List<Variable> variables, LoadLimits wanted) {
    Loader loader = new Loader(session.process());
    variables.forEach(v -> loader.load(v, wanted));
    return variables;
  }

  @Override
  public void spawned(int pid, String commandLine, boolean follows) {
    out.println("Spawned new process '" + commandLine + "' (" + pid + ")");
    out.flush();
  }

  @Override
  public void materialized(Breakpoint b) {
    String function = b.location().function();
    out.println(
        "Breakpoint "
            + b.id()
            + " materialized at "
            + path(b.location().file())
            + ":"
            + b.location().line()
            + (function.isEmpty() ? "" : " (" + function + ")"));
    out.flush();
  }

  /** What is shown when a goroutine comes to a tracepoint. */
  boolean traced(Breakpoint breakpoint, Scope scope, long goroutine) {
    out.println(traceLine.of(breakpoint, scope, goroutine));
    if (!breakpoint.isTraceReturn()) {
      details(breakpoint, scope);
    }
    out.flush();
    return true;
  }

  String lines(Variable v, String indent, String format) {
    return Text.lines(session.process(), v, indent, format, settings.rawStrings());
  }

  /** Source around a line, with an arrow at it. */
  void source(String path, int line, boolean arrow) {
    String file = settings.local(path);
    List<String> lines;
    try {
      byte[] bytes = Files.readAllBytes(Path.of(file));
      lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      out.println("Command failed: open " + file + ": no such file or directory");
      return;
    }
    if (isNewer(Path.of(file))) {
      out.println("Warning: listing may not match stale executable");
    }
    int first = Math.max(1, line - settings.listedLines());
    int last = Math.min(lines.size(), line + settings.listedLines());
    SourceColors painted = colors ? new SourceColors(settings, lines) : null;
    for (int i = first; i <= last; i++) {
      String mark = arrow && i == line ? "=>" : "  ";
      if (painted == null) {
        String number = String.valueOf(i);
        String text = lines.get(i - 1).replace("\t", settings.tab());
        out.println(mark + " ".repeat(Math.max(0, 4 - number.length())) + number + ":\t" + text);
      } else {
        out.println(painted.line(mark, i));
      }
    }
  }

  private boolean isNewer(Path file) {
    try {
      return Files.getLastModifiedTime(file)
              .compareTo(Files.getLastModifiedTime(session.executable()))
          > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Machine code; with the function's name if it begins with its first instruction. */
  void disassembly(List<Disassembly.Line> lines, boolean header) {
    Disassembly disassembly = new Disassembly(session);
    if (lines.isEmpty()) {
      return;
    }
    Function function = lines.getFirst().function();
    if (function != null && header) {
      out.println("TEXT " + function.name() + "(SB) " + lines.getFirst().file());
    }
    List<List<String>> rows = new ArrayList<>();
    for (Disassembly.Line line : lines) {
      Path file = Path.of(line.file()).getFileName();
      rows.add(
          List.of(
              line.here() ? "=>" : "",
              (file == null ? "?" : file) + ":" + line.line(),
              hex(line.instruction().pc()) + (line.breakpoint() ? "*" : ""),
              HexFormat.of().formatHex(line.instruction().bytes()),
              disassembly.text(line, settings.syntax())));
    }
    out.print(Columns.text(rows));
  }

  /** Machine code around where the session stands. */
  void positionInCode(State state) throws SessionException {
    ThreadState current = state.current();
    Frame frame = current == null ? null : current.frame();
    if (frame == null) {
      return;
    }
    List<Disassembly.Line> lines = new Disassembly(session).function(frame.pc(), -1);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).here()) {
        int first = Math.max(i - settings.listedLines(), 0);
        int end = Math.min(i + settings.listedLines() + 1, lines.size());
        disassembly(lines.subList(first, end), first == 0);
        return;
      }
    }
    disassembly(lines, true);
  }

  /** Source around where the session stands. */
  void position(State state) {
    ThreadState current = state.current();
    Goroutine g = state.goroutine();
    Frame frame = current == null ? null : current.frame();
    if (g != null && g.thread() == null) {
      List<Frame> frames = session.stacks().of(g, 1);
      frame = frames.isEmpty() ? frame : frames.getFirst();
    }
    if (frame != null && frame.line() > 0) {
      source(frame.file(), frame.line(), true);
    }
  }

  /** Where a breakpoint is. */
  String location(Location location) {
    String addresses =
        location.addresses().stream().map(Printer::hex).collect(Collectors.joining(","));
    if (location.file().isEmpty() && location.function().isEmpty()) {
      return addresses;
    }
    boolean several =
        location.addresses().size() > 1
            && location.addresses().stream()
                    .map(a -> session.process().functionAt(a))
                    .filter(f -> f != null)
                    .map(f -> Function.withoutTypeArguments(f.name()))
                    .distinct()
                    .count()
                > 1
            && session.program().inlinedCopies(location.function()).isEmpty();
    if (several) {
      boolean oneLine =
          location.addresses().stream()
                  .map(a -> session.process().line(a))
                  .map(r -> r == null ? "" : r.file() + ":" + r.line())
                  .distinct()
                  .count()
              == 1;
      return addresses
          + " for (multiple functions)() "
          + (oneLine ? path(location.file()) + ":" + location.line() : "<multiple locations>:0");
    }
    String function = location.function().isEmpty() ? "" : location.function() + "() ";
    return addresses + " for " + function + path(location.file()) + ":" + location.line();
  }

  /** Where a breakpoint is, or what memory it watches now. */
  String location(Breakpoint b) {
    Watchpoint watchpoint = b.watchpoint();
    return watchpoint == null ? location(b.location()) : hex(watchpoint.watch().address());
  }

  static String kind(Breakpoint b) {
    Watchpoint watchpoint = b.watchpoint();
    if (watchpoint != null) {
      String name = b.name().isEmpty() ? String.valueOf(b.id()) : b.name();
      String on =
          watchpoint.expression().equals(b.name()) ? "" : " on [" + watchpoint.expression() + "]";
      return "Watchpoint " + name + on;
    }
    return (b.isTracepoint() ? "Tracepoint " : "Breakpoint ")
        + (b.name().isEmpty() ? String.valueOf(b.id()) : b.name());
  }

  /** All breakpoints. */
  void breakpoints(List<Breakpoint> all) {
    for (Breakpoint b : all) {
      if (b.isEnabled() || b.spec().isEmpty()) {
        out.printf(
            "%s (%s) at %s (%d)%n",
            kind(b), b.isEnabled() ? "enabled" : "disabled", location(b), b.totalHits());
      } else {
        out.println(
            kind(b) + (b.isSuspended() ? " (suspended)" : " (disabled)") + " at " + b.spec());
      }
      if (b.condition() != null) {
        out.println("\tcond " + b.condition().source());
      }
      Breakpoint.HitCondition hits = b.hitCondition();
      if (hits != null) {
        out.println("\tcond " + (hits.perGoroutine() ? "-per-g-hitcount " : "-hitcount ") + hits);
      }
      actions(b).forEach(a -> out.println("\t" + a));
    }
  }

  /** Commands that are run when a breakpoint is hit. */
  static List<String> actions(Breakpoint b) {
    List<String> result = new ArrayList<>();
    if (b.stackDepth() > 0) {
      result.add("stack " + b.stackDepth());
    }
    if (b.showsGoroutine()) {
      result.add("goroutine");
    }
    if (b.arguments() != null) {
      result.add("args" + (isShort(b.arguments()) ? "" : " -v"));
    }
    if (b.locals() != null) {
      result.add("locals" + (isShort(b.locals()) ? "" : " -v"));
    }
    b.variables().forEach(v -> result.add("print " + v));
    return result;
  }

  /**
   * What of a stack is shown beside functions and lines.
   *
   * @param full the variables of each frame
   * @param offsets where each frame lies on the stack
   * @param defers calls that were deferred
   */
  record StackView(boolean full, boolean offsets, boolean defers) {
    static final StackView PLAIN = new StackView(false, false, false);
  }

  /** A stack. */
  void stack(List<Frame> frames, String indent, StackView view, @Nullable Goroutine g) {
    if (frames.isEmpty()) {
      return;
    }
    List<List<Deferred>> deferred =
        view.defers && g != null ? new Defers(session.process()).byFrame(g, frames) : List.of();
    boolean spaced =
        view.full || view.offsets || deferred.stream().anyMatch(list -> !list.isEmpty());
    int digits = String.valueOf(frames.size() - 1).length();
    String margin = indent + " ".repeat(digits + 2 + indent.length());
    for (int i = 0; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      if (frame.error() != null) {
        out.println(margin + "error: " + frame.error());
        continue;
      }
      String index = String.valueOf(i);
      out.print(indent);
      out.print(" ".repeat(digits - index.length()));
      out.print(index);
      out.print("  0x");
      out.print(HexFormat.of().toHexDigits(frame.pc()));
      out.println(" in " + bold(frame.name()));
      out.println(margin + "at " + path(frame.file()) + ":" + frame.line());
      if (view.offsets) {
        long high = g == null ? 0 : g.stackHigh();
        out.println(
            margin
                + "frame: "
                + signed(frame.cfa() - high)
                + " frame pointer "
                + signed(frame.registers()[Frame.BP] - high));
      }
      if (i < deferred.size()) {
        for (int j = 0; j < deferred.get(i).size(); j++) {
          deferred(deferred.get(i).get(j), margin + "    defer " + (j + 1) + ": ");
        }
      }
      if (view.full) {
        variables(frames, i, g, margin + "    ");
      }
      if (spaced) {
        out.println();
      }
    }
    if (!frames.getLast().isBottom()) {
      out.println(indent + "(truncated)");
    }
  }

  private static String signed(long value) {
    return (value < 0 ? "-0x" : "+0x") + Long.toHexString(Math.abs(value));
  }

  private void deferred(Deferred d, String header) {
    if (d.error() != null) {
      out.println(header + "(unreadable defer: " + d.error() + ")");
      return;
    }
    Function function = d.function();
    String margin = " ".repeat(header.length());
    long pc = function == null ? d.pc() : session.process().entry(function);
    String name = function == null ? "???" : function.name();
    out.printf("%s%s in %s%n", header, String.format("0x%014x", pc), bold(name));
    out.println(margin + "at " + path(d.file()) + ":" + d.line());
    Function by = session.process().functionAt(d.pc());
    LineTable.Row row = session.process().line(d.pc());
    out.println(
        margin
            + "deferred by "
            + (by == null ? "???" : by.name())
            + " at "
            + (row == null ? ":0" : path(row.file()) + ":" + row.line()));
  }

  private String bold(String text) {
    return colors ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  private void variables(List<Frame> frames, int index, @Nullable Goroutine g, String indent) {
    Scope scope =
        new Scope(
            session.process(), session.stacks(), frames, index, g, g == null ? null : g.thread());
    try {
      List<Variable> all = new ArrayList<>(scope.arguments());
      all.addAll(scope.variables());
      for (Variable v : load(all, LoadLimits.SHORT)) {
        out.println(indent + v.name + " = " + Text.line(session.process(), v));
      }
    } catch (EvalException e) {
      // the frame is not described: it has no variables to show
    }
  }

  private String place(Places.Place place) {
    return path(place.file())
        + ":"
        + place.line()
        + " "
        + place.function()
        + " ("
        + hex(place.pc())
        + ")";
  }

  private String place(Goroutine g, Places.Which which) {
    return place(session.places().of(g, which));
  }

  private static String word(Places.Which which) {
    return switch (which) {
      case USER -> "User";
      case CURRENT -> "Runtime";
      case STATEMENT -> "Go";
      case START -> "Start";
    };
  }

  /** A goroutine on one line, with one of its places. */
  String goroutine(Goroutine g, Places.Which which, Places.Place place) {
    StringBuilder text = new StringBuilder();
    text.append(g.id()).append(" - ").append(word(which)).append(": ").append(place(place));
    if (g.thread() != null) {
      text.append(" (thread ").append(g.thread().id()).append(')');
    }
    boolean waits = g.status() == Goroutine.WAITING || g.status() == Goroutine.IN_SYSTEM_CALL;
    if (waits && g.waitReason() != 0) {
      text.append(" [").append(session.goroutines().waitReason(g));
      if (g.waitSince() > 0) {
        text.append(' ').append(g.waitSince());
      }
      text.append(']');
    }
    return text.toString();
  }

  /** A goroutine with all its places. */
  void goroutineLong(Goroutine g, String indent) {
    out.printf("%sGoroutine %d:%n", indent, g.id());
    out.printf("%s\tRuntime: %s%n", indent, place(g, Places.Which.CURRENT));
    out.printf("%s\tUser: %s%n", indent, place(g, Places.Which.USER));
    out.printf("%s\tGo: %s%n", indent, place(g, Places.Which.STATEMENT));
    out.printf("%s\tStart: %s%n", indent, place(g, Places.Which.START));
    labels(g, indent + "\t");
  }

  /** The labels that a goroutine has for profiles. */
  void labels(Goroutine g, String indent) {
    Map<String, String> labels = session.goroutines().labels(g);
    if (!labels.isEmpty()) {
      out.println(
          indent
              + "Labels: "
              + labels.entrySet().stream()
                  .map(e -> Text.quote(e.getKey()) + ":" + Text.quote(e.getValue()))
                  .collect(Collectors.joining(", ")));
    }
  }
}
