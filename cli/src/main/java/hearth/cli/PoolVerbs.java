// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.Nouns.column;
import static hearth.cli.Nouns.wide;

import com.google.gson.JsonObject;
import hearth.cli.Output.Kind;
import java.util.List;
import java.util.Locale;

/** The verbs of pools. */
final class PoolVerbs {
  private PoolVerbs() {}

  static List<Verb> pool() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "pool",
            "pools",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("ENGINE", "engine", Kind.STATE),
                column("SIZE", "capacityBytes", Kind.BYTES),
                column("FREE", "freeBytes", Kind.BYTES),
                column("GROUP", "volumeGroup"),
                wide("LOOPBACK", "loopbackFile", Kind.TEXT),
                column("REASON", "stateReason"),
                column("AGE", "createTime", Kind.TIME)),
            Nouns::root);
    return List.of(
        verbs.list(
            List.of(),
            List.of(
                "# All pools",
                "hearth pool list",
                "# The roomiest first",
                "hearth pool list --sort 'free_bytes desc'")),
        verbs.show(
            "NAME",
            List.of(),
            List.of(
                "# The host's data folder",
                "hearth pool show default",
                "# What is free in another, in bytes",
                "hearth pool show fast -o jsonpath={.freeBytes}"),
            invocation -> Invocation.inCollection("pools", invocation.name())),
        verbs.create(
            List.of("engine", "volume-group", "loopback", "size"),
            List.of(
                "# Of an LVM volume group that is there",
                "hearth pool create fast --engine lvm --volume-group vg0",
                "# Of a file, which becomes one",
                "hearth pool create trial --engine lvm --loopback /srv/trial.img --size 20GiB"),
            "poolId",
            PoolVerbs::body,
            invocation -> "hearth volume create data --size 10GiB --pool " + invocation.name()),
        verbs.delete(
            "Delete pools that no volume is in",
            List.of(),
            List.of(
                "# After asking",
                "hearth pool delete trial",
                "# In a script",
                "hearth pool delete trial --yes"),
            name -> invocation -> Invocation.inCollection("pools", name)));
  }

  private static JsonObject body(Invocation invocation) {
    JsonObject pool = new JsonObject();
    invocation
        .flag("engine")
        .ifPresent(text -> pool.addProperty("engine", text.toUpperCase(Locale.ROOT)));
    invocation.flag("volume-group").ifPresent(text -> pool.addProperty("volumeGroup", text));
    invocation
        .flag("loopback")
        .ifPresent(text -> pool.addProperty("loopbackFile", invocation.path(text).toString()));
    invocation
        .flag("size")
        .ifPresent(text -> pool.addProperty("loopbackBytes", ResourceVerbs.size("size", text)));
    return pool;
  }
}
