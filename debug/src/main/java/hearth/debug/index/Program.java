// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.BuildInfo;
import hearth.debug.binary.Elf;
import hearth.debug.binary.Pclntab;
import hearth.debug.dwarf.CallFrames;
import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.dwarf.Dwarf;
import hearth.debug.dwarf.LineTable;
import hearth.debug.dwarf.Unit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * What an executable is made of, with the addresses that the file has: a process may have loaded it
 * elsewhere. All units are looked at when it is first opened, and what was found is kept in the
 * user's cache; entries of functions are read when they are asked for. For any thread.
 */
public final class Program implements AutoCloseable {
  private static final long MAX_WAIT = 5000;
  private static final int CACHED_TREES = 512;

  private final Elf elf;
  private final @Nullable Pclntab table;
  private final List<Pclntab.Entry> entries = new ArrayList<>();
  private final Dwarf dwarf;
  private final CallFrames frames = new CallFrames();
  private final Optional<BuildInfo> buildInfo;
  private final Index index;
  private @Nullable TreeMap<String, List<Unit>> files;
  private @Nullable Map<String, List<String>> packagesByName;
  private final Map<Integer, List<Die>> trees =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Integer, List<Die>> eldest) {
              return size() > CACHED_TREES;
            }
          });

  /** A variable of a package. Its address is 0 if it has none. */
  public record PackageVariable(String name, Die die, long address) {}

  /** A constant of a package that has a number as its value. */
  public record PackageConstant(String name, Die die, long value) {}

  /** What one unit gives, before all are put together. */
  private static final class Part {
    final List<Function> functions = new ArrayList<>();
    final List<InlinedCopy> copies = new ArrayList<>();
    final List<Index.Named> variables = new ArrayList<>();
    final List<Index.Named> constants = new ArrayList<>();
    final Map<String, Integer> types = new LinkedHashMap<>();
    final Map<Long, Integer> runtimeTypes = new HashMap<>();
    final List<String> files;

    Part(List<String> files) {
      this.files = files;
    }
  }

  // DWARF's numbers of registers.
  private static final int STACK_POINTER = 7;
  private static final int RETURN_ADDRESS = 16;
  private static final boolean[] WANTED = new boolean[0x40];

  static {
    for (int tag :
        new int[] {
          Dw.TAG_SUBPROGRAM,
          Dw.TAG_INLINED_SUBROUTINE,
          Dw.TAG_VARIABLE,
          Dw.TAG_CONSTANT,
          Dw.TAG_ARRAY_TYPE,
          Dw.TAG_BASE_TYPE,
          Dw.TAG_POINTER_TYPE,
          Dw.TAG_STRUCT_TYPE,
          Dw.TAG_SUBROUTINE_TYPE,
          Dw.TAG_TYPEDEF,
          Dw.TAG_UNION_TYPE,
          Dw.TAG_ENUMERATION_TYPE,
          Dw.TAG_UNSPECIFIED_TYPE
        }) {
      WANTED[tag] = true;
    }
  }

  private Program(Elf elf, boolean mayBeKept) throws IOException {
    this.elf = elf;
    Optional<IndexFile> file = mayBeKept ? IndexFile.of(elf) : Optional.empty();
    CompletableFuture<Optional<IndexFile.Content>> content =
        CompletableFuture.supplyAsync(() -> file.flatMap(IndexFile::content));
    CompletableFuture<Void> framed = CompletableFuture.runAsync(this::readFrames);
    dwarf = new Dwarf(elf);
    buildInfo = BuildInfo.of(elf);
    table = dwarf.isEmpty() ? Pclntab.of(elf).orElse(null) : null;
    index = content.join().flatMap(c -> c.index(dwarf)).orElseGet(() -> look(file));
    try {
      framed.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof BadBinaryException bad) {
        throw bad;
      }
      throw e;
    }
  }

  private void readFrames() {
    frames.add(elf.content(".debug_frame"), false, 0);
    Optional<Elf.Section> eh = elf.section(".eh_frame");
    if (eh.isPresent()) {
      frames.add(elf.content(".eh_frame"), true, eh.get().address());
    }
  }

  /** Looks at every unit, or at what the runtime's own table has of a program that was stripped. */
  private FreshIndex look(Optional<IndexFile> file) {
    FreshIndex found = new FreshIndex();
    Pclntab known = table;
    if (known != null) {
      for (Pclntab.Entry entry : known.functions()) {
        found.functions.add(
            new Function(entry.name(), entry.low(), entry.high(), null, entries.size(), false));
        entries.add(entry);
      }
      return found.close();
    }
    List<Part> parts = dwarf.units().parallelStream().map(this::part).toList();
    for (Part part : parts) {
      found.functions.addAll(part.functions);
      found.copies.addAll(part.copies);
      found.variables.addAll(part.variables);
      found.constants.addAll(part.constants);
      part.types.forEach(found.types::putIfAbsent);
      found.runtimeTypes.putAll(part.runtimeTypes);
      found.files.add(part.files);
    }
    found.close();
    if (!dwarf.isEmpty()) {
      file.ifPresent(f -> keep(f, found));
    }
    return found;
  }

  /** Keeps an index beside other work; the process waits for that at its end, if it is quick. */
  private void keep(IndexFile file, FreshIndex index) {
    Thread writer =
        Thread.ofPlatform().name("index").daemon().start(() -> file.write(index, dwarf));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              try {
                writer.join(MAX_WAIT);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }));
  }

  /**
   * Reads a program.
   *
   * @throws hearth.debug.binary.BadBinaryException if it is damaged, or of no kind that is read
   */
  public static Program open(Path path) throws IOException {
    return open(path, true);
  }

  /** The same, without what is kept of it and without keeping anything. */
  public static Program openAnew(Path path) throws IOException {
    return open(path, false);
  }

  private static Program open(Path path, boolean mayBeKept) throws IOException {
    Elf elf = Elf.open(path);
    try {
      return new Program(elf, mayBeKept);
    } catch (IOException | RuntimeException e) {
      elf.close();
      throw e;
    }
  }

  private Part part(Unit unit) {
    Part part = new Part(dwarf.lines(unit).files());
    @Nullable Function[] current = new @Nullable Function[1];
    boolean go = unit.isGo();
    unit.scan(
        WANTED,
        (die, depth) -> {
          switch (die.tag()) {
            case Dw.TAG_SUBPROGRAM -> {
              Function made = function(unit, die);
              current[0] = made;
              if (made != null) {
                part.functions.add(made);
              }
            }
            case Dw.TAG_INLINED_SUBROUTINE -> {
              Function outer = current[0];
              List<long[]> ranges = die.ranges();
              if (outer != null && !ranges.isEmpty()) {
                long low = ranges.getFirst()[0];
                part.copies.add(new InlinedCopy(nameIn(unit, die), low, outer, die.offset()));
              }
            }
            case Dw.TAG_VARIABLE -> {
              if (depth == 1) {
                variable(die, part);
              }
            }
            case Dw.TAG_CONSTANT -> {
              if (depth == 1 && die.has(Dw.AT_CONST_VALUE)) {
                long value = die.number(Dw.AT_CONST_VALUE, 0);
                part.constants.add(new Index.Named(die.name(), die.offset(), value));
              }
            }
            default -> {
              if (depth == 1) {
                type(die, go, part);
              }
            }
          }
          return true;
        });
    return part;
  }

  /** Functions of C are named as if they were in a package C. */
  private static String nameIn(Unit unit, Die die) {
    return unit.isGo() ? die.name() : "C." + die.name();
  }

  private static @Nullable Function function(Unit unit, Die die) {
    long low = die.address(Dw.AT_LOW_PC, 0);
    if (low == 0) {
      List<long[]> ranges = die.has(Dw.AT_RANGES) ? die.ranges() : List.of();
      if (ranges.isEmpty()) {
        return null;
      }
      return new Function(
          nameIn(unit, die), ranges.getFirst()[0], ranges.getFirst()[1], unit, die.offset(), false);
    }
    long high = die.highPc(low);
    boolean trampoline = die.flag(Dw.AT_TRAMPOLINE) || die.has(Dw.AT_TRAMPOLINE);
    return high <= low
        ? null
        : new Function(nameIn(unit, die), low, high, unit, die.offset(), trampoline);
  }

  private static void variable(Die die, Part part) {
    byte[] location = die.block(Dw.AT_LOCATION).orElse(new byte[0]);
    long address = 0;
    if (location.length == 9 && location[0] == 3) {
      for (int i = 8; i >= 1; i--) {
        address = (address << 8) | (location[i] & 0xff);
      }
    } else if (location.length > 1 && (location[0] & 0xff) == 0xa1) {
      address = die.unit().addressOf(location);
    }
    String name = die.name();
    if (!name.isEmpty()) {
      part.variables.add(new Index.Named(name, die.offset(), address));
    }
  }

  private static void type(Die die, boolean go, Part part) {
    String name = die.string(Dw.AT_NAME, "");
    if (name.isEmpty()) {
      return;
    }
    if (go) {
      part.types.putIfAbsent(name, die.offset());
      long runtimeType = die.has(Dw.AT_GO_RUNTIME_TYPE) ? die.number(Dw.AT_GO_RUNTIME_TYPE, 0) : 0;
      if (runtimeType == 0) {
        runtimeType = die.address(Dw.AT_GO_RUNTIME_TYPE, 0);
      }
      if (runtimeType != 0) {
        part.runtimeTypes.put(runtimeType, die.offset());
      }
    } else {
      part.types.putIfAbsent("C." + name, die.offset());
    }
  }

  /** The file. */
  public Elf elf() {
    return elf;
  }

  /** Its debug information. */
  public Dwarf dwarf() {
    return dwarf;
  }

  /** How frames lead to their callers. */
  public CallFrames frames() {
    return frames;
  }

  /** What Go's linker tells of the build. */
  public Optional<BuildInfo> buildInfo() {
    return buildInfo;
  }

  /** Version of the compiler that made it, like {@code Go cmd/compile go1.26.8}; or empty. */
  public String producer() {
    return dwarf.units().stream()
        .filter(Unit::isGo)
        .map(Unit::producer)
        .map(p -> p.contains(";") ? p.substring(0, p.indexOf(';')) : p)
        .findFirst()
        .orElse("");
  }

  /** Whether it has functions that are described. */
  public boolean hasDebugInformation() {
    return !dwarf.isEmpty();
  }

  /** All functions, by address. */
  public List<Function> functions() {
    return index.functions();
  }

  /** Functions of a name; there may be several, in C. */
  public List<Function> functions(String name) {
    return index.functions(name);
  }

  /** The one function of a name, or null. */
  public @Nullable Function function(String name) {
    List<Function> found = functions(name);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** Function that an address belongs to, or null. */
  public @Nullable Function functionAt(long pc) {
    Function found = index.before(pc);
    return found != null && found.contains(pc) ? found : null;
  }

  /** Copies of a function in others. */
  public List<InlinedCopy> inlinedCopies(String name) {
    return index.copies(name);
  }

  /** Names of all functions that were copied into others. */
  public Set<String> inlinedNames() {
    return index.copied();
  }

  private PackageVariable variable(Index.Named n) {
    return new PackageVariable(n.name(), dwarf.die(n.entry()), n.value());
  }

  /** All variables of packages. */
  public List<PackageVariable> variables() {
    return index.variables().stream().map(this::variable).toList();
  }

  /** The variable of a name, like {@code main.x}, or null. */
  public @Nullable PackageVariable variable(String name) {
    Index.Named found = index.variable(name);
    return found == null ? null : variable(found);
  }

  private PackageConstant constant(Index.Named n) {
    return new PackageConstant(n.name(), dwarf.die(n.entry()), n.value());
  }

  /** The constant of a name, like {@code main.x}, or null. */
  public @Nullable PackageConstant constant(String name) {
    Index.Named found = index.constant(name);
    return found == null ? null : constant(found);
  }

  /** All constants of packages that are numbers, each name once. */
  public Collection<PackageConstant> constants() {
    Map<String, PackageConstant> result = new LinkedHashMap<>();
    index.constants().forEach(n -> result.putIfAbsent(n.name(), constant(n)));
    return result.values();
  }

  /** Entry of a type, or null. */
  public @Nullable Die type(String name) {
    int at = index.type(name);
    return at < 0 ? null : dwarf.die(at);
  }

  /** Names of all types. */
  public Set<String> typeNames() {
    return index.types();
  }

  /**
   * Entry of the type whose descriptor lies at an offset of the types' section, as the file has it.
   */
  public @Nullable Die runtimeType(long offset) {
    int at = index.runtimeType(offset);
    return at < 0 ? null : dwarf.die(at);
  }

  /** Import paths of the packages with a name. */
  public List<String> packages(String name) {
    return packages().getOrDefault(name, List.of());
  }

  /** Import paths of all packages by their names. */
  public synchronized Map<String, List<String>> packages() {
    Map<String, List<String>> known = packagesByName;
    if (known == null) {
      known = new HashMap<>();
      for (Unit unit : dwarf.units()) {
        String path = unit.name();
        if (unit.isGo() && !path.isEmpty()) {
          String name = unit.goPackage();
          if (name.isEmpty()) {
            name = path.substring(path.lastIndexOf('/') + 1);
          }
          List<String> paths = known.computeIfAbsent(name, n -> new ArrayList<>());
          if (!paths.contains(path)) {
            paths.add(path);
          }
        }
      }
      packagesByName = known;
    }
    return known;
  }

  /** All source files, sorted, and the units that have code of them, if they are described. */
  public synchronized SortedMap<String, List<Unit>> files() {
    TreeMap<String, List<Unit>> known = files;
    if (known == null) {
      known = new TreeMap<>();
      List<Unit> units = dwarf.units();
      for (int i = 0; i < units.size(); i++) {
        for (String name : index.files(i)) {
          known.computeIfAbsent(name, f -> new ArrayList<>()).add(units.get(i));
        }
      }
      Pclntab stripped = table;
      if (stripped != null) {
        for (Pclntab.Entry entry : entries) {
          for (String name : stripped.files(entry)) {
            known.putIfAbsent(name, List.of());
          }
        }
      }
      files = known;
    }
    return known;
  }

  /** Row of the line table that an address belongs to, or null. */
  public LineTable.@Nullable Row line(long pc) {
    Function function = functionAt(pc);
    return function == null ? null : line(function, pc);
  }

  /** Row of the line table that an address of a function belongs to, or null. */
  public LineTable.@Nullable Row line(Function function, long pc) {
    Unit unit = function.unit();
    if (unit != null) {
      return dwarf.lines(unit).at(pc);
    }
    Pclntab known = table;
    Pclntab.Line line = known == null ? null : known.line(entries.get(function.entry()), pc);
    return line == null
        ? null
        : new LineTable.Row(line.address(), line.file(), line.line(), true, false);
  }

  /** Rows of a function's line table, in order. */
  public List<LineTable.Row> lines(Function function) {
    Unit unit = function.unit();
    if (unit != null) {
      return dwarf.lines(unit).between(function.low(), function.high());
    }
    Pclntab known = table;
    return known == null
        ? List.of()
        : known.lines(entries.get(function.entry())).stream()
            .map(l -> new LineTable.Row(l.address(), l.file(), l.line(), true, false))
            .toList();
  }

  /** Rows of the line tables that a line begins with. */
  public List<LineTable.Row> rows(String file, int line) {
    List<LineTable.Row> result = new ArrayList<>();
    for (Unit unit : files().getOrDefault(file, List.of())) {
      result.addAll(dwarf.lines(unit).of(file, line));
    }
    if (table != null) {
      for (Function function : functions()) {
        LineTable.Row last = null;
        for (LineTable.Row row : lines(function)) {
          boolean wanted = row.line() == line && row.file().equals(file);
          boolean same = last != null && last.line() == line && last.file().equals(file);
          if (wanted && !same) {
            result.add(row);
          }
          last = row;
        }
      }
    }
    return result;
  }

  /** How the frame of an address leads to its caller; null if nothing tells. */
  public CallFrames.@Nullable Row callFrame(long pc) {
    CallFrames.Row row = frames.at(pc);
    Pclntab known = table;
    Function function = row == null && known != null ? functionAt(pc) : null;
    if (function == null || known == null) {
      return row;
    }
    int size = known.frameSize(entries.get(function.entry()), pc);
    return size < 0
        ? null
        : new CallFrames.Row(
            STACK_POINTER,
            size + 8L,
            null,
            Map.of(RETURN_ADDRESS, new CallFrames.Rule.AtOffset(-8)),
            RETURN_ADDRESS);
  }

  /** Copies of other functions that an address of a function lies in, the outermost first. */
  public List<Die> inlinedAt(Function function, long pc) {
    Die die = function.die();
    if (die == null) {
      return List.of();
    }
    List<Die> copies =
        trees.computeIfAbsent(
            function.entry(),
            e -> {
              List<Die> found = new ArrayList<>();
              die.walk((d, depth) -> {
                if (d.tag() == Dw.TAG_INLINED_SUBROUTINE) {
                  found.add(d);
                }
                return true;
              });
              return found;
            });
    // The walk shows outer copies before those within them.
    return copies.isEmpty() ? copies : copies.stream().filter(d -> d.covers(pc)).toList();
  }

  @Override
  public void close() throws IOException {
    elf.close();
  }
}
