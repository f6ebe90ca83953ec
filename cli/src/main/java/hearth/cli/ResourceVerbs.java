// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import hearth.cli.Output.Column;
import hearth.kit.unit.ByteSize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The verbs that every resource of the contract has, by one table: list=List, show=Get,
 * create=Create, update=Update with the flags given as the mask, delete=Delete.
 */
final class ResourceVerbs {
  private final String noun;
  private final String collection;
  private final List<Column> columns;
  private final Function<Invocation, String> parent;

  /**
   * Describes a resource.
   *
   * @param collection last part of the list's address, which is also the field of its answer
   * @param parent address of what the list is of, with a slash behind it, or nothing
   */
  ResourceVerbs(
      String noun, String collection, List<Column> columns, Function<Invocation, String> parent) {
    this.noun = noun;
    this.collection = collection;
    this.columns = columns;
    this.parent = parent;
  }

  static List<String> flags(List<String> own, List<String> more) {
    return Stream.concat(own.stream(), more.stream()).toList();
  }

  List<Column> columns() {
    return columns;
  }

  Verb list(List<String> flags, List<String> examples) {
    List<String> own =
        flags(flags, List.of("output", "filter", "sort", "limit", "page-token", "all"));
    return new Verb(
        "list", "List " + collectionWords(), "", flags(own, Flag.NETWORK), examples, this::list);
  }

  /** A list whose method knows no order, as that of google.longrunning. */
  Verb unsortedList(List<String> examples) {
    Verb list = list(List.of(), examples);
    return new Verb(
        list.name(),
        list.summary(),
        list.argument(),
        list.flags().stream().filter(flag -> !flag.equals("sort")).toList(),
        examples,
        list.action());
  }

  private String collectionWords() {
    return collection.replaceAll("([A-Z])", " $1").toLowerCase(java.util.Locale.ROOT);
  }

  private void list(Invocation invocation) {
    ApiClient api = invocation.api();
    JsonArray items = new JsonArray();
    Optional<String> token = invocation.flag("page-token");
    do {
      Map<String, String> parameters = new LinkedHashMap<>();
      invocation.flag("filter").ifPresent(text -> parameters.put("filter", text));
      invocation.flag("sort").ifPresent(text -> parameters.put("orderBy", text));
      invocation.flag("limit").ifPresent(text -> parameters.put("pageSize", count(text)));
      token.ifPresent(text -> parameters.put("pageToken", text));
      JsonObject page =
          api.call("GET", parent.apply(invocation) + collection, parameters, JsonNull.INSTANCE);
      if (page.has(collection)) {
        items.addAll(page.getAsJsonArray(collection));
      }
      token = Optional.of(Output.text(page, "nextPageToken")).filter(text -> !text.isEmpty());
    } while (invocation.isSet("all") && token.isPresent());
    invocation.output().list(items, columns, "There are no " + collectionWords() + " yet.");
    token.ifPresent(text ->
        invocation.context().err().println("There are more: add --all, or --page-token " + text));
  }

  Verb show(
      String argument,
      List<String> flags,
      List<String> examples,
      Function<Invocation, String> address) {
    return new Verb(
        "show",
        "Show one " + noun,
        argument,
        flags(flags(flags, List.of("output")), Flag.NETWORK),
        examples,
        invocation -> invocation.output().one(invocation.get(address.apply(invocation)), columns));
  }

  Verb create(
      List<String> flags,
      List<String> examples,
      String idParameter,
      Function<Invocation, JsonObject> body,
      Function<Invocation, String> next) {
    List<String> own = flags(flags, List.of("output", "dry-run", "request-id"));
    return new Verb(
        "create",
        "Create a " + noun,
        "NAME",
        flags(own, Flag.NETWORK),
        examples,
        invocation -> {
          Map<String, String> parameters = mutation(invocation);
          parameters.put(idParameter, lastPart(invocation.name()));
          invocation
              .flag("from-snapshot")
              .ifPresent(name ->
                  parameters.put(
                      "sourceSnapshot",
                      VolumeVerbs.nested(invocation, "snapshot", "snapshots", name)));
          JsonObject made =
              invocation.post(
                  parent.apply(invocation) + collection, parameters, body.apply(invocation));
          invocation.changed(
              made,
              columns,
              noun + "/" + lastPart(invocation.name()) + " created",
              next.apply(invocation));
        });
  }

