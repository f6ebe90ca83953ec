// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import hearth.contract.account.v1.Account;
import hearth.contract.account.v1.Token;
import hearth.contract.host.v1.AuditEntry;
import hearth.contract.host.v1.Backup;
import hearth.contract.host.v1.BackupMetadata;
import hearth.contract.volume.v1.Volume;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command line as a process, against a real host and in a real terminal; the numbers are those
 * of the rule table.
 */
@Tag("system")
class CommandLineTest {
  @TempDir static Path home;
  private static Host host;

  @BeforeAll
  static void start() throws Exception {
    host = Host.start(home);
    host.ok("volume", "create", "data", "--size", "1GiB", "--label", "purpose=test");
    host.ok("account", "create", "ann", "--quota", "1GiB");
    host.ok("token", "create", "nightly", "--expires", "30d");
    host.ok("backup", "create", home.resolve("records.gz").toString());
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  private static void matches(Message.Builder message, String... command) throws Exception {
    String[] all = java.util.Arrays.copyOf(command, command.length + 2);
    all[command.length] = "-o";
    all[command.length + 1] = "json";
    Host.Result result = host.hearth(all);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).isEmpty();
    JsonElement json = JsonParser.parseString(result.out());
    JsonArray items = new JsonArray();
    if (json.isJsonArray()) {
      items = json.getAsJsonArray();
      assertThat(items).isNotEmpty();
    } else {
      items.add(json);
    }
    JsonFormat.TypeRegistry types =
        JsonFormat.TypeRegistry.newBuilder()
            .add(Backup.getDescriptor())
            .add(BackupMetadata.getDescriptor())
            .add(Empty.getDescriptor())
            .build();
    for (JsonElement item : items) {
      // Unknown fields are errors here.
      JsonFormat.parser().usingTypeRegistry(types).merge(item.toString(), message.clear());
    }
  }

  @Test
  void r20JsonIsThatOfTheContractAndStandsAlone() throws Exception {
    matches(Volume.newBuilder(), "volume", "list");
    matches(Volume.newBuilder(), "volume", "show", "data");
    matches(Volume.newBuilder(), "volume", "create", "j", "--size", "1MiB");
    matches(Volume.newBuilder(), "volume", "update", "j", "--size", "2MiB");
    matches(Account.newBuilder(), "account", "list");
    matches(Account.newBuilder(), "account", "show");
    matches(Token.newBuilder(), "token", "list");
    matches(Token.newBuilder(), "token", "show", "nightly");
    matches(AuditEntry.newBuilder(), "audit", "list");
    matches(Operation.newBuilder(), "operation", "list");
    matches(hearth.contract.host.v1.Host.newBuilder(), "host", "show");
    host.ok("volume", "delete", "j", "--yes");
  }

  @Test
  void r21NamesOfAListGoBackIntoShowAndDelete() throws Exception {
    host.ok("volume", "create", "gone", "--size", "1MiB");
    for (String noun : List.of("volume", "account", "token", "operation")) {
      List<String> names = host.ok(noun, "list", "-o", "name").lines().toList();
      assertThat(names).as(noun).isNotEmpty();
      for (String name : names) {
        assertThat(host.ok(noun, "show", name, "-o", "name")).isEqualTo(name);
      }
    }
    String gone =
        host.ok("volume", "list", "-o", "name")
            .lines()
            .filter(name -> name.endsWith("/gone"))
            .findFirst()
            .orElseThrow();
    host.ok("volume", "delete", gone, "--yes");
    assertThat(host.ok("volume", "list", "-o", "name")).doesNotContain("gone");
  }

  /** Runs the launcher in a terminal of its own; everything that appears there. */
  private static String inTerminal(String environment, String command) throws Exception {
    Outside.need("CommandLineTest", "script");
    Host.Result result =
        Host.run(
            List.of(
                "script",
                "-qec",
                "env " + environment + " " + Host.HOME.resolve("hearth") + " " + command,
                "/dev/null"),
            host::environment);
    return result.out();
  }

  @Test
  void r22ToR24ColoursInATerminalOnItsOwnStreams() throws Exception {
    assertThat(host.ok("volume", "list"))
        .doesNotContain("\u001b")
        .containsPattern("\\d{4}-\\d\\d-\\d\\dT\\d\\d:");
    assertThat(inTerminal("TERM=xterm", "volume list")).contains("\u001b[32mREADY").contains("ago");
    assertThat(inTerminal("TERM=xterm NO_COLOR=1", "volume list")).doesNotContain("\u001b");
    assertThat(inTerminal("TERM=dumb", "volume list")).doesNotContain("\u001b");
    assertThat(inTerminal("TERM=xterm", "volume list --no-color")).doesNotContain("\u001b");
    Path err = home.resolve("err");
    assertThat(inTerminal("TERM=xterm", "volume show nothing 2>" + err)).isEmpty();
    assertThat(err).content().startsWith("hearth: ").doesNotContain("\u001b");
    assertThat(inTerminal("TERM=xterm", "volume show nothing")).contains("\u001b[31mhearth:");
  }

