// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import hearth.debug.target.UnreadableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The commands of the prompt: what they are called, and how a line becomes one. What they do is in
 * the classes of their groups. For the thread that reads them.
 */
final class Commands {
  /** Group of the commands that let the program run: they are not run on the session's thread. */
  static final String RUNNING = "Running the program";

  private static final int HELP_WIDTH = 44;

  /** A command's work. */
  @FunctionalInterface
  interface Action {
    void run(Context context, String arguments) throws SessionException;
  }

  /**
   * What a command is scoped to: by a prefix, or by what is looked at.
   *
   * @param goroutine -1 for the one that is looked at
   * @param frame of its stack
   * @param deferred number of a call that the frame deferred, from 1; 0 for none
   * @param on the breakpoint that is to do it when it is hit, or null
   */
  record Context(long goroutine, int frame, int deferred, @Nullable Breakpoint on) {
    Context(long goroutine, int frame) {
      this(goroutine, frame, 0, null);
    }
  }

  /**
   * A command.
   *
   * @param help what it does, on one line
   * @param usage how it is used, and what else is to be said of it; may be empty
   */
  private record Command(
      List<String> names, String group, String help, String usage, Action action) {}

  private final Session session;
  private final Settings settings;
  private final PrintStream out;
  private final List<Command> commands = new ArrayList<>();
  private final Map<String, Command> byName = new LinkedHashMap<>();

  /** Frame that is looked at. */
  int frame;

  private boolean finished;
  private boolean killAtEnd;
  private boolean said;
  private boolean leavesRunning;

  Commands(
      Session session,
      Printer printer,
      Settings settings,
      Transcript out,
      @Nullable Rebuild rebuild) {
    this.session = session;
    this.settings = settings;
    this.out = out.stream();
    killAtEnd = session.isChild();
    DataCommands data = new DataCommands(this, session, printer, this.out);
    new RunningCommands(this, session, printer, data, rebuild, this.out).define();
    new BreakpointCommands(this, session, printer, this.out).define();
    data.define();
    new StackCommands(this, session, printer, this.out).define();
    new OtherCommands(this, session, printer, out).define();
    String other = "Other commands";
    add(other, "Runs the commands of a file.", "source FILE", this::source, "source");
    add(
        other,
        "Leaves the debugger.",
        "exit [-c | -d]\n\nA program that was started here ends, one that was attached to is asked"
            + " about;\nwith -c or -d it runs on.",
        this::exit,
        "exit",
        "quit",
        "q");
    add(other, "Tells about commands.", "help [COMMAND]", this::help, "help", "h");
  }

  void add(String group, String help, String usage, Action action, String... names) {
    Command command = new Command(List.of(names), group, help, usage, action);
    commands.add(command);
    for (String name : names) {
      byName.put(name, command);
    }
  }

  boolean isFinished() {
    return finished;
  }

  /** Whether the program is to run on when the prompt is left. */
  boolean leavesRunning() {
    return leavesRunning;
  }

  /** Whether the command that left said what becomes of the process. */
  boolean saidHowToLeave() {
    return said;
  }

  boolean killsAtEnd() {
    return killAtEnd;
  }

  /** Decides whether the process ends with the debugger. */
  void setKillAtEnd(boolean kill) {
    killAtEnd = kill;
  }

  /** Names of all commands, for completion. */
  Collection<String> names() {
    return byName.keySet();
  }

  /** The first of a command's names, or what was given if there is no such command. */
  String plainName(String name) {
    Command command = find(name);
    return command == null ? name : command.names.getFirst();
  }

  private @Nullable Command find(String name) {
    Command command = byName.get(name);
    if (command != null) {
      return command;
    }
    String meant = settings.aliased(name);
    return meant == null ? null : byName.get(meant);
  }

  Settings settings() {
    return settings;
  }

  /**
   * Runs a line.
   *
   * @throws SessionException if it cannot be done
   */
  void call(String line) throws SessionException {
    call(new Context(-1, frame), line);
  }

  void call(Context context, String line) throws SessionException {
    String[] parts = Words.split(line);
    if (parts[0].isEmpty() || parts[0].startsWith("#")) {
      return;
    }
    Command command = find(parts[0]);
    if (command == null && parts[0].equals("dump")) {
      throw new SessionException(
          "dumps are not offered yet: gcore, of gdb, writes a core file that \"dlv core\" reads");
    }
    if (command == null) {
      throw new SessionException("command not available");
    }
    try {
      boolean runs = command.group.equals(RUNNING) || command.names.contains("source");
      if (runs) {
        out.flush();
        command.action.run(context, parts[1]);
      } else {
        session.run(() -> {
          command.action.run(context, parts[1]);
          return true;
        });
      }
    } catch (EvalException | UnreadableException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    }
  }

  Scope scopeOrNone(Context context) {
    return session.scopeOrNone(context.goroutine, context.frame);
  }

  /** Where expressions of a command are evaluated. */
  Scope scope(Context context) throws SessionException {
    return context.deferred > 0
        ? session.deferredScope(context.goroutine, context.frame, context.deferred)
        : session.scope(context.goroutine, context.frame);
  }

  static CompiledExpression compile(String text) throws SessionException {
    try {
      return CompiledExpression.of(text);
    } catch (EvalException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    }
  }

  static Pattern pattern(String text) throws SessionException {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new SessionException("error parsing regexp: " + e.getDescription());
    }
  }

  static int number(String text) throws SessionException {
    try {
      int value = Integer.decode(text);
      if (value > 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new SessionException("expected a positive number, not " + Text.quote(text));
  }

  private void source(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("wrong number of arguments: source <filename>");
    }
    sourceFile(arguments);
  }

  /** Runs the commands of a file; what fails is told with its line, and the rest goes on. */
  void sourceFile(String file) throws SessionException {
    List<String> lines;
    try {
      lines = Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      throw new SessionException("open " + file + ": no such file or directory");
    }
    for (int i = 0; i < lines.size() && !finished; i++) {
      String line = lines.get(i).trim();
      try {
        call(line);
      } catch (SessionException e) {
        out.println(file + ":" + (i + 1) + ": " + e.getMessage());
      }
    }
  }

  private void exit(Context context, String arguments) throws SessionException {
    switch (arguments) {
      case "" -> {}
      case "-c", "-d" -> {
        killAtEnd = false;
        said = true;
        leavesRunning = arguments.equals("-c");
      }
      default -> throw new SessionException("unknown argument " + Text.quote(arguments));
    }
    finished = true;
  }

  private void help(Context context, String arguments) throws SessionException {
    if (!arguments.isEmpty()) {
      Command command = find(arguments);
      if (command == null) {
        throw new SessionException("command not available");
      }
      out.println(command.help);
      if (!command.usage.isEmpty()) {
        out.println();
        command.usage.lines().forEach(l -> out.println(l.isEmpty() ? "" : "\t" + l));
      }
      return;
    }
    out.println("The following commands are available:");
    String group = "";
    for (Command command : commands) {
      if (!command.group.equals(group)) {
        group = command.group;
        out.println("\n" + group + ":");
      }
      List<String> others = new ArrayList<>(command.names.subList(1, command.names.size()));
      others.addAll(settings.aliases(command.names.getFirst()));
      String names =
          command.names.getFirst()
              + (others.isEmpty() ? "" : " (alias: " + String.join(" | ", others) + ")");
      out.printf(
          "    %s %s %s%n",
          names, "-".repeat(Math.max(1, HELP_WIDTH - names.length())), command.help);
    }
    out.println("\nType help followed by a command for full documentation.");
  }
}
