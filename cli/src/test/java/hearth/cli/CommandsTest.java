// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What commands do, by the numbers of the rule table; every rule over every command that it
 * concerns.
 */
class CommandsTest {
  /** Commands that change something, one for each leaf that has {@code --dry-run}. */
  private static final List<String> MUTATIONS =
      List.of(
          "volume create data --size 1GiB",
          "volume update data --size 2GiB",
          "volume delete data --yes",
          "volume attach data",
          "volume detach data",
          "volume import data records.gz",
          "volume restore data --snapshot monday --yes",
          "pool create fast --engine lvm --volume-group vg0",
          "pool delete fast --yes",
          "snapshot create data/monday",
          "snapshot create data/monday log/monday",
          "snapshot delete data/monday --yes",
          "session delete data/3 --yes",
          "account create ann",
          "account update ann --quota 1GiB",
          "account delete ann --yes",
          "account set-password ann --password-file -",
          "account create-login-link ann",
          "token create t",
          "token delete t --yes",
          "backup create records.gz",
          "backup restore records.gz --yes",
          "backup delete b1 --yes",
          "context create club --server http://127.0.0.1:1 --token-file t",
          "context use local",
          "context delete local --yes");

  private static final Pattern COMMAND = Pattern.compile("hearth( [^,;.()]+)");

  @TempDir Path home;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment = new HashMap<>();
  private InstantSource clock = InstantSource.system();
  private boolean terminal;
  private FakeHost host;

