// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Text;
import hearth.debug.goruntime.Frame;
import hearth.debug.session.Disassembly;
import hearth.debug.session.Libraries;
import hearth.debug.session.Location;
import hearth.debug.session.PathGuess;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.Words;
import hearth.debug.terminal.Commands.Context;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Commands about the program and the debugger. For the thread that reads them. */
final class OtherCommands {

  private final Commands commands;
  private final Session session;
  private final Printer printer;
  private final Transcript transcript;
  private final PrintStream out;

  OtherCommands(Commands commands, Session session, Printer printer, Transcript transcript) {
    this.commands = commands;
    this.session = session;
    this.printer = printer;
    this.transcript = transcript;
    out = transcript.stream();
  }

  void define() {
    String group = "Other commands";
    commands.add(
        group,
        "Shows source.",
        "[goroutine N] [frame N] list [PLACE]",
        this::list,
        "list",
        "ls",
        "l");
    commands.add(
        group,
        "Shows machine code.",
        "[goroutine N] [frame N] disassemble [-a START END | -l PLACE]\n\nOf the function; of the"
            + " addresses from START up to END; or of the function of a\nplace. \"config"
            + " disassemble-flavor\" is intel or go.",
        this::disassemble,
        "disassemble",
        "disass");
    commands.add(
        group, "Lists functions.", "funcs [REGEXP]", (c, a) -> names(a, functionNames()), "funcs");
    commands.add(
        group,
        "Lists source files.",
        "sources [REGEXP]",
        (c, a) -> names(a, session.program().files().keySet()),
        "sources");
    commands.add(
        group,
        "Lists types.",
        "types [REGEXP]",
        (c, a) -> names(a, new TreeSet<>(session.program().typeNames())),
        "types");
    commands.add(
        group,
        "Lists packages.",
        "packages [REGEXP]",
        (c, a) ->
            names(
                a,
                session.program().packages().values().stream()
                    .flatMap(List::stream)
                    .collect(java.util.stream.Collectors.toCollection(TreeSet::new))),
        "packages");
    commands.add(group, "Lists shared libraries.", "libraries", this::libraries, "libraries");
    commands.add(
        group,
        "Shows or changes settings.",
        "config -list\nconfig -save\nconfig NAME VALUE\nconfig substitute-path FROM TO\n"
            + "config substitute-path FROM\nconfig substitute-path -clear | -guess\n"
            + "config alias COMMAND ALIAS\nconfig alias ALIAS\n\nWith -save they hold in later"
            + " sessions too.",
        this::configure,
        "config");
    commands.add(
        group,
        "Opens an editor.",
        "edit [PLACE]\n\nThe one that DELVE_EDITOR or EDITOR names, where the program is or at the"
            + " place.",
        this::edit,
        "edit",
        "ed");
    commands.add(
        group,
        "Writes what is shown to a file too.",
        "transcript [-t] [-x] FILE\ntranscript -off\n\nWith -t the file is emptied before, with -x"
            + " nothing is shown meanwhile.",
        this::transcript,
        "transcript");
    commands.add(
        group,
        "Lists the processes that are debugged.",
        "target list\ntarget switch PID\ntarget follow-exec [-on [REGEXP] | -off]\n\n"
            + "Children are followed into the programs that they run, if the words that they are\n"
            + "started with match. Breakpoints are set in all; where one stops, all do.",
        this::target,
        "target");
  }

  // Source and names