  /** The own part of a name; two dots and the like are no names. */
  static String lastPart(String name) {
    Invocation.encode(name);
    return name.substring(name.lastIndexOf('/') + 1);
  }

  static Map<String, String> mutation(Invocation invocation) {
    Map<String, String> parameters = new LinkedHashMap<>();
    if (invocation.isSet("dry-run")) {
      parameters.put("validateOnly", "true");
    }
    invocation.flag("request-id").ifPresent(id -> parameters.put("requestId", id));
    return parameters;
  }

  Verb update(
      List<String> flags,
      List<String> examples,
      Function<Invocation, String> address,
      Function<Invocation, JsonObject> body) {
    List<String> own = flags(flags, List.of("output", "dry-run", "if-match", "request-id"));
    return new Verb(
        "update",
        "Change a " + noun,
        "NAME",
        flags(own, Flag.NETWORK),
        examples,
        invocation -> {
          JsonObject fields = body.apply(invocation);
          Set<String> mask = new TreeSet<>(fields.keySet());
          if (mask.isEmpty()) {
            throw new CliFailure(
                ExitCode.USAGE,
                "Nothing to change",
                "See what can be changed: hearth help " + noun + " update");
          }
          if (mask.remove("limits")) {
            // Only the limits that were given change.
            fields.getAsJsonObject("limits").keySet().forEach(limit -> mask.add("limits." + limit));
          }
          if (mask.remove("quotaUnlimited")) {
            mask.add("quotaBytes");
            fields.remove("quotaUnlimited");
          }
          invocation.flag("if-match").ifPresent(etag -> fields.addProperty("etag", etag));
          Map<String, String> parameters = mutation(invocation);
          parameters.put("updateMask", String.join(",", mask));
          JsonObject changed =
              invocation.post(address.apply(invocation) + ":update", parameters, fields);
          invocation.changed(
              changed,
              columns,
              noun + "/" + lastPart(invocation.name()) + " updated",
              "hearth " + noun + " show " + invocation.name());
        });
  }

  Verb delete(
      String summary,
      List<String> flags,
      List<String> examples,
      Function<String, Function<Invocation, String>> address) {
    List<String> own = flags(flags, List.of("dry-run", "yes", "request-id"));
    return new Verb(
        "delete",
        summary,
        "NAME...",
        flags(own, Flag.NETWORK),
        examples,
        invocation -> {
          invocation.confirm("Deleting " + noun + " " + String.join(", ", invocation.names()));
          ApiClient api = invocation.api();
          for (String name : invocation.names()) {
            Map<String, String> parameters = mutation(invocation);
            if (invocation.isSet("force")) {
              parameters.put("force", "true");
            }
            invocation.flag("if-match").ifPresent(etag -> parameters.put("etag", etag));
            invocation
                .flag("retry-delay")
                .ifPresent(text ->
                    parameters.put(
                        "retryDelaySeconds",
                        String.valueOf(Invocation.time("retry-delay", text).toSeconds())));
            api.call(
                "DELETE", address.apply(name).apply(invocation), parameters, JsonNull.INSTANCE);
            invocation.changed(
                new JsonObject(), columns, noun + "/" + lastPart(name) + " deleted", "");
          }
          invocation.next("hearth " + noun + " list");
        });
  }

  // Values of flags

  private static String count(String text) {
    if (!text.matches("[1-9]\\d{0,3}")) {
      throw new CliFailure(
          ExitCode.USAGE,
          "--limit: '" + text + "' is not a number from 1 to 9999",
          "Write --limit 20");
    }
    return text;
  }

  static long size(String flag, String text) {
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CliFailure(
          ExitCode.USAGE, "--" + flag + ": " + e.getMessage(), "Write it as --" + flag + " 10GiB");
    }
  }

  static boolean yesOrNo(String flag, String text) {
    return switch (text) {
      case "yes", "true" -> true;
      case "no", "false" -> false;
      default ->
          throw new CliFailure(
              ExitCode.USAGE,
              "--" + flag + ": '" + text + "' is neither yes nor no",
              "Write --" + flag + " yes");
    };
  }

  static JsonElement labels(List<String> pairs) {
    JsonObject labels = new JsonObject();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new CliFailure(
            ExitCode.USAGE,
            "--label: '" + pair + "' is not KEY=VALUE",
            "Write it as --label purpose=backup");
      }
      labels.addProperty(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return labels;
  }
}
