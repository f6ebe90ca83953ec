// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.cli.Output.Column;
import hearth.cli.Output.Kind;
import hearth.kit.configuration.Configuration;
import hearth.kit.configuration.Setting;
import java.io.Console;
import java.util.List;
import java.util.Optional;

/** Verbs that need no host: contexts and settings. */
final class LocalVerbs {
  private LocalVerbs() {}

  static List<Verb> context() {
    List<Column> columns =
        List.of(
            new Column("NAME", "name", Kind.TEXT, false),
            new Column("SERVER", "server", Kind.TEXT, false),
            new Column("CURRENT", "current", Kind.TEXT, false));
    return List.of(
        new Verb(
            "list",
            "List the hosts that you know",
            "",
            List.of("output"),
            List.of(
                "# All hosts",
                "hearth context list",
                "# Their names only",
                "hearth context list -o name"),
            invocation -> {
              JsonArray items = new JsonArray();
              Contexts contexts = invocation.contexts();
              contexts.entries().keySet().forEach(name -> items.add(describe(contexts, name)));
              invocation
                  .output()
                  .list(items, columns, "You know no hosts yet. Start one with: hearth up");
            }),
        new Verb(
            "show",
            "Show one context",
            "[NAME]",
            List.of("output"),
            List.of(
                "# The current one",
                "hearth context show",
                "# Another",
                "hearth context show club"),
            invocation -> {
              Contexts contexts = invocation.contexts();
              String name = invocation.names().isEmpty() ? contexts.current() : invocation.name();
              require(contexts, name);
              invocation.output().one(describe(contexts, name), columns);
            }),
        new Verb(
            "create",
            "Add a host and make it the current one",
            "NAME",
            List.of("server", "token-file", "dry-run"),
            List.of(
                "# A host elsewhere, token on standard input",
                "hearth context create club --server https://club.example.org --token-file -",
                "# Token in a file",
                "hearth context create club --server https://club.example.org --token-file club.token"),
            invocation -> {
              String server =
                  invocation
                      .flag("server")
                      .orElseThrow(() -> missing("server", "https://host.example.org"));
              String file =
                  invocation.flag("token-file").orElseThrow(() -> missing("token-file", "-"));
              if (!invocation.isSet("dry-run")) {
                Contexts contexts = invocation.contexts();
                contexts.put(
                    invocation.name(),
                    new Contexts.Entry(
                        server.replaceFirst("/+$", ""), invocation.read(file).strip()));
                contexts.use(invocation.name());
                contexts.save();
              }
              invocation.changed(
                  new JsonObject(),
                  columns,
                  "context/" + invocation.name() + " created",
                  "hearth host show");
            }),
        new Verb(
            "use",
            "Make a context the current one",
            "NAME",
            List.of("dry-run"),
            List.of(
                "# Speak to the club's host from now on",
                "hearth context use club",
                "# Only check the name",
                "hearth context use club --dry-run"),
            invocation -> {
              Contexts contexts = invocation.contexts();
              require(contexts, invocation.name());
              if (!invocation.isSet("dry-run")) {
                contexts.use(invocation.name());
                contexts.save();
              }
              invocation.changed(
                  new JsonObject(),
                  columns,
                  "context/" + invocation.name() + " used",
                  "hearth host show");
            }),
        new Verb(
            "delete",
            "Forget hosts and their tokens here",
            "NAME...",
            List.of("dry-run", "yes"),
            List.of(
                "# After asking",
                "hearth context delete club",
                "# Without asking",
                "hearth context delete club --yes"),
            invocation -> {
              invocation.confirm("Forgetting " + String.join(", ", invocation.names()));
              Contexts contexts = invocation.contexts();
              invocation.names().forEach(name -> require(contexts, name));
              if (!invocation.isSet("dry-run")) {
                invocation.names().forEach(contexts::remove);
                if (!contexts.entries().containsKey(contexts.current())) {
                  contexts.use(contexts.entries().keySet().stream().findFirst().orElse(""));
                }
                contexts.save();
              }
              invocation
                  .names()
                  .forEach(name ->
                      invocation.changed(
                          new JsonObject(), columns, "context/" + name + " deleted", ""));
              invocation.next("hearth context list");
            }));
  }

  private static CliFailure missing(String flag, String example) {
    return new CliFailure(
        ExitCode.USAGE, "--" + flag + " is missing", "Add for example --" + flag + " " + example);
  }

  private static void require(Contexts contexts, String name) {
    if (contexts.find(name).isEmpty()) {
      throw new CliFailure(
          ExitCode.NOT_FOUND, "There is no context '" + name + "'", "See: hearth context list");
    }
  }

  private static JsonObject describe(Contexts contexts, String name) {
    JsonObject object = new JsonObject();
    object.addProperty("name", name);
    object.addProperty("server", contexts.find(name).map(Contexts.Entry::server).orElse(""));
    object.addProperty("current", name.equals(contexts.current()));
    return object;
  }

  static List<Verb> config() {
    List<Column> columns =
        List.of(
            new Column("NAME", "name", Kind.TEXT, false),
            new Column("VALUE", "value", Kind.TEXT, false),
            new Column("ORIGIN", "origin", Kind.TEXT, false));
    return List.of(
        new Verb(
            "list",
            "List the settings in force",
            "",
            List.of("output", "show-origin"),
            List.of(
                "# What is set",
                "hearth config list",
                "# And where",
                "hearth config list --show-origin"),
            invocation -> {
              JsonArray items = new JsonArray();
              Configuration configuration = Settings.read(invocation.context());
              for (Setting setting : Settings.known()) {
                Optional<Configuration.Value> value = configuration.valueOf(setting);
                if (value.isPresent()) {
                  JsonObject item = new JsonObject();
                  item.addProperty("name", setting.name());
                  item.addProperty("value", value.get().text());
                  if (invocation.isSet("show-origin")) {
                    item.addProperty("origin", value.get().origin());
                  }
                  items.add(item);
                }
              }
              invocation
                  .output()
                  .list(
                      items,
                      columns.subList(0, invocation.isSet("show-origin") ? 3 : 2),
                      "Nothing is set.");
            }));
  }

  /** A password from a file, from standard input, or asked for without showing it. */
  static String password(Invocation invocation) {
    Optional<String> file = invocation.flag("password-file");
    if (file.isPresent()) {
      return invocation.read(file.get()).replaceFirst("\\R\\z", "");
    }
    Console console =
        invocation.context().inTerminal() && !invocation.isSet("no-input")
            ? System.console()
            : null;
    if (console == null) {
      throw new CliFailure(
          ExitCode.USAGE,
          "Nobody can be asked for the password here",
          "Add --password-file FILE, or - for standard input");
    }
    char[] first = console.readPassword("New password (12 characters or more): ");
    char[] second = console.readPassword("The same again: ");
    if (first == null || !java.util.Arrays.equals(first, second)) {
      throw new CliFailure(ExitCode.CANCELLED, "The two were not the same", "Try again");
    }
    return new String(first);
  }
}
