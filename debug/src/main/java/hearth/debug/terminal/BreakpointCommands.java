// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import hearth.debug.terminal.Commands.Context;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Commands about breakpoints. For the thread that reads them. */
final class BreakpointCommands {
  private static final Pattern CONDITION = Pattern.compile("^if | if ");
  private final Commands commands;
  private final Session session;
  private final Printer printer;
  private final PrintStream out;

  BreakpointCommands(Commands commands, Session session, Printer printer, PrintStream out) {
    this.commands = commands;
    this.session = session;
    this.printer = printer;
    this.out = out;
  }

  void define() {
    String group = "Manipulating breakpoints";
    commands.add(
        group,
        "Sets a breakpoint.",
        "break [NAME] [PLACE] [if CONDITION]\n\n"
            + """
            A place is one of
            FILE:LINE        a line; the file by the end of its path
            LINE, +N, -N     a line of the file that is looked at
            FUNCTION[:LINE]  a function, or a line counted from its first
            /REGEXP/         all functions whose names match
            *ADDRESS         an address, or an expression that gives one
            Without a place it is set where the program is.\
            """,
        (c, a) -> create(c, a, false, true),
        "break",
        "b");
    commands.add(
        group,
        "Sets a tracepoint.",
        "trace [NAME] [PLACE] [if CONDITION]\n\nThe program does not stop there: it is told that it"
            + " came by.",
        this::trace,
        "trace",
        "t");
    commands.add(
        group,
        "Watches memory.",
        "watch [-r | -w | -rw] EXPRESSION\n\nStops when the memory of the expression is read or"
            + " written: at most 8 bytes, at\nmost four watches. What lies on a stack can only be"
            + " watched for writes; the watch\nends with the function.",
        this::watch,
        "watch");
    commands.add(
        group,
        "Lists breakpoints.",
        "breakpoints [-a] [-save FILE]\n\nWith -save, a file of commands that set them again.",
        this::listBreakpoints,
        "breakpoints",
        "bp");
    commands.add(group, "Takes a breakpoint out.", "clear NUMBER_OR_NAME", this::clear, "clear");
    commands.add(
        group, "Takes all breakpoints out.", "clearall [PLACE]", this::clearAll, "clearall");
    commands.add(
        group, "Switches a breakpoint on or off.", "toggle NUMBER_OR_NAME", this::toggle, "toggle");
    commands.add(
        group,
        "Sets when a breakpoint stops.",
        "condition NUMBER_OR_NAME EXPRESSION\n"
            + "condition -hitcount NUMBER_OR_NAME OPERATOR COUNT\n"
            + "condition -per-g-hitcount NUMBER_OR_NAME OPERATOR COUNT\n"
            + "condition -clear NUMBER_OR_NAME\n\nOperators are > >= < <= == != and % (each so"
            + " many).",
        this::condition,
        "condition",
        "cond");
    commands.add(
        group,
        "Does something when a breakpoint is hit.",
        "on NUMBER_OR_NAME COMMAND\n\nCommands are print, args, locals, stack, goroutine, trace and"
            + " condition.",
        this::on,
        "on");
  }

  // Breakpoints

  List<Breakpoint> create(Context context, String arguments, boolean tracepoint, boolean named)
      throws SessionException {
    String text = arguments;
    String condition = "";
    var match = CONDITION.matcher(text);
    SessionException failure = null;
    List<Breakpoint> made = null;
    try {
      made = createAt(context, text, tracepoint, named);
    } catch (SessionException e) {
      failure = e;
    }
    String place = text;
    if (made == null && match.find()) {
      condition = text.substring(match.end());
      place = text.substring(0, match.start());
      try {
        made = createAt(context, place, tracepoint, named);
      } catch (SessionException e) {
        failure = e;
      }
    }
    if (made == null && session.target().isGone()) {
      Breakpoint later = session.suspend(place, "");
      out.println(
          Printer.kind(later) + " is set at " + place + " when the program is started again");
      made = List.of(later);
    }
    if (made == null) {
      throw failure == null ? new SessionException("not found") : failure;
    }
    if (!condition.isEmpty()) {
      for (Breakpoint b : made) {
        b.setCondition(Commands.compile(condition));
      }
    }
    return made;
  }

  private List<Breakpoint> createAt(Context context, String text, boolean tracepoint, boolean named)
      throws SessionException {
    String[] parts = Words.split(text);
    String name = "";
    String spec = text.isBlank() ? "+0" : text;
    Scope scope = commands.scopeOrNone(context);
    List<Location> locations = null;
    if (named && !parts[1].isEmpty() && isName(parts[0])) {
      try {
        locations = session.find(parts[1], scope, commands.settings().paths());
        name = parts[0];
      } catch (SessionException e) {
        locations = null;
      }
    }
    if (locations == null) {
      locations = session.find(spec, scope, commands.settings().paths());
    }
    List<Breakpoint> result = new ArrayList<>();
    for (Location location : locations) {
      Breakpoint b = session.create(location, name);
      b.setSpec(name.isEmpty() ? spec : parts[1]);
      if (tracepoint) {
        b.setTracepoint(true);
        b.setArguments(LoadLimits.SHORT);
      }
      out.println(Printer.kind(b) + " set at " + printer.location(b));
      result.add(b);
    }
    return result;
  }

