// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import hearth.kit.file.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The hosts that the user knows, with their tokens, in one file of mode 0600. */
final class Contexts {
  /** A host, and the token for it. */
  record Entry(String server, String token) {}

  private final Path file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private String current = "";

  private Contexts(Path file) {
    this.file = file;
  }

  /** Reads the file; without it there are none. */
  static Contexts read(Path folder) {
    Contexts contexts = new Contexts(folder.resolve("contexts.json"));
    try {
      if (Files.exists(contexts.file)) {
        JsonObject object =
            JsonParser.parseString(Files.readString(contexts.file)).getAsJsonObject();
        contexts.current = object.get("current").getAsString();
        object
            .getAsJsonObject("contexts")
            .entrySet()
            .forEach(entry -> {
              JsonObject value = entry.getValue().getAsJsonObject();
              contexts.entries.put(
                  entry.getKey(),
                  new Entry(value.get("server").getAsString(), value.get("token").getAsString()));
            });
      }
      return contexts;
    } catch (IOException | JsonParseException | IllegalStateException | NullPointerException e) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "The file " + contexts.file + " is damaged",
          "Delete it, then: hearth context create NAME");
    }
  }

  Path file() {
    return file;
  }

  String current() {
    return current;
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  void put(String name, Entry entry) {
    entries.put(name, entry);
  }

  void remove(String name) {
    entries.remove(name);
  }

  void use(String name) {
    current = name;
  }

  void save() {
    JsonObject all = new JsonObject();
    entries.forEach((name, entry) -> {
      JsonObject value = new JsonObject();
      value.addProperty("server", entry.server());
      value.addProperty("token", entry.token());
      all.add(name, value);
    });
    JsonObject object = new JsonObject();
    object.addProperty("current", current);
    object.add("contexts", all);
    Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    try {
      PrivateFiles.write(file, (gson.toJson(object) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
