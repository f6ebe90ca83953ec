// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.disassembly.Syntax;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.Scope;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Program;
import hearth.debug.session.Assignments;
import hearth.debug.session.Breakpoint;
import hearth.debug.session.Disassembly;
import hearth.debug.session.Location;
import hearth.debug.session.Places;
import hearth.debug.session.RegisterList;
import hearth.debug.session.RegisterList.Register;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import hearth.debug.session.Words;
import hearth.debug.target.UnreadableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The commands of the prompt. For the thread that reads them. */
final class Commands {
  private static final int MAX_EXAMINED = 1 << 16;
  private static final Pattern CONDITION = Pattern.compile("^if | if ");

  /** A command's work. */
  @FunctionalInterface
  private interface Action {
    void run(Context context, String arguments) throws SessionException;
  }

  /** What a command is scoped to: by a prefix, or by what is looked at. */
  private record Context(long goroutine, int frame, @Nullable Breakpoint on) {}

  private record Command(List<String> names, String group, String help, Action action) {}

  private final Session session;
  private final Printer printer;
  private final PrintStream out;
  private final List<Command> commands = new ArrayList<>();
  private final Map<String, Command> byName = new LinkedHashMap<>();
  private final TreeMap<Integer, String> displays = new TreeMap<>();
  private int frame;
  private int nextDisplay;
  private boolean finished;
  private String position = "default";
  private boolean killAtEnd;

  Commands(Session session, Printer printer, PrintStream out) {
    this.session = session;
    this.printer = printer;
    this.out = out;
    killAtEnd = session.isChild();
    define();
  }

  private void add(String group, String help, Action action, String... names) {
    Command command = new Command(List.of(names), group, help, action);
    commands.add(command);
    for (String name : names) {
      byName.put(name, command);
    }
  }

  private void define() {
    String running = "Running the program";
    add(running, "Run until breakpoint or program termination.", this::resume, "continue", "c");
    add(running, "Step over to next source line.", this::next, "next", "n");
    add(running, "Single step through program.", this::step, "step", "s");
    add(running, "Step out of the current function.", this::stepOut, "stepout", "so");
    add(
        running,
        "Single step a single cpu instruction.",
        (c, a) -> instruction(false),
        "step-instruction",
        "si",
        "stepi");
    add(
        running,
        "Single step a single cpu instruction, skipping function calls.",
        (c, a) -> instruction(true),
        "next-instruction",
        "ni",
        "nexti");
    add(running, "Resumes process, injecting a function call.", this::callFunction, "call");
    add(running, "Restart process.", this::restart, "restart", "r");
    String breakpoints = "Manipulating breakpoints";
    add(breakpoints, "Sets a breakpoint.", (c, a) -> set(c, a, false), "break", "b");
    add(breakpoints, "Set tracepoint.", (c, a) -> trace(c, a), "trace", "t");
    add(breakpoints, "Set watchpoint.", this::watch, "watch");
    add(
        breakpoints,
        "Print out info for active breakpoints.",
        this::listBreakpoints,
        "breakpoints",
        "bp");
    add(breakpoints, "Deletes breakpoint.", this::clear, "clear");
    add(breakpoints, "Deletes multiple breakpoints.", this::clearAll, "clearall");
    add(breakpoints, "Toggles on or off a breakpoint.", this::toggle, "toggle");
    add(breakpoints, "Set breakpoint condition.", this::condition, "condition", "cond");
    add(breakpoints, "Executes a command when a breakpoint is hit.", this::on, "on");
    String data = "Viewing program variables and memory";
    add(data, "Evaluate an expression.", this::print, "print", "p");
    add(data, "Prints type of an expression.", this::whatIs, "whatis");
    add(data, "Changes the value of a variable.", this::assign, "set");
    add(data, "Print function arguments.", (c, a) -> variables(c, a, true), "args");
    add(data, "Print local variables.", (c, a) -> variables(c, a, false), "locals");
    add(data, "Print package variables.", this::packageVariables, "vars");
    add(data, "Print contents of CPU registers.", this::registers, "regs");
    add(data, "Examine raw memory at the given address.", this::examine, "examinemem", "x");
    add(
        data,
        "Print value of an expression every time the program stops.",
        this::display,
        "display");
    String threads = "Listing and switching between threads and goroutines";
    add(threads, "List program goroutines.", this::goroutines, "goroutines", "grs");
    add(threads, "Shows or changes current goroutine.", this::goroutine, "goroutine", "gr");
    add(threads, "Print out info for every traced thread.", this::threads, "threads");
    add(threads, "Switch to the specified thread.", this::thread, "thread", "tr");
    String stack = "Viewing the call stack and selecting frames";
    add(stack, "Print stack trace.", this::stack, "stack", "bt");
    add(
        stack,
        "Set the current frame, or execute command on a different frame.",
        (c, a) -> frame(c, a, 0),
        "frame");
    add(stack, "Move the current frame up.", (c, a) -> frame(c, a, 1), "up");
    add(stack, "Move the current frame down.", (c, a) -> frame(c, a, -1), "down");
    String other = "Other commands";
    add(other, "Show source code.", this::list, "list", "ls", "l");
    add(other, "Disassembler.", this::disassemble, "disassemble", "disass");
    add(other, "Print list of functions.", (c, a) -> names(a, functionNames()), "funcs");
    add(
        other,
        "Print list of source files.",
        (c, a) -> names(a, session.program().files().keySet()),
        "sources");
    add(
        other,
        "Print list of types.",
        (c, a) -> names(a, new TreeSet<>(session.program().typeNames())),
        "types");
    add(
        other,
        "Print list of packages.",
        (c, a) ->
            names(
                a,
                session.program().packages().values().stream()
                    .flatMap(List::stream)
                    .collect(java.util.stream.Collectors.toCollection(TreeSet::new))),
        "packages");
    add(other, "Changes configuration parameters.", this::configure, "config");
    add(other, "Executes a file containing a list of delve commands.", this::source, "source");
    add(other, "Exit the debugger.", this::exit, "exit", "quit", "q");
    add(other, "Prints the help message.", this::help, "help", "h");
  }

