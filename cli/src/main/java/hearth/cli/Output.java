// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.kit.unit.ByteSize;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** Prints resources in the format that {@code -o} asks for. */
final class Output {
  static final String FORMATS = "table, wide, json, yaml, name, jsonpath=PATH, template=TEXT";
  private static final Pattern STEP =
      Pattern.compile("\\.?([A-Za-z_][A-Za-z0-9_-]*)|\\[(\\d+|\\*)]");
  private static final Pattern PLACE = Pattern.compile("\\{([^{}]+)}");

  /** How a column shows its value. */
  enum Kind {
    TEXT,
    STATE,
    LAST_PART,
    SHORT_NAME,
    BYTES,
    COUNT,
    QUOTA,
    TIME
  }

  /** A column of a table: its heading, and where in the resource its value is. */
  record Column(String heading, String path, Kind kind, boolean wideOnly) {}

  private final CliContext context;
  private final String format;
  private final Ink ink;

  Output(CliContext context, String format, Ink ink) {
    this.context = context;
    this.ink = ink;
    this.format = format;
    if (!List.of("table", "wide", "json", "yaml", "name").contains(format)
        && !format.startsWith("jsonpath=")
        && !format.startsWith("template=")) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + format + "' is not an output format (expected: " + FORMATS + ")",
          "Use for example -o json");
    }
  }

  /** Prints a list; {@code none} is told on standard error when it is empty. */
  void list(JsonArray items, List<Column> columns, String none) {
    if (format.equals("json") || format.equals("yaml") || format.startsWith("jsonpath=")) {
      structured(items);
      return;
    }
    if (format.equals("name") || format.startsWith("template=")) {
      items.forEach(item -> one(item.getAsJsonObject(), columns));
      return;
    }
    if (items.isEmpty()) {
      context.err().println(none);
      return;
    }
    List<Column> shown =
        columns.stream().filter(column -> !column.wideOnly() || format.equals("wide")).toList();
    List<List<Cell>> rows = new ArrayList<>();
    rows.add(
        shown.stream()
            .map(column -> new Cell(column.heading(), ink.strong(column.heading())))
            .toList());
    items.forEach(item -> rows.add(shown.stream().map(column -> painted(item, column)).toList()));
    print(rows);
  }

  /** A cell of a table: its text, and the same with colours. */
  private record Cell(String text, String painted) {}

  private Cell painted(JsonElement item, Column column) {
    String text = cell(item, column);
    return new Cell(text, column.kind() == Kind.STATE ? state(text) : text);
  }

  private String state(String text) {
    return switch (text) {
      case "READY", "DONE" -> ink.good(text);
      case "FAILED" -> ink.bad(text);
      default -> ink.warning(text);
    };
  }

  private void print(List<List<Cell>> rows) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<Cell> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).text().length());
      }
    }
    for (List<Cell> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i).painted());
        if (i < widths.length - 1) {
          line.repeat(' ', widths[i] - row.get(i).text().length() + 2);
        }
      }
      context.out().println(line.toString().stripTrailing());
    }
  }

  /** Prints one resource: as a table, a line for each field. */
  void one(JsonObject item, List<Column> columns) {
    if (format.equals("name")) {
      context.out().println(text(item, "name"));
    } else if (format.startsWith("template=")) {
      Matcher matcher =
          PLACE.matcher(
              format.substring("template=".length()).replace("\\n", "\n").replace("\\t", "\t"));
      context
          .out()
          .println(
              matcher.replaceAll(found -> Matcher.quoteReplacement(text(item, found.group(1)))));
    } else if (format.equals("table") || format.equals("wide")) {
      List<List<Cell>> rows = new ArrayList<>();
      for (Column column : columns) {
        Cell value = painted(item, column);
        if (!value.text().equals("-")) {
          String heading =
              column.heading().charAt(0)
                  + column.heading().substring(1).toLowerCase(java.util.Locale.ROOT)
                  + ":";
          rows.add(List.of(new Cell(heading, ink.strong(heading)), value));
        }
      }
      print(rows);
    } else {
      structured(item);
    }
  }

  private void structured(JsonElement value) {
    if (format.equals("json")) {
      Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
      context.out().println(gson.toJson(value));
    } else if (format.equals("yaml")) {
      DumpSettings settings = DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).build();
      context.out().print(new Dump(settings).dumpToString(plain(value)));
    } else {
      List<JsonElement> found = find(value, format.substring("jsonpath=".length()));
      found.forEach(element -> context.out().println(show(element)));
    }
  }

  private static Object plain(JsonElement value) {
    if (value instanceof JsonObject object) {
      Map<String, Object> map = new LinkedHashMap<>();
      object.entrySet().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
      return map;
    }
    if (value instanceof JsonArray array) {
      return array.asList().stream().map(Output::plain).toList();
    }
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isBoolean()
        ? (Object) value.getAsBoolean()
        : value.getAsJsonPrimitive().isNumber()
            ? (Object) value.getAsNumber()
            : value.getAsString();
  }

  /**
   * The elements at a path such as {@code .iscsi.url}, <code>{.name}</code> or {@code [*].name}.
   */
  static List<JsonElement> find(JsonElement root, String path) {
    String bare =
        path.startsWith("{") && path.endsWith("}") ? path.substring(1, path.length() - 1) : path;
    List<JsonElement> found = List.of(root);
    Matcher matcher = STEP.matcher(bare);
    int end = 0;
    while (end < bare.length() && matcher.find(end) && matcher.start() == end) {
      end = matcher.end();
      String field = matcher.group(1);
      String index = matcher.group(2);
      List<JsonElement> next = new ArrayList<>();
      for (JsonElement element : found) {
        if (field != null && element instanceof JsonObject object && object.has(field)) {
          next.add(object.get(field));
        } else if (index != null && element instanceof JsonArray array) {
          if (index.equals("*")) {
            array.forEach(next::add);
          } else if (index.length() < 9 && Integer.parseInt(index) < array.size()) {
            next.add(array.get(Integer.parseInt(index)));
          }
        }
      }
      found = next;
    }
    if (end < bare.length()) {
      throw new CliFailure(
          ExitCode.USAGE, "'" + path + "' is not a path", "Write it as {.iscsi.url} or {[*].name}");
    }
    return found;
  }

  private static String show(JsonElement element) {
    return element.isJsonPrimitive() ? element.getAsString() : element.toString();
  }

  static String text(JsonObject item, String path) {
    List<JsonElement> found = find(item, path);
    return found.isEmpty() ? "" : show(found.getFirst());
  }

  private String cell(JsonElement item, Column column) {
    String value = text(item.getAsJsonObject(), column.path());
    if (value.isEmpty()) {
      // The contract's JSON leaves zeros out.
      return switch (column.kind()) {
        case BYTES -> "0B";
        case COUNT -> "0";
        case QUOTA -> "unlimited";
        case TEXT, STATE, LAST_PART, SHORT_NAME, TIME -> "-";
      };
    }
    return switch (column.kind()) {
      case TEXT, STATE, COUNT -> printable(value);
      case SHORT_NAME ->
          printable(
              value.replaceFirst(
                  "^accounts/([^/]+)/volumes/([^/]+)/(sessions|snapshots)/", "$1/$2/"));
      case LAST_PART -> printable(value.substring(value.lastIndexOf('/') + 1));
      case BYTES, QUOTA -> ByteSize.format(Long.parseLong(value)).replace(" ", "");
      case TIME -> context.outTerminal() ? ago(Instant.parse(value)) : value;
    };
  }

  private static String printable(String value) {
    return hearth.kit.id.Identifiers.printable(value);
  }

  private String ago(Instant time) {
    Duration age = Duration.between(time, context.clock().instant());
    String future = age.isNegative() ? "in " : "";
    long seconds = Math.abs(age.toSeconds());
    String amount =
        seconds < 60
            ? seconds + "s"
            : seconds < 3600
                ? seconds / 60 + "m"
                : seconds < 86_400 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
    return future + amount + (future.isEmpty() ? " ago" : "");
  }
}
