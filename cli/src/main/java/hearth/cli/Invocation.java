// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import hearth.kit.file.UserFolders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A command being run: its flags, and what it needs to answer. */
final class Invocation {
  private final CliContext context;
  private final CommandSpec spec;
  private @org.jspecify.annotations.Nullable ApiClient client;

  Invocation(CliContext context, CommandSpec spec) {
    this.context = context;
    this.spec = spec;
  }

  CliContext context() {
    return context;
  }

  CommandSpec spec() {
    return spec;
  }

  /** Value of a flag, from wherever it came. */
  Optional<String> flag(String name) {
    OptionSpec option = spec.findOption("--" + name);
    return option == null
        ? Optional.empty()
        : Optional.ofNullable(option.getValue()).map(Object::toString);
  }

  boolean isSet(String name) {
    return flag(name).map("true"::equals).orElse(false);
  }

  @SuppressWarnings("unchecked")
  List<String> flags(String name) {
    OptionSpec option = spec.findOption("--" + name);
    List<String> values = option == null ? null : (List<String>) option.getValue();
    return values == null ? List.of() : values;
  }

  @SuppressWarnings("unchecked")
  List<String> names() {
    List<String> names =
        spec.positionalParameters().isEmpty()
            ? null
            : (List<String>) spec.positionalParameters().getFirst().getValue();
    return names == null ? List.of() : names;
  }

  String name() {
    return names().getFirst();
  }

  Output output() {
    return new Output(context, flag("output").orElse("table"), outInk());
  }

  Ink outInk() {
    return context.outInk(isSet("no-color"));
  }

  Ink errInk() {
    return context.errInk(isSet("no-color"));
  }

  UserFolders folders() {
    return UserFolders.of(context.environment(), context.workingFolder().getFileSystem());
  }

  Contexts contexts() {
    return Contexts.read(folders().configuration());
  }

  /** The host that the command speaks to. */
  ApiClient api() {
    if (client == null) {
      client = connect();
    }
    return client;
  }

  /**
   * A host and the token for it.
   *
   * @param server address of its API
   */
  record Host(String server, String token) {}

  private ApiClient connect() {
    Host host = host();
    return new ApiClient(context, host.server(), host.token(), timeout());
  }

  /** The host that flags and contexts name. */
  Host host() {
    Optional<String> server = flag("server");
    Optional<String> chosen = flag("context");
    Contexts contexts = contexts();
    String name = chosen.orElse(contexts.current());
    Optional<Contexts.Entry> entry = contexts.find(name);
    if (entry.isEmpty() && (server.isEmpty() || chosen.isPresent())) {
      throw new CliFailure(
          name.isEmpty() ? ExitCode.DENIED : ExitCode.NOT_FOUND,
          name.isEmpty() ? "No host is known yet" : "There is no context '" + name + "'",
          name.isEmpty() ? "Start one here with: hearth up" : "See: hearth context list");
    }
    String token =
        flag("token-file")
            .map(file -> read(file).strip())
            .orElseGet(() -> entry.map(Contexts.Entry::token).orElse(""));
    return new Host(server.or(() -> entry.map(Contexts.Entry::server)).orElseThrow(), token);
  }

  Duration timeout() {
    Duration timeout = time("timeout", flag("timeout").orElse("30s"));
    if (timeout.isZero()) {
      throw new CliFailure(
          ExitCode.USAGE, "--timeout: '0' is no time to wait", "Write it as 30s or 2m");
    }
    return timeout;
  }

  /** A span of time such as 30s, 2m or 100ms. */
  static Duration time(String flag, String text) {
    java.util.regex.Matcher matcher =
        java.util.regex.Pattern.compile("(\\d{1,6})(ms|s|m|h)?").matcher(text);
    if (!matcher.matches()) {
      throw new CliFailure(
          ExitCode.USAGE, "--" + flag + ": '" + text + "' is not a time", "Write it as 30s or 2m");
    }
    long number = Long.parseLong(matcher.group(1));
    String unit = matcher.group(2) == null ? "s" : matcher.group(2);
    return switch (unit) {
      case "ms" -> Duration.ofMillis(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> Duration.ofSeconds(number);
    };
  }

  JsonObject get(String path) {
    return api().call("GET", path, Map.of(), JsonNull.INSTANCE);
  }

  JsonObject post(String path, Map<String, String> parameters, JsonElement body) {
    return api().call("POST", path, parameters, body);
  }

  /**
   * Full name of a resource: {@code data} is the caller's own, {@code ann/data} that of an account.
   */
  String resource(String collection, String name) {
    if (name.startsWith("accounts/")) {
      return encode(name);
    }
    int slash = name.indexOf('/');
    String account = slash < 0 ? flag("account").orElse("me") : name.substring(0, slash);
    return encode("accounts/" + account + "/" + collection + "/" + name.substring(slash + 1));
  }

  /** Name of an account in the API. */
  static String account(String name) {
    return inCollection("accounts", name);
  }

  /** Full name of a resource of the host itself, whose own part or full name was typed. */
  static String inCollection(String collection, String name) {
    return encode(name.startsWith(collection + "/") ? name : collection + "/" + name);
  }

  /** Makes a name safe in an address; slashes stay. */
  static String encode(String name) {
    boolean printable = name.chars().noneMatch(Character::isISOControl);
    List<String> parts = new ArrayList<>();
    for (String part : name.split("/", -1)) {
      String encoded = java.net.URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
      if (!printable || encoded.isEmpty() || encoded.equals(".") || encoded.equals("..")) {
        throw new CliFailure(
            ExitCode.USAGE,
            "'" + name + "' is not a name",
            "Use lower-case letters, digits and hyphens, such as data-1");
      }
      parts.add(encoded);
    }
    return String.join("/", parts);
  }

  /** Contents of a file, or of standard input for a hyphen. */
  String read(String file) {
    try {
      return file.equals("-")
          ? new String(context.in().readAllBytes(), StandardCharsets.UTF_8)
          : Files.readString(path(file));
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "Cannot read " + file + ": " + e.getMessage(),
          "Give the path of a file, or - for standard input");
    }
  }

  Path path(String file) {
    return context.workingFolder().resolve(file);
  }

  /** Asks before something is destroyed; without a terminal only {@code --yes} will do. */
  void confirm(String question) {
    if (isSet("yes") || isSet("dry-run")) {
      return;
    }
    if (isSet("no-input") || !context.inTerminal()) {
      throw new CliFailure(
          ExitCode.USAGE, question + " needs a yes, and nobody can be asked here", "Add --yes");
    }
    context.err().print(question + "? [y/N] ");
    context.err().flush();
    try {
      int answer = context.in().read();
      if (answer != 'y' && answer != 'Y') {
        throw new CliFailure(ExitCode.CANCELLED, "Nothing was changed", "");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tells that something was changed, or prints it where a format was asked for. */
  void changed(JsonObject resource, List<Output.Column> columns, String message, String next) {
    if (!flag("output").orElse("table").equals("table")) {
      output().one(resource, columns);
      return;
    }
    context.out().println(message + (isSet("dry-run") ? " (dry run: nothing was changed)" : ""));
    next(next);
  }

  /** Tells whoever sits at a terminal what is useful now. */
  void next(String next) {
    if (!next.isEmpty() && context.errTerminal() && !isSet("dry-run")) {
      context.err().println(errInk().strong("Next:") + " " + next);
    }
  }
}