  private static boolean isName(String text) {
    return text.matches("[\\p{L}\\p{N}]+") && !text.matches("\\d+") && !text.equals("if");
  }

  private void trace(Context context, String arguments) throws SessionException {
    Breakpoint on = context.on();
    if (on != null) {
      on.setTracepoint(true);
      return;
    }
    for (Breakpoint b : create(context, arguments, true, true)) {
      boolean whole = !arguments.contains(":") || arguments.startsWith("/");
      if (whole && !b.location().function().isEmpty()) {
        session.traceReturns(b.location().function());
      }
    }
  }

  private void watch(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("wrong number of arguments: watch [-r|-w|-rw] <expr>");
    }
    boolean reads = parts[0].equals("-r") || parts[0].equals("-rw");
    boolean writes = parts[0].equals("-w") || parts[0].equals("-rw");
    if (!reads && !writes) {
      throw new SessionException("wrong argument " + Text.quote(parts[0]) + " to watch");
    }
    Scope scope = session.scope(context.goroutine(), context.frame());
    Breakpoint b = session.watch(scope, parts[1], reads, writes);
    out.println(Printer.kind(b) + " set at " + printer.location(b));
  }

  private void listBreakpoints(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    switch (parts[0]) {
      case "", "-a" -> printer.breakpoints(session.breakpoints());
      case "-save" -> {
        if (parts[1].isEmpty()) {
          throw new SessionException("not enough arguments: breakpoints -save <filename>");
        }
        save(Path.of(parts[1]));
      }
      default -> throw new SessionException("unknown argument " + Text.quote(parts[0]));
    }
  }

  /** Writes commands that set all breakpoints again, but for watchpoints. */
  private void save(Path file) throws SessionException {
    StringBuilder text = new StringBuilder();
    for (Breakpoint b : session.breakpoints()) {
      if (b.id() < 0 || b.watchpoint() != null || b.isTraceReturn() || b.isSuspended()) {
        continue;
      }
      // Numbers may be others then: each gets a name to be spoken of.
      String name = b.name().isEmpty() ? "bp" + b.id() : b.name();
      String place =
          b.location().file().isEmpty()
              ? "*" + Printer.hex(b.location().address())
              : b.location().file() + ":" + b.location().line();
      text.append(b.isTracepoint() ? "trace " : "break ");
      text.append(name).append(' ').append(place).append('\n');
      CompiledExpression condition = b.condition();
      if (condition != null) {
        text.append("condition ").append(name).append(' ').append(condition.source()).append('\n');
      }
      Breakpoint.HitCondition hits = b.hitCondition();
      if (hits != null) {
        text.append(hits.perGoroutine() ? "condition -per-g-hitcount " : "condition -hitcount ");
        text.append(name).append(' ').append(hits).append('\n');
      }
      for (String line : Printer.actions(b)) {
        text.append("on ").append(name).append(' ').append(line).append('\n');
      }
      if (!b.isEnabled()) {
        text.append("toggle ").append(name).append('\n');
      }
    }
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new SessionException("open " + file + ": cannot be written");
    }
  }

  private void clear(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint b = session.breakpoint(arguments);
    session.clear(b);
    out.println(Printer.kind(b) + " cleared at " + printer.location(b));
  }

  private void clearAll(Context context, String arguments) throws SessionException {
    TreeSet<Long> wanted = new TreeSet<>();
    if (!arguments.isEmpty()) {
      session
          .find(arguments, commands.scopeOrNone(context), commands.settings().paths())
          .forEach(l -> wanted.addAll(l.addresses()));
    }
    for (Breakpoint b : session.breakpoints()) {
      boolean meant =
          arguments.isEmpty() || b.location().addresses().stream().anyMatch(wanted::contains);
      if (b.id() > 0 && meant) {
        session.clear(b);
        out.println(Printer.kind(b) + " cleared at " + printer.location(b));
      }
    }
  }

  private void toggle(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint b = session.breakpoint(arguments);
    session.toggle(b);
    out.println(Printer.kind(b) + " toggled at " + printer.location(b));
  }

  private void condition(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    boolean perGoroutine = parts[0].equals("-per-g-hitcount");
    if (perGoroutine || parts[0].equals("-hitcount")) {
      Breakpoint on = context.on();
      String text = parts[1];
      if (on == null) {
        String[] rest = Words.split(parts[1]);
        if (rest[1].isEmpty()) {
          throw new SessionException("not enough arguments");
        }
        on = session.breakpoint(rest[0]);
        text = rest[1];
      }
      on.setHitCondition(Breakpoint.HitCondition.of(text, perGoroutine));
      return;
    }
    if (parts[0].equals("-clear")) {
      session.breakpoint(parts[1]).setCondition(null);
      return;
    }
    Breakpoint on = context.on();
    if (on != null) {
      on.setCondition(Commands.compile(arguments));
    } else {
      session.breakpoint(parts[0]).setCondition(Commands.compile(parts[1]));
    }
  }

  private void on(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint b = session.breakpoint(parts[0]);
    String[] command = Words.split(parts[1]);
    switch (commands.plainName(command[0])) {
      case "print", "stack", "goroutine", "trace", "condition", "args", "locals" ->
          commands.call(new Context(context.goroutine(), context.frame(), 0, b), parts[1]);
      default -> throw new SessionException("command not available");
    }
  }
}
