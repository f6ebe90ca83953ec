// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.debug.session.Location;
import hearth.debug.session.Session;
import hearth.debug.session.State;
import hearth.debug.target.LiveProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sessions that begin and end many times in one process leave nothing behind: no child, no stopped
 * process, no open file. {@code -Ddebug.rounds} makes it longer.
 */
@Tag("system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DebuggerLoopTest {
  private static final int ROUNDS = Integer.getInteger("debug.rounds", 20);

  private Path program;
  private Path scratch;

  @BeforeAll
  void build(@TempDir Path folder) throws Exception {
    scratch = folder;
    Path source = folder.resolve("main.go");
    Files.writeString(source, Go.BUSY);
    program = folder.resolve("program");
    Go.run(
        folder,
        List.of("build", "-gcflags", "all=-N -l", "-o", program.toString(), source.toString()));
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static long children() {
    return ProcessHandle.current().children().count();
  }

  /** Sets a breakpoint that threads come to at once, and lets them. */
  private static void stopInWork(Session session) throws Exception {
    session.run(() -> {
      Location place = session.find("main.work", session.scope(-1, 0)).getFirst();
      return session.create(place, "");
    });
    State state = session.resume();
    assertThat(state.reason()).isEqualTo(State.Reason.BREAKPOINT);
    assertThat(session.run(() -> session.goroutines().all())).hasSizeGreaterThan(1);
    State stepped = session.step(Session.Step.OUT);
    assertThat(stepped.exited()).isFalse();
  }

  @Test
  void launchedAndKilled() throws Exception {
    long files = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Session session =
          Session.launch(
              new LiveProcess.Launch(
                  List.of(program.toString()),
                  Map.of(),
                  null,
                  new String[] {"/dev/null", "/dev/null", "/dev/null"},
                  true));
      stopInWork(session);
      session.detach(true);
      if (round == 1) {
        files = openFiles();
      }
    }
    assertThat(children()).isZero();
    assertThat(openFiles()).isLessThanOrEqualTo(files + 3);
  }

  private static void waitUntil(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!condition.call()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void attachedAndDetachedUnderLoad() throws Exception {
    Path printed = scratch.resolve("printed");
    // A shell stands between, since the JVM waits for its own children and would take their stops.
    Process shell =
        new ProcessBuilder(
                "sh",
                "-c",
                "\"$0\" >\"$1\" & echo $!; wait",
                program.toString(),
                printed.toString())
            .start();
    int pid = Integer.parseInt(shell.inputReader().readLine());
    ProcessHandle running = ProcessHandle.of(pid).orElseThrow();
    try {
      // The shell's child is the shell until it runs the program.
      waitUntil(() -> Files.exists(printed) && Files.size(printed) > 0);
      long files = 0;
      for (int round = 0; round < ROUNDS; round++) {
        Session session = Session.attach(pid, null);
        try {
          stopInWork(session);
        } finally {
          session.detach(false);
        }
        assertThat(running.isAlive()).as("round " + round).isTrue();
        if (round == 1) {
          files = openFiles();
        }
      }
      assertThat(openFiles()).isLessThanOrEqualTo(files + 3);
      long size = Files.size(printed);
      waitUntil(() -> Files.size(printed) != size);
      List<String> lines = Files.readAllLines(printed);
      for (int i = 0; i < lines.size() - 1; i++) {
        assertThat(lines.get(i)).isEqualTo(String.valueOf(i));
      }
    } finally {
      running.destroyForcibly();
      shell.waitFor();
    }
  }
}
