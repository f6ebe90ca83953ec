// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.LineTable;
import hearth.debug.eval.CompiledExpression;
import hearth.debug.eval.EvalException;
import hearth.debug.eval.RangeFrames;
import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Kind;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.index.InlinedCopy;
import hearth.debug.index.Program;
import hearth.debug.target.Instruction;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Finds places of the code by the ways in which people name them. For the session's thread. */
final class Locations {
  private static final int MAX_CANDIDATES = 5;
  private final GoProcess process;
  private final Program program;

  private final Map<String, String> renamed;

  Locations(GoProcess process) {
    this(process, Map.of());
  }

  Locations(GoProcess process, Map<String, String> renamed) {
    this.process = process;
    this.renamed = renamed;
    program = process.program();
  }

  /** The path that people have for one that the program has. */
  private String local(String file) {
    for (Map.Entry<String, String> entry : renamed.entrySet()) {
      if (file.startsWith(entry.getKey())) {
        return entry.getValue() + file.substring(entry.getKey().length());
      }
    }
    return file;
  }

  /**
   * Finds what a specification names.
   *
   * @param scope where expressions are evaluated, and lines counted from
   */
  List<Location> find(String text, Scope scope) throws SessionException {
    String spec = text.trim();
    if (spec.isEmpty()) {
      throw new SessionException("empty location specification");
    }
    if (spec.startsWith("*")) {
      return List.of(at(address(spec.substring(1), scope)));
    }
    if (spec.startsWith("/") && spec.endsWith("/") && spec.length() > 1) {
      return matching(spec.substring(1, spec.length() - 1));
    }
    if (spec.startsWith("+") || spec.startsWith("-") || Character.isDigit(spec.charAt(0))) {
      Location relative = relative(spec, scope);
      if (relative != null) {
        return List.of(relative);
      }
    }
    return named(spec, scope);
  }

  private static long address(String expression, Scope scope) throws SessionException {
    try {
      Variable v =
          CompiledExpression.of(expression)
              .evaluate(scope, CompiledExpression.Hits.NONE, LoadLimits.FULL);
      if (v.value instanceof java.math.BigInteger i && v.kind.isInteger()) {
        return i.longValue();
      }
      if (v.kind == Kind.FUNC) {
        return v.base;
      }
      throw new SessionException(
          "wrong expression kind: " + v.kind.text() + " (expected: an address or a function)");
    } catch (EvalException e) {
      throw new SessionException(e.getMessage() == null ? "no address" : e.getMessage());
    }
  }

  /** The place of an address. */
  Location at(long address) {
    LineTable.Row row = process.line(address);
    Function function = process.functionAt(address);
    return new Location(
        List.of(address),
        row == null ? "" : row.file(),
        row == null ? 0 : row.line(),
        function == null ? "" : function.name());
  }

  private List<Location> matching(String expression) throws SessionException {
    Pattern pattern;
    try {
      pattern = Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new SessionException("error parsing regexp: " + e.getDescription());
    }
    List<Location> result = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    for (Function f : program.functions()) {
      if (pattern.matcher(f.name()).find()) {
        names.add(f.name());
      }
    }
    for (String name : names) {
      Location location = ofFunction(name, 0);
      if (location != null) {
        result.add(location);
      }
    }
    if (result.isEmpty()) {
      throw new SessionException("no functions match /" + expression + "/");
    }
    return result;
  }

  private @Nullable Location relative(String spec, Scope scope) throws SessionException {
    int number;
    try {
      number = Integer.parseInt(spec);
    } catch (NumberFormatException e) {
      if (spec.startsWith("+") || spec.startsWith("-")) {
        throw new SessionException("Malformed breakpoint location \"" + spec + "\"");
      }
      return null;
    }
    Frame frame = scope.frame();
    if (frame == null || frame.line() == 0) {
      throw new SessionException("could not determine current location (scope is nil)");
    }
    boolean offset = spec.startsWith("+") || spec.startsWith("-");
    int line = offset ? frame.line() + number : number;
    if (offset && number == 0) {
      return new Location(List.of(frame.pc()), frame.file(), frame.line(), frame.name());
    }
    return ofLine(frame.file(), line);
  }

  private List<Location> named(String spec, Scope scope) throws SessionException {
    int colon = spec.lastIndexOf(':');
    String base = spec;
    int line = -1;
    if (colon > 0) {
      String number = spec.substring(colon + 1);
      try {
        line = Integer.parseInt(number.startsWith("+") ? number.substring(1) : number);
        base = spec.substring(0, colon);
      } catch (NumberFormatException e) {
        line = -1;
      }
    }
    Set<String> files = line >= 0 ? filesNamed(base) : Set.of();
    Set<String> functions = functionsNamed(base);
    if (files.size() + functions.size() > 1 && files.size() + groups(functions) > 1) {
      List<String> all = new ArrayList<>(files);
      all.addAll(functions);
      throw ambiguous(spec, all);
    }
    if (files.size() == 1) {
      return List.of(ofLine(files.iterator().next(), line));
    }
    if (!functions.isEmpty()) {
      return List.of(ofFunctions(functions, Math.max(line, 0), spec));
    }
    if (line >= 0) {
      throw new SessionException("location \"" + spec + "\" not found");
    }
    try {
      return List.of(at(address(spec, scope)));
    } catch (SessionException e) {
      throw new SessionException("location \"" + spec + "\" not found");
    }
  }

