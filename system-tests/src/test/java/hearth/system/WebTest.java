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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
        .contains(">web</a></th>");
    assertThat(post("/volumes", "csrf", csrf, "name", "<b>", "size", "1GiB").body())
        .contains("not a valid name")
        .doesNotContain("<b>");
    assertThat(host.ok("volume", "list", "-o", "name")).isEqualTo("accounts/admin/volumes/web");
    String web = "accounts/admin/volumes/web";
    assertThat(post("/snapshots", "csrf", csrf, "volume", web, "name", "monday").body())
        .contains("<td>monday</td>");
    assertThat(post("/snapshots", "csrf", csrf, "volume", web, "name", "monday").body())
        .contains("has a snapshot 'monday' already");
    String monday = web + "/snapshots/monday";
    assertThat(post("/snapshots/copy", "csrf", csrf, "snapshot", monday, "name", "trial").body())
        .contains(">trial</a></th>");
    assertThat(post("/snapshots/delete", "csrf", csrf, "snapshot", monday, "again", "web").body())
        .contains("nothing was deleted");
    assertThat(
            post("/snapshots/delete", "csrf", "forged", "snapshot", monday, "again", "monday")
                .statusCode())
        .isEqualTo(403);
    assertThat(
            post("/snapshots/delete", "csrf", csrf, "snapshot", monday, "again", "monday").body())
        .contains("There are no snapshots yet");
    host.ok("volume", "delete", "trial", "--yes");
    assertThat(get("/volumes/admin/trial").statusCode()).isEqualTo(404);
    Instant deadline = Instant.now().plusSeconds(60);
    HttpResponse<String> chart = get("/volumes/admin/web");
    assertThat(chart.body()).contains("The last hour").contains("iqn.");
    while (!chart.body().contains("<svg") && Instant.now().isBefore(deadline)) {
      TimeUnit.SECONDS.sleep(2);
      chart = get("/volumes/admin/web");
    }
    assertThat(chart.body()).contains("Commands in a second: Reads now 0, at most 0;");
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
    assertThat(get("/volumes/ann/hers").statusCode()).isEqualTo(404);
    assertThat(get("/volumes/ann/hers").body()).doesNotContain("iqn.");
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
  void inChromiumThePagesFitASmallScreenInTheDarkAndNeedNoMouse() throws Exception {
    Outside.need("inChromiumThePagesFitASmallScreenInTheDarkAndNeedNoMouse", "chromium");
    Outside.need("inChromiumThePagesFitASmallScreenInTheDarkAndNeedNoMouse", "chromedriver");
    host.ok("volume", "create", "a-volume-with-quite-a-long-name", "--size", "1GiB");
    host.ok("account", "create", "ann", "--quota", "1GiB");
    host.ok("token", "create", "nightly");
    try (Browser chromium = Browser.start(home)) {
      chromium.open(host.uri() + "/");
      assertThat(chromium.text("h1")).isEqualTo("Log in");
      chromium.open(host.uri() + link());
      for (int tab = 0; tab < 9 && !focused(chromium).equals("BUTTON"); tab++) {
        chromium.keys("\uE004");
      }
      chromium.keys("\uE007");
      chromium.await("location.pathname == '/'");
      for (String scheme : List.of("light", "dark")) {
        chromium.prefer(360, 640, scheme);
        for (String page :
            List.of(
                "/",
                "/volumes",
                "/snapshots",
                "/tokens",
                "/accounts",
                "/audit",
                "/api",
                "/login")) {
          chromium.open(host.uri() + page);
          assertThat(chromium.run("return document.scrollingElement.scrollWidth <= innerWidth"))
              .as("%s fits 360 pixels", page)
              .isEqualTo("true");
          assertThat(chromium.run(CONTRAST))
              .as("%s, %s: poor contrast", page, scheme)
              .isEqualTo("");
          assertThat(chromium.run(NAMELESS)).as("%s: fields without a name", page).isEqualTo("");
          assertThat(chromium.run("return document.documentElement.lang")).isEqualTo("en");
        }
      }
      // A volume, by keyboard alone: to its form, through it, and off.
      chromium.open(host.uri() + "/volumes");
      for (int tab = 0; tab < 40 && !focused(chromium).equals("INPUT"); tab++) {
        chromium.keys("\uE004");
      }
      chromium.keys("typed\uE00410MiB\uE004\uE007");
      chromium.await(
          "document.readyState == 'complete' && document.body.innerText.includes('typed')");
      assertThat(host.ok("volume", "show", "typed", "-o", "jsonpath={.sizeBytes}"))
          .isEqualTo("10485760");
      assertThat(
              chromium.run(
                  "document.activeElement.blur(); document.querySelector('a').focus();"
                      + " let s = getComputedStyle(document.activeElement);"
                      + " return s.outlineStyle != 'none' || s.boxShadow != 'none'"))
          .as("what has the focus is seen")
          .isEqualTo("true");
      assertThat(chromium.errors()).isEmpty();
    }
  }

  private static String focused(Browser browser) throws Exception {
    return browser.run("return document.activeElement.tagName");
  }

  /** Elements whose text is less than 4.5 times as bright or dark as what it stands on (WCAG). */
  private static final String CONTRAST =
      """
      function rgb(c) { let m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; }
      function lum(c) { let f = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; }
      function back(e) { for (; e; e = e.parentElement) { let c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0.5) return c; }
        return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]; }
      let bad = [];
      for (let e of document.querySelectorAll('body *')) {
        let own = [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim());
        if (!own || !e.getClientRects().length) continue;
        let a = lum(rgb(getComputedStyle(e).color)), b = lum(back(e));
        let ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) bad.push(e.tagName + ' ' + e.textContent.trim().slice(0, 20) + ' ' + ratio.toFixed(1));
      }
      return bad.join('; ');
      """;

  private static final String NAMELESS =
      """
      return [...document.querySelectorAll('input:not([type=hidden]), select, button, meter')]
        .filter(e => !(e.labels && e.labels.length) && !e.ariaLabel && !e.textContent.trim())
        .map(e => e.outerHTML.slice(0, 60)).join('; ');
      """;
}
