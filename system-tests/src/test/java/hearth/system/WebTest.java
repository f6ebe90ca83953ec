// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pages, as a browser without JavaScript uses them, and Chromium's view of them. */
@Tag("system")
class WebTest {
  private static final Pattern CSRF = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"");

  @TempDir Path home;
  private Host host;
  private final HttpClient browser =
      HttpClient.newBuilder()
          .cookieHandler(new CookieManager())
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();

  @BeforeEach
  void start() throws Exception {
    host = Host.start(home);
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return browser.send(
        HttpRequest.newBuilder(URI.create(host.uri() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String... fields) throws Exception {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < fields.length; i += 2) {
      body.append(body.isEmpty() ? "" : "&")
          .append(fields[i])
          .append('=')
          .append(URLEncoder.encode(fields[i + 1], StandardCharsets.UTF_8));
    }
    return browser.send(
        HttpRequest.newBuilder(URI.create(host.uri() + path))
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private String link() throws Exception {
    return host.ok("account", "create-login-link").substring(host.uri().length());
  }

  private static String csrf(HttpResponse<String> page) {
    Matcher matcher = CSRF.matcher(page.body());
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }

  @Test
  void aLinkLogsInOnceAndFormsChangeWhatTheySay() throws Exception {
    assertThat(get("/volumes").body()).contains("Password");
    String link = link();
    assertThat(post(link).body()).contains("This host");
    HttpResponse<String> page = get("/volumes");
    String csrf = csrf(page);
    assertThat(post("/volumes", "csrf", "forged", "name", "evil", "size", "1GiB").statusCode())
        .isEqualTo(403);
    assertThat(post("/volumes", "csrf", csrf, "name", "web", "size", "1GiB").body())
        .contains(">web</th>");
    assertThat(post("/volumes", "csrf", csrf, "name", "<b>", "size", "1GiB").body())
        .contains("not a valid name")
        .doesNotContain("<b>");
    assertThat(host.ok("volume", "list", "-o", "name")).isEqualTo("accounts/admin/volumes/web");
    assertThat(
            post(
                    "/volumes/delete",
                    "csrf",
                    csrf,
                    "volume",
                    "accounts/admin/volumes/web",
                    "again",
                    "wrong")
                .body())
        .contains("nothing was deleted");
    post("/volumes/delete", "csrf", csrf, "volume", "accounts/admin/volumes/web", "again", "web");
    assertThat(host.ok("volume", "list", "-o", "name")).isEmpty();
    assertThat(get("/audit").body()).contains("volume.delete");
    post("/logout", "csrf", csrf);
    assertThat(get("/volumes").body()).contains("Password");
    assertThat(post(link).statusCode()).isEqualTo(403);
  }

  @Test
  void aMembersPagesShowNothingOfOthers() throws Exception {
    host.ok("account", "create", "ann");
    host.ok("account", "create", "ben");
    host.ok("volume", "create", "ann/hers", "--size", "1GiB");
    Path password = home.resolve("password");
    Files.writeString(password, "correct horse battery\n");
    host.ok("account", "set-password", "ben", "--password-file", password.toString());
    assertThat(post("/login", "account", "ben", "password", "wrong horse battery").statusCode())
        .isEqualTo(403);
    assertThat(post("/login", "account", "ben", "password", "correct horse battery").body())
        .contains("This host")
        .doesNotContain("Data folder");
    HttpResponse<String> page = get("/volumes");
    assertThat(page.body()).doesNotContain("hers");
    post(
        "/volumes/delete",
        "csrf",
        csrf(page),
        "volume",
        "accounts/ann/volumes/hers",
        "again",
        "hers");
    assertThat(host.ok("volume", "list", "--account", "-", "-o", "name"))
        .isEqualTo("accounts/ann/volumes/hers");
    assertThat(get("/accounts").body()).doesNotContain("ann");
  }

  @Test
  void repeatedWrongPasswordsAreSlowedDown() throws Exception {
    int last = 0;
    for (int i = 0; i < 8; i++) {
      last = post("/login", "account", "admin", "password", "guess number " + i).statusCode();
    }
    assertThat(last).isEqualTo(429);
  }

  @Test
  void theApiIsDescribedAndClosed() throws Exception {
    assertThat(
            JsonParser.parseString(get("/openapi.json").body())
                .getAsJsonObject()
                .getAsJsonObject("paths")
                .size())
        .isGreaterThan(10);
    assertThat(get("/api").body()).contains("CreateVolume");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    for (String closed : List.of("/v1/host", "/metrics", "/v1/accounts/admin/volumes")) {
      assertThat(get(closed).statusCode()).as(closed).isEqualTo(401);
    }
    assertThat(get("/../../etc/passwd").statusCode()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void chromiumShowsTheLoginPage() throws Exception {
    Outside.need("chromiumShowsTheLoginPage", "chromium");
    Host.Result result =
        Host.run(
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--user-data-dir=" + home.resolve("chromium"),
            "--window-size=360,640",
            "--dump-dom",
            host.uri() + "/login");
    assertThat(result.out()).contains("<h1>Log in</h1>").contains("name=\"password\"");
  }
}
