// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.Nouns.column;
import static hearth.cli.Nouns.wide;
import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import hearth.cli.Output.Kind;
import hearth.kit.daemon.Inspector;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** What can be done with the host itself: its audit, its operations, its backups. */
final class HostVerbs {
  private HostVerbs() {}

  static List<Verb> audit() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "audit",
            "auditEntries",
            List.of(
                wide("NAME", "name", Kind.LAST_PART),
                column("TIME", "createTime", Kind.TIME),
                column("ACTOR", "actor", Kind.LAST_PART),
                column("ACTION", "action"),
                column("TARGET", "target"),
                column("DETAIL", "detail")),
            Nouns::root);
    return List.of(
        verbs.list(
            List.of(),
            List.of(
                "# The latest changes",
                "hearth audit list --limit 20",
                "# Who deleted volumes",
                "hearth audit list --filter 'action = volume.delete'")));
  }

  static List<Verb> host() {
    return List.of(
        new Verb(
            "show",
            "Show the state of the host",
            "",
            flags(List.of("output"), Flag.NETWORK),
            List.of(
                "# Its version, addresses and space",
                "hearth host show",
                "# Free bytes, for a script",
                "hearth host show -o jsonpath={.freeBytes}"),
            invocation ->
                invocation
                    .output()
                    .one(
                        invocation.get("host"),
                        List.of(
                            column("DOMAIN", "domain"),
                            column("VERSION", "version"),
                            column("ADDRESS", "uri"),
                            column("ISCSI", "iscsiPortal"),
                            column("STARTED", "startTime", Kind.TIME),
                            column("DATA", "dataFolder"),
                            column("DATABASE", "database"),
                            column("CAPACITY", "capacityBytes", Kind.BYTES),
                            column("FREE", "freeBytes", Kind.BYTES),
                            column("VOLUMES", "volumeCount", Kind.COUNT),
                            column("ACCOUNTS", "accountCount", Kind.COUNT),
                            column("SESSIONS", "sessionCount", Kind.COUNT)))),
        new Verb(
            "check",
            "Compare what a stopped host holds with its checksums",
            "",
            flags(List.of("output", "data-folder"), List.of()),
            List.of(
                "# After a power cut, before the host starts",
                "hearth host check",
                "# A copy of a disk that fails",
                "hearth host check --data-folder /mnt/copy/hearth"),
            HostVerbs::check));
  }

  private static void check(Invocation invocation) {
    Path folder =
        invocation
            .flag("data-folder")
            .map(invocation::path)
            .orElseGet(() -> invocation.folders().data());
    Inspector.Report report;
    try {
      report = TopVerbs.part(Inspector.class).check(folder);
    } catch (Problem problem) {
      throw new CliFailure(ExitCode.of(problem.code().name()), problem.what(), problem.fix());
    }
    JsonArray findings = new JsonArray();
    for (Inspector.Finding found : report.findings()) {
      JsonObject finding = new JsonObject();
      finding.addProperty("resource", found.what());
      finding.addProperty("offsetBytes", String.valueOf(found.offset()));
      finding.addProperty("lostBytes", String.valueOf(found.length()));
      finding.addProperty("message", found.message());
      findings.add(finding);
    }
    VolumeVerbs.tellFindings(
        invocation,
        findings,
        "Nothing is wrong in "
            + ByteSize.format(report.checkedBytes())
            + " of "
            + report.stores()
            + (report.stores() == 1 ? " store in " : " stores in ")
            + folder
            + ".");
  }

  static List<Verb> operation() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "operation",
            "operations",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("DONE", "done"),
                column("ERROR", "error.message"),
                wide("RESULT", "response.name", Kind.TEXT)),
            Nouns::root);
    return List.of(
        verbs.unsortedList(
            List.of(
                "# What is going on, and what ended lately",
                "hearth operation list",
                "# With its results",
                "hearth operation list -o wide")),
        verbs.show(
            "NAME",
            List.of(),
            List.of(
                "# Is it done",
                "hearth operation show 1f2e3d4c5b6a7988",
                "# For a script",
                "hearth operation show 1f2e3d4c5b6a7988 -o jsonpath={.done}"),
            invocation -> Invocation.inCollection("operations", invocation.name())));
  }

  static List<Verb> backup() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "backup",
            "backups",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("SIZE", "sizeBytes", Kind.BYTES),
                wide("SHA256", "sha256", Kind.TEXT),
                column("AGE", "createTime", Kind.TIME)),
            Nouns::root);
    return List.of(
        verbs.list(
            List.of(),
            List.of(
                "# Backups still on the host",
                "hearth backup list",
                "# With their checksums",
                "hearth backup list -o wide")),
        new Verb(
            "create",
            "Write the host's records to a file",
            "FILE",
            flags(List.of("dry-run"), Flag.NETWORK),
            List.of(
                "# Into a file that only you can read",
                "hearth backup create records.jsonl.gz",
                "# Onto another machine",
                "hearth backup create - | ssh other 'cat > records.jsonl.gz'"),
            HostVerbs::createBackup),
        new Verb(
            "restore",
            "Put the records of a backup into an empty host",
            "FILE",
            flags(List.of("dry-run", "yes", "no-wait"), Flag.NETWORK),
            List.of(
                "# After asking",
                "hearth backup restore records.jsonl.gz",
                "# In a script",
                "hearth backup restore records.jsonl.gz --yes"),
            HostVerbs::restoreBackup),
        verbs.delete(
            "Delete backups from the host",
            List.of(),
            List.of(
                "# One of them",
                "hearth backup delete b1234",
                "# Without asking",
                "hearth backup delete b1234 --yes"),
            name -> invocation -> Invocation.inCollection("backups", name)));
  }

  /** Waits for an operation and returns its last state; throws what it failed with. */
  static JsonObject await(Invocation invocation, JsonObject operation) {
    Instant deadline = invocation.context().clock().instant().plus(invocation.timeout());
    JsonObject state = operation;
    while (!state.has("done") || !state.get("done").getAsBoolean()) {
      if (invocation.context().clock().instant().isAfter(deadline)) {
        throw new CliFailure(
            ExitCode.UNAVAILABLE, "The host is still at it", "Wait longer with --timeout 10m");
      }
      try {
        java.util.concurrent.TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CliFailure(ExitCode.INTERRUPTED, "Interrupted", "");
      }
      state = invocation.get(Invocation.encode(Output.text(state, "name")));
    }
    if (state.has("error")) {
      throw new CliFailure(
          ExitCode.FAILURE, Output.text(state, "error.message"), "See the host's log for more");
    }
    return state;
  }

  private static void createBackup(Invocation invocation) {
    Map<String, String> parameters = ResourceVerbs.mutation(invocation);
    JsonObject operation = invocation.post("backups", parameters, new JsonObject());
    if (invocation.isSet("dry-run")) {
      invocation.changed(
          new JsonObject(),
          List.of(),
          "backup/" + invocation.name() + " created",
          "hearth backup create " + invocation.name());
      return;
    }
    String name = Output.text(await(invocation, operation), "response.name");
    byte[] contents = invocation.api().download(Invocation.encode(name) + ":download");
    try {
      if (invocation.name().equals("-")) {
        invocation.context().out().write(contents);
        invocation.context().out().flush();
      } else {
        hearth.kit.file.PrivateFiles.write(invocation.path(invocation.name()), contents);
        invocation.changed(
            new JsonObject(),
            List.of(),
            "backup/" + invocation.name() + " created",
            "keep it on another machine, and the volumes' files too");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    invocation.api().call("DELETE", Invocation.encode(name), Map.of(), JsonNull.INSTANCE);
  }

  private static void restoreBackup(Invocation invocation) {
    byte[] contents;
    try {
      contents =
          invocation.name().equals("-")
              ? invocation.context().in().readAllBytes()
              : java.nio.file.Files.readAllBytes(invocation.path(invocation.name()));
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "Cannot read " + invocation.name(),
          "Give a file made by: hearth backup create FILE");
    }
    invocation.confirm("Replacing the records of this host");
    JsonObject body = new JsonObject();
    body.add("contents", new JsonPrimitive(Base64.getEncoder().encodeToString(contents)));
    body.addProperty("validateOnly", invocation.isSet("dry-run"));
    JsonObject operation = invocation.post("backups:restore", Map.of(), body);
    if (invocation.isSet("no-wait")) {
      String name = ResourceVerbs.lastPart(Output.text(operation, "name"));
      invocation.changed(
          operation, List.of(), "operation/" + name + " started", "hearth operation show " + name);
      return;
    }
    if (!invocation.isSet("dry-run")) {
      await(invocation, operation);
    }
    invocation.changed(
        new JsonObject(),
        List.of(),
        "backup/" + invocation.name() + " restored",
        "put the volumes' files into the data folder, then start the host again");
  }
}