  /** Instances of one generic function count as one. */
  private static int groups(Set<String> functions) {
    return (int) functions.stream().map(Function::withoutTypeArguments).distinct().count();
  }

  private static SessionException ambiguous(String spec, List<String> all) {
    List<String> shown = all.subList(0, Math.min(MAX_CANDIDATES, all.size()));
    return new SessionException(
        "Location \"" + spec + "\" ambiguous: " + String.join(", ", shown) + "…");
  }

  /** Files whose path ends with a name, whole folders only. */
  private Set<String> filesNamed(String name) {
    if (program.files().containsKey(name)) {
      return Set.of(name);
    }
    Set<String> result = new TreeSet<>();
    String suffix = name.startsWith("./") ? name.substring(2) : name;
    for (String file : program.files().keySet()) {
      String local = renamed.isEmpty() ? file : local(file);
      if (local.endsWith("/" + suffix) || local.equals(suffix)) {
        result.add(file);
      }
    }
    return result;
  }

  /**
   * Functions that a name stands for: the whole name, without its package's folders, without the
   * package, or without the receiver's type.
   */
  private Set<String> functionsNamed(String name) {
    String wanted = name.startsWith("/") ? name.substring(1) : name;
    Set<String> result = new LinkedHashSet<>();
    if (!program.functions(wanted).isEmpty() || !program.inlinedCopies(wanted).isEmpty()) {
      return Set.of(wanted);
    }
    for (Function f : program.functions()) {
      if (matches(f.name(), wanted)) {
        result.add(f.name());
      }
    }
    for (String inlined : program.inlinedNames()) {
      if (matches(inlined, wanted)) {
        result.add(inlined);
      }
    }
    return result;
  }

  private static boolean matches(String function, String wanted) {
    if (!function.endsWith(lastPart(wanted)) && function.indexOf('[') < 0) {
      return false;
    }
    String name = Function.withoutTypeArguments(function);
    String path = Function.packagePath(name);
    if (path.isEmpty()) {
      return name.equals(wanted);
    }
    String base = name.substring(path.length() + 1);
    String shortPath = path.substring(path.lastIndexOf('/') + 1);
    String plain = base.replace("(*", "").replace(")", "");
    return name.equals(wanted)
        || base.equals(wanted)
        || plain.equals(wanted)
        || (shortPath + "." + base).equals(wanted)
        || (shortPath + "." + plain).equals(wanted)
        || (path + "." + plain).equals(wanted)
        || isPathSuffix(path, base, wanted)
        || (plain.contains(".") && plain.substring(plain.lastIndexOf('.') + 1).equals(wanted));
  }

  private static boolean isPathSuffix(String path, String base, String wanted) {
    return wanted.contains("/") && ("/" + path + "." + base).endsWith("/" + wanted);
  }

  private static String lastPart(String wanted) {
    return wanted.substring(wanted.lastIndexOf('.') + 1);
  }

  private Location ofFunctions(Set<String> names, int line, String spec) throws SessionException {
    TreeSet<Long> addresses = new TreeSet<>();
    Location first = null;
    for (String name : names) {
      Location location = ofFunction(name, line);
      if (location != null) {
        addresses.addAll(location.addresses());
        first = first == null ? location : first;
      }
    }
    if (first == null) {
      throw new SessionException("location \"" + spec + "\" not found");
    }
    Location start = at(addresses.first());
    return new Location(
        List.copyOf(addresses),
        start.file(),
        start.line(),
        names.size() > 1 ? Function.withoutTypeArguments(first.function()) : first.function());
  }

  /** Where a function starts after its prologue, in itself and in its copies. */
  @Nullable Location ofFunction(String name, int line) {
    TreeSet<Long> addresses = new TreeSet<>();
    for (Function f : program.functions(name)) {
      if (line > 0) {
        LineTable.Row own = program.line(f, f.low());
        if (own != null) {
          try {
            return ofLine(own.file(), own.line() + line);
          } catch (SessionException e) {
            return null;
          }
        }
      }
      if (!f.trampoline()) {
        addresses.add(afterPrologue(f) + process.bias());
      }
    }
    for (InlinedCopy copy : program.inlinedCopies(name)) {
      addresses.add(copy.low() + process.bias());
    }
    if (addresses.isEmpty()) {
      return null;
    }
    Location start = at(addresses.first());
    return new Location(List.copyOf(addresses), start.file(), start.line(), name);
  }

