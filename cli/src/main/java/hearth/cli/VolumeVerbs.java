// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.Nouns.column;
import static hearth.cli.Nouns.wide;
import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import hearth.cli.Output.Kind;
import hearth.kit.id.Identifiers;
import hearth.kit.unit.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** What can be done with volumes and the sessions on them. */
final class VolumeVerbs {
  /** What of a volume is told when it is created and can be changed later. */
  private static final List<String> CHANGEABLE =
      List.of(
          "size",
          "description",
          "label",
          "read-only",
          "removable",
          "sanitize",
          "physical-block",
          "initiator",
          "reader",
          "target",
          "iops",
          "iops-burst",
          "bandwidth",
          "bandwidth-burst");

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
                wide("ENGINE", "engine", Kind.STATE),
                wide("POOL", "pool", Kind.LAST_PART),
                wide("TARGET", "target", Kind.STATE),
                wide("SNAPSHOTS", "snapshotBytes", Kind.BYTES),
                wide("DEVICE", "device", Kind.TEXT),
                wide("READ-ONLY", "readOnly", Kind.TEXT),
                wide("IOPS", "limits.operationsPerSecond", Kind.COUNT),
                wide("BANDWIDTH", "limits.bytesPerSecond", Kind.BYTES),
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
            flags(CHANGEABLE, List.of("from-snapshot", "engine", "pool", "device", "account")),
            List.of(
                "# A thin volume",
                "hearth volume create data --size 10GiB",
                "# One with a label, for another account",
                "hearth volume create ann/photos --size 1TiB --label purpose=photos",
                "# One that begins with what another held on Monday",
                "hearth volume create trial --from-snapshot data/monday"),
            "volumeId",
            invocation -> {
              if (invocation.flag("size").isEmpty()
                  && invocation.flag("device").isEmpty()
                  && invocation.flag("from-snapshot").isEmpty()) {
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
            flags(CHANGEABLE, List.of("account")),
            List.of(
                "# Grow it while it is in use",
                "hearth volume update data --size 20GiB",
                "# Let it take no more than its share, at once",
                "hearth volume update data --iops 500 --bandwidth 50MiB",
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
    all.add(
        new Verb(
            "restore",
            "Give a volume the contents of a snapshot again",
            "NAME",
            flags(
                List.of("snapshot", "account", "output", "dry-run", "yes", "request-id"),
                Flag.NETWORK),
            List.of(
                "# After asking; what was written since is lost",
                "hearth volume restore data --snapshot monday",
                "# In a script",
                "hearth volume restore data --snapshot monday --yes"),
            invocation -> restore(invocation, verbs.columns())));
    all.add(
        new Verb(
            "check",
            "Compare all that a volume and its snapshots hold with their checksums",
            "NAME",
            flags(List.of("account", "output"), Flag.NETWORK),
            List.of(
                "# While it is in use",
                "hearth volume check data",
                "# A large one",
                "hearth volume check data --timeout 10h"),
            invocation -> check(invocation, invocation.resource("volumes", invocation.name()))));
    all.addAll(Transfer.verbs());
    all.addAll(Attachment.verbs());
    return all;
  }

  private static void restore(Invocation invocation, List<Output.Column> columns) {
    String snapshot =
        invocation
            .flag("snapshot")
            .orElseThrow(() ->
                new CliFailure(
                    ExitCode.USAGE,
                    "--snapshot is missing",
                    "See: hearth snapshot list --volume " + invocation.name()));
    invocation.confirm(
        "Replacing what volume " + invocation.name() + " holds by snapshot " + snapshot);
    String volume = invocation.resource("volumes", invocation.name());
    JsonObject body = new JsonObject();
    body.addProperty("snapshot", volume + "/snapshots/" + ResourceVerbs.lastPart(snapshot));
    body.addProperty("validateOnly", invocation.isSet("dry-run"));
    invocation.flag("request-id").ifPresent(id -> body.addProperty("requestId", id));
    JsonObject restored = invocation.post(volume + ":restore", Map.of(), body);
    invocation.changed(
        restored,
        columns,
        "volume/" + ResourceVerbs.lastPart(invocation.name()) + " restored",
        "hearth volume attach " + invocation.name());
  }

  private static void check(Invocation invocation, String resource) {
    JsonObject operation = invocation.post(resource + ":check", Map.of(), new JsonObject());
    JsonObject result = HostVerbs.await(invocation, operation).getAsJsonObject("response");
    JsonArray findings =
        result.has("findings") ? result.getAsJsonArray("findings") : new JsonArray();
    long checked = Long.parseLong("0" + Output.text(result, "checkedBytes"));
    tellFindings(
        invocation,
        findings,
        "Nothing is wrong in " + ByteSize.format(checked) + "." + root(result));
  }

  /** Shows what a check found, if anything, and fails then. */
  static void tellFindings(Invocation invocation, JsonArray findings, String well) {
    invocation
        .output()
        .list(
            findings,
            List.of(
                column("RESOURCE", "resource", Kind.SHORT_NAME),
                column("OFFSET", "offsetBytes"),
                column("LOST", "lostBytes", Kind.BYTES),
                column("MESSAGE", "message")),
            well);
    if (!findings.isEmpty()) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "Something is not as it was written",
          "Restore what is lost from a backup; look after the disk below the data folder");
    }
  }

