// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The commands that users may give at a client's console, after the word {@code dlv}. */
final class Console {
  private static final String HELP =
      """
      Commands:

          dlv help             this text
          dlv config -list     the parameters and their values
          dlv config NAME VALUE        changes one
          dlv config substitutePath FROM TO    rewrites beginnings of the client's paths
          dlv sources REGEXP   source files
          dlv target           the processes
      """;

  private final Session session;
  private final Configuration configuration;

  Console(Session session, Configuration configuration) {
    this.session = session;
    this.configuration = configuration;
  }

  String run(String command) throws SessionException {
    List<String> words = Words.all(command);
    String verb = words.isEmpty() ? "help" : words.getFirst();
    List<String> rest = words.isEmpty() ? List.of() : words.subList(1, words.size());
    return switch (verb) {
      case "help", "h" -> HELP;
      case "config" -> configure(rest);
      case "sources", "s" -> sources(rest.isEmpty() ? "" : rest.getFirst());
      case "target" -> session.run(this::targets);
      default ->
          throw new SessionException(
              "command \"" + verb + "\" not available; \"dlv help\" lists what is");
    };
  }

  private String targets() {
    StringBuilder text = new StringBuilder();
    for (Session.TargetInfo t : session.targets()) {
      String mark = t.selected() ? "*" : "";
      text.append(mark + "\t" + t.pid() + "\t" + t.commandLine() + "\n");
    }
    return text.toString();
  }

  private String sources(String filter) throws SessionException {
    try {
      Pattern pattern = Pattern.compile(filter);
      StringBuilder text = new StringBuilder();
      session.program().files().keySet().stream()
          .filter(f -> pattern.matcher(f).find())
          .forEach(f -> text.append(f).append('\n'));
      return text.toString();
    } catch (PatternSyntaxException e) {
      throw new SessionException("error parsing regexp: " + e.getDescription());
    }
  }

  private String configure(List<String> words) throws SessionException {
    if (words.isEmpty()) {
      throw new SessionException("not enough arguments; config -list shows the parameters");
    }
    String name = words.getFirst();
    String value = words.size() > 1 ? words.get(1) : "";
    switch (name) {
      case "-list" -> {
        return configuration.text();
      }
      case "showGlobalVariables" -> configuration.globals = truth(value);
      case "showRegisters" -> configuration.registers = truth(value);
      case "showRawStrings" -> configuration.rawStrings = truth(value);
      case "hideSystemGoroutines" -> configuration.hideSystemGoroutines = truth(value);
      case "goroutineFilters" ->
          configuration.goroutineFilters = String.join(" ", words.subList(1, words.size()));
      case "showPprofLabels" ->
          configuration.labels =
              value.equals("-clear") ? List.of() : List.copyOf(words.subList(1, words.size()));
      case "stackTraceDepth" -> {
        try {
          configuration.stackDepth = Math.clamp(Integer.parseInt(value), 1, 1 << 20);
        } catch (NumberFormatException e) {
          throw new SessionException("stackTraceDepth takes a number, not " + value);
        }
      }
      case "substitutePath" -> {
        if (value.equals("-clear")) {
          configuration.clientToServer.clear();
        } else if (words.size() == 3) {
          configuration.clientToServer.put(value, words.get(2));
        } else if (words.size() == 2) {
          configuration.clientToServer.remove(value);
        } else {
          throw new SessionException("substitutePath takes FROM and TO");
        }
      }
      default ->
          throw new SessionException(
              "\"" + name + "\" is not a configuration parameter; config -list shows them");
    }
    return configuration.text();
  }

  private static boolean truth(String value) throws SessionException {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new SessionException("expected true or false, not \"" + value + "\"");
    };
  }
}
