// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.daemon.Daemon;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Texts of help: every one fits 80 columns. */
final class Help {
  private static final int WIDTH = 80;

  /** The topics, and what each is about. */
  static final Map<String, String> TOPICS =
      new java.util.TreeMap<>(
          Map.of(
              "environment", "Variables and files that hold settings",
              "formatting", "What -o can do",
              "exit-codes", "What the exit code says"));

  private Help() {}

  static String root(CommandTree tree) {
    StringBuilder text =
        new StringBuilder("Run a libre host: keep data, serve people, belong to a network.\n\n");
    text.append("Usage: hearth <noun> <verb> [NAME] [flags]\n\n");
    text.append("Start here:\n");
    rows(text, tree.topVerbs().stream().map(verb -> List.of(verb.name(), verb.summary())).toList());
    for (String group : List.of("Resources", "Settings")) {
      text.append('\n').append(group).append(":\n");
      rows(
          text,
          tree.nouns().stream()
              .filter(noun -> noun.group().equals(group))
              .map(noun -> List.of(noun.name(), noun.summary()))
              .toList());
    }
    text.append("\nPrograms of their own:\n");
    rows(
        text,
        List.of(List.of("debug", "Look inside Go programs, as Delve does (hearth debug help)")));
    text.append("\nHelp topics:\n");
    rows(
        text,
        TOPICS.entrySet().stream()
            .map(topic -> List.of(topic.getKey(), topic.getValue()))
            .toList());
    text.append(
        "\nMore on one: hearth help <noun> [<verb>]. Handbook: docs/ in the sources,\nor /usr/share/doc/hearth. Questions and faults: see CONTRIBUTING.md there.\n");
    return text.toString();
  }

  static String noun(Noun noun) {
    StringBuilder text =
        new StringBuilder(noun.summary())
            .append(".\n\nUsage: hearth ")
            .append(noun.name())
            .append(" <verb> [flags]\nAlso:  hearth ")
            .append(noun.plural())
            .append(" <verb> [flags]\n\nVerbs:\n");
    rows(
        text,
        noun.verbs().get().stream().map(verb -> List.of(verb.name(), verb.summary())).toList());
    return text.append("\nMore on one: hearth help ")
        .append(noun.name())
        .append(" <verb>\n")
        .toString();
  }

  static String leaf(String path, Verb verb) {
    StringBuilder text = new StringBuilder(verb.summary()).append(".\n\nExamples:\n");
    for (String line : verb.examples()) {
      text.append("  ").append(wrap(line, 2)).append('\n');
    }
    text.append("\nUsage: ")
        .append(path)
        .append(verb.argument().isEmpty() ? "" : " " + verb.argument())
        .append(" [flags]\n\nFlags:\n");
    rows(
        text,
        verb.flags().stream().filter(name -> !Flag.NETWORK.contains(name)).map(Help::row).toList());
    text.append("\nCommon flags:\n");
    rows(
        text,
        Stream.of(verb.network() ? Flag.NETWORK : List.<String>of(), Flag.COMMON, List.of("help"))
            .flatMap(List::stream)
            .map(Help::row)
            .toList());
    return text.toString();
  }

  private static List<String> row(String name) {
    Flag flag = Flag.named(name);
    String letter = flag.letter() == 0 ? "    " : "-" + flag.letter() + ", ";
    return List.of(letter + "--" + name + (flag.isSwitch() ? "" : " " + flag.label()), flag.help());
  }

  private static void rows(StringBuilder text, List<List<String>> rows) {
    int width =
        Math.min(30, rows.stream().mapToInt(row -> row.getFirst().length()).max().orElse(0)) + 2;
    for (List<String> row : rows) {
      String first = row.getFirst();
      text.append("  ").append(first);
      if (first.length() + 2 > width) {
        text.append('\n').append(" ".repeat(width + 2));
      } else {
        text.append(" ".repeat(width - first.length()));
      }
      text.append(wrap(row.getLast(), width + 2)).append('\n');
    }
  }

  private static String wrap(String line, int indent) {
    List<String> lines = new ArrayList<>();
    StringBuilder current = new StringBuilder();
    for (String word : line.split(" ", -1)) {
      if (!current.isEmpty() && indent + current.length() + 1 + word.length() > WIDTH - 2) {
        lines.add(current.toString());
        current.setLength(0);
      }
      current.append(current.isEmpty() ? "" : " ").append(word);
    }
    lines.add(current.toString());
    boolean command = line.startsWith("hearth") || line.startsWith("(");
    return String.join(
        (command ? " \\" : "") + "\n" + " ".repeat(indent + (command ? 4 : 0)), lines);
  }

  static String topic(String name) {
    StringBuilder text = new StringBuilder();
    switch (name) {
      case "environment" -> {
        text.append(
            "Each flag can also be set in the environment and in files. The first that says\nsomething wins: flag, environment, ./hearth.conf, ~/.config/hearth/hearth.conf,\n/etc/hearth/hearth.conf, default. Files hold lines: name = value.\n\nHost:\n");
        rows(
            text,
            Daemon.SETTINGS.stream()
                .map(setting -> List.of(setting.variable(), setting.help()))
                .toList());
        text.append("\nCommands:\n");
        rows(
            text,
            List.of(
                List.of("HEARTH_OUTPUT", "Format to print in"),
                List.of("HEARTH_CONTEXT", "Host to speak to"),
                List.of("HEARTH_TIMEOUT", "Longest time to wait"),
                List.of("HEARTH_NO_INPUT", "Never ask"),
                List.of("NO_COLOR", "Never use colour"),
                List.of("CLICOLOR_FORCE", "Use colour also where there is no terminal"),
                List.of("XDG_CONFIG_HOME", "Where contexts and settings are"),
                List.of("XDG_DATA_HOME", "Where a host keeps its data"),
                List.of("JAVA_HOME", "The JDK to run with")));
      }
      case "formatting" -> {
        text.append("-o chooses the format:\n\n");
        rows(
            text,
            List.of(
                List.of("table", "for people"),
                List.of("wide", "a table with more columns"),
                List.of("json, yaml", "everything, with the contract's names"),
                List.of("name", "full names, one a line, for other commands"),
                List.of("jsonpath=PATH", "one value, such as {.iscsi.url} or {[*].name}"),
                List.of("template=TEXT", "text with places, such as '{name} {sizeBytes}'")));
      }
      case "exit-codes" -> {
        text.append("What the exit code says:\n\n");
        rows(
            text,
            Stream.of(ExitCode.values())
                .map(code -> List.of(String.valueOf(code.number), code.meaning))
                .toList());
      }
      default ->
          throw new CliFailure(
              ExitCode.USAGE, "There is no help on '" + name + "'", "See: hearth help");
    }
    return text.toString();
  }
}
