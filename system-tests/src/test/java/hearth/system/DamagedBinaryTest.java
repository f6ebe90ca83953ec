// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.dwarf.Unit;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The debugger's readers and programs that are damaged, cut short, or nothing at all. */
@Tag("system")
class DamagedBinaryTest {
  private static final int ROUNDS = Integer.getInteger("damage.rounds", 150);
  private static final long SEED = Long.getLong("damage.seed", 1);

  private static byte[] program(Path scratch, String... flags) throws Exception {
    Path source = scratch.resolve("main.go");
    Files.writeString(
        source,
        """
        package main

        func add(a, b int) int { return a + b }

        func main() { println(add(1, len("ab"))) }
        """);
    Path built = scratch.resolve("built" + flags.length);
    List<String> arguments = new ArrayList<>(List.of("build"));
    arguments.addAll(Arrays.asList(flags));
    arguments.addAll(List.of("-o", built.toString(), source.toString()));
    Go.run(scratch, arguments);
    return Files.readAllBytes(built);
  }

  /** Reads what the debugger reads of a program; whether it could be. */
  private static boolean read(Path file) throws Exception {
    try (Program program = Program.openAnew(file)) {
      for (Function f : program.functions()) {
        if (f.name().startsWith("main.")) {
          program.lines(f).forEach(row -> program.callFrame(row.address()));
          program.inlinedAt(f, f.low());
        }
      }
      for (Unit unit : program.dwarf().units()) {
        program.dwarf().lines(unit).at(unit.lowPc());
      }
      program.elf().threadLocal("runtime.tlsg");
      return !program.functions().isEmpty();
    } catch (BadBinaryException e) {
      assertThat(e.getMessage()).isNotBlank();
      return false;
    }
  }

  @Test
  void damageIsToldAndCostsLittle(@TempDir Path scratch) throws Exception {
    // Compressed sections would tell most damage by their own checksums: uncompressed ones reach
    // the readers behind them.
    byte[] compressed = program(scratch);
    byte[] plain = program(scratch, "-ldflags=-compressdwarf=false");
    byte[] stripped = program(scratch, "-ldflags=-s -w", "-trimpath");
    Random random = new Random(SEED);
    int read = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] damaged = (round % 3 == 0 ? compressed : round % 4 == 1 ? stripped : plain).clone();
      int changes = 1 + random.nextInt(200);
      // Headers and tables of debug information lie at both ends.
      for (int i = 0; i < changes; i++) {
        int at =
            round % 5 == 0
                ? random.nextInt(4096)
                : damaged.length / 2 + random.nextInt(damaged.length / 2);
        damaged[at] = (byte) random.nextInt();
      }
      if (round % 7 == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      }
      Path file = Files.write(scratch.resolve("damaged"), damaged);
      if (read(file)) {
        read++;
      }
    }
    System.out.println("damaged programs: " + ROUNDS + ", read all the same: " + read);
    assertThat(read).isPositive().isLessThan(ROUNDS);
  }

  @Test
  void formatsOfOlderAndStrippedProgramsAreRead(@TempDir Path scratch) throws Exception {
    Path whole = Files.write(scratch.resolve("whole"), program(scratch));
    assertThat(read(whole)).isTrue();
    Path stripped = Files.write(scratch.resolve("stripped"), program(scratch, "-ldflags=-s -w"));
    assertThat(read(stripped)).as("by the runtime's own table").isTrue();
    Path empty = Files.write(scratch.resolve("empty"), new byte[0]);
    assertThat(read(empty)).isFalse();
  }
}
