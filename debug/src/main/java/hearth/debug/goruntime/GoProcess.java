// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.binary.Elf;
import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.dwarf.LineTable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import hearth.debug.target.Memory;
import hearth.debug.target.Target;
import hearth.debug.target.TargetThread;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A program of Go as a target has it: its code and types, and where they were loaded. Addresses
 * here are those of the target. For the owner of the target.
 */
public final class GoProcess {
  private static final int PT_TLS = 7;
  private final Program program;
  private final Target target;
  private final Types types;
  private final long bias;
  private final long goroutineOffset;
  private final Map<String, Long> offsets = new HashMap<>();
  private final Constants constants;
  private long typesStart = -1;

  /** Joins the two. */
  public GoProcess(Program program, Target target) {
    this.program = program;
    this.target = target;
    types = new Types(program);
    constants = new Constants(program);
    bias = target.entryPoint() - program.elf().entry();
    goroutineOffset = goroutineOffset(program.elf());
  }

  /** Where from the base of thread-local storage the runtime keeps the goroutine. */
  private static long goroutineOffset(Elf elf) {
    Elf.Segment local =
        elf.segments().stream().filter(s -> s.type() == PT_TLS).findFirst().orElse(null);
    if (local == null) {
      return -8;
    }
    long end = (local.size() + 7) & -8L; // the base is behind the segment
    OptionalLong kept = elf.threadLocal("runtime.tlsg");
    return kept.isPresent() ? kept.getAsLong() - end : -8;
  }

  /** The program. */
  public Program program() {
    return program;
  }

  /** The target. */
  public Target target() {
    return target;
  }

  /** Types of the program. */
  public Types types() {
    return types;
  }

  /** What is added to addresses of the file to get those of the target. */
  public long bias() {
    return bias;
  }

  /** Function that an address belongs to, or null. */
  public @Nullable Function functionAt(long pc) {
    return program.functionAt(pc - bias);
  }

  /** First address of a function. */
  public long entry(Function function) {
    return function.low() + bias;
  }

  /** Row of the line table that an address belongs to, or null. */
  public LineTable.@Nullable Row line(long pc) {
    return program.line(pc - bias);
  }

  /** Address of a package's variable, or 0 if there is none. */
  public long variableAddress(String name) {
    Program.PackageVariable variable = program.variable(name);
    return variable == null || variable.address() == 0 ? 0 : variable.address() + bias;
  }

  /** A variable of a package, not loaded; null if there is none. */
  public @Nullable Variable variable(String name) {
    Program.PackageVariable variable = program.variable(name);
    if (variable == null) {
      return null;
    }
    Die die = variable.die();
    Variable made = new Variable(name, variable.address() + bias, types.typeOf(die), target);
    made.location =
        die.block(Dw.AT_LOCATION).map(b -> new Variable.Kept(b, -1, 0, false)).orElse(null);
    if (variable.address() == 0) {
      made.address = 0;
      made.unreadable = "variable has no address";
    }
    return made;
  }

  /**
   * Where a field of a structure is, in bytes from its start.
   *
   * @return -1 if there is no such structure or field
   */
  public long offset(String structure, String field) {
    return offsets.computeIfAbsent(
        structure + "." + field,
        k -> {
          GoType type = types.named(structure);
          if (type == null) {
            return -1L;
          }
          long offset = 0;
          GoType within = type;
          for (String part : field.split("\\.", -1)) {
            GoType.Field found = within.field(part);
            if (found == null) {
              return -1L;
            }
            offset += found.offset();
            within = found.type();
          }
          return offset;
        });
  }

  /** Address of the goroutine that a thread runs, 0 if it runs none. */
  public long goroutineOf(TargetThread thread) {
    long local = thread.registers().threadLocal();
    if (local == 0) {
      return 0;
    }
    try {
      return target.u64(local + goroutineOffset);
    } catch (hearth.debug.target.UnreadableException e) {
      return 0;
    }
  }

  /** The type whose descriptor lies at an address; null if no entry describes it. */
  public @Nullable GoType runtimeType(long descriptor) {
    if (typesStart < 0) {
      long module = variableAddress("runtime.firstmoduledata");
      long field = offset("runtime.moduledata", "types");
      typesStart = module == 0 || field < 0 ? 0 : target.u64(module + field);
    }
    Die die = program.runtimeType(descriptor - bias);
    if (die == null) {
      die = program.runtimeType(descriptor - typesStart);
    }
    return die == null ? null : types.of(die);
  }

  /** Names of the constants of its type that a number is; empty if there are none. */
  public String describe(GoType type, long number) {
    return constants.describe(type, number);
  }

  /** Memory of the target. */
  public Memory memory() {
    return target;
  }
}
