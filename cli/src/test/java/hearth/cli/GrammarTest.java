// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The rules of the grammar, over every command that there is; the numbers are those of the rule
 * table.
 */
class GrammarTest {
  private static final Set<String> VERBS =
      Set.of(
          "list",
          "show",
          "create",
          "update",
          "delete",
          "attach",
          "check",
          "export",
          "import",
          "detach",
          "use",
          "restore",
          "set-password",
          "create-login-link");
  private static final List<String> SYNONYMS =
      List.of("get", "remove", "rm", "ls", "edit", "upgrade", "add", "new");
  private static final Set<String> SECRETS = Set.of("token", "password", "secret", "key");

  @TempDir Path home;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment = new HashMap<>();

  private CliContext context() {
    environment.putIfAbsent("HOME", home.toString());
    return new CliContext(
        new ByteArrayInputStream(new byte[0]),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        environment,
        home,
        InstantSource.system(),
        false,
        false,
        false);
  }

  private int run(String... arguments) {
    out.reset();
    err.reset();
    return new Hearth(context()).run(List.of(arguments));
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

  @Test
  void r01ToR05CommandsAreANounAndAVerbOfTheClosedList() {
    for (Noun noun : new CommandTree(context()).nouns()) {
      assertThat(noun.name()).matches("[a-z][a-z0-9-]*").doesNotEndWith("s");
      assertThat(noun.plural()).startsWith(noun.name());
      for (Verb verb : noun.verbs().get()) {
        assertThat(VERBS).contains(verb.name());
        assertThat(SYNONYMS).doesNotContain(verb.name());
      }
    }
  }

  @Test
  void r06ToR09FlagsAreLongAndMeanTheSameEverywhere() {
    Map<Character, String> letters = new HashMap<>();
    for (String name : Flag.names()) {
      assertThat(name).matches("[a-z][a-z0-9-]+");
      Flag flag = Flag.named(name);
      if (flag.letter() != 0) {
        assertThat(letters.put(flag.letter(), name)).as("-" + flag.letter()).isNull();
      }
      assertThat(flag.help()).matches("[A-Zp].*[^.]");
    }
  }

  @Test
  void r10ToR11ArgumentsAreNamesAndSummariesAreShort() {
    leaves()
        .forEach((path, verb) -> {
          assertThat(verb.argument())
              .as(path)
              .isIn("", "NAME", "[NAME]", "NAME...", "FILE", "NAME FILE");
          assertThat(verb.summary()).as(path).matches("[A-Z].{3,71}").doesNotEndWith(".");
        });
  }

  @Test
  void r12ToR13ExamplesAreCommentedAndParse() {
    leaves()
        .forEach((path, verb) -> {
          assertThat(verb.examples().size()).as(path).isGreaterThanOrEqualTo(4).isEven();
          for (int i = 0; i < verb.examples().size(); i += 2) {
            assertThat(verb.examples().get(i)).startsWith("# ");
            String command = verb.examples().get(i + 1);
            assertThat(command).as(path).doesNotStartWith("$");
            if (command.startsWith("hearth ")) {
              String own = command.replaceAll(" [|>].*", "");
              List<String> words = words(own);
              int skip = path.split(" ", -1).length;
              assertThat(String.join(" ", words.subList(0, skip))).isEqualTo(path);
              new CommandTree(context())
                  .leaf(path, verb)
                  .parseArgs(words.subList(skip, words.size()).toArray(String[]::new));
            }
          }
        });
  }

  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    java.util.regex.Matcher matcher =
        java.util.regex.Pattern.compile("'([^']*)'|(\\S+)").matcher(command);
    while (matcher.find()) {
      words.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }
    return words;
  }

  @Test
  void r14HelpIsTheSameHoweverItIsAskedForAndFits80Columns() {
    for (String path : leaves().keySet()) {
      String[] words = path.substring("hearth ".length()).split(" ", -1);
      assertThat(run(join("help", words))).isZero();
      String text = out();
      assertThat(text.lines()).as(path).allMatch(line -> line.length() <= 80);
      assertThat(run(append(words, "--help"))).isZero();
      assertThat(out()).isEqualTo(text);
      assertThat(run(append(words, "--nonsense", "-h"))).isZero();
      assertThat(out()).isEqualTo(text);
      assertThat(err()).isEmpty();
    }
  }

