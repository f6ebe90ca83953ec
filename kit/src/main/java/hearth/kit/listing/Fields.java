// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.listing;

import hearth.kit.problem.Problem;
import hearth.kit.text.Suggestions;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * The fields of a resource that lists can be filtered and ordered by. Values are {@code Long},
 * {@code String}, {@code Boolean}, {@code java.time.Instant} or {@code Map<String, String>}.
 */
public final class Fields<T> {
  private final Map<String, Function<T, Object>> getters = new LinkedHashMap<>();

  /** Adds a field under its name in the contract (snake case). */
  public Fields<T> with(String name, Function<T, Object> getter) {
    getters.put(name, getter);
    return this;
  }

  /**
   * Finds a field by its name in the contract or in JSON (camel case); {@code labels.key} reaches
   * into a map.
   */
  Function<T, Object> find(String parameter, String name) {
    String snake = name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    Function<T, Object> getter = getters.get(snake);
    if (getter != null) {
      return getter;
    }
    int dot = name.indexOf('.');
    if (dot > 0 && getters.containsKey(name.substring(0, dot))) {
      Function<T, Object> map = find(parameter, name.substring(0, dot));
      String key = name.substring(dot + 1);
      return item ->
          map.apply(item) instanceof Map<?, ?> entries && entries.get(key) instanceof String value
              ? value
              : "";
    }
    var near = Suggestions.closest(snake, getters.keySet());
    throw Problem.invalid(
        parameter,
        "'" + name + "' is not a field that lists know",
        near.isEmpty()
            ? "Use one of " + String.join(", ", getters.keySet())
            : "Did you mean " + String.join(" or ", near) + "?");
  }
}
