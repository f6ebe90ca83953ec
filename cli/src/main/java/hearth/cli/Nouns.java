// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import hearth.cli.Output.Column;
import hearth.cli.Output.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The nouns, and the verbs of each. */
final class Nouns {
  private static String root(Invocation invocation) {
    return "";
  }

  private Nouns() {}

  static List<Noun> all() {
    return List.of(
        new Noun("volume", "volumes", "Resources", "Keep block volumes", Nouns::volume),
        new Noun(
            "session",
            "sessions",
            "Resources",
            "See who uses volumes, cut them off",
            Nouns::session),
        new Noun("account", "accounts", "Resources", "Manage who uses the host", Nouns::account),
        new Noun(
            "token", "tokens", "Resources", "Manage the credentials of programs", Nouns::token),
        new Noun("audit", "audits", "Resources", "See what was changed", Nouns::audit),
        new Noun("backup", "backups", "Resources", "Back the records up", Nouns::backup),
        new Noun("operation", "operations", "Resources", "See what takes longer", Nouns::operation),
        new Noun("host", "hosts", "Resources", "See how the host is", Nouns::host),
        new Noun(
            "context", "contexts", "Settings", "Choose the host to speak to", LocalVerbs::context),
        new Noun("config", "configs", "Settings", "See the settings", LocalVerbs::config));
  }

  private static Column column(String heading, String path) {
    return new Column(heading, path, Kind.TEXT, false);
  }

  private static Column column(String heading, String path, Kind kind) {
    return new Column(heading, path, kind, false);
  }

  private static Column wide(String heading, String path, Kind kind) {
    return new Column(heading, path, kind, true);
  }

