// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.Nouns.column;
import static hearth.cli.Nouns.wide;
import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonObject;
import hearth.cli.Output.Kind;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** What can be done with accounts and their tokens. */
final class AccountVerbs {
  private AccountVerbs() {}

  static List<Verb> account() {
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
            AccountVerbs::accountBody,
            invocation -> "hearth account create-login-link " + invocation.name()),
        verbs.update(
            fields,
            List.of(
                "# A larger quota",
                "hearth account update ann --quota 500GiB",
                "# Shut somebody out",
                "hearth account update ann --disabled yes"),
            address,
            AccountVerbs::accountBody),
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

  static List<Verb> token() {
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
              JsonObject made =
                  invocation.post(Nouns.parentOf(invocation) + "tokens", parameters, body);
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
}
