// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Chromium, driven through chromedriver by the WebDriver protocol (W3C). */
final class Browser implements AutoCloseable {
  private final Process driver;
  private final HttpClient client = HttpClient.newHttpClient();
  private final String address;
  private String session = "";

  private Browser(Process driver, String address) {
    this.driver = driver;
    this.address = address;
  }

  static Browser start(Path scratch) throws IOException, InterruptedException {
    int port = Host.freePort();
    Process driver =
        new ProcessBuilder("chromedriver", "--port=" + port)
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("chromedriver.log").toFile())
            .start();
    Browser browser = new Browser(driver, "http://127.0.0.1:" + port);
    browser.awaitDriver();
    JsonObject options = new JsonObject();
    JsonArray arguments = new JsonArray();
    for (String argument :
        List.of(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--user-data-dir=" + scratch.resolve("chromium"))) {
      arguments.add(argument);
    }
    options.add("args", arguments);
    JsonObject logs = new JsonObject();
    logs.addProperty("browser", "ALL");
    JsonObject wanted = new JsonObject();
    wanted.addProperty("browserName", "chrome");
    wanted.add("goog:chromeOptions", options);
    wanted.add("goog:loggingPrefs", logs);
    JsonObject capabilities = new JsonObject();
    capabilities.add("alwaysMatch", wanted);
    JsonObject body = new JsonObject();
    body.add("capabilities", capabilities);
    browser.session =
        "/session/"
            + browser.post("/session", body).getAsJsonObject().get("sessionId").getAsString();
    return browser;
  }

  private void awaitDriver() throws IOException, InterruptedException {
    Instant deadline = Instant.now().plusSeconds(30);
    while (true) {
      try {
        HttpResponse<String> response =
            client.send(
                HttpRequest.newBuilder(URI.create(address + "/status")).build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        if (Instant.now().isAfter(deadline)) {
          throw e;
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private JsonElement post(String path, JsonObject body) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create(address + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    JsonElement value = JsonParser.parseString(response.body()).getAsJsonObject().get("value");
    if (response.statusCode() != 200) {
      throw new AssertionError(path + ": " + value);
    }
    return value;
  }

  private static JsonObject object(String name, String value) {
    JsonObject object = new JsonObject();
    object.addProperty(name, value);
    return object;
  }

  void open(String uri) throws IOException, InterruptedException {
    post(session + "/url", object("url", uri));
  }

  /** Runs a script; its result as text. */
  String run(String script) throws IOException, InterruptedException {
    JsonObject body = object("script", script);
    body.add("args", new JsonArray());
    JsonElement value = post(session + "/execute/sync", body);
    return value.isJsonPrimitive() ? value.getAsString() : value.toString();
  }

  String text(String selector) throws IOException, InterruptedException {
    return run("return document.querySelector('" + selector + "').innerText");
  }

  /** Waits until an expression is true. */
  void await(String expression) throws IOException, InterruptedException {
    Instant deadline = Instant.now().plusSeconds(20);
    while (!run("return Boolean(" + expression + ")").equals("true")) {
      if (Instant.now().isAfter(deadline)) {
        throw new AssertionError(expression + " in: " + text("body"));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** Presses keys one after the other, as WebDriver names them. */
  void keys(String keys) throws IOException, InterruptedException {
    JsonArray presses = new JsonArray();
    for (int i = 0; i < keys.length(); i++) {
      char key = keys.charAt(i);
      for (String type : List.of("keyDown", "keyUp")) {
        JsonObject press = object("type", type);
        press.addProperty("value", String.valueOf(key));
        presses.add(press);
      }
    }
    JsonObject keyboard = object("type", "key");
    keyboard.addProperty("id", "keyboard");
    keyboard.add("actions", presses);
    JsonArray sources = new JsonArray();
    sources.add(keyboard);
    JsonObject body = new JsonObject();
    body.add("actions", sources);
    post(session + "/actions", body);
  }

  /** Pretends to be a screen of so many pixels whose owner prefers a colour scheme. */
  void prefer(int width, int height, String scheme) throws IOException, InterruptedException {
    JsonObject screen = new JsonObject();
    screen.addProperty("width", width);
    screen.addProperty("height", height);
    screen.addProperty("deviceScaleFactor", 2);
    screen.addProperty("mobile", true);
    command("Emulation.setDeviceMetricsOverride", screen);
    JsonArray features = new JsonArray();
    JsonObject feature = object("name", "prefers-color-scheme");
    feature.addProperty("value", scheme);
    features.add(feature);
    JsonObject media = new JsonObject();
    media.add("features", features);
    command("Emulation.setEmulatedMedia", media);
  }

  private void command(String name, JsonObject parameters)
      throws IOException, InterruptedException {
    JsonObject body = object("cmd", name);
    body.add("params", parameters);
    post(session + "/goog/cdp/execute", body);
  }

  /** What the console told of errors. */
  List<String> errors() throws IOException, InterruptedException {
    return post(session + "/se/log", object("type", "browser")).getAsJsonArray().asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(entry -> entry.get("level").getAsString().equals("SEVERE"))
        .map(entry -> entry.get("message").getAsString())
        .toList();
  }

  @Override
  public void close() throws IOException {
    try {
      if (!session.isEmpty()) {
        client.send(
            HttpRequest.newBuilder(URI.create(address + session)).DELETE().build(),
            HttpResponse.BodyHandlers.ofString());
      }
      driver.destroy();
      driver.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      driver.destroyForcibly();
      client.shutdownNow();
    }
  }
}