  private static String root(JsonObject result) {
    String root = Output.text(result, "merkleRoot");
    return root.isEmpty() ? "" : " Merkle root: " + root;
  }

  static List<Verb> snapshot() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "snapshot",
            "snapshots",
            List.of(
                column("NAME", "name", Kind.SHORT_NAME),
                column("SIZE", "sizeBytes", Kind.BYTES),
                column("HELD", "usedBytes", Kind.BYTES),
                column("SESSIONS", "iscsi.sessionCount", Kind.COUNT),
                wide("IQN", "iscsi.iqn", Kind.TEXT),
                wide("GROUP", "group", Kind.TEXT),
                wide("REASON", "stateReason", Kind.TEXT),
                wide("DESCRIPTION", "description", Kind.TEXT),
                column("AGE", "createTime", Kind.TIME)),
            invocation -> {
              if (!invocation.names().isEmpty()) {
                String name = nested(invocation, "snapshot", "snapshots", invocation.name());
                return name.substring(0, name.lastIndexOf("snapshots/"));
              }
              return Invocation.account(invocation.flag("account").orElse("me"))
                  + "/volumes/"
                  + Invocation.encode(invocation.flag("volume").orElse("-"))
                  + "/";
            });
    return List.of(
        verbs.list(
            List.of("account", "volume"),
            List.of(
                "# Of your volumes",
                "hearth snapshot list",
                "# Of one of them, the newest first",
                "hearth snapshot list --volume data --sort 'create_time desc'")),
        verbs.show(
            "NAME",
            List.of("account"),
            List.of(
                "# One of them",
                "hearth snapshot show data/monday",
                "# The name of its target",
                "hearth snapshot show data/monday -o jsonpath={.iscsi.iqn}"),
            invocation -> nested(invocation, "snapshot", "snapshots", invocation.name())),
        severalAtOnce(
            verbs.create(
                List.of("description", "account"),
                List.of(
                    "# At once, while the volume is in use",
                    "hearth snapshot create data/monday",
                    "# Of several volumes, at one and the same moment",
                    "hearth snapshot create data/monday log/monday",
                    "# Of somebody else's volume",
                    "hearth snapshot create ann/photos/monday --description 'Before the move'"),
                "snapshotId",
                invocation -> {
                  JsonObject body = new JsonObject();
                  invocation
                      .flag("description")
                      .ifPresent(text -> body.addProperty("description", text));
                  return body;
                },
                invocation ->
                    "hearth volume create NEW-NAME --from-snapshot " + invocation.name())),
        new Verb(
            "check",
            "Read all that a snapshot holds, and compute the root of its Merkle tree",
            "NAME",
            flags(List.of("account", "output"), Flag.NETWORK),
            List.of(
                "# The first time the root is remembered, later it is compared",
                "hearth snapshot check data/monday",
                "# A large one, for a script",
                "hearth snapshot check data/monday --timeout 10h -o json"),
            invocation ->
                check(invocation, nested(invocation, "snapshot", "snapshots", invocation.name()))),
        verbs.delete(
            "Delete snapshots",
            List.of("account", "force"),
            List.of(
                "# After asking",
                "hearth snapshot delete data/monday",
                "# In a script",
                "hearth snapshot delete data/monday data/tuesday --yes"),
            name -> invocation -> nested(invocation, "snapshot", "snapshots", name)));
  }

  /** The verb that makes one snapshot, which makes several of one moment as well. */
  private static Verb severalAtOnce(Verb create) {
    return new Verb(
        create.name(),
        "Create a snapshot, or several of one moment",
        "NAME...",
        create.flags(),
        create.examples(),
        invocation -> {
          if (invocation.names().size() == 1) {
            create.action().run(invocation);
          } else {
            createTogether(invocation);
          }
        });
  }

  private static void createTogether(Invocation invocation) {
    JsonArray requests = new JsonArray();
    String group = "";
    String account = "";
    for (String name : invocation.names()) {
      String full = nested(invocation, "snapshot", "snapshots", name);
      int end = full.indexOf("/snapshots/");
      String id = ResourceVerbs.lastPart(full);
      if (group.isEmpty()) {
        account = full.split("/", -1)[1];
        group = id.substring(0, Math.min(id.length(), 50)) + "-" + Identifiers.randomHex(4);
      }
      JsonObject snapshot = new JsonObject();
      invocation.flag("description").ifPresent(text -> snapshot.addProperty("description", text));
      snapshot.addProperty("group", group);
      JsonObject request = new JsonObject();
      request.addProperty("parent", full.substring(0, end));
      request.addProperty("snapshotId", id);
      request.add("snapshot", snapshot);
      requests.add(request);
    }
    JsonObject body = new JsonObject();
    body.add("requests", requests);
    body.addProperty("validateOnly", invocation.isSet("dry-run"));
    invocation.flag("request-id").ifPresent(text -> body.addProperty("requestId", text));
    JsonObject made =
        invocation.post("accounts/" + account + "/volumes/-/snapshots:batchCreate", Map.of(), body);
    if (!invocation.flag("output").orElse("table").equals("table")) {
      invocation.output().one(made, List.of());
      return;
    }
    for (String name : invocation.names()) {
      invocation.changed(made, List.of(), "snapshot/" + name + " created", "");
    }
    invocation.next("hearth snapshot list --filter 'group = \"" + group + "\"'");
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
            invocation -> nested(invocation, "session", "sessions", invocation.name())),
        verbs.delete(
            "Cut initiators off",
            List.of("account", "retry-delay"),
            List.of(
                "# After asking",
                "hearth session delete data/3",
                "# And let the initiator come back at once",
                "hearth session delete data/3 --retry-delay 0s --yes"),
            name -> invocation -> nested(invocation, "session", "sessions", name)));
  }

  /** {@code data/3} belongs to a volume of one's own, {@code ann/data/3} to one of Ann's. */
  static String nested(Invocation invocation, String noun, String collection, String name) {
    if (name.startsWith("accounts/")) {
      return Invocation.encode(name);
    }
    String[] parts = name.split("/", -1);
    if (parts.length < 2 || parts.length > 3) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + name + "' is not the name of a " + noun,
          "Write it as VOLUME/"
              + noun.toUpperCase(Locale.ROOT)
              + ", or see: hearth "
              + noun
              + " list");
    }
    String account = parts.length == 3 ? parts[0] : invocation.flag("account").orElse("me");
    return Invocation.encode(
        "accounts/"
            + account
            + "/volumes/"
            + parts[parts.length - 2]
            + "/"
            + collection
            + "/"
            + parts[parts.length - 1]);
  }

  private static void yesOrNo(Invocation invocation, String flag, JsonObject volume, String field) {
    invocation
        .flag(flag)
        .ifPresent(text -> volume.addProperty(field, ResourceVerbs.yesOrNo(flag, text)));
  }

  private static String count(String flag, String text) {
    if (!text.matches("\\d{1,12}")) {
      throw new CliFailure(
          ExitCode.USAGE,
          "--" + flag + ": '" + text + "' is not a number",
          "Write it as --" + flag + " 500, or none for no limit");
    }
    return text;
  }

  private static JsonObject limits(Invocation invocation) {
    JsonObject limits = new JsonObject();
    Map.of(
            "iops", "operationsPerSecond",
            "iops-burst", "operationsBurst",
            "bandwidth", "bytesPerSecond",
            "bandwidth-burst", "bytesBurst")
        .forEach((flag, field) ->
            invocation
                .flag(flag)
                .ifPresent(text ->
                    limits.addProperty(
                        field,
                        text.equals("none")
                            ? "0"
                            : flag.startsWith("iops")
                                ? count(flag, text)
                                : String.valueOf(ResourceVerbs.size(flag, text)))));
    return limits;
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
    yesOrNo(invocation, "removable", volume, "removable");
    yesOrNo(invocation, "sanitize", volume, "sanitizeAllowed");
    invocation
        .flag("physical-block")
        .ifPresent(text ->
            volume.addProperty("physicalBlockBytes", ResourceVerbs.size("physical-block", text)));
    List<String> readers = invocation.flags("reader");
    if (!invocation.flags("initiator").isEmpty() || !readers.isEmpty()) {
      JsonArray initiators = new JsonArray();
      Stream.concat(invocation.flags("initiator").stream(), readers.stream())
          .filter(name -> !name.equals("any"))
          .distinct()
          .forEach(initiators::add);
      volume.add("allowedInitiators", initiators);
      JsonArray readOnly = new JsonArray();
      readers.forEach(readOnly::add);
      volume.add("readOnlyInitiators", readOnly);
    }
    invocation
        .flag("target")
        .ifPresent(text -> volume.addProperty("target", text.toUpperCase(Locale.ROOT)));
    JsonObject limits = limits(invocation);
    if (!limits.isEmpty()) {
      volume.add("limits", limits);
    }
    invocation.flag("device").ifPresent(text -> volume.addProperty("device", text));
    invocation
        .flag("pool")
        .ifPresent(
            text -> volume.addProperty("pool", text.startsWith("pools/") ? text : "pools/" + text));
    invocation
        .flag("engine")
        .ifPresent(text -> volume.addProperty("engine", text.toUpperCase(Locale.ROOT)));
    if (!invocation.flags("label").isEmpty()) {
      volume.add("labels", ResourceVerbs.labels(invocation.flags("label")));
    }
    return volume;
  }
}
