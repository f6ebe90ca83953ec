// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Text;
import hearth.debug.goruntime.Ancestors;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.Words;
import hearth.debug.terminal.Commands.Context;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Commands about goroutines, threads and their stacks. For the thread that reads them. */
final class StackCommands {

  private final Commands commands;
  private final Session session;
  private final Printer printer;
  private final PrintStream out;

  StackCommands(Commands commands, Session session, Printer printer, PrintStream out) {
    this.commands = commands;
    this.session = session;
    this.printer = printer;
    this.out = out;
  }

  void define() {
    String group = "Listing and switching between threads and goroutines";
    commands.add(
        group,
        "Lists goroutines.",
        "goroutines [-u | -r | -g | -s] [-t [DEPTH]] [-l] [-with FILTER] [-without FILTER]\n"
            + "    [-group BY] [-chan EXPRESSION] [-exec COMMAND]\n\n"
            + """
            -u -r -g -s  where they are: in the users' code, really, where they were
                         started, the function that was started
            -t           with stacks
            -l           with labels
            -with, -without  userloc, curloc, goloc, startloc TEXT; label KEY[=VALUE];
                         running; user
            -group       userloc, curloc, goloc, startloc; label KEY; running; user
            -chan        those that wait at a channel
            -exec        runs a command for each\
            """,
        this::goroutines,
        "goroutines",
        "grs");
    commands.add(
        group,
        "Shows or changes the goroutine.",
        "goroutine [NUMBER [COMMAND]]\n\nWith a command, that is run for the goroutine, which is not"
            + " changed to.",
        this::goroutine,
        "goroutine",
        "gr");
    commands.add(group, "Lists threads.", "threads", this::threads, "threads");
    commands.add(
        group, "Changes to another thread.", "thread NUMBER", this::thread, "thread", "tr");
    String stack = "Viewing the call stack and selecting frames";
    commands.add(
        stack,
        "Shows the stack.",
        "[goroutine N] [frame N] stack [DEPTH] [-full] [-offsets] [-defer] [-a N] [-adepth N]\n"
            + "    [-mode MODE]\n\n"
            + """
            -full     with arguments and local variables
            -offsets  with where the frames are on the stack
            -defer    with the calls that were deferred
            -a        with the goroutines that started it (GODEBUG=tracebackancestors=N)
            -adepth   so many frames of those
            -mode     normal; simple, which does not follow to other stacks; fromg, from
                      where the goroutine goes on\
            """,
        this::stack,
        "stack",
        "bt");
    commands.add(
        stack,
        "Looks at another frame.",
        "frame NUMBER [COMMAND]\n\nWith a command, that is run for the frame, which is not changed"
            + " to.",
        (c, a) -> frame(c, a, 0),
        "frame");
    commands.add(
        stack,
        "Looks at a frame that called this one.",
        "up [COUNT] [COMMAND]",
        (c, a) -> frame(c, a, 1),
        "up");
    commands.add(
        stack,
        "Looks at a frame that this one called.",
        "down [COUNT] [COMMAND]",
        (c, a) -> frame(c, a, -1),
        "down");
    commands.add(
        stack,
        "Runs a command for a call that was deferred.",
        "deferred NUMBER COMMAND\n\nThe number is that of \"stack -defer\"; commands are print, args"
            + " and locals.",
        this::deferred,
        "deferred");
  }

  // Goroutines, threads, frames

  private void goroutines(Context context, String arguments) throws SessionException {
    session.requireAlive();
    if (!session.goroutines().isKnown()) {
      throw new SessionException("could not find goroutine array");
    }
    new GoroutineListing(session, printer, out, arguments)
        .run(
            commands.scopeOrNone(context),
            (id, command) -> {
              try {
                commands.call(new Context(id, 0), command);
              } catch (SessionException e) {
                out.println("Error: " + e.getMessage());
              }
            });
  }

