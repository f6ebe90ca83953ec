// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.configuration;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.text.Suggestions;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Values and where each came from. Files hold lines {@code name = value}; a hash sign begins a
 * comment. Names that no setting has are errors, and all errors of all files are told together.
 */
public final class Configuration {
  private static final int LARGEST_FILE = 1 << 20;

  private final Map<String, String> environment;
  private final List<SourceFile> files;

  private Configuration(Map<String, String> environment, List<SourceFile> files) {
    this.environment = environment;
    this.files = files;
  }

  /** A value and its origin, such as {@code environment HEARTH_SERVER} or a file and line. */
  public record Value(String text, String origin) {}

  private record SourceFile(Path path, Map<String, Value> values) {}

  /**
   * Reads the files that exist, in order of precedence.
   *
   * @throws Problem INVALID_ARGUMENT listing every mistake
   */
  public static Configuration read(
      Map<String, String> environment, List<Path> paths, Collection<String> known) {
    List<SourceFile> files = new ArrayList<>();
    List<String> mistakes = new ArrayList<>();
    for (Path path : paths) {
      try {
        if (Files.exists(path) && Files.size(path) > LARGEST_FILE) {
          mistakes.add(path + ": is larger than 1 MiB");
          continue;
        }
        files.add(new SourceFile(path, parse(path, Files.readString(path), known, mistakes)));
      } catch (NoSuchFileException e) {
        // Absent files are the rule.
      } catch (MalformedInputException e) {
        mistakes.add(path + ": is not UTF-8 text");
      } catch (IOException e) {
        mistakes.add(path + ": cannot be read (" + e.getMessage() + ")");
      }
    }
    if (!mistakes.isEmpty()) {
      throw new Problem(
          Code.INVALID_ARGUMENT,
          "BAD_CONFIGURATION",
          String.join("\n", mistakes),
          "Correct the file, or see: hearth help environment");
    }
    return new Configuration(environment, files);
  }

  private static Map<String, Value> parse(
      Path path, String text, Collection<String> known, List<String> mistakes) {
    Map<String, Value> values = new LinkedHashMap<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String bare = line.strip();
      if (bare.isEmpty() || bare.startsWith("#")) {
        continue;
      }
      String where = path + ":" + number;
      int equals = bare.indexOf('=');
      if (equals < 1) {
        mistakes.add(where + ": is not of the form name = value");
        continue;
      }
      String name = bare.substring(0, equals).strip();
      String value = bare.substring(equals + 1).strip();
      if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
        value = value.substring(1, value.length() - 1);
      }
      if (!known.contains(name)) {
        List<String> near = Suggestions.closest(name, known);
        mistakes.add(
            where
                + ": there is no setting '"
                + name
                + "'"
                + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?"));
      } else if (values.containsKey(name)) {
        mistakes.add(where + ": '" + name + "' is set twice");
      } else {
        values.put(name, new Value(value, where));
      }
    }
    return values;
  }

  /** The value of a setting from environment or files, if any of them has it. */
  public Optional<Value> find(Setting setting) {
    String value = environment.get(setting.variable());
    if (value != null) {
      return Optional.of(new Value(value, "environment " + setting.variable()));
    }
    for (SourceFile file : files) {
      Value found = file.values().get(setting.name());
      if (found != null) {
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  /** The value of a setting, its default included. */
  public Optional<Value> valueOf(Setting setting) {
    return find(setting)
        .or(() -> Optional.ofNullable(setting.fallback()).map(text -> new Value(text, "default")));
  }
}
