// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.json.BadFieldException;
import hearth.debug.json.Fields;
import hearth.debug.session.Words;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a client asks for when it begins a session, and may change at the console. */
final class Configuration {
  private static final int DEPTH = 50;
  private static final int STRING_LENGTH = 512;
  private static final int ARRAY_VALUES = 64;

  boolean stopOnEntry;
  int stackDepth = DEPTH;
  int stringLength = STRING_LENGTH;
  int arrayValues = ARRAY_VALUES;
  boolean globals;
  boolean registers;
  boolean hideSystemGoroutines;
  boolean rawStrings;
  boolean followExec;
  String followExecRegex = "";
  String goroutineFilters = "";
  List<String> labels = List.of();

  /** Beginnings of paths as the client has them, and as the program has them. */
  final Map<String, String> clientToServer = new LinkedHashMap<>();

  /** Takes what is given, and the rest as it is by default. */
  void read(Fields fields) {
    stopOnEntry = fields.truth("stopOnEntry");
    stackDepth = positive(fields, "stackTraceDepth", DEPTH);
    stringLength = positive(fields, "maxStringLen", STRING_LENGTH);
    arrayValues = positive(fields, "maxArrayValues", ARRAY_VALUES);
    globals = fields.truth("showGlobalVariables");
    registers = fields.truth("showRegisters");
    hideSystemGoroutines = fields.truth("hideSystemGoroutines");
    rawStrings = fields.truth("showRawStrings");
    goroutineFilters = fields.string("goroutineFilters");
    followExec = fields.truth("followExec");
    followExecRegex = fields.string("followExecRegex");
    labels = fields.strings("showPprofLabels");
    clientToServer.clear();
    for (Fields rule : fields.objects("substitutePath")) {
      if (!rule.has("from") || !rule.has("to")) {
        throw new BadFieldException("'substitutePath' requires both 'from' and 'to' entries");
      }
      clientToServer.put(rule.string("from"), rule.string("to"));
    }
  }

  private static int positive(Fields fields, String name, int otherwise) {
    int value = fields.smallNumber(name);
    return value > 0 ? value : otherwise;
  }

  LoadLimits limits() {
    return new LoadLimits(true, 1, stringLength, arrayValues, -1);
  }

  String toServer(String path) {
    return replace(path, clientToServer);
  }

  String toClient(String path) {
    Map<String, String> back = new LinkedHashMap<>();
    clientToServer.forEach((client, server) -> back.put(server, client));
    return replace(path, back);
  }

  private static String replace(String path, Map<String, String> rules) {
    for (Map.Entry<String, String> rule : rules.entrySet()) {
      String from = rule.getKey();
      boolean whole =
          path.startsWith(from)
              && (path.length() == from.length()
                  || from.isEmpty()
                  || from.endsWith("/")
                  || path.charAt(from.length()) == '/');
      if (whole) {
        return rule.getValue() + path.substring(from.length());
      }
    }
    return path;
  }

  /** Flags of the compiler: a text, or a list of words. */
  static List<String> buildFlags(Fields fields) {
    JsonElement flags = fields.json().get("buildFlags");
    if (flags == null || flags.isJsonNull()) {
      return List.of();
    }
    if (flags.isJsonPrimitive() && flags.getAsJsonPrimitive().isString()) {
      return Words.all(flags.getAsString());
    }
    if (flags.isJsonArray()) {
      return fields.strings("buildFlags");
    }
    throw new BadFieldException(
        "cannot unmarshal the value into \"buildFlags\" of type []string or string");
  }

  /** The environment that the program gets: ours with what was asked; null takes one away. */
  static Map<String, String> environment(Fields fields) {
    Map<String, String> result = new LinkedHashMap<>(System.getenv());
    JsonElement changes = fields.json().get("env");
    if (changes != null && changes.isJsonObject()) {
      JsonObject object = changes.getAsJsonObject();
      for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
        @Nullable JsonElement value = entry.getValue();
        if (value == null || value.isJsonNull()) {
          result.remove(entry.getKey());
        } else {
          result.put(entry.getKey(), value.getAsString());
        }
      }
    }
    return result;
  }

  /** The parameters and their values, as the console shows them. */
  String text() {
    List<String> lines = new ArrayList<>();
    lines.add("stopOnEntry\t" + stopOnEntry);
    lines.add("stackTraceDepth\t" + stackDepth);
    lines.add("showGlobalVariables\t" + globals);
    lines.add("showRegisters\t" + registers);
    lines.add("showRawStrings\t" + rawStrings);
    lines.add("goroutineFilters\t\"" + goroutineFilters + "\"");
    lines.add("showPprofLabels\t" + labels);
    lines.add("hideSystemGoroutines\t" + hideSystemGoroutines);
    List<String> rules = new ArrayList<>();
    clientToServer.forEach((client, server) -> rules.add("{" + client + " " + server + "}"));
    lines.add("substitutePath\t" + rules);
    lines.add("followExec\t" + followExec);
    lines.add("followExecRegex\t\"" + followExecRegex + "\"");
    return String.join("\n", lines) + "\n";
  }
}
