// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.debug.goruntime.LoadLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of a request. What is missing or null has the zero value of its type, and names of
 * fields are the same in capitals, as Go's package {@code encoding/json} has it.
 */
public final class Fields {
  private final JsonObject object;

  /** Of an object. */
  public Fields(JsonObject object) {
    this.object = object;
  }

  private @Nullable JsonElement get(String name) {
    JsonElement found = object.get(name);
    if (found == null) {
      for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
        if (entry.getKey().equalsIgnoreCase(name)) {
          found = entry.getValue();
        }
      }
    }
    return found == null || found.isJsonNull() ? null : found;
  }

  /** The object itself. */
  public JsonObject json() {
    return object;
  }

  private static BadFieldException wrong(String name, String expected) {
    return new BadFieldException("field " + name + " (expected: " + expected + ")");
  }

  /** Whether a field is there and not null. */
  public boolean has(String name) {
    return get(name) != null;
  }

  /** A string. */
  public String string(String name) {
    JsonElement found = get(name);
    if (found == null) {
      return "";
    }
    if (!found.isJsonPrimitive() || !found.getAsJsonPrimitive().isString()) {
      throw wrong(name, "a string");
    }
    return found.getAsString();
  }

  /** True or false. */
  public boolean truth(String name) {
    JsonElement found = get(name);
    if (found == null) {
      return false;
    }
    if (!found.isJsonPrimitive() || !found.getAsJsonPrimitive().isBoolean()) {
      throw wrong(name, "true or false");
    }
    return found.getAsBoolean();
  }

  /** A number; those beyond the signed ones keep their bits. */
  public long number(String name) {
    JsonElement found = get(name);
    return found == null ? 0 : number(found, name);
  }

  private static long number(JsonElement found, String name) {
    try {
      if (found.isJsonPrimitive() && found.getAsJsonPrimitive().isNumber()) {
        java.math.BigInteger value = found.getAsBigInteger();
        if (value.bitLength() <= Long.SIZE) {
          return value.longValue();
        }
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw wrong(name, "a whole number");
  }

  /** A number of 32 bits. */
  public int smallNumber(String name) {
    long value = number(name);
    if (value != (int) value) {
      throw wrong(name, "a number of 32 bits");
    }
    return (int) value;
  }

  /** An object; one without fields if it is missing. */
  public Fields object(String name) {
    JsonElement found = get(name);
    if (found == null) {
      return new Fields(new JsonObject());
    }
    if (!found.isJsonObject()) {
      throw wrong(name, "an object");
    }
    return new Fields(found.getAsJsonObject());
  }

  private JsonArray array(String name) {
    JsonElement found = get(name);
    if (found == null) {
      return new JsonArray();
    }
    if (!found.isJsonArray()) {
      throw wrong(name, "an array");
    }
    return found.getAsJsonArray();
  }

  /** Objects. */
  public List<Fields> objects(String name) {
    List<Fields> result = new ArrayList<>();
    for (JsonElement element : array(name)) {
      if (!element.isJsonObject()) {
        throw wrong(name, "objects");
      }
      result.add(new Fields(element.getAsJsonObject()));
    }
    return result;
  }

  /** Strings. */
  public List<String> strings(String name) {
    List<String> result = new ArrayList<>();
    for (JsonElement element : array(name)) {
      if (!element.isJsonPrimitive()) {
        throw wrong(name, "strings");
      }
      result.add(element.getAsString());
    }
    return result;
  }

  /** Pairs of strings. */
  public Map<String, String> pairs(String name) {
    Map<String, String> result = new java.util.LinkedHashMap<>();
    for (JsonElement element : array(name)) {
      if (!element.isJsonArray() || element.getAsJsonArray().size() != 2) {
        throw wrong(name, "pairs of strings");
      }
      result.put(
          element.getAsJsonArray().get(0).getAsString(),
          element.getAsJsonArray().get(1).getAsString());
    }
    return result;
  }

  /** Numbers. */
  public List<Long> numbers(String name) {
    List<Long> result = new ArrayList<>();
    for (JsonElement element : array(name)) {
      result.add(number(element, name));
    }
    return result;
  }

  /** How much is to be read; null if that is not said. */
  public @Nullable LoadLimits limits(String name) {
    if (!has(name)) {
      return null;
    }
    Fields in = object(name);
    return new LoadLimits(
        in.truth("FollowPointers"),
        in.smallNumber("MaxVariableRecurse"),
        in.smallNumber("MaxStringLen"),
        in.smallNumber("MaxArrayValues"),
        in.smallNumber("MaxStructFields"));
  }
}
