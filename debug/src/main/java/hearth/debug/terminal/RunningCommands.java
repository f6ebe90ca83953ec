// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Text;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.Words;
import hearth.debug.terminal.Commands.Context;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Commands that let the program run. For the thread that reads them. */
final class RunningCommands {

  private final Commands commands;
  private final Session session;
  private final Printer printer;
  private final DataCommands data;
  private final @Nullable Rebuild rebuild;
  private final PrintStream out;

  RunningCommands(
      Commands commands,
      Session session,
      Printer printer,
      DataCommands data,
      @Nullable Rebuild rebuild,
      PrintStream out) {
    this.commands = commands;
    this.session = session;
    this.printer = printer;
    this.data = data;
    this.rebuild = rebuild;
    this.out = out;
  }

  void define() {
    String group = Commands.RUNNING;
    commands.add(
        group,
        "Runs until a breakpoint or the end.",
        "continue [PLACE]\n\nWith a place, a breakpoint is set there for this once.",
        this::resume,
        "continue",
        "c");
    commands.add(
        group,
        "Goes to the next line, over calls.",
        "next [COUNT]\n\nSo many lines on; a breakpoint on the way ends it.",
        this::next,
        "next",
        "n");
    commands.add(group, "Goes to the next line, into calls.", "step", this::step, "step", "s");
    commands.add(group, "Goes on to the caller.", "stepout", this::stepOut, "stepout", "so");
    commands.add(
        group,
        "Runs one instruction.",
        "step-instruction",
        (c, a) -> instruction(false),
        "step-instruction",
        "si",
        "stepi");
    commands.add(
        group,
        "Runs one instruction, over calls.",
        "next-instruction",
        (c, a) -> instruction(true),
        "next-instruction",
        "ni",
        "nexti");
    commands.add(
        group,
        "Calls a function of the program.",
        "call [-unsafe] [-alone] EXPRESSION\n\nThe goroutine that is looked at calls it, the others run on"
            + " meanwhile.\nWhat it returns is shown, or may be assigned: call x = f(y). Pointers to"
            + " the\nstack are refused without -unsafe. With -alone the other threads are held meanwhile: a call that"
            + " waits\nfor one of them ends with the interrupt key.",
        this::callFunction,
        "call");
    commands.add(
        group,
        "Starts the program again.",
        "restart [-noargs | ARGUMENTS]\n\nBreakpoints stay. Without arguments it gets those it had.",
        this::restart,
        "restart",
        "r");
    commands.add(
        group,
        "Builds the program and starts it again.",
        "rebuild\n\nOf \"dlv debug\" and \"dlv test\".",
        this::rebuild,
        "rebuild");
  }

  // Running

  private void stopped(State state) throws SessionException {
    stopped(state, false);
  }

  private void stopped(State state, boolean inCode) throws SessionException {
    commands.frame = 0;
    if (state.exited()) {
      throw new SessionException(
          "Process " + state.pid() + " has exited with status " + state.exitStatus());
    }
    session.run(() -> {
      printer.context(state, true);
      if (commands.settings().showsCode(inCode)) {
        printer.positionInCode(state);
      } else {
        printer.position(state);
      }
      data.showDisplays();
      return true;
    });
  }

  /** Lets the program run; where a condition fails, what was reached is shown before the error. */
  private State move(Session.Task<State> task) throws SessionException {
    try {
      return task.run();
    } catch (SessionException e) {
      session.run(() -> {
        printer.context(session.stateNow(), true);
        return true;
      });
      throw e;
    }
  }

  private void resume(Context context, String arguments) throws SessionException {
    List<Breakpoint> temporary = List.of();
    if (!arguments.isEmpty()) {
      temporary =
          session.run(() ->
              new BreakpointCommands(commands, session, printer, out)
                  .create(context, arguments, false, false));
    }
    try {
      stopped(move(session::resume));
    } finally {
      for (Breakpoint b : temporary) {
        session.run(() -> {
          session.clear(b);
          return true;
        });
      }
    }
  }

  private void finish(State first, String operation) throws SessionException {
    State state = first;
    while (state.stepping() && !state.exited()) {
      stopped(state);
      out.println("\tbreakpoint hit during " + operation);
      session.run(() -> {
        session.cancelSteps();
        return true;
      });
      return;
    }
    stopped(state);
  }

  private void next(Context context, String arguments) throws SessionException {
    int count = 1;
    if (!arguments.isEmpty()) {
      try {
        count = Integer.parseInt(arguments.trim());
      } catch (NumberFormatException e) {
        throw new SessionException(
            "strconv.ParseInt: parsing " + Text.quote(arguments.trim()) + ": invalid syntax");
      }
      if (count <= 0) {
        throw new SessionException("Invalid next count");
      }
    }
    State state = move(() -> session.step(Session.Step.NEXT));
    for (int i = 1; i < count && !state.exited() && state.reason() == State.Reason.STEP; i++) {
      state = move(() -> session.step(Session.Step.NEXT));
    }
    finish(state, "next");
  }

  private void step(Context context, String arguments) throws SessionException {
    finish(move(() -> session.step(Session.Step.INTO)), "step");
  }

  private void stepOut(Context context, String arguments) throws SessionException {
    finish(move(() -> session.step(Session.Step.OUT)), "stepout");
  }

  private void instruction(boolean over) throws SessionException {
    stopped(move(() -> session.stepInstruction(over)), true);
  }

  private void callFunction(Context context, String arguments) throws SessionException {
    boolean unsafe = false;
    boolean alone = false;
    String rest = arguments;
    String[] parts = Words.split(rest);
    while (parts[0].equals("-unsafe") || parts[0].equals("-alone")) {
      unsafe |= parts[0].equals("-unsafe");
      alone |= parts[0].equals("-alone");
      rest = parts[1];
      parts = Words.split(rest);
    }
    String expression = rest;
    Session.CallRules rules = new Session.CallRules(unsafe, alone);
    long goroutine = context.goroutine();
    stopped(move(() -> session.call(goroutine, expression, commands.settings().limits(), rules)));
  }

  private void restart(Context context, String arguments) throws SessionException {
    List<String> words = Words.all(arguments);
    List<String> given =
        words.equals(List.of("-noargs")) ? List.of() : words.isEmpty() ? null : words;
    tell(session.restart(given));
  }

  private void rebuild(Context context, String arguments) throws SessionException {
    if (rebuild == null) {
      throw new SessionException("cannot rebuild a binary");
    }
    rebuild.run();
    tell(session.restart(null));
  }

  private void tell(List<Breakpoint> gone) {
    for (Breakpoint lost : gone) {
      out.println("Discarded " + Printer.kind(lost) + ": its place is no more");
    }
    commands.frame = 0;
    out.println("Process restarted with PID " + session.target().pid());
  }
}
