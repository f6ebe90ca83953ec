// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Program;
import hearth.debug.session.Assignments;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Places;
import hearth.debug.session.RegisterList;
import hearth.debug.session.RegisterList.Register;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import hearth.debug.terminal.Commands.Context;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Commands that show and change values. For the thread that reads them. */
final class DataCommands {
  private static final int MAX_EXAMINED = 1 << 16;
  private final Commands commands;
  private final Session session;
  private final Printer printer;
  private final PrintStream out;
  private final TreeMap<Integer, String> displays = new TreeMap<>();
  private int nextDisplay;

  DataCommands(Commands commands, Session session, Printer printer, PrintStream out) {
    this.commands = commands;
    this.session = session;
    this.printer = printer;
    this.out = out;
  }

  void define() {
    String group = "Viewing program variables and memory";
    commands.add(
        group,
        "Shows the value of an expression.",
        "[goroutine N] [frame N] print [%FORMAT] EXPRESSION\n\nExpressions are Go's; a format is one"
            + " of fmt's verbs, like %x.",
        this::print,
        "print",
        "p");
    commands.add(
        group,
        "Shows the type of an expression.",
        "whatis EXPRESSION_OR_TYPE",
        this::whatIs,
        "whatis");
    commands.add(
        group,
        "Changes a variable.",
        "set VARIABLE = EXPRESSION\n\nNumbers, truths, pointers and what is as large; \"call\" can"
            + " assign strings.",
        this::assign,
        "set");
    commands.add(
        group,
        "Shows the arguments of the function.",
        "[goroutine N] [frame N] args [-v] [REGEXP]\n\nWith -v, whole.",
        (c, a) -> variables(c, a, true),
        "args");
    commands.add(
        group,
        "Shows local variables.",
        "[goroutine N] [frame N] locals [-v] [REGEXP]\n\nOf names that others hide, in parentheses."
            + " With -v, whole.",
        (c, a) -> variables(c, a, false),
        "locals");
    commands.add(
        group,
        "Shows variables of packages.",
        "vars [-v] [REGEXP]",
        this::packageVariables,
        "vars");
    commands.add(
        group,
        "Shows the registers.",
        "[goroutine N] [frame N] regs [-a]\n\nWith -a, those of vectors and floating point too. Of"
            + " a frame that called\nanother, those that are known.",
        this::registers,
        "regs");
    commands.add(
        group,
        "Shows memory.",
        "examinemem [-fmt FORMAT] [-count N] [-size N] ADDRESS\n"
            + "examinemem [-fmt FORMAT] [-count N] [-size N] -x EXPRESSION\n\nFormats are bin, oct,"
            + " dec, hex, raw; sizes are of one number, in bytes.",
        this::examine,
        "examinemem",
        "x");
    commands.add(
        group,
        "Shows an expression at each stop.",
        "display -a [%FORMAT] EXPRESSION\ndisplay -d NUMBER\n\nWith -a it is added, with -d taken"
            + " away; alone, all are shown.",
        this::display,
        "display");
  }

  // Values

  private void print(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint on = context.on();
    if (on != null) {
      on.variables().add(arguments);
      return;
    }
    String format = "";
    String expression = arguments;
    if (arguments.startsWith("%")) {
      String[] parts = Words.split(arguments);
      format = parts[0];
      expression = parts[1];
    }
    Scope scope = commands.scope(context);
    Variable v = session.evaluate(expression, scope, commands.settings().limits());
    out.println(printer.lines(v, "", format));
    if (v.kind == Kind.CHAN) {
      waiting(v);
    }
  }

  /** Goroutines that wait at a channel. */
  private void waiting(Variable channel) {
    out.println();
    out.println("Goroutines waiting on this channel:");
    Goroutine selected = session.selected();
    for (Goroutine g : session.goroutines().waitingAt(channel.base)) {
      boolean current = selected != null && selected.id() == g.id();
      Places.Place place = session.places().of(g, Places.Which.USER);
      out.println(
          (current ? "* " : "  ") + "Goroutine " + printer.goroutine(g, Places.Which.USER, place));
    }
  }

