// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Scripts with which shells complete commands; names of things come live from the host through
 * {@code __complete}.
 */
final class Completion {
  private Completion() {}

  static Verb verb(CommandTree tree) {
    return new Verb(
        "completion",
        "Print a script for completion in a shell",
        "",
        List.of("shell"),
        List.of(
            "# bash, for this session",
            "eval \"$(hearth completion --shell bash)\"",
            "# fish, for good",
            "hearth completion --shell fish > ~/.config/fish/completions/hearth.fish"),
        invocation -> {
          String shell = invocation.flag("shell").orElse("bash");
          invocation
              .context()
              .out()
              .print(
                  switch (shell) {
                    case "bash" -> bash();
                    case "zsh" -> zsh();
                    case "fish" ->
                        "complete -c hearth -f -a '(hearth __complete (commandline -opc)[2..-1] (commandline -ct))'\n";
                    default ->
                        throw new CliFailure(
                            ExitCode.USAGE,
                            "--shell: '" + shell + "' is not known (expected: bash, zsh, fish)",
                            "Add --shell bash");
                  });
        });
  }

  private static String bash() {
    return """
    _hearth() {
      local IFS=$'\\n'
      COMPREPLY=($(compgen -W "$(hearth __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
    }
    complete -o default -F _hearth hearth
    """;
  }

  private static String zsh() {
    return """
    #compdef hearth
    _hearth() {
      local -a found
      found=(${(f)"$(hearth __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
      compadd -a found
    }
    compdef _hearth hearth
    """;
  }

  /** Words that may stand where the last of these is being typed, one a line. */
  static List<String> complete(CommandTree tree, CliContext context, List<String> words) {
    TreeSet<String> found = new TreeSet<>();
    Map<String, Verb> leaves = tree.leaves();
    List<String> before = words.isEmpty() ? List.of() : words.subList(0, words.size() - 1);
    String typed = words.isEmpty() ? "" : words.getLast();
    String path =
        "hearth"
            + before.stream()
                .filter(word -> !word.startsWith("-"))
                .limit(2)
                .map(word -> " " + word)
                .collect(Collectors.joining());
    Verb verb = leaves.get(path);
    if (verb == null) {
      String prefix = path + " ";
      leaves.keySet().stream()
          .filter(leaf -> leaf.startsWith(prefix))
          .map(leaf -> leaf.substring(prefix.length()).split(" ", 2)[0])
          .forEach(found::add);
      if (before.isEmpty()) {
        found.add("help");
      }
    } else if (typed.startsWith("-")) {
      verb.flags().forEach(flag -> found.add("--" + flag));
      Flag.COMMON.forEach(flag -> found.add("--" + flag));
    } else if (!before.isEmpty()
        && before.getLast().startsWith("--")
        && Flag.names().contains(before.getLast().substring(2))) {
      String label = Flag.named(before.getLast().substring(2)).label();
      if (label.contains("|")) {
        found.addAll(List.of(label.split("\\|", -1)));
      } else if (label.equals("FORMAT")) {
        found.addAll(List.of("table", "wide", "json", "yaml", "name"));
      }
    } else if (verb.argument().contains("NAME") && !verb.name().equals("create")) {
      names(context, before.getFirst()).forEach(found::add);
    }
    return found.stream().filter(word -> word.startsWith(typed)).toList();
  }

  private static List<String> names(CliContext context, String noun) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    CliContext quiet =
        new CliContext(
            context.in(),
            new java.io.PrintStream(bytes, true, java.nio.charset.StandardCharsets.UTF_8),
            new java.io.PrintStream(
                java.io.OutputStream.nullOutputStream(),
                false,
                java.nio.charset.StandardCharsets.UTF_8),
            context.environment(),
            context.workingFolder(),
            context.clock(),
            false,
            false,
            false);
    new Hearth(quiet).run(List.of(noun, "list", "-o", "name", "--timeout", "2s"));
    return bytes
        .toString(java.nio.charset.StandardCharsets.UTF_8)
        .lines()
        .map(ResourceVerbs::lastPart)
        .toList();
  }
}