  private void goroutine(Context context, String arguments) throws SessionException {
    Breakpoint on = context.on();
    if (on != null) {
      on.setShowsGoroutine(true);
      return;
    }
    String[] parts = Words.split(arguments);
    if (parts[0].isEmpty()) {
      State state = session.stateNow();
      State.ThreadState thread = state.current();
      Frame at = thread == null ? null : thread.frame();
      out.println(
          "Thread "
              + state.thread()
              + (at == null ? "" : " at " + printer.path(at.file()) + ":" + at.line()));
      Goroutine g = session.selected();
      if (g != null) {
        printer.goroutineLong(g, "");
      }
      return;
    }
    long id;
    try {
      id = Long.parseLong(parts[0]);
    } catch (NumberFormatException e) {
      throw new SessionException(
          "strconv.ParseInt: parsing " + Text.quote(parts[0]) + ": invalid syntax");
    }
    if (!parts[1].isEmpty()) {
      commands.call(new Context(id, 0), parts[1]);
      return;
    }
    Goroutine old = session.selected();
    session.selectGoroutine(id);
    commands.frame = 0;
    out.printf(
        "Switched from %d to %d (thread %d)%n",
        old == null ? 0 : old.id(), id, session.stateNow().thread());
  }

  private void threads(Context context, String arguments) {
    State state = session.stateNow();
    List<State.ThreadState> all = new ArrayList<>(state.threads());
    all.sort(Comparator.comparingInt(State.ThreadState::id));
    for (State.ThreadState thread : all) {
      Frame at = thread.frame();
      out.println(
          (thread.id() == state.thread() ? "* " : "  ")
              + "Thread "
              + thread.id()
              + " at "
              + (at == null
                  ? "?"
                  : Printer.hex(at.pc())
                      + " "
                      + printer.path(at.file())
                      + ":"
                      + at.line()
                      + " "
                      + at.name()));
    }
  }

  private void thread(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("you must specify a thread");
    }
    int id = Commands.number(arguments);
    int old = session.stateNow().thread();
    session.selectThread(id);
    commands.frame = 0;
    out.println("Switched from " + old + " to " + id);
  }

  private void stack(Context context, String arguments) throws SessionException {
    StackOptions options = StackOptions.of(arguments);
    Breakpoint on = context.on();
    if (on != null) {
      on.setStackDepth(options.depth());
      return;
    }
    long id = context.goroutine();
    Goroutine g = session.goroutine(id);
    printer.stack(session.frames(id, options.depth() + 1, options.mode()), "", options.view(), g);
    if (options.ancestors() == 0) {
      return;
    }
    for (Ancestors.Ancestor ancestor :
        session.ancestors(id, options.ancestors(), options.ancestorDepth())) {
      out.println("Created by Goroutine " + ancestor.id() + ":");
      if (ancestor.error() != null) {
        out.println("\t" + ancestor.error());
      } else {
        printer.stack(ancestor.frames(), "\t", Printer.StackView.PLAIN, null);
      }
    }
  }

  private void deferred(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    int number;
    try {
      number = Integer.parseInt(parts[0]);
    } catch (NumberFormatException e) {
      throw new SessionException(
          "strconv.Atoi: parsing " + Text.quote(parts[0]) + ": invalid syntax");
    }
    if (number <= 0) {
      throw new SessionException(
          "argument of deferred must be a number greater than 0 (use 'stack -defer' to see the"
              + " list of deferred calls)");
    }
    switch (commands.plainName(Words.split(parts[1])[0])) {
      case "print", "args", "locals" ->
          commands.call(new Context(context.goroutine(), context.frame(), number, null), parts[1]);
      default -> throw new SessionException("command not available");
    }
  }

  private void frame(Context context, String arguments, int direction) throws SessionException {
    String[] parts = Words.split(arguments);
    int wanted = 1;
    if (parts[0].isEmpty()) {
      if (direction == 0) {
        throw new SessionException("not enough arguments");
      }
    } else {
      try {
        wanted = Integer.parseInt(parts[0]);
      } catch (NumberFormatException e) {
        throw new SessionException(
            "strconv.Atoi: parsing " + Text.quote(parts[0]) + ": invalid syntax");
      }
    }
    wanted = direction == 0 ? wanted : commands.frame + direction * wanted;
    if (!parts[1].isEmpty()) {
      commands.call(new Context(context.goroutine(), wanted), parts[1]);
      return;
    }
    List<Frame> frames = wanted < 0 ? List.of() : session.frames(context.goroutine(), wanted + 1);
    if (wanted < 0 || wanted >= frames.size()) {
      throw new SessionException("Invalid frame " + wanted);
    }
    commands.frame = wanted;
    printer.context(session.stateNow(), false);
    Frame at = frames.get(wanted);
    out.printf("Frame %d: %s:%d (PC: %x)%n", wanted, printer.path(at.file()), at.line(), at.pc());
    printer.source(at.file(), at.line(), true);
  }
}
