// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that are not ours drive the debugger and Delve through the same sessions, and are told
 * the same: the client that the authors of the Debug Adapter Protocol publish for tests, Delve's
 * RPC package, and Delve's terminal.
 */
@Tag("system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DebuggerClientsTest {
  private static final String OURS = Host.HOME.resolve("dlv").toString();
  private static final Path SOURCES = Host.HOME.resolve("system-tests/src/test");
  private static final Pattern LISTENING = Pattern.compile("server listening at: (\\S+)");
  private static final Pattern RELAYING = Pattern.compile("Relay to \\S+ listening at: (\\S+)");
  private static final long LIMIT_SECONDS = 90;

  private Path scratch;
  private String delve;
  private Path program;
  private Path source;

  @BeforeAll
  void build(@TempDir Path folder) throws Exception {
    scratch = folder;
    delve = Go.delve("DebuggerClientsTest").toString();
    program = scratch.resolve("program");
    source = Files.copy(SOURCES.resolve("dap/program/main.go"), scratch.resolve("main.go"));
    Go.run(
        scratch,
        List.of("build", "-gcflags", "all=-N -l", "-o", program.toString(), source.toString()));
  }

  private Process start(String log, List<String> command) throws IOException {
    return new ProcessBuilder(command)
        .directory(scratch.toFile())
        .redirectErrorStream(true)
        .redirectOutput(scratch.resolve(log).toFile())
        .start();
  }

  /** Waits until a server tells where it listens. */
  private String address(Process server, String log) throws Exception {
    return told(server, log, LISTENING);
  }

  private String told(Process process, String log, Pattern what) throws Exception {
    for (int i = 0; i < LIMIT_SECONDS * 20; i++) {
      Matcher found = what.matcher(Files.readString(scratch.resolve(log)));
      if (found.find()) {
        return found.group(1);
      }
      assertThat(process.isAlive()).as(Files.readString(scratch.resolve(log))).isTrue();
      Thread.sleep(50);
    }
    throw new AssertionError("it never listened: " + Files.readString(scratch.resolve(log)));
  }

  /** What Delve's own prompt shows of a server. */
  private String delvesPrompt(String address, Path script) throws Exception {
    return run(
        scratch,
        Map.of("XDG_CONFIG_HOME", scratch.toString()),
        List.of(
            delve,
            "connect",
            address,
            "--init",
            script.toString(),
            "--allow-non-terminal-interactive=true"));
  }

  private String run(Path folder, Map<String, String> environment, List<String> command)
      throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as(said).isTrue();
    return said;
  }

  /** Ends a server; what it started ends with it. */
  private static void end(Process server) throws Exception {
    if (!server.waitFor(10, TimeUnit.SECONDS)) {
      server.destroy();
      assertThat(server.waitFor(10, TimeUnit.SECONDS)).as("it ends when told to").isTrue();
    }
  }

  private Path client() throws Exception {
    Outside.need("DebuggerClientsTest", "node");
    Outside.need("DebuggerClientsTest", "npm");
    Path folder = scratch.resolve("client");
    if (Files.notExists(folder)) {
      Files.createDirectory(folder);
      for (String file : List.of("client.js", "follow.js", "package.json", "package-lock.json")) {
        Files.copy(SOURCES.resolve("dap").resolve(file), folder.resolve(file));
      }
      String said = run(folder, Map.of(), List.of("npm", "ci", "--no-audit", "--no-fund"));
      assertThat(folder.resolve("node_modules")).as(said).isDirectory();
    }
    return folder;
  }

  /** What a script of node tells of a debug adapter, whose port is its first argument. */
  private String adapter(
      String debugger, String log, Map<String, String> environment, String script, Path... more)
      throws Exception {
    Path folder = client();
    Process server = start(log, List.of(debugger, "dap", "--listen", "127.0.0.1:0"));
    try {
      String address = address(server, log);
      List<String> command = new ArrayList<>(List.of("node", script));
      command.add(address.substring(address.lastIndexOf(':') + 1));
      Stream.of(more).map(Path::toString).forEach(command::add);
      return run(folder, environment, command);
    } finally {
      end(server);
    }
  }

  private String adapter(String debugger, String name, String arguments) throws Exception {
    String restart = debugger.equals(OURS) ? "1" : "0";
    return adapter(
        debugger,
        name,
        Map.of("ARGS", arguments, "RESTART", restart),
        "client.js",
        program,
        source);
  }

  /** What a log point told has its own order among the rest. */
  private static List<String> told(String transcript, boolean logPoints) {
    return transcript
        .lines()
        .map(line -> line.replaceAll("0x[0-9a-f]{6,}", "ADDRESS"))
        .map(line -> line.replaceAll("Thread \\d+", "Thread N"))
        .map(line -> line.replaceAll("\\{eval err: .*could not find symbol[^}]*\\}+", "{error}"))
        .filter(line -> line.contains("> [Go ") == logPoints)
        // Ours tells the new value as it shows it, and where a throw is.
        .filter(line -> !line.startsWith("setVariable") && !line.startsWith("setException"))
        .toList();
  }

  private static String beforeRestart(String transcript) {
    int at = transcript.indexOf("\nrestart ");
    return at < 0 ? transcript : transcript.substring(0, at);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fail", "wait"})
  void anEditorsClientIsToldWhatDelveTells(String arguments) throws Exception {
    String ours = adapter(OURS, "ours" + arguments, arguments);
    String theirs = beforeRestart(adapter(delve, "theirs" + arguments, arguments));
    for (boolean logPoints : new boolean[] {true, false}) {
      assertThat(told(beforeRestart(ours), logPoints))
          .as(ours)
          .containsExactlyElementsOf(told(theirs, logPoints));
    }
    assertThat(ours)
        .contains("{\"type\":\"uint8\",\"value\":\"7 = 0x7\"")
        .doesNotContain("TIMEOUT")
        .doesNotContain("FAILED");
    String after = ours.substring(ours.indexOf("\nrestart "));
    assertThat(after).contains("stopped \"breakpoint\"").contains("disconnect");
    if (arguments.isEmpty()) {
      assertThat(after)
          .contains("gotoTargets [\"main.add:28\"]")
          .contains("stack [[\"main.add\",28,")
          .contains("gotoTargets []")
          .contains("stepInTargets [\"main.(*square).area\"")
          .contains("stack [[\"main.(*square).area\",21,")
          .contains("exited {\"exitCode\":0}")
          .contains("event \"terminated\"");
    }
  }

  private String followed(String debugger, String name, Path parent, Path child) throws Exception {
    Path main = SOURCES.resolve("dap/child/main.go");
    return adapter(debugger, name, Map.of(), "follow.js", parent, child, main);
  }

  @Test
  void anEditorFollowsAChildIntoItsProgram() throws Exception {
    Path[] programs = new Path[2];
    for (int i = 0; i < programs.length; i++) {
      String name = i == 0 ? "parent" : "child";
      programs[i] = scratch.resolve(name);
      String main = SOURCES.resolve("dap/" + name + "/main.go").toString();
      Go.run(
          scratch, List.of("build", "-gcflags", "all=-N -l", "-o", programs[i].toString(), main));
    }
    String ours = followed(OURS, "our-children", programs[0], programs[1]);
    assertThat(ours)
        .contains("stopped breakpoint", "n = 42", "process " + programs[1])
        .isEqualTo(followed(delve, "their-children", programs[0], programs[1]));
  }

  private String rpc(String debugger, String name, Path client) throws Exception {
    Process server =
        start(
            name,
            List.of(debugger, "exec", "--headless", "--listen", "127.0.0.1:0", program.toString()));
    try {
      String address = address(server, name);
      return run(scratch, Map.of(), List.of(client.toString(), address, source.toString()));
    } finally {
      end(server);
    }
  }

  private static List<String> answers(String text) {
    return text.lines()
        .map(line -> line.replaceAll("\"Pid\":\\d+", "\"Pid\":P"))
        .map(line -> line.replaceAll("\"(addrpid|pcpids)\":\\[[\\d,]+\\]", "\"$1\":[P]"))
        .map(line -> line.replaceAll("\"threadID\":\\d+", "\"threadID\":T"))
        .map(line ->
            line.replaceAll("(\"Threads\":\\[\\{\"id\":|\"currentThread\":\\{\"id\":)\\d+", "$1T"))
        .map(line -> line.replaceAll("\"(addr|base)\":\\d{12,}", "\"$1\":A"))
        .map(line -> line.replaceAll("\"value\":\"\\d{12,}\"", "\"value\":\"A\""))
        .map(line -> line.replaceAll("\"FramePointerOffset\":-\\d{9,}", "\"F\":N"))
        // Ours tells no file "?", and memory without its own traps.
        .map(line -> line.replace(",\"?\"]", "]"))
        .filter(line -> !line.startsWith("memory: "))
        .toList();
  }

  @Test
  void delvesPackageIsToldWhatDelveTells() throws Exception {
    Path client = scratch.resolve("rpc-client");
    Go.run(SOURCES.resolve("rpc"), List.of("build", "-o", client.toString(), "."));
    String ours = rpc(OURS, "our-rpc", client);
    String theirs = rpc(delve, "their-rpc", client);
    assertThat(answers(ours)).hasSizeGreaterThan(60);
    assertThat(answers(ours)).containsExactlyElementsOf(answers(theirs));
    assertThat(ours).contains("memory: [\"SI");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "maps",
        "breakpoints",
        "tracepoints",
        "goroutine_states",
        "calls",
        "watchpoints",
        "deferred_calls",
        "disassembly",
        "range_nested"
      })
  void delvesTerminalShowsWhatItShowsOfDelve(String name) throws Exception {
    Path folder = SOURCES.resolve("go").resolve(name);
    Path binary = scratch.resolve("bin-" + name);
    Go.run(
        SOURCES.resolve("go"),
        List.of("build", "-gcflags", "all=-N -l", "-o", binary.toString(), "./" + name));
    List<String> screens = new ArrayList<>();
    for (String debugger : List.of(OURS, delve)) {
      Path socket = scratch.resolve("socket");
      String log = "terminal-" + name;
      Process server =
          start(
              log,
              List.of(
                  debugger, "exec", "--headless", "--listen", "unix:" + socket, binary.toString()));
      try {
        address(server, log);
        if (debugger.equals(OURS)) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
              .isEqualTo("rw-------");
        }
        screens.add(delvesPrompt("unix:" + socket, folder.resolve("script")));
      } finally {
        end(server);
        Files.deleteIfExists(socket);
      }
    }
    assertThat(normal(screens.get(0))).isNotBlank().isEqualTo(normal(screens.get(1)));
  }

  @Test
  void aPromptElsewhereNeedsTheTokenAndTls() throws Exception {
    Outside.need("DebuggerClientsTest", "openssl");
    run(
        scratch,
        Map.of(),
        List.of(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "3",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1"));
    Path script =
        Files.writeString(scratch.resolve("commands"), "break main.main\ncontinue\nstack\n");
    Process server =
        start(
            "guarded",
            List.of(
                OURS,
                "exec",
                "--headless",
                "--accept-multiclient",
                "--token-file",
                "token",
                "--tls-cert",
                "cert.pem",
                "--tls-key",
                "key.pem",
                program.toString()));
    List<Process> started = new ArrayList<>(List.of(server));
    try {
      String address = address(server, "guarded");
      Path token = scratch.resolve("token");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(token)))
          .isEqualTo("rw-------");
      Path wrong = Files.copy(token, scratch.resolve("wrong"));
      Files.writeString(wrong, "0".repeat(64));
      List<List<String>> refused =
          List.of(
              List.of(),
              List.of("--tls-ca", "cert.pem"),
              List.of("--tls-ca", "cert.pem", "--token-file", "wrong"));
      for (List<String> flags : refused) {
        assertThat(connect(address, script, flags))
            .contains("does not speak to this prompt")
            .doesNotContain("main.main");
      }
      List<String> right = List.of("--tls-ca", "cert.pem", "--token-file", "token");
      assertThat(connect(address, script, right))
          .contains("[Breakpoint 1] main.main()")
          .contains("in runtime.goexit")
          .doesNotContain("exited");
      assertThat(connect(address, script, List.of("--tls-ca", "cert.pem", "--token-file", "gone")))
          .contains("cannot read a token from gone: gone is not there; check the path");
      // Delve's prompt knows neither: a relay on this machine does.
      List<String> relay =
          new ArrayList<>(List.of(OURS, "connect", "--listen", "127.0.0.1:0", address));
      relay.addAll(right);
      Process relaying = start("relay", relay);
      started.add(relaying);
      String near = told(relaying, "relay", RELAYING);
      Files.writeString(script, "breakpoints\n");
      String theirs = delvesPrompt(near, script);
      assertThat(theirs).contains("Breakpoint 1 (enabled)").contains("main.main()");
      Files.writeString(script, "exit\ny\n");
      assertThat(connect(address, script, right)).contains("kill the headless instance?");
    } finally {
      for (Process process : started) {
        process.destroy();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  private String connect(String address, Path script, List<String> flags) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                OURS,
                "connect",
                address,
                "--init",
                script.toString(),
                "--allow-non-terminal-interactive=true"));
    command.addAll(flags);
    return run(scratch, Map.of("XDG_CONFIG_HOME", scratch.toString()), command);
  }

  private static String normal(String screen) {
    return screen
        .lines()
        .map(line -> line.replaceAll("0x[0-9a-f]{9,}", "ADDRESS"))
        .map(line -> line.replaceAll("at (0x[0-9a-f]+,)+0x[0-9a-f]+", "at several"))
        .map(line -> line.replaceAll("[Tt]hread \\d+", "thread N"))
        .map(line -> line.replaceAll("[Gg]oroutine \\d+", "goroutine N"))
        .map(line -> line.replaceAll("goroutine\\(([2-9]|\\d\\d+)\\)", "goroutine(N)"))
        .map(line -> line.replaceAll("[Pp]rocess \\d+", "process N"))
        .sorted()
        .collect(Collectors.joining("\n"));
  }
}