  private static List<Verb> volume() {
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
            Nouns::volumeBody));
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

  private static List<Verb> session() {
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

  private static String parentOf(Invocation invocation) {
    String name = invocation.names().isEmpty() ? "" : invocation.name();
    String account =
        name.startsWith("accounts/")
            ? name.split("/", -1)[1]
            : name.contains("/")
                ? name.substring(0, name.indexOf('/'))
                : invocation.flag("account").orElse("me");
    return Invocation.account(account) + "/";
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

  private static List<Verb> account() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "account",
            "accounts",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("ROLE", "role"),
                column("RESERVED", "reservedBytes", Kind.BYTES),
                column("QUOTA", "quotaBytes", Kind.QUOTA),
                wide("DISPLAY-NAME", "displayName", Kind.TEXT),
                wide("DISABLED", "disabled", Kind.TEXT),
                wide("PASSWORD", "hasPassword", Kind.TEXT),
                column("AGE", "createTime", Kind.TIME)),
            Nouns::root);
    Function<Invocation, String> address =
        invocation -> Invocation.account(invocation.names().isEmpty() ? "me" : invocation.name());
    List<String> fields = List.of("role", "quota", "display-name", "disabled");
    return List.of(
        verbs.list(
            List.of(),
            List.of(
                "# Everybody",
                "hearth account list",
                "# The administrators",
                "hearth account list --filter 'role = ADMIN'")),
        verbs.show(
            "[NAME]",
            List.of(),
            List.of(
                "# Yourself", "hearth account show", "# Somebody else", "hearth account show ann"),
            address),
        verbs.create(
            fields,
            List.of(
                "# A member with a quota",
                "hearth account create ann --quota 100GiB",
                "# Another administrator",
                "hearth account create bob --role admin"),
            "accountId",
            Nouns::accountBody,
            invocation -> "hearth account create-login-link " + invocation.name()),
        verbs.update(
            fields,
            List.of(
                "# A larger quota",
                "hearth account update ann --quota 500GiB",
                "# Shut somebody out",
                "hearth account update ann --disabled yes"),
            address,
            Nouns::accountBody),
        verbs.delete(
            "Delete accounts that own nothing any more",
            List.of("if-match"),
            List.of(
                "# Delete it after asking",
                "hearth account delete ann",
                "# In a script",
                "hearth account delete ann --yes"),
            name -> invocation -> Invocation.account(name)),
        new Verb(
            "set-password",
            "Set the password for the web pages",
            "[NAME]",
            flags(List.of("password-file", "dry-run"), Flag.NETWORK),
            List.of(
                "# Your own, asked for without showing it",
                "hearth account set-password",
                "# From a file",
                "hearth account set-password ann --password-file pw.txt"),
            invocation -> {
              JsonObject body = new JsonObject();
              body.addProperty("password", LocalVerbs.password(invocation));
              body.addProperty("validateOnly", invocation.isSet("dry-run"));
              invocation.post(address.apply(invocation) + ":setPassword", Map.of(), body);
              invocation.changed(
                  new JsonObject(),
                  verbs.columns(),
                  "account/"
                      + (invocation.names().isEmpty() ? "me" : invocation.name())
                      + " password set",
                  "log in with it at the host's web address");
            }),
        new Verb(
            "create-login-link",
            "Make a link that logs a browser in once",
            "[NAME]",
            flags(List.of("output", "dry-run"), Flag.NETWORK),
            List.of(
                "# For yourself",
                "hearth account create-login-link",
                "# For a new member",
                "hearth account create-login-link ann"),
            invocation -> {
              JsonObject body = new JsonObject();
              body.addProperty("validateOnly", invocation.isSet("dry-run"));
              JsonObject link =
                  invocation.post(address.apply(invocation) + ":createLoginLink", Map.of(), body);
              invocation.changed(
                  link,
                  List.of(column("URI", "uri"), column("EXPIRES", "expireTime", Kind.TIME)),
                  invocation.isSet("dry-run")
                      ? "account/"
                          + (invocation.names().isEmpty() ? "me" : invocation.name())
                          + " link created"
                      : Output.text(link, "uri"),
                  "open it in a browser; it works once");
            }));
  }

  private static String role(String text) {
    return switch (text) {
      case "admin", "member" -> text.toUpperCase(Locale.ROOT);
      default ->
          throw new CliFailure(
              ExitCode.USAGE,
              "--role: '" + text + "' is not a role (expected: admin or member)",
              "Write --role member");
    };
  }

  private static JsonObject accountBody(Invocation invocation) {
    JsonObject account = new JsonObject();
    invocation.flag("role").ifPresent(text -> account.addProperty("role", role(text)));
    invocation.flag("display-name").ifPresent(text -> account.addProperty("displayName", text));
    invocation
        .flag("disabled")
        .ifPresent(
            text -> account.addProperty("disabled", ResourceVerbs.yesOrNo("disabled", text)));
    invocation
        .flag("quota")
        .ifPresent(text -> {
          if (text.equals("none")) {
            if (invocation.spec().name().equals("update")) {
              account.addProperty("quotaUnlimited", true);
            }
          } else {
            account.addProperty("quotaBytes", String.valueOf(ResourceVerbs.size("quota", text)));
          }
        });
    return account;
  }

  private static List<Verb> token() {
    ResourceVerbs verbs =
        new ResourceVerbs(
            "token",
            "tokens",
            List.of(
                column("NAME", "name", Kind.LAST_PART),
                column("DESCRIPTION", "description"),
                column("EXPIRES", "expireTime", Kind.TIME),
                column("LAST-USE", "lastUseTime", Kind.TIME),
                column("AGE", "createTime", Kind.TIME)),
            Nouns::parentOf);
    return List.of(
        verbs.list(
            List.of("account"),
            List.of(
                "# Your tokens",
                "hearth token list",
                "# Somebody else's",
                "hearth token list --account ann")),
        verbs.show(
            "NAME",
            List.of("account"),
            List.of(
                "# When was it last used",
                "hearth token show laptop",
                "# As JSON",
                "hearth token show laptop -o json"),
            invocation -> invocation.resource("tokens", invocation.name())),
        new Verb(
            "create",
            "Create a token and show it once",
            "NAME",
            flags(List.of("description", "expires", "account", "output", "dry-run"), Flag.NETWORK),
            List.of(
                "# A token for a script",
                "hearth token create nightly --expires 90d",
                "# Straight into a private file",
                "(umask 077; hearth token create nightly > nightly.token)"),
            invocation -> {
              JsonObject body = new JsonObject();
              invocation
                  .flag("description")
                  .ifPresent(text -> body.addProperty("description", text));
              invocation
                  .flag("expires")
                  .ifPresent(text -> body.addProperty("expireTime", expiry(invocation, text)));
              Map<String, String> parameters = ResourceVerbs.mutation(invocation);
              parameters.put("tokenId", ResourceVerbs.lastPart(invocation.name()));
              JsonObject made = invocation.post(parentOf(invocation) + "tokens", parameters, body);
              invocation.changed(
                  made,
                  verbs.columns(),
                  invocation.isSet("dry-run")
                      ? "token/" + invocation.name() + " created"
                      : Output.text(made, "secret"),
                  "keep it now; it is not shown again");
            }),
        verbs.delete(
            "Revoke tokens",
            List.of("account"),
            List.of(
                "# Revoke it after asking",
                "hearth token delete laptop",
                "# In a script",
                "hearth token delete laptop --yes"),
            name -> invocation -> invocation.resource("tokens", name)));
  }

  private static String expiry(Invocation invocation, String text) {
    try {
      if (text.matches("\\d{1,5}[dh]")) {
        long number = Long.parseLong(text.substring(0, text.length() - 1));
        Duration after = text.endsWith("d") ? Duration.ofDays(number) : Duration.ofHours(number);
        return invocation.context().clock().instant().plus(after).toString();
      }
      return Instant.parse(text).toString();
    } catch (DateTimeParseException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "--expires: '" + text + "' is not a time",
          "Write it as 90d or 2027-01-31T00:00:00Z");
    }
  }

  private static List<Verb> audit() {
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

  private static List<Verb> host() {
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
                            column("SESSIONS", "sessionCount", Kind.COUNT)))));
  }

  private static List<Verb> operation() {
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

  private static List<Verb> backup() {
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
            Nouns::createBackup),
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
            Nouns::restoreBackup),
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

  private static JsonObject await(Invocation invocation, JsonObject operation) {
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
