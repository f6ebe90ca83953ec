// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.debug.dwarf.Unit;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the debugger keeps of a program: nobody sees whether it was there, was whole, or was new.
 */
@Tag("system")
class DebuggerIndexTest {
  private static final long LIMIT_SECONDS = 60;

  @TempDir private Path scratch;
  private Path program;
  private Path script;

  @BeforeEach
  void build() throws Exception {
    program = scratch.resolve("program");
    Go.run(
        Host.HOME.resolve("system-tests/src/test/go"),
        List.of("build", "-gcflags", "all=-N -l", "-o", program.toString(), "./generics"));
    script = scratch.resolve("script");
    Files.writeString(
        script,
        """
        funcs
        types
        sources
        packages
        vars ^main
        break main.main
        continue
        next
        locals
        goroutines -r
        exit
        """);
  }

  private Process start(int number) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Host.HOME.resolve("dlv").toString(),
                "exec",
                program.toString(),
                "--init",
                script.toString(),
                "--allow-non-terminal-interactive=true")
            .directory(scratch.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("out" + number).toFile());
    builder.environment().put("XDG_CACHE_HOME", scratch.resolve("cache").toString());
    return builder.start();
  }

  private String end(Process process, int number) throws Exception {
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(scratch.resolve("out" + number), StandardCharsets.UTF_8);
    assertThat(said).contains("main.main").contains("generics/main.go");
    return said.lines()
        .filter(line -> !line.startsWith("  Goroutine")) // the runtime's own come and go
        .filter(line -> !line.matches("\\[\\d+ goroutines\\]"))
        .map(line -> line.replaceAll("0x[0-9a-f]{9,}|thread \\d+", "N"))
        .reduce("", (all, line) -> all + line + "\n");
  }

  private String run() throws Exception {
    return end(start(0), 0);
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(scratch.resolve("cache/hearth/debug"))) {
      return files.toList();
    }
  }

  @Test
  void whatIsKeptShowsTheSame() throws Exception {
    String first = run();
    assertThat(kept()).singleElement().asString().endsWith(".index");
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(scratch.resolve("cache/hearth/debug"))))
        .isEqualTo("rwx------");
    Object made = Files.getAttribute(kept().getFirst(), "unix:ino");
    assertThat(run()).isEqualTo(first);
    // One that was made again would be another file.
    assertThat(Files.getAttribute(kept().getFirst(), "unix:ino")).isEqualTo(made);
  }

  @Test
  void whatIsDamagedIsMadeAgain() throws Exception {
    String first = run();
    Path file = kept().getFirst();
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(7);
    List<byte[]> damaged = new ArrayList<>();
    damaged.add(new byte[0]);
    damaged.add(Arrays.copyOf(whole, 20));
    damaged.add(Arrays.copyOf(whole, whole.length / 2));
    byte[] other = whole.clone();
    other[random.nextInt(24, whole.length)] ^= 1;
    damaged.add(other);
    byte[] version = whole.clone();
    version[7]++;
    damaged.add(version);
    for (byte[] bytes : damaged) {
      Files.write(file, bytes);
      assertThat(run()).isEqualTo(first);
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    }
  }

  @Test
  void severalMayBeginAtOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(start(i));
    }
    String first = end(processes.getFirst(), 0);
    for (int i = 1; i < 4; i++) {
      assertThat(end(processes.get(i), i)).isEqualTo(first);
    }
    assertThat(kept()).hasSize(1);
    assertThat(run()).isEqualTo(first);
  }

  /** What a line table finds in the sequence of an address alone is what is in all its rows. */
  @Test
  void linesOfOneFunctionAreThoseOfTheWholeTable() throws Exception {
    try (Program alone = Program.openAnew(program);
        Program whole = Program.openAnew(program)) {
      for (Unit unit : whole.dwarf().units()) {
        assertThat(whole.dwarf().lines(unit).statementLines("none").count()).isZero(); // reads all
      }
      List<Function> functions = whole.functions();
      int compared = 0;
      for (int i = 0; i < functions.size(); i += 60) {
        Function one = functions.get(i);
        Function same = Objects.requireNonNull(alone.functionAt(one.low()));
        assertThat(alone.lines(same)).as(one.name()).isEqualTo(whole.lines(one)).isNotEmpty();
        long last = one.high() - 1;
        assertThat(alone.line(same, last)).as(one.name()).isEqualTo(whole.line(one, last));
        compared++;
      }
      assertThat(compared).isGreaterThan(20);
      assertThat(alone.line(functions.getFirst(), 1)).isNull();
    }
  }
}