  /** First address after the code that sets a function's frame up, as the file has it. */
  long afterPrologue(Function function) {
    List<LineTable.Row> rows = program.lines(function);
    for (LineTable.Row row : rows) {
      if (row.prologueEnd()) {
        return row.address();
      }
    }
    long end = afterFrameSetUp(function);
    if (end > function.low() && end < function.high()) {
      return end;
    }
    for (LineTable.Row row : rows) {
      if (row.statement()) {
        return row.address();
      }
    }
    return function.low();
  }

  /** Decodes what the compiler puts first: the check of the stack's size, and the frame pointer. */
  private long afterFrameSetUp(Function function) {
    int size = (int) Math.min(function.high() - function.low(), 64);
    byte[] code;
    try {
      code = process.memory().bytes(function.low() + process.bias(), size);
    } catch (UnreadableException e) {
      return function.low();
    }
    int at = 0;
    boolean pushed = false;
    boolean framed = false;
    while (at < size) {
      Instruction i = Instruction.decode(code, at, function.low() + at);
      if (i == null) {
        break;
      }
      boolean check =
          i.opcode() == 0x3b
              || (i.opcode() & 0xfff) == 0x186
              || i.opcode() == 0x76
              || (i.opcode() == 0x8d && !pushed);
      boolean push = i.opcode() == 0x55 && i.rex() == 0;
      boolean frame = pushed && i.opcode() == 0x89 && i.modRm() == 0xe5;
      boolean space =
          (i.opcode() == 0x83 || i.opcode() == 0x81) && (i.modRm() == 0xec || i.modRm() == 0xc4);
      if (!(at == 0 || pushed || check) || !(check || push || frame || space)) {
        break;
      }
      pushed |= push;
      framed |= frame;
      at += i.length();
    }
    return framed ? function.low() + at : function.low();
  }

  /**
   * Where a line begins: once in each function, and in each copy of one.
   *
   * @throws SessionException if the line has no code
   */
  Location ofLine(String file, int line) throws SessionException {
    if (!program.files().containsKey(file)) {
      throw new SessionException("could not find file " + file);
    }
    Map<String, Long> starts = new HashMap<>();
    for (LineTable.Row row : program.rows(file, line)) {
      Function function = program.functionAt(row.address());
      if (function == null || function.trampoline()) {
        continue;
      }
      List<Die> copies = program.inlinedAt(function, row.address());
      String where = function.low() + (copies.isEmpty() ? "" : "/" + copies.getLast().offset());
      long at = row.address() == function.low() ? afterPrologue(function) : row.address();
      starts.merge(where, at, Math::min);
    }
    if (starts.isEmpty()) {
      throw new SessionException(
          "could not find statement at "
              + file
              + ":"
              + line
              + ", please use a line with a statement");
    }
    TreeSet<Long> addresses = new TreeSet<>();
    starts.values().forEach(a -> addresses.add(a + process.bias()));
    Function function = process.functionAt(addresses.first());
    String name = function == null ? "" : function.name();
    if (function != null) {
      List<Die> copies = program.inlinedAt(function, addresses.first() - process.bias());
      boolean other = !copies.isEmpty() && !RangeFrames.isBody(copies.getLast().name());
      name = other ? copies.getLast().name() : name;
    }
    return new Location(List.copyOf(addresses), file, line, name);
  }

  /** Addresses of the instructions by which a function returns. */
  List<Long> returns(String name) {
    List<Long> result = new ArrayList<>();
    for (Function f : program.functions(name)) {
      int size = (int) Math.min(f.high() - f.low(), 1 << 20);
      long start = f.low() + process.bias();
      byte[] code = process.memory().bytes(start, size);
      List<Long> deferred = new ArrayList<>();
      int at = 0;
      while (at < size) {
        Instruction instruction = Instruction.decode(code, at, start + at);
        if (instruction == null) {
          break;
        }
        if (instruction.kind() == Instruction.Kind.RETURN) {
          result.add(start + at);
        } else if (isDeferReturn(instruction)) {
          deferred.add(start + at);
        }
        at += instruction.length();
      }
      result.addAll(deferred);
    }
    return result;
  }

  /** Whether an instruction makes the runtime run what a function deferred: it returns then. */
  private boolean isDeferReturn(Instruction instruction) {
    if (instruction.kind() != Instruction.Kind.CALL) {
      return false;
    }
    Function called = process.functionAt(instruction.target());
    return called != null && called.name().equals("runtime.deferreturn");
  }

  @Nullable Location sourceLine(String spec) {
    int colon = spec.lastIndexOf(':');
    if (colon <= 0) {
      return null;
    }
    try {
      int line = Integer.parseInt(spec.substring(colon + 1));
      Set<String> files = filesNamed(spec.substring(0, colon));
      return files.size() == 1
          ? new Location(List.of(0L), files.iterator().next(), line, "")
          : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
