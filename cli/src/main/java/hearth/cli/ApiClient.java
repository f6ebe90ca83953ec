// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Calls a host's REST face. */
final class ApiClient implements AutoCloseable {
  private final String server;
  private final String token;
  private final Duration timeout;
  private final HttpClient client;

  ApiClient(String server, String token, Duration timeout) {
    this.server = server;
    this.token = token;
    this.timeout = timeout;
    HttpClient.Builder builder =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout);
    this.client =
        (server.startsWith("https:") ? builder : builder.sslContext(NoTls.context())).build();
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
    return send("GET", path, Map.of(), "");
  }

  private byte[] send(String method, String path, Map<String, String> parameters, String body) {
    String query =
        parameters.entrySet().stream()
            .map(entry ->
                entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpResponse<byte[]> response;
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(
                  URI.create(server + "/v1/" + path + (query.isEmpty() ? "" : "?" + query)))
              .timeout(timeout)
              .header("authorization", "Bearer " + token)
              .header("accept", "application/json");
      if (body.isEmpty()) {
        request.method(method, HttpRequest.BodyPublishers.noBody());
      } else {
        request
            .header("content-type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body));
      }
      response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IllegalArgumentException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + server + "' is not the address of a host",
          "Write it as http://127.0.0.1:7070");
    } catch (HttpTimeoutException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE,
          server + " did not answer within " + timeout.toSeconds() + " s",
          "Try again with a longer --timeout");
    } catch (ConnectException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE, "No host answers at " + server, "Start one with: hearth up");
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.UNAVAILABLE,
          "The connection to " + server + " failed: " + e.getMessage(),
          "Look at what is wrong: hearth doctor");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure(ExitCode.INTERRUPTED, "Interrupted", "");
    }
    if (response.statusCode() / 100 != 2) {
      throw failure(response);
    }
    return response.body();
  }

  private CliFailure failure(HttpResponse<byte[]> response) {
    try {
      JsonObject error =
          JsonParser.parseString(new String(response.body(), StandardCharsets.UTF_8))
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
          server + " answered with status " + response.statusCode(),
          "Check the address: hearth context list");
    }
  }

  /**
   * Ends the client's thread: the JVM waits 300 ms at its exit for one that is still in a system
   * call.
   */
  @Override
  public void close() {
    client.shutdownNow();
    try {
      boolean _ = client.awaitTermination(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
