// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.Nouns.column;
import static hearth.cli.Nouns.wide;

import com.google.gson.JsonObject;
import hearth.cli.Output.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What can be done with volumes and the sessions on them. */
final class VolumeVerbs {
  private VolumeVerbs() {}

  static List<Verb> volume() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "volume",
            "volumes",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("SIZE", "sizeBytes", Kind.BYTES),
                column("USED", "usedBytes", Kind.BYTES),
                column("STATE", "state", Kind.STATE),
                column("SESSIONS", "iscsi.sessionCount", Kind.COUNT),
                wide("OWNER", "name", Kind.TEXT),
                wide("IQN", "iscsi.iqn", Kind.TEXT),
                wide("PORTAL", "iscsi.portal", Kind.TEXT),
                wide("DEVICE", "device", Kind.TEXT),
                wide("READ-ONLY", "readOnly", Kind.TEXT),
                wide("REASON", "stateReason", Kind.TEXT),
                wide("DESCRIPTION", "description", Kind.TEXT),
                column("AGE", "createTime", Kind.TIME)),
            Nouns::parentOf);
    Function<Invocation, String> address =
        invocation -> invocation.resource("volumes", invocation.name());
    List<Verb> all = new ArrayList<>();
    all.add(
        verbs.list(
            List.of("account"),
            List.of(
                "# Your volumes",
                "hearth volume list",
                "# The large ones of everybody, as JSON",
                "hearth volume list --account - --filter 'size_bytes > 1TiB' -o json")));
    all.add(
        verbs.show(
            "NAME",
            List.of("account"),
            List.of(
                "# A volume of yours",
                "hearth volume show data",
                "# Its address for qemu, with the secret",
                "hearth volume show data -o jsonpath={.iscsi.url}"),
            address));
    all.add(
        verbs.create(
            List.of("size", "description", "label", "read-only", "device", "account"),
            List.of(
                "# A thin volume",
                "hearth volume create data --size 10GiB",
                "# One with a label, for another account",
                "hearth volume create ann/photos --size 1TiB --label purpose=photos"),
            "volumeId",
            invocation -> {
              if (invocation.flag("size").isEmpty() && invocation.flag("device").isEmpty()) {
                throw new CliFailure(
                    ExitCode.USAGE,
                    "--size is missing",
                    "Write: hearth volume create " + invocation.name() + " --size 10GiB");
              }
              return volumeBody(invocation);
            },
            invocation -> "hearth volume attach " + invocation.name()));
    all.add(
        verbs.update(
            List.of("size", "description", "label", "read-only", "account"),
            List.of(
                "# Grow it while it is in use",
                "hearth volume update data --size 20GiB",
                "# Say what it is for",
                "hearth volume update data --description 'Photos of the club'"),
            address,
            VolumeVerbs::volumeBody));
    all.add(
        verbs.delete(
            "Delete volumes and their data",
            List.of("account", "force", "if-match"),
            List.of(
                "# Delete it after asking",
                "hearth volume delete data",
                "# In a script",
                "hearth volume delete data old-data --yes"),
            name -> invocation -> invocation.resource("volumes", name)));
    all.addAll(Attachment.verbs());
    return all;
  }

  static List<Verb> session() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "session",
            "sessions",
            List.of(
                column("NAME", "name", Kind.SHORT_NAME),
                column("INITIATOR", "initiator"),
                column("ADDRESS", "address"),
                column("READ", "readBytes", Kind.BYTES),
                column("WRITTEN", "writtenBytes", Kind.BYTES),
                wide("COMMANDS", "commandCount", Kind.COUNT),
                wide("ISID", "isid", Kind.TEXT),
                wide("HEADER-DIGEST", "headerDigest", Kind.TEXT),
                wide("DATA-DIGEST", "dataDigest", Kind.TEXT),
                column("AGE", "createTime", Kind.TIME)),
            invocation ->
                Invocation.account(invocation.flag("account").orElse("me"))
                    + "/volumes/"
                    + Invocation.encode(invocation.flag("volume").orElse("-"))
                    + "/");
    return List.of(
        verbs.list(
            List.of("account", "volume"),
            List.of(
                "# On your volumes",
                "hearth session list",
                "# On everybody's, the busiest first",
                "hearth session list --account - --sort 'written_bytes desc'")),
        verbs.show(
            "NAME",
            List.of("account"),
            List.of(
                "# One of them",
                "hearth session show data/3",
                "# On somebody else's volume",
                "hearth session show ann/photos/3"),
            invocation -> sessionName(invocation, invocation.name())),
        verbs.delete(
            "Cut initiators off",
            List.of("account", "retry-delay"),
            List.of(
                "# After asking",
                "hearth session delete data/3",
                "# And let the initiator come back at once",
                "hearth session delete data/3 --retry-delay 0s --yes"),
            name -> invocation -> sessionName(invocation, name)));
  }

  /** {@code data/3} is on a volume of one's own, {@code ann/data/3} on one of Ann's. */
  private static String sessionName(Invocation invocation, String name) {
    if (name.startsWith("accounts/")) {
      return Invocation.encode(name);
    }
    String[] parts = name.split("/", -1);
    if (parts.length < 2 || parts.length > 3) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + name + "' is not the name of a session",
          "See: hearth session list");
    }
    String account = parts.length == 3 ? parts[0] : invocation.flag("account").orElse("me");
    return Invocation.encode(
        "accounts/"
            + account
            + "/volumes/"
            + parts[parts.length - 2]
            + "/sessions/"
            + parts[parts.length - 1]);
  }

  private static JsonObject volumeBody(Invocation invocation) {
    JsonObject volume = new JsonObject();
    invocation
        .flag("size")
        .ifPresent(text ->
            volume.addProperty("sizeBytes", String.valueOf(ResourceVerbs.size("size", text))));
    invocation.flag("description").ifPresent(text -> volume.addProperty("description", text));
    invocation
        .flag("read-only")
        .ifPresent(
            text -> volume.addProperty("readOnly", ResourceVerbs.yesOrNo("read-only", text)));
    invocation.flag("device").ifPresent(text -> volume.addProperty("device", text));
    if (!invocation.flags("label").isEmpty()) {
      volume.add("labels", ResourceVerbs.labels(invocation.flags("label")));
    }
    return volume;
  }
}