  private void list(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      State state = session.stateNow();
      List<Frame> frames = session.frames(context.goroutine(), context.frame() + 1);
      if (context.frame() >= frames.size()) {
        throw new SessionException("no source available");
      }
      Frame at = frames.get(context.frame());
      if (context.frame() == 0) {
        printer.context(state, false);
      } else {
        out.printf(
            "Goroutine %d frame %d at %s:%d (PC: %s)%n",
            session.selected() == null ? 0 : session.selected().id(),
            context.frame(),
            at.file(),
            at.line(),
            Printer.hex(at.pc()));
      }
      printer.source(at.file(), at.line(), true);
      return;
    }
    Location location = session.sourceLine(arguments);
    try {
      location =
          session
              .find(arguments, commands.scopeOrNone(context), commands.settings().paths())
              .getFirst();
    } catch (SessionException e) {
      if (location == null) {
        throw e;
      }
    }
    out.printf(
        "Showing %s:%d (PC: %s)%n",
        location.file(), location.line(), Printer.hex(location.address()));
    printer.source(location.file(), location.line(), false);
  }

  private void disassemble(Context context, String arguments) throws SessionException {
    String usage = "wrong number of arguments: disassemble [-a <start> <end>] [-l <locspec>]";
    String[] parts = Words.split(arguments);
    Disassembly disassembly = new Disassembly(session);
    long goroutine = context.goroutine();
    switch (parts[0]) {
      case "" -> {
        List<Frame> frames = session.frames(goroutine, context.frame() + 1);
        if (context.frame() >= frames.size()) {
          throw new SessionException("no such frame");
        }
        long pc = frames.get(context.frame()).pc();
        printer.disassembly(disassembly.function(pc, goroutine), true);
      }
      case "-a" -> {
        String[] ends = Words.split(parts[1]);
        if (ends[1].isEmpty()) {
          throw new SessionException(usage);
        }
        printer.disassembly(disassembly.range(address(ends[0]), address(ends[1]), goroutine), true);
      }
      case "-l" -> {
        if (parts[1].isEmpty()) {
          throw new SessionException(usage);
        }
        List<Location> found =
            session.find(parts[1], commands.scopeOrNone(context), commands.settings().paths());
        if (found.size() != 1) {
          throw new SessionException("expression specifies multiple locations");
        }
        printer.disassembly(disassembly.function(found.getFirst().address(), goroutine), true);
      }
      default -> throw new SessionException(usage);
    }
  }

  private static long address(String text) throws SessionException {
    try {
      return Long.decode(text);
    } catch (NumberFormatException e) {
      throw new SessionException("wrong argument: " + Text.quote(text) + " is not a number");
    }
  }

  private Collection<String> functionNames() {
    TreeSet<String> result = new TreeSet<>();
    session.program().functions().forEach(f -> result.add(f.name()));
    return result;
  }

  private void names(String filter, Collection<String> all) throws SessionException {
    Pattern pattern = Commands.pattern(filter);
    for (String name : all) {
      if (pattern.matcher(name).find()) {
        out.println(name);
      }
    }
  }

  private void configure(Context context, String arguments) throws SessionException {
    Settings settings = commands.settings();
    switch (arguments) {
      case "-list" -> out.print(settings.list());
      case "-save" -> settings.save();
      case "" -> throw new SessionException("wrong number of arguments to \"config\"");
      case "substitute-path -guess" -> {
        settings.setPaths(PathGuess.rules(session.program(), PathGuess.here()));
        out.print(settings.set("substitute-path"));
      }
      default -> {
        if (arguments.startsWith("substitute-path -guess ")) {
          throw new SessionException(
              "too many arguments: \"config substitute-path -guess\" takes none, and looks in the"
                  + " current folder");
        }
        out.print(settings.set(arguments));
      }
    }
  }

  private void libraries(Context context, String arguments) throws SessionException {
    if (!arguments.isEmpty()) {
      throw new SessionException("wrong arguments: libraries");
    }
    List<Libraries.Library> all = Libraries.of(session);
    int digits = String.valueOf(all.size() - 1).length();
    for (int i = 0; i < all.size(); i++) {
      out.printf("%" + digits + "d. 0x%x %s%n", i, all.get(i).address(), all.get(i).path());
    }
  }

  private void edit(Context context, String arguments) throws SessionException {
    String editor = System.getenv("DELVE_EDITOR");
    editor = editor == null || editor.isEmpty() ? System.getenv("EDITOR") : editor;
    if (editor == null || editor.isEmpty()) {
      throw new SessionException("Neither DELVE_EDITOR or EDITOR is set");
    }
    String file;
    int line;
    if (arguments.isEmpty()) {
      List<Frame> frames = session.frames(context.goroutine(), context.frame() + 1);
      if (context.frame() >= frames.size()) {
        throw new SessionException("no source available");
      }
      file = frames.get(context.frame()).file();
      line = frames.get(context.frame()).line();
    } else {
      Location found =
          session
              .find(arguments, commands.scopeOrNone(context), commands.settings().paths())
              .getFirst();
      file = found.file();
      line = found.line();
    }
    List<String> words = new ArrayList<>(Words.all(editor));
    words.add("+" + line);
    words.add(commands.settings().local(file));
    try {
      out.flush();
      new ProcessBuilder(words).inheritIO().start().waitFor();
    } catch (IOException e) {
      throw new SessionException("cannot start " + editor + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void transcript(Context context, String arguments) throws SessionException {
    boolean anew = false;
    boolean hide = false;
    String path = "";
    for (String word : Words.all(arguments)) {
      switch (word) {
        case "-off" -> {
          transcript.stop();
          return;
        }
        case "-t" -> anew = true;
        case "-x" -> hide = true;
        default -> {
          if (!path.isEmpty() || word.startsWith("-")) {
            throw new SessionException("unknown argument " + Text.quote(word));
          }
          path = word;
        }
      }
    }
    if (path.isEmpty()) {
      throw new SessionException("no output path specified");
    }
    transcript.start(Path.of(path), anew, hide);
  }

  private void target(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    switch (parts[0]) {
      case "list" -> listTargets();
      case "switch" -> switchTarget(parts[1]);
      case "follow-exec" -> followChildren(Words.split(parts[1]));
      case "" -> throw new SessionException("not enough arguments for 'target'");
      default -> throw new SessionException("unknown command 'target " + parts[0] + "'");
    }
  }

  private void listTargets() {
    List<Session.TargetInfo> targets = session.targets();
    int width = 0;
    for (Session.TargetInfo t : targets) {
      width = Math.max(width, String.valueOf(t.pid()).length() + 2);
    }
    for (Session.TargetInfo t : targets) {
      String pid = String.valueOf(t.pid());
      String mark = t.selected() ? "*   " : "    ";
      out.println(mark + pid + " ".repeat(width - pid.length()) + t.commandLine());
    }
  }

  private void switchTarget(String pid) throws SessionException {
    for (Session.TargetInfo t : session.targets()) {
      State.ThreadState thread = t.thread();
      if (String.valueOf(t.pid()).equals(pid) && thread != null) {
        session.selectThread(thread.id());
        return;
      }
    }
    throw new SessionException(
        pid.isEmpty()
            ? "not enough arguments: target switch PID; \"target list\" shows the processes"
            : "could not find target " + pid);
  }

  private void followChildren(String[] words) throws SessionException {
    switch (words[0]) {
      case "" ->
          out.println("Follow exec is " + (session.followsChildren() ? "enabled." : "disabled."));
      case "-on" -> session.followChildren(Commands.pattern(words[1]));
      case "-off" -> {
        if (!words[1].isEmpty()) {
          throw new SessionException("too many arguments");
        }
        session.followChildren(null);
      }
      default ->
          throw new SessionException(
              "unknown argument " + Text.quote(words[0]) + " to 'target follow-exec'");
    }
  }
}