  @Test
  void r25ToR26AWaitIsShownInATerminalAndNowhereElse() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      String server = "http://127.0.0.1:" + silent.getLocalPort();
      String arguments = "volume list --timeout 1s --server " + server;
      assertThat(inTerminal("TERM=xterm", arguments))
          .containsSubsequence("Waiting for " + server, "did not answer");
      Host.Result result = host.hearth(arguments.split(" ", -1));
      assertThat(result.code()).isEqualTo(6);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).doesNotContain("Waiting").doesNotContain("\r");
      String quick = inTerminal("TERM=xterm", "version");
      assertThat(quick).startsWith("hearth ");
    }
  }

  @Test
  void r41AnInterruptIsToldAndEndsTheCommand() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      Path err = home.resolve("interrupted");
      ProcessBuilder builder =
          new ProcessBuilder(
              Host.HOME.resolve("hearth").toString(),
              "volume",
              "list",
              "--server",
              "http://127.0.0.1:" + silent.getLocalPort());
      host.environment(builder.environment());
      Process process = builder.redirectError(err.toFile()).start();
      try (Socket connection = silent.accept()) {
        assertThat(connection.isConnected()).isTrue();
        assertThat(Host.run("kill", "-INT", String.valueOf(process.pid())).code()).isZero();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
        assertThat(err).content().contains("hearth: interrupted");
      }
    }
    Host.Result closed =
        Host.run("sh", "-c", Host.HOME.resolve("hearth") + " help volume create | true");
    assertThat(closed.err()).isEmpty();
  }

  @Test
  void r45ShellsCompleteWithLiveNames() throws Exception {
    for (String shell : List.of("bash", "zsh", "fish")) {
      Outside.need("r45ShellsCompleteWithLiveNames", shell);
      Path script = home.resolve("completion." + shell);
      Files.writeString(script, host.ok("completion", "--shell", shell) + "\n");
      Host.Result parsed = Host.run(shell, "-n", script.toString());
      assertThat(parsed.code()).as(parsed.err()).isZero();
    }
    String path = "PATH=" + Host.HOME + ":$PATH; ";
    Host.Result bash =
        Host.run(
            List.of(
                "bash",
                "-c",
                path
                    + "source "
                    + home.resolve("completion.bash")
                    + "; COMP_WORDS=(hearth volume show da); COMP_CWORD=3; _hearth;"
                    + " echo ${COMPREPLY[@]}"),
            host::environment);
    assertThat(bash.out()).as(bash.err()).isEqualTo("data\n");
    Host.Result fish =
        Host.run(
            List.of(
                "fish",
                "-c",
                "set -x PATH "
                    + Host.HOME
                    + " $PATH; source "
                    + home.resolve("completion.fish")
                    + "; complete -C 'hearth volume show da'"),
            host::environment);
    assertThat(fish.out()).as(fish.err()).isEqualTo("data\n");
  }

  @Test
  void anUnprintableNameIsNoWayIntoATerminal() throws Exception {
    host.ok("volume", "update", "data", "--description", "a\u001b[31mred\u0007");
    assertThat(host.ok("volume", "show", "data")).doesNotContain("\u001b").contains("red");
    host.ok("volume", "update", "data", "--description", "");
  }

  @Test
  void aFirstStartInATerminalOffersALinkAndAnInterruptStopsIt(@TempDir Path newcomer)
      throws Exception {
    Outside.need("aFirstStartInATerminalOffersALinkAndAnInterruptStopsIt", "script");
    Host.Result result =
        Host.run(
            "script",
            "-qec",
            "env XDG_CONFIG_HOME=%s XDG_DATA_HOME=%s timeout -s INT 6 %s up --listen 127.0.0.1:0 --iscsi-listen 127.0.0.1:0"
                .formatted(
                    newcomer.resolve("c"), newcomer.resolve("d"), Host.HOME.resolve("hearth")),
            "/dev/null");
    assertThat(result.out()).containsPattern("/login/\\S+ \\(once\\)").contains("Stopping");
  }

  /** The commands of a text, as they are written there, in its order, on a host of their own. */
  private static void follow(Path newcomer, String text, int least) throws Exception {
    try (Host fresh = Host.start(newcomer)) {
      List<String> commands =
          Files.readAllLines(Host.HOME.resolve(text), StandardCharsets.UTF_8).stream()
              .filter(line -> line.matches(" {4}(\\./)?hearth (?!up).*"))
              .map(line -> line.replaceFirst("  +#.*", "").strip().replaceFirst("^\\./", ""))
              .toList();
      assertThat(commands).hasSizeGreaterThanOrEqualTo(least);
      for (String command : commands) {
        Host.Result result =
            Host.run(
                List.of(
                    "sh",
                    "-c",
                    "cd " + newcomer + " && PATH=" + Host.HOME + ":$PATH && " + command),
                fresh::environment);
        assertThat(result.code()).as(command + ": " + result.err()).isZero();
        assertThat(result.out()).as(command).isNotBlank();
      }
      assertThat(newcomer.resolve("records.jsonl.gz")).exists();
      Instant begin = Instant.now();
      assertThat(fresh.stop()).isIn(0, 130, 143);
      assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(20));
    }
  }

  @Test
  void theReadmesFirstFiveMinutesAreTrue(@TempDir Path newcomer) throws Exception {
    follow(newcomer, "README.md", 7);
  }

  @Test
  void theTutorialIsTrue(@TempDir Path newcomer) throws Exception {
    follow(newcomer, "docs/tutorial.md", 14);
  }
}
