// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.disassembly.Syntax;
import hearth.debug.eval.Text;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * What people set for themselves, by {@code config} or in a file that Delve reads too: {@code
 * dlv/config.yml} in the folder of the user's settings. For the thread that reads commands.
 */
public final class Settings {
  private static final int NAME_WIDTH = 26;
  private static final String TRUE = "true";

  /** What a setting holds. */
  private enum Kind {
    ALIASES,
    RULES,
    NUMBER,
    WORD,
    TRUTH,
    TEXT,
    FOLDERS
  }

  private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put("aliases", Kind.ALIASES);
    KINDS.put("substitute-path", Kind.RULES);
    KINDS.put("max-string-len", Kind.NUMBER);
    KINDS.put("max-array-values", Kind.NUMBER);
    KINDS.put("max-variable-recurse", Kind.NUMBER);
    KINDS.put("disassemble-flavor", Kind.WORD);
    KINDS.put("show-location-expr", Kind.TRUTH);
    for (String color : List.of("line", "arrow", "keyword", "string", "number", "comment")) {
      KINDS.put("source-list-" + color + "-color", Kind.TEXT);
    }
    KINDS.put("prompt-color", Kind.TEXT);
    KINDS.put("source-list-tab-color", Kind.TEXT);
    KINDS.put("stacktrace-function-color", Kind.TEXT);
    KINDS.put("stacktrace-basename-color", Kind.TEXT);
    KINDS.put("source-list-line-count", Kind.NUMBER);
    KINDS.put("debug-info-directories", Kind.FOLDERS);
    KINDS.put("position", Kind.TEXT);
    KINDS.put("tab", Kind.TEXT);
    KINDS.put("trace-show-timestamp", Kind.TRUTH);
    KINDS.put("show-raw-strings", Kind.TRUTH);
    KINDS.put("prompt", Kind.TEXT);
  }

  private final Map<String, String> values = new TreeMap<>();
  private final Map<String, List<String>> aliases = new TreeMap<>();
  private final Map<String, String> paths = new LinkedHashMap<>();
  private final List<String> folders = new ArrayList<>(List.of("/usr/lib/debug/.build-id"));
  private Map<String, Object> unknown = new LinkedHashMap<>();
  private @Nullable String wrong;

  /** Those of a user without a file. */
  Settings() {}

  /** Folder of the user's settings of the debugger. */
  static Path folder() {
    String configured = System.getenv("XDG_CONFIG_HOME");
    Path folder =
        configured == null || configured.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".config")
            : Path.of(configured);
    return folder.resolve("dlv");
  }

  private static Path file() {
    return folder().resolve("config.yml");
  }

  /** Those of the user's file, if there is one. */
  public static Settings read() {
    Settings settings = new Settings();
    settings.wrong = settings.load();
    return settings;
  }

  /** What is wrong with the file that they were read from, or null. */
  @Nullable String wrong() {
    return wrong;
  }

  private @Nullable String load() {
    Path file = file();
    if (!Files.exists(file)) {
      return null;
    }
    try {
      Object read =
          new Load(LoadSettings.builder().setLabel(file.toString()).build())
              .loadFromString(withoutComments(Files.readString(file)));
      if (read instanceof Map<?, ?> map) {
        map.forEach((key, value) -> take(String.valueOf(key), value));
      } else if (read != null) {
        return "cannot use " + file + ": it is no list of settings; \"config -save\" writes one";
      }
      return null;
    } catch (IOException | YamlEngineException e) {
      return "cannot use " + file + ": " + String.valueOf(e.getMessage()).strip();
    }
  }

  /**
   * The text with empty lines for comments, of which the file that Delve leaves in every home
   * consists: the parser looks at each letter several times. Where a comment could be text, within
   * quotes or a block, all stays.
   */
  private static String withoutComments(String text) {
    List<String> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      boolean comment = line.stripLeading().startsWith("#");
      boolean mayHoldText =
          line.indexOf('"') >= 0
              || line.indexOf('\'') >= 0
              || line.indexOf('|') >= 0
              || line.indexOf('>') >= 0;
      if (!comment && mayHoldText) {
        return text;
      }
      lines.add(comment ? "" : line);
    }
    return String.join("\n", lines);
  }

  private void take(String key, @Nullable Object value) {
    Kind kind = KINDS.get(key);
    if (kind == null) {
      unknown.put(key, value);
      return;
    }
    switch (kind) {
      case ALIASES -> {
        if (value instanceof Map<?, ?> map) {
          map.forEach((k, v) -> aliases.put(String.valueOf(k), texts(v)));
        }
      }
      case RULES -> {
        if (value instanceof Collection<?> list) {
          for (Object rule : list) {
            if (rule instanceof Map<?, ?> map && map.containsKey("from")) {
              paths.put(text(map.get("from")), text(map.get("to")));
            }
          }
        }
      }
      case FOLDERS -> {
        folders.clear();
        folders.addAll(texts(value));
      }
      default -> {
        if (value != null) {
          values.put(key, String.valueOf(value));
        }
      }
    }
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }

  private static List<String> texts(@Nullable Object value) {
    List<String> result = new ArrayList<>();
    if (value instanceof Collection<?> list) {
      list.forEach(v -> result.add(text(v)));
    }
    return result;
  }

  /** Writes the file; settings that are not known here stay in it. */
  void save() throws SessionException {
    Map<String, Object> all = new LinkedHashMap<>();
    KINDS.forEach((key, kind) -> {
      switch (kind) {
        case ALIASES -> all.put(key, aliases);
        case RULES -> {
          List<Map<String, String>> rules = new ArrayList<>();
          paths.forEach((from, to) -> rules.add(Map.of("from", from, "to", to)));
          all.put(key, rules);
        }
        case FOLDERS -> all.put(key, folders);
        case NUMBER -> {
          if (values.containsKey(key)) {
            all.put(key, Integer.valueOf(get(key)));
          }
        }
        case WORD -> {
          if (values.containsKey(key)) {
            all.put(key, get(key));
          }
        }
        case TRUTH -> all.put(key, isSet(key));
        case TEXT -> all.put(key, get(key));
      }
    });
    all.putAll(unknown);
    DumpSettings settings = DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).build();
    Path file = file();
    try {
      Files.createDirectories(folder());
      Path fresh = Files.createTempFile(folder(), "config", ".yml");
      Files.writeString(fresh, new Dump(settings).dumpToString(all));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new SessionException("cannot write " + file + ": " + e.getMessage());
    }
  }

  private String get(String key) {
    return values.getOrDefault(key, "");
  }

  private boolean isSet(String key) {
    return get(key).equals(TRUE);
  }

  /** All settings, one on a line. */
  String list() {
    StringBuilder text = new StringBuilder();
    KINDS.forEach((key, kind) -> {
      text.append(key).append(" ".repeat(NAME_WIDTH - key.length())).append(shown(key, kind));
      text.append('\n');
    });
    return text.toString();
  }

  private String shown(String key, Kind kind) {
    return switch (kind) {
      case ALIASES ->
          aliases.entrySet().stream()
              .map(e -> e.getKey() + ":[" + String.join(" ", e.getValue()) + "]")
              .collect(Collectors.joining(" ", "map[", "]"));
      case RULES ->
          paths.entrySet().stream()
              .map(e -> "{" + e.getKey() + " " + e.getValue() + "}")
              .collect(Collectors.joining(" ", "[", "]"));
      case FOLDERS -> "[" + String.join(" ", folders) + "]";
      case NUMBER -> values.getOrDefault(key, "<not defined>");
      case WORD -> values.containsKey(key) ? Text.quote(get(key)) : "<not defined>";
      case TRUTH -> String.valueOf(isSet(key));
      case TEXT ->
          key.equals("source-list-line-color") && !values.containsKey(key)
              ? "<nil>"
              : Text.quote(get(key));
    };
  }

  /**
   * Sets one.
   *
   * @return what is to be shown, or empty
   */
  String set(String arguments) throws SessionException {
    String[] parts = Words.split(arguments);
    String key = parts[0];
    String rest = parts[1];
    if (key.equals("alias")) {
      setAlias(Words.all(rest));
      return "";
    }
    Kind kind = KINDS.get(key);
    if (kind == null) {
      throw new SessionException(Text.quote(key) + " is not a configuration parameter");
    }
    switch (kind) {
      case RULES -> {
        return setPaths(Words.all(rest));
      }
      case FOLDERS -> setFolders(rest);
      case ALIASES ->
          throw new SessionException("unsupported type for configuration key \"aliases\"");
      case NUMBER -> {
        if (!rest.matches("\\d{1,9}")) {
          throw new SessionException("argument to " + Text.quote(key) + " must be a number");
        }
        values.put(key, rest);
      }
      case TRUTH -> {
        if (!rest.equals(TRUE) && !rest.equals("false")) {
          throw new SessionException("argument to " + Text.quote(key) + " must be true or false");
        }
        values.put(key, rest);
      }
      case WORD, TEXT -> {
        List<String> words = rest.startsWith("\"") ? Words.all(rest) : List.of(rest);
        String word = words.isEmpty() ? "" : words.getFirst();
        check(key, word);
        values.put(key, word);
      }
    }
    return "";
  }

  private static void check(String key, String word) throws SessionException {
    List<String> allowed =
        switch (key) {
          case "disassemble-flavor" -> List.of("intel", "go");
          case "position" -> List.of("", "default", "source", "disassembly");
          default -> List.of(word);
        };
    if (!allowed.contains(word)) {
      throw new SessionException(
          key + " can be " + String.join(", ", allowed) + "; not " + Text.quote(word));
    }
  }

  private void setAlias(List<String> words) throws SessionException {
    switch (words.size()) {
      case 1 -> aliases.values().forEach(list -> list.remove(words.getFirst()));
      case 2 -> aliases.computeIfAbsent(words.get(0), k -> new ArrayList<>()).add(words.get(1));
      default -> throw new SessionException("wrong number of arguments to \"config alias\"");
    }
  }

  private String setPaths(List<String> words) throws SessionException {
    switch (words.size()) {
      case 0 -> {
        int width = paths.keySet().stream().mapToInt(k -> Text.quote(k).length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        paths.forEach((from, to) -> {
          String quoted = Text.quote(from);
          text.append(quoted).append(" ".repeat(width - quoted.length() + 1));
          text.append("→ ").append(Text.quote(to)).append('\n');
        });
        return text.toString();
      }
      case 1 -> {
        if (words.getFirst().equals("-clear")) {
          paths.clear();
        } else if (paths.remove(words.getFirst()) == null) {
          throw new SessionException("could not find rule for " + Text.quote(words.getFirst()));
        }
      }
      case 2 -> paths.put(words.get(0), words.get(1));
      default -> throw new SessionException("too many arguments to \"config substitute-path\"");
    }
    return "";
  }

  private void setFolders(String rest) throws SessionException {
    String[] parts = Words.split(rest);
    switch (parts[0]) {
      case "-clear" -> folders.clear();
      case "-add" -> folders.add(parts[1]);
      case "-rm" -> folders.remove(parts[1]);
      default -> throw new SessionException("wrong argument to \"config debug-info-directories\"");
    }
  }

  /** Replaces all rules for paths. */
  void setPaths(Map<String, String> rules) {
    paths.clear();
    paths.putAll(rules);
  }

  /** Beginnings of paths that the program has, and what they are here. */
  Map<String, String> paths() {
    return paths;
  }

  /** A path of the program as it is here. */
  String local(String path) {
    for (Map.Entry<String, String> rule : paths.entrySet()) {
      String from = rule.getKey();
      boolean below =
          path.startsWith(from)
              && (from.isEmpty()
                  || from.endsWith("/")
                  || path.length() == from.length()
                  || path.charAt(from.length()) == '/');
      if (below && (!from.isEmpty() || !path.startsWith("/"))) {
        String rest = path.substring(from.length());
        String to = rule.getValue();
        return from.isEmpty() && !to.endsWith("/") ? to + "/" + rest : to + rest;
      }
    }
    return path;
  }

  /** The command that people gave another name, or null. */
  @Nullable String aliased(String name) {
    for (Map.Entry<String, List<String>> entry : aliases.entrySet()) {
      if (entry.getValue().contains(name)) {
        return entry.getKey();
      }
    }
    return null;
  }

  /** Other names that people gave a command. */
  List<String> aliases(String command) {
    return aliases.getOrDefault(command, List.of());
  }

  /** How much of values is shown. */
  LoadLimits limits() {
    LoadLimits usual = LoadLimits.TERMINAL;
    return new LoadLimits(
        true,
        number("max-variable-recurse", usual.recursion()),
        number("max-string-len", usual.stringLength()),
        number("max-array-values", usual.arrayValues()),
        -1);
  }

  private int number(String key, int usual) {
    try {
      return values.containsKey(key) ? Integer.parseInt(get(key)) : usual;
    } catch (NumberFormatException e) {
      return usual; // from a file: what is no number there is not heeded
    }
  }

  /** Lines of source above and below where the program is. */
  int listedLines() {
    return number("source-list-line-count", 5);
  }

  /** How machine code is written. */
  Syntax syntax() {
    return get("disassemble-flavor").equals("go") ? Syntax.GO : Syntax.INTEL;
  }

  /** Whether source is shown after a step by an instruction, or machine code after all others. */
  boolean showsCode(boolean afterInstruction) {
    return switch (get("position")) {
      case "source" -> false;
      case "disassembly" -> true;
      default -> afterInstruction;
    };
  }

  /** What stands for a tab in source that is shown. */
  String tab() {
    return get("tab").isEmpty() ? "\t" : get("tab");
  }

  /** A color as an escape sequence, the usual one where none is set. */
  String color(String what, String usual) {
    String set = get(what + "-color");
    return set.isEmpty() ? usual : set.matches("\\d+") ? "\u001b[" + set + "m" : set;
  }

  /** Whether traces tell the time. */
  boolean tracesTime() {
    return isSet("trace-show-timestamp");
  }

  /** Whether strings are shown as they are, without quotes. */
  boolean rawStrings() {
    return isSet("show-raw-strings");
  }

  /** Whether {@code whatis} tells where a variable is kept. */
  boolean showsLocations() {
    return isSet("show-location-expr");
  }

  /** What stands before each command. */
  String prompt() {
    return get("prompt").isEmpty() ? "(dlv) " : get("prompt");
  }
}