  private void whatIs(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Scope scope = commands.scope(context);
    try {
      Variable v = session.evaluate(arguments, scope, LoadLimits.SHORT);
      if (v.is(Variable.REGISTER)) {
        out.println("CPU Register");
        return;
      }
      String type = Text.typeName(v);
      if (!type.isEmpty()) {
        out.println(type);
      }
      String real = v.type.resolved().name();
      if (!real.equals(type)) {
        out.println("Real type: " + real);
      }
      if (v.kind == Kind.INTERFACE && !v.children.isEmpty()) {
        out.println("Concrete type: " + v.children.getFirst().type.name());
      }
      Variable.Kept kept = v.location;
      if (kept != null && commands.settings().showsLocations()) {
        out.println("location: " + kept);
      }
    } catch (EvalException e) {
      GoType type = session.process().types().named(arguments);
      if (type == null) {
        throw e;
      }
      describe(type);
    }
  }

  private void describe(GoType type) {
    out.printf("%s type, size: %d bytes%n", type.kind().family(), type.size());
    if (!type.resolved().name().equals(type.name())) {
      out.println("Real type: " + type.resolved().name());
    }
    if (type.kind() == Kind.STRUCT && !type.fields().isEmpty()) {
      out.println("Fields:");
      int width = type.fields().stream().mapToInt(f -> f.name().length()).max().orElse(0) + 2;
      for (GoType.Field f : type.fields()) {
        out.printf("\t%-" + width + "s%s%n", f.name(), f.type().name());
      }
    }
    methods(type);
  }

  private void methods(GoType type) {
    String path = hearth.debug.index.Function.packagePath(type.name());
    if (path.isEmpty()) {
      return;
    }
    String base = type.name().substring(path.length() + 1);
    List<String> found = new ArrayList<>();
    for (hearth.debug.index.Function f : session.program().functions()) {
      if (f.name().startsWith(path + ".(*" + base + ").")
          || f.name().startsWith(path + "." + base + ".")) {
        found.add(f.name());
      }
    }
    if (!found.isEmpty()) {
      out.println("Methods:");
      found.stream().sorted().forEach(f -> out.println("\t" + f));
    }
  }

  private void assign(Context context, String arguments) throws SessionException {
    int at = Assignments.operator(arguments);
    if (at < 0) {
      throw new SessionException("syntax error '=' not found");
    }
    CompiledExpression to = Commands.compile(arguments.substring(0, at).trim());
    CompiledExpression value = Commands.compile(arguments.substring(at + 1).trim());
    to.assign(commands.scope(context), session.hits(), value);
  }

  private void variables(Context context, String arguments, boolean ofArguments)
      throws SessionException {
    boolean all = arguments.equals("-v") || arguments.startsWith("-v ");
    String filter = all ? arguments.substring(2).trim() : arguments;
    Breakpoint on = context.on();
    if (on != null) {
      if (!filter.isEmpty()) {
        throw new SessionException("filter not supported on breakpoint");
      }
      if (ofArguments) {
        on.setArguments(all ? commands.settings().limits() : LoadLimits.SHORT);
      } else {
        on.setLocals(all ? commands.settings().limits() : LoadLimits.SHORT);
      }
      return;
    }
    Scope scope = commands.scope(context);
    List<Variable> variables = ofArguments ? scope.arguments() : scope.variables();
    show(ofArguments ? "args" : "locals", variables, filter, all);
  }

  private void show(String what, List<Variable> variables, String filter, boolean all)
      throws SessionException {
    Pattern pattern = Commands.pattern(filter);
    Loader loader = new Loader(session.process());
    boolean some = false;
    for (Variable v : variables) {
      if (!pattern.matcher(v.name).find()) {
        continue;
      }
      some = true;
      loader.load(v, all ? commands.settings().limits() : LoadLimits.SHORT);
      String name = v.is(Variable.SHADOWED) ? "(" + v.name + ")" : v.name;
      String value = all ? printer.lines(v, "", "") : Text.line(session.process(), v);
      out.println(name + " = " + value);
    }
    if (!some) {
      out.println("(no " + what + ")");
    }
  }

