// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.configuration.Configuration;
import hearth.kit.text.Suggestions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The tree of commands. Only what was typed is built: with thirty nouns, building all of them would
 * cost more than running one.
 */
final class CommandTree {
  private final CliContext context;
  private final List<Noun> nouns = Nouns.all();

  CommandTree(CliContext context) {
    this.context = context;
  }

  List<Noun> nouns() {
    return nouns;
  }

  java.util.Optional<Noun> noun(String word) {
    return nouns.stream()
        .filter(noun -> noun.name().equals(word) || noun.plural().equals(word))
        .findFirst();
  }

  /** A leaf ready to parse what follows it on the command line. */
  CommandLine leaf(String path, Verb verb) {
    CommandSpec spec = CommandSpec.create().name(verb.name());
    for (String name :
        Stream.concat(Stream.concat(verb.flags().stream(), Flag.COMMON.stream()), Stream.of("help"))
            .distinct()
            .toList()) {
      Flag flag = Flag.named(name);
      OptionSpec.Builder option =
          flag.letter() == 0
              ? OptionSpec.builder("--" + name)
              : OptionSpec.builder("-" + flag.letter(), "--" + name);
      option.description(flag.help());
      if (name.equals("help")) {
        option.usageHelp(true);
      }
      if (flag.isSwitch()) {
        option.arity("0").type(boolean.class);
      } else if (flag.repeats()) {
        option.arity("1").type(List.class).auxiliaryTypes(String.class).paramLabel(flag.label());
      } else {
        option.arity("1").type(String.class).paramLabel(flag.label());
      }
      spec.addOption(option.build());
    }
    if (!verb.argument().isEmpty()) {
      boolean many = verb.argument().endsWith("...");
      boolean optional = verb.argument().startsWith("[");
      spec.addPositional(
          PositionalParamSpec.builder()
              .index("0..*")
              .arity(optional ? "0..1" : many ? "1..*" : "1")
              .type(List.class)
              .auxiliaryTypes(String.class)
              .paramLabel(verb.argument())
              .build());
    }
    CommandLine command = new CommandLine(spec);
    command
        .setAbbreviatedOptionsAllowed(false)
        .setAbbreviatedSubcommandsAllowed(false)
        .setOverwrittenOptionsAllowed(true);
    return command;
  }

  /** Parses and runs a leaf. */
  void run(String path, Verb verb, List<String> arguments) {
    CommandLine command = leaf(path, verb);
    try {
      command.parseArgs(arguments.toArray(String[]::new));
    } catch (CommandLine.ParameterException e) {
      throw usage(path, verb, e);
    }
    if (command.isUsageHelpRequested()) {
      context.out().print(Help.leaf(path, verb));
      return;
    }
    CommandSpec spec = command.getCommandSpec();
    try {
      fillIn(spec, command.getParseResult());
    } catch (hearth.kit.problem.Problem e) {
      // The version can always be told, also with a broken configuration.
      if (!verb.name().equals("version")) {
        throw e;
      }
    }
    run(path, verb, new Invocation(context, spec));
  }

  private static void run(String path, Verb verb, Invocation invocation) {
    boolean required = !verb.argument().isEmpty() && !verb.argument().startsWith("[");
    int most = verb.argument().split(" ", -1).length;
    if (required && invocation.names().size() < most) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + path + "' needs " + verb.argument(),
          "For example: " + verb.examples().get(1));
    }
    if (!verb.argument().isEmpty()
        && !verb.argument().endsWith("...")
        && invocation.names().size() > most) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + invocation.names().get(most) + "' is one argument too many",
          "See: hearth help " + path.substring("hearth ".length()));
    }
    verb.action().run(invocation);
  }

  /** Gives every flag that was not typed its value from environment or files. */
  private void fillIn(CommandSpec spec, CommandLine.ParseResult parsed) {
    Configuration configuration = Settings.read(context);
    for (OptionSpec option : spec.options()) {
      String name = option.longestName().substring(2);
      if (name.equals("help") || parsed.hasMatchedOption(option)) {
        continue;
      }
      configuration
          .valueOf(Settings.of(Flag.named(name)))
          .ifPresent(value -> {
            Flag flag = Flag.named(name);
            Object typed =
                flag.isSwitch()
                    ? (Object) ResourceVerbs.yesOrNo(name, value.text())
                    : flag.repeats()
                        ? new ArrayList<>(List.of(value.text().split(",", -1)))
                        : value.text();
            set(option, typed);
          });
    }
  }

  private static void set(OptionSpec option, Object value) {
    try {
      option.setter().set(value);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static CliFailure usage(String path, Verb verb, CommandLine.ParameterException e) {
    String help = "See: hearth help " + path.substring("hearth ".length());
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      String word = unmatched.getUnmatched().getFirst();
      if (word.startsWith("-")) {
        List<String> known =
            Stream.concat(verb.flags().stream(), Flag.COMMON.stream())
                .map(name -> "--" + name)
                .toList();
        List<String> near = Suggestions.closest(word, known);
        return new CliFailure(
            ExitCode.USAGE,
            "'" + path + "' has no option '" + word + "'",
            near.isEmpty() ? help : "Did you mean " + String.join(" or ", near) + "?");
      }
      return new CliFailure(
          ExitCode.USAGE, "'" + path + "' takes no argument '" + word + "'", help);
    }
    if (e instanceof CommandLine.MissingParameterException
        && String.valueOf(e.getMessage())
            .startsWith("Missing required parameter: '" + verb.argument())) {
      return new CliFailure(
          ExitCode.USAGE,
          "'" + path + "' needs " + verb.argument(),
          "For example: " + verb.examples().get(1));
    }
    return new CliFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), help);
  }

  /** All leaves by their path, for help, completion and the tests of the grammar. */
  Map<String, Verb> leaves() {
    Map<String, Verb> leaves = new LinkedHashMap<>();
    for (Verb verb : topVerbs()) {
      leaves.put("hearth " + verb.name(), verb);
    }
    for (Noun noun : nouns) {
      for (Verb verb : noun.verbs().get()) {
        leaves.put("hearth " + noun.name() + " " + verb.name(), verb);
      }
    }
    return leaves;
  }

  List<Verb> topVerbs() {
    return Stream.concat(TopVerbs.all().stream(), Stream.of(Completion.verb(this))).toList();
  }
}
