// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls a host's REST face. By {@link HttpURLConnection}, which starts in a fraction of the time
 * that {@code java.net.http} takes; see RATIONALE.md.
 */
final class ApiClient {
  static {
    // What changes something is never sent twice; a command's few requests need no pool.
    System.setProperty("sun.net.http.retryPost", "false");
    System.setProperty("http.keepAlive", "false");
  }

  private final CliContext context;
  private final String server;
  private final String token;
  private final Duration timeout;

  ApiClient(CliContext context, String server, String token, Duration timeout) {
    this.context = context;
    this.server = server;
    this.token = token;
    this.timeout = timeout;
  }

  /** Sends a request; the object that came back. Parameters and body may be empty. */
  JsonObject call(String method, String path, Map<String, String> parameters, JsonElement body) {
    byte[] bytes = send(method, path, parameters, body.isJsonNull() ? "" : body.toString());
    try {
      return JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "What " + server + " answered is not Hearth's API",
          "Check the address: hearth context list");
    }
  }

  /** The bytes of a resource. */
  byte[] download(String path) {
    return download(path, Map.of()).bytes();
  }

  /**
   * Bytes that came.
   *
   * @param contentType what they are, as the host said
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Download(byte[] bytes, String contentType) {}

  /** The bytes of a resource, and what they are. */
  Download download(String path, Map<String, String> parameters) {
    return request("GET", path, parameters, "");
  }

  /** The same host, asked without a word about waiting; for those who tell more themselves. */
  ApiClient silent() {
    CliContext quiet =
        new CliContext(
            context.in(),
            context.out(),
            context.err(),
            context.environment(),
            context.workingFolder(),
            context.clock(),
            context.inTerminal(),
            context.outTerminal(),
            false);
    return new ApiClient(quiet, server, token, timeout);
  }

  private byte[] send(String method, String path, Map<String, String> parameters, String body) {
    return request(method, path, parameters, body).bytes();
  }

  private Download request(
      String method, String path, Map<String, String> parameters, String body) {
    String query =
        parameters.entrySet().stream()
            .map(entry ->
                entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    long deadline = System.nanoTime() + timeout.toNanos();
    try (Waiting _ = Waiting.begin(context, "Waiting for " + server)) {
      HttpURLConnection connection =
          open(server + "/v1/" + path + (query.isEmpty() ? "" : "?" + query));
      connection.setRequestMethod(method);
      connection.setConnectTimeout((int) timeout.toMillis());
      connection.setReadTimeout((int) timeout.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestProperty("authorization", "Bearer " + token);
      connection.setRequestProperty("accept", "application/json");
      if (!body.isEmpty()) {
        connection.setDoOutput(true);
        connection.setRequestProperty("content-type", "application/json");
        connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
      }
      int status = connection.getResponseCode();
      if (status / 100 != 2) {
        throw failure(status, read(connection.getErrorStream(), deadline));
      }
      byte[] bytes = read(connection.getInputStream(), deadline);
      return new Download(bytes, String.valueOf(connection.getHeaderField("content-type")));
    } catch (MalformedURLException | IllegalArgumentException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + server + "' is not the address of a host",
          "Write it as http://127.0.0.1:7070");
    } catch (SocketTimeoutException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE,
          server + " did not answer within " + timeout.toSeconds() + " s",
          "Try again with a longer --timeout");
    } catch (ConnectException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE, "No host answers at " + server, "Start one with: hearth up");
    } catch (UnknownHostException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE,
          "There is no machine of the name in " + server,
          "Check the address: hearth context list");
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE,
          "The connection to " + server + " failed: " + e.getMessage(),
          "Look at what is wrong: hearth doctor");
    }
  }

  private static HttpURLConnection open(String address) throws IOException {
    URI uri = URI.create(address);
    if (uri.getHost() == null || !List.of("http", "https").contains(uri.getScheme())) {
      throw new MalformedURLException(address);
    }
    return (HttpURLConnection) uri.toURL().openConnection();
  }

  /** All that comes, within the time for the whole answer and not only for each piece of it. */
  private static byte[] read(@Nullable InputStream stream, long deadline) throws IOException {
    if (stream == null) {
      return new byte[0];
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
      bytes.write(buffer, 0, n);
      if (System.nanoTime() > deadline) {
        throw new SocketTimeoutException();
      }
    }
    return bytes.toByteArray();
  }

  private CliFailure failure(int status, byte[] body) {
    try {
      JsonObject error =
          JsonParser.parseString(new String(body, StandardCharsets.UTF_8))
              .getAsJsonObject()
              .getAsJsonObject("error");
      String fix = "";
      for (JsonElement detail : error.getAsJsonArray("details")) {
        JsonObject object = detail.getAsJsonObject();
        if (object.has("locale")) {
          fix = object.get("message").getAsString();
        }
      }
      return new CliFailure(
          ExitCode.of(error.get("status").getAsString()), error.get("message").getAsString(), fix);
    } catch (RuntimeException e) {
      return new CliFailure(
          ExitCode.FAILURE,
          server + " answered with status " + status,
          "Check the address: hearth context list");
    }
  }
}