  /** Shows the expressions that are shown at each stop. */
  void showDisplays() {
    displays.forEach(this::show);
  }

  private void show(int index, String expression) {
    try {
      Scope scope = session.scope(-1, 0);
      Variable v = session.evaluate(expression, scope, LoadLimits.SHORT);
      out.println(index + ": " + expression + " = " + Text.line(session.process(), v));
    } catch (SessionException | EvalException e) {
      out.println(index + ": " + expression + " = error " + e.getMessage());
    }
  }

  private void packageVariables(Context context, String arguments) throws SessionException {
    boolean all = arguments.equals("-v") || arguments.startsWith("-v ");
    String filter = all ? arguments.substring(2).trim() : arguments;
    Pattern pattern = Commands.pattern(filter);
    List<Variable> variables = new ArrayList<>();
    List<Program.PackageVariable> known = new ArrayList<>(session.program().variables());
    known.sort(Comparator.comparingLong(Program.PackageVariable::address));
    for (Program.PackageVariable p : known) {
      if (pattern.matcher(p.name()).find() && p.address() != 0) {
        Variable v = session.process().variable(p.name());
        if (v != null) {
          new Loader(session.process()).prepare(v);
          variables.add(v);
        }
      }
    }
    show("vars", variables, "", all);
  }

  private void registers(Context context, String arguments) throws SessionException {
    boolean here = context.goroutine() < 0 && context.frame() == 0;
    List<Register> all =
        session.registers(context.goroutine(), context.frame(), here, arguments.equals("-a"));
    out.println(RegisterList.lines(all));
  }

  private void examine(Context context, String arguments) throws SessionException {
    String format = "x";
    int count = 1;
    int size = 1;
    String address = "";
    String rest = arguments;
    while (!rest.isEmpty()) {
      String[] parts = Words.split(rest);
      if (parts[0].equals("-x")) {
        address = parts[1];
        break;
      }
      String[] value = Words.split(parts[1]);
      switch (parts[0]) {
        case "-fmt" -> format = value[0];
        case "-count", "-len" -> count = Commands.number(value[0]);
        case "-size" -> size = Commands.number(value[0]);
        default -> {
          address = parts[0];
          value = new String[] {"", parts[1]};
        }
      }
      rest = value[1];
    }
    if (address.isEmpty()) {
      throw new SessionException("no address specified");
    }
    if (count * (long) size > MAX_EXAMINED) {
      throw new SessionException(
          "read memory range (count*size) must be less than or equal to "
              + MAX_EXAMINED
              + " bytes");
    }
    Scope scope = commands.scope(context);
    Variable v = session.evaluate(address, scope, LoadLimits.FULL);
    long at =
        v.value instanceof java.math.BigInteger i
            ? i.longValue()
            : v.kind == Kind.POINTER && !v.children.isEmpty() ? v.children.getFirst().address : 0;
    byte[] bytes = session.target().bytes(at, count * size);
    out.print(Examined.text(at, bytes, format, size));
  }

  private void display(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    switch (parts[0]) {
      case "-a" -> {
        displays.put(nextDisplay, parts[1]);
        show(nextDisplay, parts[1]);
        nextDisplay++;
      }
      case "-d" -> {
        int index = parts[1].matches("\\d{1,9}") ? Integer.parseInt(parts[1]) : -1;
        if (displays.remove(index) == null) {
          throw new SessionException(parts[1] + " is out of range");
        }
      }
      case "" -> displays.forEach(this::show);
      default -> throw new SessionException("wrong arguments; display -a EXPRESSION or -d NUMBER");
    }
  }
}