  private static String[] join(String first, String... rest) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(rest));
    return all.toArray(String[]::new);
  }

  private static String[] append(String[] words, String... more) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void r15ToR17TheNounAlonePrintsItsVerbsAndTheRootItsGroups() {
    assertThat(run("volume")).isZero();
    assertThat(out()).contains("create").contains("attach");
    assertThat(run()).isZero();
    assertThat(out())
        .containsSubsequence("Start here", "Resources", "Settings", "Help topics")
        .contains("CONTRIBUTING");
    assertThat(out().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void r18TheVersionComesThreeWaysAndWithBrokenConfiguration() throws Exception {
    assertThat(run("version")).isZero();
    String text = out();
    assertThat(run("--version")).isZero();
    assertThat(out()).isEqualTo(text);
    assertThat(run("-V")).isZero();
    assertThat(out()).isEqualTo(text);
    Files.createDirectories(home.resolve(".config/hearth"));
    Files.writeString(home.resolve(".config/hearth/hearth.conf"), "nonsense = 1\n");
    assertThat(run("version")).isZero();
    assertThat(run("volume", "list")).isEqualTo(2);
    assertThat(err()).contains("nonsense").contains("hearth.conf:1");
  }

  @Test
  void r19UnknownFormatsListTheValidOnes() {
    assertThat(run("context", "list", "-o", "xml")).isEqualTo(2);
    assertThat(err()).contains("table").contains("jsonpath");
    leaves()
        .forEach((path, verb) ->
            assertThat(
                    verb.flags().contains("output")
                        || !verb.name().matches("list|show|create(?!-).*|update")
                        || verb.argument().equals("FILE")
                        || path.contains("context"))
                .as(path)
                .isTrue());
  }

  @Test
  void r28ToR29MutatingVerbsHaveDryRunAndDestructiveOnesAsk() {
    leaves()
        .forEach((path, verb) -> {
          if (verb.name()
              .matches(
                  "create|update|delete|restore|attach|detach|use|set-password|create-login-link")) {
            assertThat(verb.mutates()).as(path).isTrue();
          }
          if (verb.name().matches("delete|restore")) {
            assertThat(verb.flags()).as(path).contains("yes");
          }
        });
    assertThat(run("context", "delete", "x")).isEqualTo(2);
    assertThat(err()).contains("--yes");
  }

  @Test
  void r31NoFlagTakesASecret() {
    for (String name : Flag.names()) {
      if (SECRETS.stream().anyMatch(name::contains)) {
        assertThat(name.endsWith("-file") || name.equals("page-token")).as(name).isTrue();
      }
    }
  }

  @Test
  void r33ToR34EverySettingComesFromFlagEnvironmentFilesInThatOrder() throws Exception {
    Files.createDirectories(home.resolve(".config/hearth"));
    Files.writeString(home.resolve(".config/hearth/hearth.conf"), "output = name\n");
    assertThat(run("version")).isZero();
    assertThat(run("config", "list", "--show-origin", "-o", "table")).isZero();
    assertThat(out()).contains("hearth.conf:1");
    Files.writeString(home.resolve("hearth.conf"), "output = yaml\n");
    run("config", "list", "--show-origin", "-o", "table");
    assertThat(out()).containsPattern("output +yaml");
    environment.put("HEARTH_OUTPUT", "json");
    run("config", "list", "--show-origin", "-o", "table");
    assertThat(out()).contains("environment HEARTH_OUTPUT");
    run("context", "list");
    assertThat(out()).startsWith("[]");
  }

  @Test
  void r36ToR37UnknownWordsAreNotGuessed() {
    assertThat(run("volum", "list")).isEqualTo(2);
    assertThat(err()).contains("Did you mean volume?");
    assertThat(run("volume", "lis")).isEqualTo(2);
    assertThat(run("volume", "list", "--filt", "x")).isEqualTo(2);
    assertThat(run("volume", "list", "--fliter", "x")).isEqualTo(2);
    assertThat(err()).contains("--filter");
    assertThat(run("volume", "list", "extra")).isEqualTo(2);
    assertThat(run("volume", "show")).isEqualTo(2);
    assertThat(err()).contains("hearth volume show data");
    assertThat(run("volume", "show", "a", "b")).isEqualTo(2);
  }

  @Test
  void r38WrongValuesOfFlagsAreToldBeforeAnythingIsSent() throws Exception {
    Files.writeString(home.resolve("t"), "x");
    String[] host = {"--server", "http://127.0.0.1:1", "--token-file", "t"};
    assertThat(run(append(new String[] {"account", "update", "ann", "--role", "king"}, host)))
        .isEqualTo(2);
    assertThat(err()).contains("admin or member").contains("--role member");
    assertThat(run(append(new String[] {"volume", "list", "--limit", "x"}, host))).isEqualTo(2);
    assertThat(err()).contains("--limit 20");
  }

  @Test
  void r40EveryStatusHasAnExitCode() {
    for (String status :
        List.of(
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED")) {
      assertThat(ExitCode.of(status).number).as(status).isPositive();
    }
  }

  @Test
  void r42NetworkCommandsHaveATimeoutAndADeadHostIsExit6() throws Exception {
    leaves()
        .forEach((path, verb) ->
            assertThat(verb.flags().containsAll(Flag.NETWORK) || !verb.network())
                .as(path)
                .isTrue());
    Files.writeString(home.resolve("t"), "x");
    assertThat(
            run(
                "volume",
                "list",
                "--server",
                "http://127.0.0.1:1",
                "--token-file",
                "t",
                "--timeout",
                "2s"))
        .isEqualTo(6);
    assertThat(err()).contains("hearth up");
    assertThat(run("volume", "list")).isEqualTo(4);
    assertThat(run("volume", "list", "--timeout", "soon")).isEqualTo(4);
  }

  @Test
  void r45CompletionOffersEveryVerbAndFlag() {
    run("__complete", "vol");
    assertThat(out()).isEqualTo("volume\n");
    run("__complete", "volume", "");
    assertThat(out().lines()).contains("create", "attach", "delete");
    run("__complete", "volume", "list", "--f");
    assertThat(out()).isEqualTo("--filter\n");
    for (String shell : List.of("bash", "zsh", "fish")) {
      assertThat(run("completion", "--shell", shell)).isZero();
      assertThat(out()).contains("__complete");
    }
  }
}