  @BeforeEach
  void start() throws IOException {
    host = new FakeHost();
    environment.put("HOME", home.toString());
    Contexts contexts = Contexts.read(home.resolve(".config/hearth"));
    contexts.put("local", new Contexts.Entry(host.uri(), "hearth_test"));
    contexts.use("local");
    contexts.save();
    Files.writeString(home.resolve("t"), "hearth_other\n");
    Files.writeString(home.resolve("records.gz"), "not really");
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private CliContext context() {
    return new CliContext(
        new ByteArrayInputStream("a long password\n".getBytes(StandardCharsets.UTF_8)),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        environment,
        home,
        clock,
        false,
        terminal,
        terminal);
  }

  private int run(String line, String... more) {
    out.reset();
    err.reset();
    return new Hearth(context())
        .run(Stream.concat(Stream.of(line.split(" ", -1)), Stream.of(more)).toList());
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private Map<String, Verb> leaves() {
    return new CommandTree(context()).leaves();
  }

  /** The leaf that a command line names. */
  private String leaf(String line) {
    return leaves().keySet().stream()
        .filter(path -> ("hearth " + line + " ").startsWith(path + " "))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such command: " + line));
  }

  @Test
  void r22ToR24ColourIsGivenAndTakenAndSaysNothingByItself() {
    host.answer(200, "{\"volumes\":[{\"name\":\"accounts/a/volumes/v\",\"state\":\"FAILED\"}]}");
    assertThat(run("volume list")).isZero();
    String plain = out();
    assertThat(plain).doesNotContain("\u001b").contains("FAILED");
    environment.put("CLICOLOR_FORCE", "1");
    assertThat(run("volume list")).isZero();
    assertThat(out()).contains("\u001b[31mFAILED");
    assertThat(out().replaceAll("\u001b\\[[0-9;]*m", "")).isEqualTo(plain);
    assertThat(run("volume list --no-color")).isZero();
    assertThat(out()).isEqualTo(plain);
    environment.put("NO_COLOR", "1");
    assertThat(run("volume list")).isZero();
    assertThat(out()).isEqualTo(plain);
    environment.remove("NO_COLOR");
    environment.remove("CLICOLOR_FORCE");
    terminal = true;
    environment.put("TERM", "dumb");
    assertThat(run("volume list")).isZero();
    assertThat(out()).isEqualTo(plain);
    environment.put("TERM", "xterm");
    assertThat(run("volume list")).isZero();
    assertThat(out()).contains("\u001b[31mFAILED");
    assertThat(run("volume lst")).isEqualTo(2);
    assertThat(err()).contains("\u001b[31mhearth:");
    host.answer(200, "{}");
  }

  @Test
  void r27MutationsSayWhatWasDoneAndWhatIsUsefulNow() {
    terminal = true;
    host.answer(
        200,
        "{\"name\":\"operations/1\",\"secret\":\"s\",\"uri\":\"u\",\"done\":true,"
            + "\"response\":{\"name\":\"backups/b\"}}");
    assertThat(MUTATIONS.stream().map(this::leaf).distinct().toList())
        .containsExactlyInAnyOrderElementsOf(
            leaves().entrySet().stream()
                .filter(leaf -> leaf.getValue().mutates())
                .map(Map.Entry::getKey)
                .toList());
    for (String line : MUTATIONS) {
      if (line.startsWith("volume attach") || line.startsWith("volume detach")) {
        continue; // These need a kernel; KernelTest runs them.
      }
      assertThat(run(line)).as("%s: %s", line, err()).isZero();
      String noun = line.substring(0, line.indexOf(' '));
      if (!line.matches("token create.*|.*login-link.*")) {
        assertThat(out()).as(line).matches("(?s)(" + noun + "/\\S+ [a-z ]+\\R)+");
      }
      assertThat(err()).as(line).contains("Next: ");
    }
  }

  @Test
  void r28DryRunsSendOnlyWhatValidates() throws Exception {
    for (String line : MUTATIONS) {
      assertThat(run(line + " --dry-run")).as("%s: %s", line, err()).isZero();
      assertThat(out()).as(line).contains("dry run");
      for (String request : host.requests()) {
        assertThat(request)
            .as(line)
            .containsPattern("^GET |validateOnly=true|\"validateOnly\":true");
      }
    }
    assertThat(Contexts.read(home.resolve(".config/hearth")).entries()).containsOnlyKeys("local");
  }

  @Test
  void r30NothingBlocksWithoutInput() {
    host.answer(200, "{\"done\":true}");
    leaves()
        .forEach((path, verb) -> {
          if (!path.equals("hearth up") && !path.matches("hearth volume (at|de)tach")) {
            List<String> words = new ArrayList<>(List.of(path.substring(7).split(" ", -1)));
            words.add("--no-input");
            if (!verb.argument().isEmpty()) {
              words.add("x");
            }
            Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> run(String.join(" ", words)), path);
          }
        });
  }

  @Test
  void r32FilesCanBeStandardInput() {
    for (String name : Flag.names()) {
      if (name.endsWith("-file") && !name.equals("tls-key-file")) {
        assertThat(Flag.named(name).help()).as(name).contains("- for standard input");
      }
    }
    assertThat(run("volume list --token-file -")).isZero();
    host.answer(200, "{\"done\":true}");
    assertThat(run("backup restore - --yes")).isZero();
    assertThat(run("account set-password ann --password-file -")).isZero();
    assertThat(host.requests().getLast()).contains("\"password\":\"a long password\"");
  }

  @Test
  void r35OnlyTheFoldersOfTheXdgSpecificationAreUsed(@TempDir Path elsewhere) throws Exception {
    environment.put("HOME", Files.createDirectory(elsewhere.resolve("home")).toString());
    environment.put("XDG_CONFIG_HOME", elsewhere.resolve("c").toString());
    environment.put("XDG_STATE_HOME", elsewhere.resolve("s").toString());
    assertThat(run("context create club --server http://127.0.0.1:1 --token-file t")).isZero();
    assertThat(run("config list")).isZero();
    assertThat(run("doctor")).isEqualTo(1);
    try (Stream<Path> files = Files.walk(elsewhere)) {
      assertThat(files.filter(Files::isRegularFile))
          .containsExactly(elsewhere.resolve("c/hearth/contexts.json"));
    }
    clock = brokenClock();
    assertThat(run("token create t --expires 1d")).isEqualTo(1);
    assertThat(elsewhere.resolve("s/hearth/error.txt")).exists();
  }

  private static InstantSource brokenClock() {
    return () -> {
      throw new IllegalStateException("the clock is broken");
    };
  }

  /** Wrong command lines, and what the host refuses, with the exit code of each. */
  private static Map<String, Integer> errors() {
    Map<String, Integer> errors = new LinkedHashMap<>();
    errors.put("volum list", 2);
    errors.put("volume lst", 2);
    errors.put("volume list --fliter x", 2);
    errors.put("volume list extra", 2);
    errors.put("volume list --output", 2);
    errors.put("volume list -o xml", 2);
    errors.put("volume list --limit x", 2);
    errors.put("volume list --timeout soon", 2);
    errors.put("volume list --server nonsense", 2);
    errors.put("volume list --server ftp://127.0.0.1", 2);
    errors.put("volume list --context nowhere", 3);
    errors.put("volume list --token-file missing", 2);
    errors.put("volume list --server http://127.0.0.1:1 --timeout 2s", 6);
    errors.put("volume show", 2);
    errors.put("volume show a b", 2);
    errors.put("volume show ../x", 2);
    errors.put("volume show x -o jsonpath={.a", 2);
    errors.put("volume create data", 2);
    errors.put("volume create data --size ten", 2);
    errors.put("volume create data --size 1GiB --label x", 2);
    errors.put("volume create data --size 1GiB --read-only perhaps", 2);
    errors.put("volume update data", 2);
    errors.put("volume delete data", 2);
    errors.put("session show data", 2);
    errors.put("session delete data/1 --retry-delay never --yes", 2);
    errors.put("account create ann --role king", 2);
    errors.put("account create ann --quota -1", 2);
    errors.put("account set-password ann", 2);
    errors.put("token create t --expires soon", 2);
    errors.put("backup restore missing --yes", 2);
    errors.put("context create club", 2);
    errors.put("context create club --server http://127.0.0.1:1", 2);
    errors.put("context show nowhere", 3);
    errors.put("context use nowhere", 3);
    errors.put("context delete nowhere --yes", 3);
    errors.put("completion --shell csh", 2);
    errors.put("help nonsense", 2);
    return errors;
  }

  @Test
  void r38ErrorsSayWhatIsWrongAndWhatToDo() {
    errors()
        .forEach((line, code) -> {
          assertThat(run(line)).as("%s: %s", line, err()).isEqualTo(code);
          tellsTheNextStep(line);
        });
  }

  @Test
  void r38WhatAHostRefusesIsPassedOnWithItsNextStep() {
    host.answer(
        409,
        "{\"error\":{\"code\":6,\"status\":\"ALREADY_EXISTS\",\"message\":\"It exists\",\"details\":"
            + "[{\"locale\":\"en\",\"message\":\"Choose another name\"}]}}");
    assertThat(run("volume create data --size 1GiB")).isEqualTo(5);
    assertThat(err()).isEqualTo("hearth: It exists\nChoose another name\n");
    for (String nonsense : List.of("", "<html>", "[]", "null", "{\"error\":7}", "{")) {
      host.answer(500, nonsense);
      assertThat(run("volume list")).as(nonsense).isEqualTo(1);
      tellsTheNextStep(nonsense);
    }
    for (String nonsense : List.of("", "<html>", "[]", "null", "{")) {
      host.answer(200, nonsense);
      assertThat(run("volume list")).as(nonsense).isEqualTo(1);
      tellsTheNextStep(nonsense);
    }
    host.answer(302, "");
    assertThat(run("volume list")).isEqualTo(1);
    tellsTheNextStep("a redirection");
  }

  private void tellsTheNextStep(String line) {
    List<String> lines = err().lines().toList();
    assertThat(lines.getFirst()).as(line).startsWith("hearth: ");
    assertThat(lines).as(line).hasSizeGreaterThanOrEqualTo(2);
    assertThat(lines.getLast()).as(line).isNotBlank();
    assertThat(out()).as(line).isEmpty();
    Matcher command = COMMAND.matcher(lines.getLast());
    if (command.find()) {
      List<String> words = List.of(command.group(1).strip().split(" ", -1));
      if (words.getFirst().equals("help")) {
        assertThatCode(() -> run(String.join(" ", words))).as(line).doesNotThrowAnyException();
      } else {
        String path = leaf(String.join(" ", words));
        int skip = path.split(" ", -1).length - 1;
        new CommandTree(context())
            .leaf(path, java.util.Objects.requireNonNull(leaves().get(path)))
            .parseArgs(words.subList(skip, words.size()).toArray(String[]::new));
      }
    }
  }

  @Test
  void r39WhatIsUnexpectedLeavesAReportAndNoTrace() throws Exception {
    clock = brokenClock();
    assertThat(run("token create t --expires 1d")).isEqualTo(1);
    assertThat(err()).doesNotContain("\tat ").contains("CONTRIBUTING");
    Path report = home.resolve(".local/state/hearth/error.txt");
    assertThat(err()).contains(report.toString());
    assertThat(Files.readString(report)).contains("\tat ").contains("hearth 0");
    assertThat(run("token create t --expires 1d --debug")).isEqualTo(1);
    assertThat(err()).contains("\tat ");
  }

  @Test
  void r43WhatTakesLongCanBeLeftToItself() {
    leaves()
        .forEach((path, verb) ->
            assertThat(!verb.flags().contains("no-wait") || verb.flags().contains("timeout"))
                .as(path)
                .isTrue());
    host.answer(200, "{\"name\":\"operations/abc\"}");
    assertThat(run("backup restore records.gz --yes --no-wait")).isZero();
    assertThat(out()).isEqualTo("operation/abc started\n");
    assertThat(run("backup restore records.gz --yes --timeout 300ms")).isEqualTo(6);
    tellsTheNextStep("a long restore");
  }

  @Test
  void r44ListsHaveTheSameFlagsAndEmptyOnesSaySo() {
    leaves()
        .forEach((path, verb) -> {
          if (verb.name().equals("list") && verb.network()) {
            assertThat(verb.flags()).as(path).contains("filter", "limit", "page-token", "all");
            // The list of google.longrunning knows no order.
            assertThat(verb.flags().contains("sort"))
                .as(path)
                .isEqualTo(!path.equals("hearth operation list"));
            String line = path.substring("hearth ".length());
            assertThat(run(line)).as(path).isZero();
            assertThat(out()).as(path).isEmpty();
            assertThat(err()).as(path).startsWith("There are no ");
            assertThat(run(line + " -o json")).as(path).isZero();
            assertThat(out()).as(path).isEqualTo("[]\n");
            assertThat(err()).as(path).isEmpty();
          }
        });
    host.answer(200, "{\"volumes\":[{\"name\":\"v\"}],\"nextPageToken\":\"more\"}");
    host.requests();
    assertThat(run("volume list --limit 3 --page-token p --filter", "a = 1", "--sort", "name desc"))
        .isZero();
    assertThat(host.requests().getFirst())
        .contains("pageSize=3", "pageToken=p", "filter=a+%3D+1", "orderBy=name+desc");
    assertThat(err()).contains("--page-token more");
  }

  @Test
  void r46TheReferenceInTheSourcesIsThatOfTheCommands() throws Exception {
    Path folder = Path.of("../docs/reference");
    Map<String, String> pages = Reference.pages();
    for (Map.Entry<String, String> page : pages.entrySet()) {
      assertThat(folder.resolve(page.getKey()))
          .as("run tools/reference")
          .content()
          .isEqualTo(page.getValue());
    }
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile)).hasSize(pages.size());
    }
  }

  @Test
  void r48ThePluralIsTheSameCommand() {
    for (Noun noun : new CommandTree(context()).nouns()) {
      run(noun.name() + " list");
      String single = out() + err();
      run(noun.plural() + " list");
      assertThat(out() + err()).isEqualTo(single);
      run("help " + noun.name());
      assertThat(out()).contains("Also:  hearth " + noun.plural());
    }
  }

  @Test
  void r49OnlyTheBeginningTouchesTheProcess() throws Exception {
    Pattern process =
        Pattern.compile("System\\.(in|out|err|exit|getenv)|Instant\\.now|currentTimeMillis");
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (!file.endsWith("Main.java") && !file.endsWith("Training.java")) {
          assertThat(process.matcher(Files.readString(file)).find()).as(file.toString()).isFalse();
        }
      }
    }
  }

  @Test
  void r50CommandsThatNeedNoHostCallNone() {
    leaves()
        .forEach((path, verb) -> {
          if (!verb.network() && !path.equals("hearth up")) {
            Optional<String> argument =
                Optional.of(verb.argument()).filter(label -> !label.isEmpty());
            run(
                path.substring("hearth ".length()),
                argument.map(l -> "local").stream().toArray(String[]::new));
            assertThat(host.requests()).as(path).isEmpty();
          }
        });
    run("__complete volume cre");
    run("help volume");
    run("nonsense");
    assertThat(host.requests()).isEmpty();
  }
}
