// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.file.PrivateFiles;
import hearth.kit.file.UserFolders;
import hearth.kit.problem.Problem;
import hearth.kit.text.Suggestions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the command that was typed, runs it, and turns whatever goes wrong into words and an exit
 * code.
 */
final class Hearth {
  private final CliContext context;
  private final CommandTree tree;

  Hearth(CliContext context) {
    this.context = context;
    this.tree = new CommandTree(context);
  }

  /** Runs a command line; the exit code. */
  int run(List<String> arguments) {
    try {
      dispatch(arguments);
      context.out().flush();
      return ExitCode.OK.number;
    } catch (CliFailure failure) {
      return tell(failure, arguments);
    } catch (Problem problem) {
      return tell(
          new CliFailure(ExitCode.of(problem.code().name()), problem.what(), problem.fix()),
          arguments);
    } catch (RuntimeException e) {
      if (arguments.contains("--debug")) {
        e.printStackTrace(context.err());
      }
      return tell(
          new CliFailure(
              ExitCode.FAILURE,
              "Something unexpected went wrong: " + e,
              report(e)
                  .map(file -> "A report is in " + file + "; CONTRIBUTING.md says where to send it")
                  .orElse("Run it again with --debug, and report it as CONTRIBUTING.md says")),
          List.of());
    }
  }

  /** Writes what went wrong into the user's state folder: no arguments, which may be private. */
  private Optional<Path> report(RuntimeException e) {
    Path file =
        UserFolders.of(context.environment(), context.workingFolder().getFileSystem())
            .state()
            .resolve("error.txt");
    StringWriter trace = new StringWriter();
    e.printStackTrace(new PrintWriter(trace));
    String text =
        "hearth " + TopVerbs.version() + ", Java " + Runtime.version() + "\n" + trace.toString();
    try {
      PrivateFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
      return Optional.of(file);
    } catch (IOException notWritten) {
      return Optional.empty();
    }
  }

  private int tell(CliFailure failure, List<String> arguments) {
    context.out().flush();
    if (arguments.contains("--debug")) {
      failure.printStackTrace(context.err());
    }
    context
        .err()
        .println(
            context.errInk(arguments.contains("--no-color")).bad("hearth:")
                + " "
                + hearth.kit.id.Identifiers.printable(failure.what().replace("\n", "\u2028"))
                    .replace("\u2028", "\n"));
    if (!failure.fix().isEmpty()) {
      context.err().println(failure.fix());
    }
    return failure.exitCode().number;
  }

  private void dispatch(List<String> arguments) {
    if (arguments.isEmpty()) {
      context.out().print(Help.root(tree));
      return;
    }
    String first = arguments.getFirst();
    List<String> rest = arguments.subList(1, arguments.size());
    if (first.equals("__complete")) {
      Completion.complete(tree, context, rest).forEach(context.out()::println);
      return;
    }
    if (first.equals("--version") || first.equals("-V")) {
      dispatch(Stream.concat(Stream.of("version"), rest.stream()).toList());
      return;
    }
    if (first.equals("help") || first.equals("--help") || first.equals("-h")) {
      help(rest);
      return;
    }
    if (arguments.contains("--help") || arguments.contains("-h")) {
      help(arguments.stream().takeWhile(word -> !word.startsWith("-")).limit(2).toList());
      return;
    }
    for (Verb verb : tree.topVerbs()) {
      if (verb.name().equals(first)) {
        tree.run("hearth " + first, verb, rest);
        return;
      }
    }
    Noun noun = tree.noun(first).orElseThrow(() -> unknown("command", first, candidates()));
    if (rest.isEmpty()) {
      context.out().print(Help.noun(noun));
      return;
    }
    List<Verb> verbs = noun.verbs().get();
    Verb verb =
        verbs.stream()
            .filter(known -> known.name().equals(rest.getFirst()))
            .findFirst()
            .orElseThrow(() ->
                unknown(
                    "verb of " + noun.name(),
                    rest.getFirst(),
                    verbs.stream().map(Verb::name).toList()));
    tree.run("hearth " + noun.name() + " " + verb.name(), verb, rest.subList(1, rest.size()));
  }

  private List<String> candidates() {
    List<String> words = new ArrayList<>(tree.topVerbs().stream().map(Verb::name).toList());
    tree.nouns().forEach(noun -> words.add(noun.name()));
    words.add("help");
    return words;
  }

  private static CliFailure unknown(String kind, String word, List<String> known) {
    List<String> near = Suggestions.closest(word, known);
    return new CliFailure(
        ExitCode.USAGE,
        "'" + word + "' is not a " + kind,
        near.isEmpty() ? "See: hearth help" : "Did you mean " + String.join(" or ", near) + "?");
  }

  private void help(List<String> words) {
    List<String> path = words.stream().filter(word -> !word.startsWith("-")).toList();
    if (path.isEmpty()) {
      context.out().print(Help.root(tree));
      return;
    }
    Optional<Verb> top =
        tree.topVerbs().stream().filter(verb -> verb.name().equals(path.getFirst())).findFirst();
    if (top.isPresent()) {
      context.out().print(Help.leaf("hearth " + path.getFirst(), top.get()));
      return;
    }
    Optional<Noun> noun = tree.noun(path.getFirst());
    if (noun.isEmpty()) {
      if (Help.TOPICS.containsKey(path.getFirst())) {
        context.out().print(Help.topic(path.getFirst()));
        return;
      }
      throw unknown("command", path.getFirst(), candidates());
    }
    if (path.size() == 1) {
      context.out().print(Help.noun(noun.get()));
      return;
    }
    Verb verb =
        noun.get().verbs().get().stream()
            .filter(known -> known.name().equals(path.get(1)))
            .findFirst()
            .orElseThrow(() ->
                unknown(
                    "verb of " + noun.get().name(),
                    path.get(1),
                    noun.get().verbs().get().stream().map(Verb::name).toList()));
    context.out().print(Help.leaf("hearth " + noun.get().name() + " " + verb.name(), verb));
  }
}
