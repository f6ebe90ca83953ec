// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.volume;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import hearth.volume.Initiators;
import hearth.volume.VolumeRecord;
import hearth.volume.scsi.Limits;
import hearth.volume.scsi.Traits;
import java.util.ArrayList;
import java.util.List;

/** The options of a volume as the JSON object that the records keep. */
record UnitOptions(JsonObject json) {
  static UnitOptions parse(String text) {
    return new UnitOptions(JsonParser.parseString(text).getAsJsonObject());
  }

  static UnitOptions of(VolumeRecord volume) {
    JsonObject json = new JsonObject();
    json.addProperty("removable", volume.traits().removable());
    json.addProperty("sanitizable", volume.traits().sanitizable());
    json.addProperty("physicalBlock", volume.traits().physicalBlock());
    json.addProperty("operationsPerSecond", volume.limits().operationsPerSecond());
    json.addProperty("operationsBurst", volume.limits().operationsBurst());
    json.addProperty("bytesPerSecond", volume.limits().bytesPerSecond());
    json.addProperty("bytesBurst", volume.limits().bytesBurst());
    json.add("initiators", array(volume.initiators().allowed()));
    json.add("readers", array(volume.initiators().readOnly()));
    json.addProperty("served", volume.served().name());
    return new UnitOptions(json);
  }

  private static JsonArray array(List<String> names) {
    JsonArray array = new JsonArray();
    names.forEach(array::add);
    return array;
  }

  String text() {
    return new Gson().toJson(json);
  }

  Traits traits(boolean readOnly) {
    return new Traits(
        readOnly,
        truth("removable"),
        truth("sanitizable"),
        json.has("physicalBlock") ? json.get("physicalBlock").getAsInt() : 4096);
  }

  Limits limits() {
    return new Limits(
        number("operationsPerSecond"),
        number("operationsBurst"),
        number("bytesPerSecond"),
        number("bytesBurst"));
  }

  Initiators initiators() {
    return new Initiators(names("initiators"), names("readers"));
  }

  VolumeRecord.Served served() {
    return json.has("served")
        ? VolumeRecord.Served.valueOf(json.get("served").getAsString())
        : VolumeRecord.Served.HEARTH;
  }

  private List<String> names(String key) {
    List<String> names = new ArrayList<>();
    if (json.has(key)) {
      for (JsonElement name : json.getAsJsonArray(key)) {
        names.add(name.getAsString());
      }
    }
    return names;
  }

  private boolean truth(String key) {
    return json.has(key) && json.get(key).getAsBoolean();
  }

  private long number(String key) {
    return json.has(key) ? json.get(key).getAsLong() : 0;
  }
}