  boolean isFinished() {
    return finished;
  }

  boolean killsAtEnd() {
    return killAtEnd;
  }

  /** Names of all commands, for completion. */
  Collection<String> names() {
    return byName.keySet();
  }

  /**
   * Runs a line.
   *
   * @throws SessionException if it cannot be done
   */
  void call(String line) throws SessionException {
    call(new Context(-1, frame, null), line);
  }

  private void call(Context context, String line) throws SessionException {
    String[] parts = Words.split(line);
    if (parts[0].isEmpty() || parts[0].startsWith("#")) {
      return;
    }
    Command command = byName.get(parts[0]);
    if (command == null) {
      throw new SessionException("command not available");
    }
    try {
      boolean runs = command.group.equals("Running the program");
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

  // Running

  private void stopped(State state) throws SessionException {
    stopped(state, false);
  }

  private void stopped(State state, boolean inCode) throws SessionException {
    frame = 0;
    if (state.exited()) {
      throw new SessionException(
          "Process " + state.pid() + " has exited with status " + state.exitStatus());
    }
    session.run(() -> {
      printer.context(state, true);
      if (position.equals("disassembly") || (inCode && !position.equals("source"))) {
        printer.positionInCode(state);
      } else {
        printer.position(state);
      }
      for (Map.Entry<Integer, String> entry : displays.entrySet()) {
        show(entry.getKey(), entry.getValue());
      }
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
      temporary = session.run(() -> create(context, arguments, false, false));
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
    String unsafe = "-unsafe ";
    boolean isUnsafe = arguments.startsWith(unsafe);
    String expression = isUnsafe ? arguments.substring(unsafe.length()) : arguments;
    long goroutine = context.goroutine;
    stopped(move(() -> session.call(goroutine, expression, printer.limits, isUnsafe)));
  }

  private void restart(Context context, String arguments) throws SessionException {
    List<String> words = Words.all(arguments);
    List<String> given =
        words.equals(List.of("-noargs")) ? List.of() : words.isEmpty() ? null : words;
    for (Breakpoint lost : session.restart(given)) {
      out.println("Discarded " + Printer.kind(lost) + ": its place is no more");
    }
    frame = 0;
    out.println("Process restarted with PID " + session.target().pid());
  }

  // Breakpoints

  private void set(Context context, String arguments, boolean tracepoint) throws SessionException {
    create(context, arguments, tracepoint, true);
  }

  private List<Breakpoint> create(
      Context context, String arguments, boolean tracepoint, boolean named)
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
    if (made == null && match.find()) {
      condition = text.substring(match.end());
      made = createAt(context, text.substring(0, match.start()), tracepoint, named);
    }
    if (made == null) {
      throw failure == null ? new SessionException("not found") : failure;
    }
    if (!condition.isEmpty()) {
      for (Breakpoint b : made) {
        b.setCondition(compile(condition));
      }
    }
    return made;
  }

  private List<Breakpoint> createAt(Context context, String text, boolean tracepoint, boolean named)
      throws SessionException {
    String[] parts = Words.split(text);
    String name = "";
    String spec = text.isBlank() ? "+0" : text;
    Scope scope = scopeOrNone(context);
    List<Location> locations = null;
    if (named && !parts[1].isEmpty() && isName(parts[0])) {
      try {
        locations = session.find(parts[1], scope);
        name = parts[0];
      } catch (SessionException e) {
        locations = null;
      }
    }
    if (locations == null) {
      locations = session.find(spec, scope);
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

  private Scope scopeOrNone(Context context) {
    return session.scopeOrNone(context.goroutine, context.frame);
  }

  private void trace(Context context, String arguments) throws SessionException {
    Breakpoint on = context.on;
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
    Scope scope = session.scope(context.goroutine, context.frame);
    Breakpoint b = session.watch(scope, parts[1], reads, writes);
    out.println(Printer.kind(b) + " set at " + printer.location(b));
  }

  private void listBreakpoints(Context context, String arguments) {
    printer.breakpoints(session.breakpoints());
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
      session.find(arguments, scopeOrNone(context)).forEach(l -> wanted.addAll(l.addresses()));
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

  private static CompiledExpression compile(String text) throws SessionException {
    try {
      return CompiledExpression.of(text);
    } catch (EvalException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    }
  }

  private void condition(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    boolean perGoroutine = parts[0].equals("-per-g-hitcount");
    if (perGoroutine || parts[0].equals("-hitcount")) {
      Breakpoint on = context.on;
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
    Breakpoint on = context.on;
    if (on != null) {
      on.setCondition(compile(arguments));
    } else {
      session.breakpoint(parts[0]).setCondition(compile(parts[1]));
    }
  }

  private void on(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    if (parts[1].isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint b = session.breakpoint(parts[0]);
    String[] command = Words.split(parts[1]);
    Command known = byName.get(command[0]);
    String name = known == null ? command[0] : known.names.getFirst();
    switch (name) {
      case "print", "stack", "goroutine", "trace", "condition", "args", "locals" ->
          call(new Context(context.goroutine, context.frame, b), parts[1]);
      default -> throw new SessionException("command not available");
    }
  }

  // Values

  private void print(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      throw new SessionException("not enough arguments");
    }
    Breakpoint on = context.on;
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
    Scope scope = session.scope(context.goroutine, context.frame);
    Variable v = session.evaluate(expression, scope, printer.limits);
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
    Scope scope = session.scope(context.goroutine, context.frame);
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
    CompiledExpression to = compile(arguments.substring(0, at).trim());
    CompiledExpression value = compile(arguments.substring(at + 1).trim());
    to.assign(session.scope(context.goroutine, context.frame), session.hits(), value);
  }

  private void variables(Context context, String arguments, boolean ofArguments)
      throws SessionException {
    boolean all = arguments.equals("-v") || arguments.startsWith("-v ");
    String filter = all ? arguments.substring(2).trim() : arguments;
    Breakpoint on = context.on;
    if (on != null) {
      if (!filter.isEmpty()) {
        throw new SessionException("filter not supported on breakpoint");
      }
      if (ofArguments) {
        on.setArguments(all ? printer.limits : LoadLimits.SHORT);
      } else {
        on.setLocals(all ? printer.limits : LoadLimits.SHORT);
      }
      return;
    }
    Scope scope = session.scope(context.goroutine, context.frame);
    List<Variable> variables = ofArguments ? scope.arguments() : scope.variables();
    show(ofArguments ? "args" : "locals", variables, filter, all);
  }

  private void show(String what, List<Variable> variables, String filter, boolean all)
      throws SessionException {
    Pattern pattern = pattern(filter);
    Loader loader = new Loader(session.process());
    boolean some = false;
    for (Variable v : variables) {
      if (!pattern.matcher(v.name).find()) {
        continue;
      }
      some = true;
      loader.load(v, all ? printer.limits : LoadLimits.SHORT);
      String name = v.is(Variable.SHADOWED) ? "(" + v.name + ")" : v.name;
      String value = all ? printer.lines(v, "", "") : Text.line(session.process(), v);
      out.println(name + " = " + value);
    }
    if (!some) {
      out.println("(no " + what + ")");
    }
  }

  private static Pattern pattern(String text) throws SessionException {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new SessionException("error parsing regexp: " + e.getDescription());
    }
  }

  private void packageVariables(Context context, String arguments) throws SessionException {
    boolean all = arguments.equals("-v") || arguments.startsWith("-v ");
    String filter = all ? arguments.substring(2).trim() : arguments;
    Pattern pattern = pattern(filter);
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
    boolean here = context.goroutine < 0 && context.frame == 0;
    List<Register> all =
        session.registers(context.goroutine, context.frame, here, arguments.equals("-a"));
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
        case "-count", "-len" -> count = number(value[0]);
        case "-size" -> size = number(value[0]);
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
    Scope scope = session.scope(context.goroutine, context.frame);
    Variable v = session.evaluate(address, scope, LoadLimits.FULL);
    long at =
        v.value instanceof java.math.BigInteger i
            ? i.longValue()
            : v.kind == Kind.POINTER && !v.children.isEmpty() ? v.children.getFirst().address : 0;
    byte[] bytes = session.target().bytes(at, count * size);
    out.print(Examined.text(at, bytes, format, size));
  }

  private static int number(String text) throws SessionException {
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

  private void show(int index, String expression) {
    try {
      Scope scope = session.scope(-1, 0);
      Variable v = session.evaluate(expression, scope, LoadLimits.SHORT);
      out.println(index + ": " + expression + " = " + Text.line(session.process(), v));
    } catch (SessionException | EvalException e) {
      out.println(index + ": " + expression + " = error " + e.getMessage());
    }
  }

  // Goroutines, threads, frames

  private void goroutines(Context context, String arguments) throws SessionException {
    session.requireAlive();
    new GoroutineListing(session, printer, out, arguments)
        .run(
            scopeOrNone(context),
            (id, command) -> {
              try {
                call(new Context(id, 0, null), command);
              } catch (SessionException e) {
                out.println("Error: " + e.getMessage());
              }
            });
  }

  private void goroutine(Context context, String arguments) throws SessionException {
    Breakpoint on = context.on;
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
      call(new Context(id, 0, null), parts[1]);
      return;
    }
    Goroutine old = session.selected();
    session.selectGoroutine(id);
    frame = 0;
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
    int id = number(arguments);
    int old = session.stateNow().thread();
    session.selectThread(id);
    frame = 0;
    out.println("Switched from " + old + " to " + id);
  }

  private void stack(Context context, String arguments) throws SessionException {
    int depth = 50;
    boolean full = false;
    List<String> words = Words.all(arguments);
    for (String word : words) {
      switch (word) {
        case "-full" -> full = true;
        default -> {
          try {
            depth = Integer.parseInt(word);
          } catch (NumberFormatException e) {
            throw new SessionException("wrong argument: '" + word + "'");
          }
        }
      }
    }
    Breakpoint on = context.on;
    if (on != null) {
      on.setStackDepth(depth);
      return;
    }
    Goroutine g = session.goroutine(context.goroutine);
    printer.stack(session.frames(context.goroutine, depth + 1), "", full, g);
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
    wanted = direction == 0 ? wanted : frame + direction * wanted;
    if (!parts[1].isEmpty()) {
      call(new Context(context.goroutine, wanted, null), parts[1]);
      return;
    }
    List<Frame> frames = wanted < 0 ? List.of() : session.frames(context.goroutine, wanted + 1);
    if (wanted < 0 || wanted >= frames.size()) {
      throw new SessionException("Invalid frame " + wanted);
    }
    frame = wanted;
    printer.context(session.stateNow(), false);
    Frame at = frames.get(wanted);
    out.printf("Frame %d: %s:%d (PC: %x)%n", wanted, printer.path(at.file()), at.line(), at.pc());
    printer.source(at.file(), at.line(), true);
  }

  // Source and names

  private void list(Context context, String arguments) throws SessionException {
    if (arguments.isEmpty()) {
      State state = session.stateNow();
      List<Frame> frames = session.frames(context.goroutine, context.frame + 1);
      if (context.frame >= frames.size()) {
        throw new SessionException("no source available");
      }
      Frame at = frames.get(context.frame);
      if (context.frame == 0) {
        printer.context(state, false);
      } else {
        out.printf(
            "Goroutine %d frame %d at %s:%d (PC: %s)%n",
            session.selected() == null ? 0 : session.selected().id(),
            context.frame,
            at.file(),
            at.line(),
            Printer.hex(at.pc()));
      }
      printer.source(at.file(), at.line(), true);
      return;
    }
    Location location = session.sourceLine(arguments);
    try {
      location = session.find(arguments, scopeOrNone(context)).getFirst();
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
    long goroutine = context.goroutine;
    switch (parts[0]) {
      case "" -> {
        List<Frame> frames = session.frames(goroutine, context.frame + 1);
        if (context.frame >= frames.size()) {
          throw new SessionException("no such frame");
        }
        long pc = frames.get(context.frame).pc();
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
        List<Location> found = session.find(parts[1], scopeOrNone(context));
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
    Pattern pattern = pattern(filter);
    for (String name : all) {
      if (pattern.matcher(name).find()) {
        out.println(name);
      }
    }
  }

  private void configure(Context context, String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    LoadLimits old = printer.limits;
    switch (parts[0]) {
      case "-list" -> {
        out.println("max-string-len            " + old.stringLength());
        out.println("max-array-values          " + old.arrayValues());
        out.println("max-variable-recurse      " + old.recursion());
        out.println("source-list-line-count    " + printer.listedLines);
      }
      case "max-string-len" ->
          printer.limits =
              new LoadLimits(true, old.recursion(), number(parts[1]), old.arrayValues(), -1);
      case "max-array-values" ->
          printer.limits =
              new LoadLimits(true, old.recursion(), old.stringLength(), number(parts[1]), -1);
      case "max-variable-recurse" ->
          printer.limits =
              new LoadLimits(true, number(parts[1]), old.stringLength(), old.arrayValues(), -1);
      case "disassemble-flavor" ->
          printer.syntax =
              switch (parts[1]) {
                case "intel" -> Syntax.INTEL;
                case "go" -> Syntax.GO;
                default ->
                    throw new SessionException(
                        "disassemble-flavor is \"intel\" or \"go\", not " + Text.quote(parts[1]));
              };
      case "position" ->
          position =
              switch (parts[1]) {
                case "default", "source", "disassembly" -> parts[1];
                default ->
                    throw new SessionException(
                        "position is \"default\", \"source\" or \"disassembly\", not "
                            + Text.quote(parts[1]));
              };
      case "source-list-line-count" -> printer.listedLines = number(parts[1]);
      default ->
          throw new SessionException(Text.quote(parts[0]) + " is not a configuration parameter");
    }
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

  private void exit(Context context, String arguments) {
    finished = true;
    if (arguments.equals("-c") || arguments.equals("-d")) {
      killAtEnd = false;
    }
  }

  private void help(Context context, String arguments) throws SessionException {
    if (!arguments.isEmpty()) {
      Command command = byName.get(arguments);
      if (command == null) {
        throw new SessionException("command not available");
      }
      out.println(command.help);
      return;
    }
    out.println("The following commands are available:");
    String group = "";
    for (Command command : commands) {
      if (!command.group.equals(group)) {
        group = command.group;
        out.println("\n" + group + ":");
      }
      String names =
          command.names.size() == 1
              ? command.names.getFirst()
              : command.names.getFirst()
                  + " (alias: "
                  + String.join(" | ", command.names.subList(1, command.names.size()))
                  + ")";
      out.printf(
          "    %s %s %s%n", names, "-".repeat(Math.max(1, 44 - names.length())), command.help);
    }
    out.println("\nType help followed by a command for full documentation.");
  }
}
