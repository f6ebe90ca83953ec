// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The debugger beside Delve: each program of {@code src/test/go} shows one behaviour, and its
 * script is run in both. What they say must be the same, once numbers of processes, threads and
 * goroutines and addresses of data are taken out; addresses of code stay, since both debug the same
 * binary.
 */
@Tag("system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DebuggerTest {
  private static final String OURS = Host.HOME.resolve("dlv").toString();
  private static final long LIMIT_SECONDS = 60;

  private Path scratch;
  private @Nullable Path delve;
  private Path sources;

  @BeforeAll
  void build(@TempDir Path folder) throws Exception {
    scratch = folder;
    delve = Go.delveOrNull();
    sources = scratch.resolve("go");
    copy(Host.HOME.resolve("system-tests/src/test/go"), sources);
    List<String> plain = new ArrayList<>(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/"));
    programs().filter(p -> !p.startsWith("optimised/")).forEach(p -> plain.add("./" + p));
    Files.createDirectories(sources.resolve("plain"));
    go(plain);
    Files.createDirectories(sources.resolve("optimised/built"));
    go(List.of("build", "-o", "optimised/built/", "./optimised/..."));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  private void go(List<String> arguments) throws Exception {
    Go.run(sources, arguments);
  }

  static Stream<String> programs() throws IOException {
    Path root = Host.HOME.resolve("system-tests/src/test/go");
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      files
          .filter(f -> f.getFileName().toString().equals("script"))
          .forEach(f -> names.add(root.relativize(f.getParent()).toString()));
    }
    names.sort(Comparator.naturalOrder());
    return names.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("programs")
  void saysWhatDelveSays(String program) throws Exception {
    String name = program.substring(program.lastIndexOf('/') + 1);
    String binary = (program.startsWith("optimised/") ? "optimised/built/" : "plain/") + name;
    String script = program + "/script";
    List<String> theirs = theirs(program, binary, script);
    List<String> ours = normal(debug(OURS, binary, script));
    if (ours.stream().anyMatch(line -> line.contains("fatal-throw") && line.contains("total:2"))) {
      ours = normal(debug(OURS, binary, script)); // two threads found the deadlock at once
    }
    if (Files.readAllLines(sources.resolve(script)).stream()
        .anyMatch(l -> l.startsWith("trace "))) {
      List<String> printed = normal(run(sources.resolve(binary).toString()));
      ours = apart(ours, printed);
      theirs = apart(theirs, printed);
    }
    assertThat(ours).as(program).isEqualTo(theirs);
  }

  /** What Delve says, or said when it was recorded ({@code -Ddebug.record=true}). */
  private List<String> theirs(String program, String binary, String script) throws Exception {
    Path recorded =
        Host.HOME.resolve("system-tests/src/test/go").resolve(program).resolve("recorded");
    String made = "Delve 1.27.2, " + Go.version();
    Path known = delve;
    if (known != null) {
      List<String> said = normal(debug(known.toString(), binary, script));
      if (Boolean.getBoolean("debug.record")) {
        Files.writeString(recorded, made + "\n" + String.join("\n", said) + "\n");
      }
      assertThat(recorded).as("recorded with -Ddebug.record=true").exists();
      return said;
    }
    List<String> lines = Files.readAllLines(recorded);
    if (!lines.getFirst().equals(made)) { // other Go, other addresses and lines of its runtime
      Outside.notRun(
          "DebuggerTest: " + program + " was recorded by " + lines.getFirst() + ", not " + made);
    }
    return lines.subList(1, lines.size());
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "-e plain/tracepoints main\\.(add|name)",
        "--stack 2 -e plain/tracepoints ^main\\.(add|name)$",
        "-v 1 -e plain/tracepoints main\\.",
        "-v 2 -e plain/step_out main\\.",
        "-v 3 -e plain/step_out main\\.",
        "-v 4 -e plain/conditions main\\.",
        "-e plain/recursion main\\.",
        "-e plain/recursion nosuch",
        "-e plain/deferring main\\.",
        "-e plain/methods main\\.",
        "--follow-calls 2 -e plain/nested_calls main.main",
        "--follow-calls 3 -e plain/recursion main.main",
        "--follow-calls 4 -e plain/deferring main.main",
        "--follow-calls 4 -e plain/methods main.main"
      })
  void tracesWhatDelveTraces(String arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of("trace"));
    words.addAll(List.of(arguments.split(" ", -1)));
    Path known = delve;
    if (known == null) {
      Outside.notRun("DebuggerTest: traces need Delve, which cannot be built");
    }
    List<String> theirs = new ArrayList<>(List.of(String.valueOf(known)));
    theirs.addAll(words);
    List<String> ours = new ArrayList<>(List.of(OURS));
    ours.addAll(words);
    List<String> printed =
        normal(run(sources.resolve(words.get(words.indexOf("-e") + 1)).toString()));
    assertThat(apart(normal(run(ours.toArray(String[]::new))), printed))
        .isEqualTo(apart(normal(run(theirs.toArray(String[]::new))), printed));
  }

  /**
   * Lines of which some are put after the others, both in the order they had: Delve goes on before
   * it tells a call, so what the program prints may come before that. A function begins twice if
   * its goroutine is to give way there; that is told once.
   */
  private static List<String> apart(List<String> lines, List<String> some) {
    List<String> result = new ArrayList<>();
    for (String line : lines) {
      boolean twice =
          line.strip().startsWith("> ") && !result.isEmpty() && line.equals(result.getLast());
      if (!twice && !some.contains(line)) {
        result.add(line);
      }
    }
    lines.stream().filter(some::contains).forEach(result::add);
    return result;
  }

  private String debug(String debugger, String binary, String script) throws Exception {
    return run(debugger, "exec", binary, "--init", script, "--allow-non-terminal-interactive=true");
  }

  private String run(String... command) throws Exception {
    Path output = Files.createTempFile(scratch, "output", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(sources.toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile());
    builder.environment().put("XDG_CONFIG_HOME", scratch.resolve("config").toString());
    Process process = builder.start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    String text = Files.readString(output, StandardCharsets.ISO_8859_1);
    assertThat(ended).as("%s ended in time, having said %s", List.of(command), text).isTrue();
    return new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** Without what differs from run to run; lines about goroutines are sorted. */
  private static List<String> normal(String output) {
    String text =
        output
            .replaceAll("\u001b\\[[0-9;]*m", "")
            .replaceAll("0x0000[0-9a-f]{12}|0x[0-9a-f]{9,16}", "ADDRESS")
            .replaceAll("([Tt])hread \\d+", "$1hread N")
            .replaceAll("([Pp])rocess \\d+", "$1rocess N")
            .replaceAll("PID \\d+", "PID N")
            // Results hold anything before a function sets them.
            .replaceAll("(?m)^~r(\\d+) = .*$", "~r$1 = ?")
            .replaceAll("goroutine\\(([2-9]|\\d\\d+)\\)", "goroutine(G)")
            .replaceAll("Goroutine \\d+ -", "Goroutine G -")
            .replaceAll(" \\d{9,}\\]", " T]");
    List<String> lines = new ArrayList<>();
    List<String> goroutines = new ArrayList<>();
    for (String line : text.lines().toList()) {
      if (line.matches("[* ] Goroutine G -.*")) {
        goroutines.add(line);
        continue;
      }
      goroutines.stream().sorted().forEach(lines::add);
      goroutines.clear();
      lines.add(sortedAddresses(line));
    }
    goroutines.stream().sorted().forEach(lines::add);
    return lines;
  }

  /** Delve lists the places of its own breakpoint in any order. */
  private static String sortedAddresses(String line) {
    int at = line.indexOf(" at 0x");
    int end = line.indexOf(" for ");
    if (at < 0 || end < at || !line.substring(at, end).contains(",")) {
      return line;
    }
    String[] addresses = line.substring(at + 4, end).split(",", -1);
    Arrays.sort(addresses);
    return line.substring(0, at + 4) + String.join(",", addresses) + line.substring(end);
  }

  @Test
  void aProcessThatIsAttachedToGoesOnWhenTheDebuggerIsKilled() throws Exception {
    Files.createDirectories(sources.resolve("counting"));
    Files.writeString(
        sources.resolve("counting/main.go"),
        """
        package main

        import (
        	"fmt"
        	"time"
        )

        func count(n int) int {
        	return n + 1
        }

        func rarely(n int) int {
        	return n - 1
        }

        func main() {
        	for n := 0; ; n = count(n) {
        		if n%1000 == 0 {
        			rarely(n)
        		}
        		fmt.Println(n)
        		time.Sleep(time.Millisecond)
        	}
        }
        """);
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./counting"));
    Path printed = scratch.resolve("printed");
    Process counting =
        new ProcessBuilder(sources.resolve("plain/counting").toString())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      Map<String, String> scripts = new LinkedHashMap<>();
      scripts.put("goroutines\nstack\n", "goroutines]");
      scripts.put("break main.count\ncontinue\ncontinue\n", "total:2");
      scripts.put("break main.count\ncontinue\nnext\n", "n + 1");
      scripts.put("continue\n", "");
      for (String commands : scripts.keySet()) {
        Path script = Files.writeString(scratch.resolve("attached"), commands);
        Path said = scratch.resolve("debugger");
        Process debugger = attached(counting, script, said);
        waitFor(() ->
            tracer(counting.pid()) != 0
                && Files.readString(said).contains(scripts.getOrDefault(commands, "")));
        Thread.sleep(300);
        debugger.destroyForcibly().waitFor();
        waitFor(() -> tracer(counting.pid()) == 0);
        long before = size(printed);
        waitFor(() -> size(printed) > before);
        assertThat(counting.isAlive()).isTrue();
        assertThat(state(counting.pid())).isNotEqualTo('T').isNotEqualTo('Z');
      }
      killedWhileItRuns(counting, printed);
    } finally {
      counting.destroyForcibly().waitFor();
    }
  }

  /** A debugger that attaches to a process, runs a script and stays. */
  private static Process attached(Process to, Path script, Path said) throws IOException {
    return new ProcessBuilder(
            OURS,
            "attach",
            String.valueOf(to.pid()),
            "--init",
            script.toString(),
            "--allow-non-terminal-interactive=true")
        .redirectErrorStream(true)
        .redirectOutput(said.toFile())
        .start();
  }

  /** Breakpoints are in the code then; who comes by later finds them no more. */
  private void killedWhileItRuns(Process counting, Path printed) throws Exception {
    Path said = scratch.resolve("running");
    Path script = Files.writeString(scratch.resolve("rarely"), "trace main.rarely\ncontinue\n");
    Process debugger = attached(counting, script, said);
    try {
      waitFor(() -> Files.readString(said).contains("> goroutine(1): main.rarely("));
      long first = last(printed);
      waitFor(() -> last(printed) > first + 100); // far from the next time
    } finally {
      debugger.destroyForcibly().waitFor();
    }
    long before = last(printed);
    waitFor(() -> last(printed) > before + 2500);
    assertThat(tracer(counting.pid())).isZero();
    assertThat(state(counting.pid())).isNotEqualTo('T').isNotEqualTo('Z');
  }

  /** The last number that was printed in full. */
  private static long last(Path printed) throws IOException {
    List<String> lines = Files.readAllLines(printed);
    return lines.size() < 2 ? 0 : Long.parseLong(lines.get(lines.size() - 2));
  }

  @Test
  void attachesAndLeavesAgainAndAgain() throws Exception {
    Files.createDirectories(sources.resolve("serving"));
    Files.writeString(sources.resolve("serving/main.go"), Go.BUSY);
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./serving"));
    Path printed = scratch.resolve("served");
    Process serving =
        new ProcessBuilder(sources.resolve("plain/serving").toString())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      Path script = scratch.resolve("attaching");
      Files.writeString(
          script, "break main.work if n > 10\ncontinue\nprint n > 10\ngoroutines\nexit -c\n");
      for (int round = 0; round < 10; round++) {
        String said =
            run(
                OURS,
                "attach",
                String.valueOf(serving.pid()),
                "--init",
                script.toString(),
                "--allow-non-terminal-interactive=true");
        assertThat(said).contains("[Breakpoint 1] main.work()").contains("\ntrue\n");
        assertThat(serving.isAlive()).as(said).isTrue();
        assertThat(tracer(serving.pid())).isZero();
      }
      long before = Files.size(printed);
      waitFor(() -> size(printed) > before);
      List<String> lines = Files.readAllLines(printed);
      for (int i = 0; i < lines.size() - 1; i++) {
        assertThat(lines.get(i)).isEqualTo(String.valueOf(i));
      }
    } finally {
      serving.destroyForcibly().waitFor();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void waitFor(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!condition.holds()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static long tracer(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("TracerPid:")) {
        return Long.parseLong(line.substring("TracerPid:".length()).trim());
      }
    }
    return 0;
  }

  private static char state(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return stat.charAt(stat.lastIndexOf(')') + 2);
  }

  @Test
  void aCoreFileSaysWhatDelveSays() throws Exception {
    Path folder = Files.createDirectories(sources.resolve("crashing"));
    Files.writeString(folder.resolve("main.go"), CRASHING);
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./crashing"));
    Path here = Files.createDirectories(scratch.resolve("cores"));
    Process crashed =
        new ProcessBuilder(
                "sh", "-c", "ulimit -c unlimited; exec " + sources.resolve("plain/crashing"))
            .directory(here.toFile())
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("crash").toFile())
            .start();
    crashed.waitFor();
    Path core;
    try (Stream<Path> files = Files.list(here)) {
      core = files.findFirst().orElse(null);
    }
    if (core == null) {
      Outside.notRun("DebuggerTest: the kernel wrote no core file here (core_pattern)");
      return;
    }
    Path script =
        Files.writeString(
            scratch.resolve("look"),
            """
            goroutines
            threads
            regs -a
            goroutine 7 stack
            goroutine 7 frame 3 locals
            print main.items
            print main.items[0].extra["x"]
            print *main.items[0]
            goroutine 7 frame 3 print ch
            vars main.items
            set main.items[0].count = 3
            break main.main
            watch -w main.number
            continue
            next
            step-instruction
            restart
            disassemble -l main.crash
            examinemem -count 8 -x &main.number
            """);
    String binary = "plain/crashing";
    String ours = core(OURS, binary, core, script);
    assertThat(ours).contains("can not continue execution of core process");
    Path known = delve;
    if (known != null) {
      assertThat(normal(ours)).isEqualTo(normal(core(known.toString(), binary, core, script)));
    }
    // Delve leaves out a frame that the signal interrupted, which gdb shows as well.
    Files.writeString(script, "stack\n");
    assertThat(core(OURS, binary, core, script))
        .containsSubsequence(
            "in runtime.sigtrampgo",
            "in runtime.raise",
            "in runtime.dieFromSignal",
            "in runtime.crash",
            "in runtime.sigpanic",
            "in main.crash\n    at ./crashing/main.go:23",
            "in main.main",
            "in runtime.goexit");
    // One that is cut short is read as far as it goes.
    byte[] whole = Files.readAllBytes(core);
    Path cut = scratch.resolve("cut");
    for (int size : new int[] {0, 63, 64, 4000, 100_000, whole.length / 2}) {
      Files.write(cut, Arrays.copyOf(whole, size));
      assertThat(core(OURS, binary, cut, script)).isNotBlank().doesNotContain("Exception");
    }
  }

  private static final String CRASHING =
      """
      package main

      import (
      	"fmt"
      	"sync"
      	"time"
      	"runtime/debug"
      )

      type item struct {
      	name  string
      	count int
      	extra map[string]int
      }

      var items = []*item{{"one", 1, map[string]int{"x": 1}}, {"two", 2, nil}}
      var number int

      func crash(p *item, depth int) int {
      	if depth > 0 {
      		return crash(p, depth-1) + 1
      	}
      	return p.count
      }

      func worker(id int, wg *sync.WaitGroup, ch chan int) {
      	defer wg.Done()
      	fmt.Println(id, <-ch)
      }

      func main() {
      	debug.SetTraceback("crash")
      	var wg sync.WaitGroup
      	ch := make(chan int)
      	for i := 0; i < 5; i++ {
      		wg.Add(1)
      		go worker(i, &wg, ch)
      	}
      	time.Sleep(50 * time.Millisecond)
      	crash(nil, 3)
      }
      """;

  private String core(String debugger, String binary, Path core, Path script) throws Exception {
    return run(
        debugger,
        "core",
        binary,
        core.toString(),
        "--init",
        script.toString(),
        "--allow-non-terminal-interactive=true");
  }

  @Test
  void aStrippedProgramHasFunctionsLinesAndStacks() throws Exception {
    go(List.of("build", "-ldflags", "-s -w", "-o", "stripped", "./range_over_func"));
    Path script =
        Files.writeString(
            scratch.resolve("bare"),
            """
            break main.sum
            break range_over_func/main.go:47
            continue
            stack
            next
            stepout
            continue
            list
            locals
            goroutines
            funcs main\\.f
            sources range_over
            disassemble
            clearall
            continue
            """);
    assertThat(debug(OURS, "stripped", script.toString()))
        .containsSubsequence(
            "no debug info found",
            "Breakpoint 1 set at",
            "for main.sum() ./range_over_func/main.go:30",
            "Breakpoint 2 set at",
            "for main.find() ./range_over_func/main.go:47",
            "> [Breakpoint 1] main.sum() ./range_over_func/main.go:30",
            "in main.sum\n   at ./range_over_func/main.go:30",
            "in main.main\n   at ./range_over_func/main.go:62",
            "in runtime.main\n",
            "in runtime.goexit\n",
            "> main.sum() ./range_over_func/main.go:32",
            "> main.main() ./range_over_func/main.go:62",
            "> [Breakpoint 2] main.find()",
            "=>  47:",
            "unable to find locals",
            "could not find goroutine array",
            "main.find",
            "range_over_func/main.go",
            "TEXT main.find(SB)",
            "has exited with status 0");
  }

  /**
   * Breakpoints are in the copy of the code that a child of fork(2) gets; Delve's end the child.
   */
  @Test
  void aChildThatHasACopyOfTheCodeHasNoBreakpointsInIt() throws Exception {
    Outside.need("DebuggerTest", "gcc");
    Path folder = Files.createDirectories(sources.resolve("forking"));
    Files.writeString(
        folder.resolve("main.go"),
        """
        package main

        /*
        #include <unistd.h>
        #include <sys/wait.h>

        static int status(int n) { return n + 1; }

        static int forks(void) {
        	int pid = fork();
        	if (pid == 0) {
        		_exit(status(6));
        	}
        	int s;
        	waitpid(pid, &s, 0);
        	return s;
        }
        */
        import "C"
        import "fmt"

        func main() {
        	fmt.Println(C.forks()>>8, C.status(1))
        }
        """);
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./forking"));
    Path script = scratch.resolve("forked");
    for (String first : List.of("", "target follow-exec -on\n")) {
      Files.writeString(script, first + "break C.status\ncontinue\nprint n\ncontinue\n");
      assertThat(debug(OURS, "plain/forking", script.toString()))
          .containsSubsequence("> [Breakpoint 1]", "\n1\n", "7 2\n", "exited with status 0");
    }
  }

  @Test
  void thousandsOfThreadsAreStoppedAndGoOn() throws Exception {
    Path folder = Files.createDirectories(sources.resolve("threads"));
    Files.writeString(
        folder.resolve("main.go"),
        """
        package main

        import (
        	"runtime"
        	"sync"
        )

        func tick(n int) int { return n + 1 }

        func main() {
        	var up sync.WaitGroup
        	up.Add(2000)
        	for range 2000 {
        		go func() {
        			runtime.LockOSThread()
        			up.Done()
        			select {}
        		}()
        	}
        	up.Wait()
        	for n := 0; n < 3; n = tick(n) {
        	}
        	println("done")
        }
        """);
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./threads"));
    Path script =
        Files.writeString(
            scratch.resolve("threaded"),
            "break main.tick\ncontinue\nthreads\nnext\nstepout\nclear 1\ncontinue\n");
    String said = debug(OURS, "plain/threads", script.toString());
    assertThat(said)
        .containsSubsequence("> [Breakpoint 1] main.tick()", "> main.main()", "done", "exited");
    assertThat(said.lines().filter(l -> l.contains("Thread ")).count()).isGreaterThan(2000);
  }

  /** Delve's prompt follows children as well, but no breakpoint stops them there. */
  @Test
  void childrenAreFollowedIntoTheirPrograms() throws Exception {
    go(List.of("build", "-gcflags", "all=-N -l", "-o", "plain/", "./follow_exec"));
    Path script =
        Files.writeString(
            scratch.resolve("following"),
            """
            target follow-exec
            target follow-exec -on exe (one|two)
            target follow-exec
            break main.child
            break main.done
            target list
            continue
            target list
            args
            next
            next
            continue
            goroutines
            toggle 1
            toggle 1
            continue
            print n
            target list
            restart
            continue
            clear 1
            continue
            target follow-exec -off
            continue
            """);
    String said = debug(OURS, "plain/follow_exec", script.toString());
    assertThat(said)
        .containsSubsequence(
            "Follow exec is disabled.",
            "Follow exec is enabled.",
            "Spawned new process '/proc/self/exe one' (",
            "> [Breakpoint 1] main.child() ./follow_exec/main.go:10 (hits goroutine(1):1 total:1)",
            "plain/follow_exec\n*   ",
            "  /proc/self/exe one\nname = \"one\"\n",
            "> main.child() ./follow_exec/main.go:11",
            "> main.child() ./follow_exec/main.go:12",
            "child one 322\nSpawned new process '/proc/self/exe two' (",
            "> [Breakpoint 1] main.child() ./follow_exec/main.go:10 (hits goroutine(1):2 total:2)",
            "main.child (",
            "child two 346\nSpawned new process '/proc/self/exe three' (",
            "child three 536\n",
            "> [Breakpoint 2] main.done()",
            "\n3\n*   ",
            "Process restarted with PID",
            "> [Breakpoint 1] main.child()",
            "> [Breakpoint 2] main.done()",
            "has exited with status 0")
        .doesNotContain("Exception");
    // Three at once, each of which is told, and one that is attached to.
    Files.writeString(
        script,
        """
        target follow-exec -on
        break main.child
        continue
        print name
        continue
        print name
        continue
        print name
        continue
        """);
    assertThat(
            run(
                    OURS,
                    "exec",
                    "plain/follow_exec",
                    "--init",
                    script.toString(),
                    "--allow-non-terminal-interactive=true",
                    "--",
                    "-all")
                .lines())
        .contains("\"one\"", "\"two\"", "\"three\"", "done 3")
        .contains("child one 322", "child two 346", "child three 536");
    Process waiting =
        new ProcessBuilder(sources.resolve("plain/follow_exec").toString(), "-wait")
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("followed").toFile())
            .start();
    try {
      Files.writeString(
          script,
          "target follow-exec -on\nbreak main.child if name == \"two\"\ncontinue\nexit -c\n");
      assertThat(
              run(
                  OURS,
                  "attach",
                  String.valueOf(waiting.pid()),
                  "--init",
                  script.toString(),
                  "--allow-non-terminal-interactive=true"))
          .contains("> [Breakpoint 1] main.child()");
      assertThat(waiting.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(waiting.exitValue()).isZero();
      assertThat(Files.readString(scratch.resolve("followed")))
          .contains("child one 322", "child two 346", "child three 536", "done 3");
    } finally {
      waiting.destroyForcibly().waitFor();
    }
  }

  @Test
  void sourcesThatMovedAreGuessed() throws Exception {
    Path there = Files.createDirectories(scratch.resolve("there/code"));
    Files.writeString(there.resolve("go.mod"), "module example.test/moved\n\ngo 1.25\n");
    Path work = Files.createDirectories(there.resolve("work"));
    Files.writeString(
        work.resolve("work.go"), "package work\n\nfunc Twice(n int) int {\n\treturn 2 * n\n}\n");
    Files.writeString(
        there.resolve("main.go"),
        "package main\n\nimport \"example.test/moved/work\"\n\nfunc main() { println(work.Twice(2)) }\n");
    Path binary = scratch.resolve("moved");
    Go.run(there, List.of("build", "-gcflags", "all=-N -l", "-o", binary.toString(), "."));
    Path here = scratch.resolve("here");
    Files.move(there, here);
    Path script =
        Files.writeString(
            scratch.resolve("guessing"),
            """
            list work.Twice
            config substitute-path -guess
            list work.Twice
            exit
            """);
    String said =
        run(
            "env",
            "-C",
            here.toString(),
            "PATH=" + System.getenv("PATH") + ":/usr/local/go/bin",
            OURS,
            "exec",
            binary.toString(),
            "--init",
            script.toString(),
            "--allow-non-terminal-interactive=true");
    assertThat(said)
        .containsSubsequence("no such file or directory", there.toString(), here.toString())
        .containsSubsequence("Showing " + there, "return 2 * n");
  }

  @Test
  void badInputIsToldAndEndsNothing() throws Exception {
    Path text = Files.writeString(scratch.resolve("text"), "no program");
    text.toFile().setExecutable(true);
    Map<List<String>, String> cases =
        Map.of(
            List.of("exec", text.toString()), "not an executable file",
            List.of("exec", "/nosuch"), "no such file or directory",
            List.of("exec"), "you must provide a path to a binary",
            List.of("attach", "x"), "Invalid pid: x",
            List.of("attach", "999999999"), "could not attach to pid 999999999",
            List.of("nosuch"), "unknown command \"nosuch\"",
            List.of("exec", "--nosuch"), "unknown flag: --nosuch");
    for (Map.Entry<List<String>, String> entry : cases.entrySet()) {
      List<String> command = new ArrayList<>(List.of(OURS));
      command.addAll(entry.getKey());
      assertThat(run(command.toArray(String[]::new)))
          .as(entry.getKey().toString())
          .contains(entry.getValue())
          .doesNotContain("Exception");
    }
  }
}
