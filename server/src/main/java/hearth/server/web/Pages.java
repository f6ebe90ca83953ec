// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.Cookie;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.QueryParams;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import hearth.contract.account.v1.CreateTokenRequest;
import hearth.contract.account.v1.DeleteTokenRequest;
import hearth.contract.account.v1.ListAccountsRequest;
import hearth.contract.account.v1.ListTokensRequest;
import hearth.contract.host.v1.Host;
import hearth.contract.host.v1.ListAuditEntriesRequest;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.DeleteVolumeRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.Snapshot;
import hearth.contract.volume.v1.Volume;
import hearth.kit.access.Caller;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.server.Times;
import hearth.server.account.Accounts;
import hearth.server.account.Credentials;
import hearth.server.api.ApiErrors;
import hearth.server.api.OpenApi;
import hearth.server.host.Audit;
import hearth.server.host.VolumeHistory;
import hearth.volume.Snapshots;
import hearth.volume.Volumes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The pages: log in, state of the host, volumes, tokens, accounts, changes. Forms and links only. A
 * browser is known by a cookie that scripts cannot read and other sites cannot send; forms carry a
 * secret of the session besides.
 */
public final class Pages {
  private static final String COOKIE = "hearth-session";

  private final TemplateEngine templates;
  private final Credentials credentials;
  private final Accounts accounts;
  private final Volumes volumes;
  private final Snapshots snapshots;
  private final VolumeHistory history;
  private final Function<Caller, Host> host;
  private final Audit audit;
  private final boolean secure;

  /** A volume as the page shows it. */
  public record VolumeRow(
      String name,
      String owner,
      String id,
      String size,
      String used,
      int percent,
      String state,
      int sessions) {}

  /** A snapshot as the page shows it. */
  public record SnapshotRow(
      String name,
      String owner,
      String volume,
      String id,
      String size,
      String held,
      String made,
      int sessions) {}

  private Pages(
      Credentials credentials,
      Accounts accounts,
      Volumes volumes,
      Snapshots snapshots,
      VolumeHistory history,
      Function<Caller, Host> host,
      Audit audit,
      boolean secure) {
    this.templates =
        TemplateEngine.createPrecompiled(
            null, ContentType.Html, null, "hearth.server.web.generated");
    this.credentials = credentials;
    this.accounts = accounts;
    this.volumes = volumes;
    this.snapshots = snapshots;
    this.history = history;
    this.host = host;
    this.audit = audit;
    this.secure = secure;
  }

  /** Adds the pages to a server; {@code secure} if browsers reach it by TLS. */
  public static void addTo(
      ServerBuilder server,
      Credentials credentials,
      Accounts accounts,
      Volumes volumes,
      Snapshots snapshots,
      VolumeHistory history,
      Function<Caller, Host> host,
      Audit audit,
      boolean secure,
      String version) {
    Pages pages =
        new Pages(credentials, accounts, volumes, snapshots, history, host, audit, secure);
    byte[] style = resource("style.css");
    server.service(
        "/style.css",
        (context, request) ->
            HttpResponse.of(HttpStatus.OK, MediaType.CSS_UTF_8, HttpData.wrap(style)));
    byte[] icon = resource("icon.svg");
    server.service(
        "/icon.svg",
        (context, request) ->
            HttpResponse.of(HttpStatus.OK, MediaType.parse("image/svg+xml"), HttpData.wrap(icon)));
    OpenApi openApi = new OpenApi(version);
    byte[] document = openApi.json().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    server.service(
        "/openapi.json",
        (context, request) ->
            HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.wrap(document)));
    List<List<String>> methods =
        openApi.methods().stream()
            .map(method ->
                List.of(method.name(), method.verb() + " " + method.path(), method.comment()))
            .toList();
    server
        .route()
        .get("/api")
        .build(
            pages.open(request ->
                pages.page(
                    "table",
                    View.of("API")
                        .withNotice(
                            "The whole description, for programs: /openapi.json. Send 'Authorization: Bearer TOKEN'."),
                    Map.of(
                        "headings",
                        List.of("Method", "REST", "What it does"),
                        "rows",
                        methods,
                        "revoke",
                        ""))));
    server
        .route()
        .get("/login")
        .build(pages.open(request -> pages.page("login", View.of("Log in"), Map.of())));
    server.route().post("/login").build(pages.open(pages::login));
    server
        .route()
        .get("/login/{secret}")
        .build((context, request) ->
            pages.page(
                "use",
                View.of("Log in"),
                Map.of("action", "/login/" + context.pathParam("secret"))));
    server
        .route()
        .post("/login/{secret}")
        .build((context, request) -> pages.later(context, () -> pages.useLink(context)));
    server.route().post("/logout").build(pages.form(pages::logout));
    server.route().get("/").build(pages.shown(pages::home));
    server
        .route()
        .get("/volumes")
        .build(pages.shown(session -> pages.volumes(session, pages.view(session, "Volumes"))));
    server
        .route()
        .get("/volumes/{account}/{volume}")
        .build((context, request) ->
            pages
                .shown(session ->
                    pages.volume(
                        session,
                        String.valueOf(context.pathParam("account")),
                        String.valueOf(context.pathParam("volume"))))
                .serve(context, request));
    server.route().post("/volumes").build(pages.form(pages::createVolume));
    server.route().post("/volumes/delete").build(pages.form(pages::deleteVolume));
    server
        .route()
        .get("/snapshots")
        .build(pages.shown(session -> pages.snapshots(session, pages.view(session, "Snapshots"))));
    server.route().post("/snapshots").build(pages.form(pages::createSnapshot));
    server.route().post("/snapshots/copy").build(pages.form(pages::copySnapshot));
    server.route().post("/snapshots/delete").build(pages.form(pages::deleteSnapshot));
    server
        .route()
        .get("/tokens")
        .build(pages.shown(session -> pages.tokens(session, pages.view(session, "Tokens"))));
    server.route().post("/tokens").build(pages.form(pages::createToken));
    server.route().post("/tokens/revoke").build(pages.form(pages::revokeToken));
    server.route().get("/accounts").build(pages.shown(pages::accounts));
    server.route().get("/audit").build(pages.shown(pages::audit));
  }

  private static byte[] resource(String name) {
    try (InputStream in = Pages.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource: " + name + " (expected: on the class path)");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // How requests come in

  private interface Work {
    HttpResponse run();
  }

  private HttpResponse later(ServiceRequestContext context, Work work) {
    return HttpResponse.of(
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return work.run();
              } catch (RuntimeException e) {
                Problem problem = ApiErrors.toProblem(e);
                View view =
                    View.of("That did not work")
                        .withProblem(problem.what() + ".", problem.fix() + ".");
                return page(
                    "table",
                    view,
                    Map.of("headings", List.of(), "rows", List.of(), "revoke", ""),
                    problem.code().httpStatus());
              }
            },
            context.blockingTaskExecutor()));
  }

  /** A page that needs no session. */
  private HttpService open(Function<Incoming, HttpResponse> page) {
    return (context, request) ->
        HttpResponse.of(
            request
                .aggregate()
                .thenApply(
                    whole -> later(context, () -> page.apply(new Incoming(context, whole)))));
  }

  private record Incoming(ServiceRequestContext context, AggregatedHttpRequest request) {
    QueryParams fields() {
      return QueryParams.fromQueryString(request.contentUtf8());
    }
  }

  private record Session(Credentials.WebSession web, String secret) {
    Caller caller() {
      return web.caller();
    }
  }

  private Optional<Session> session(ServiceRequestContext context) {
    return context.request().headers().cookies().stream()
        .filter(cookie -> cookie.name().equals(COOKIE))
        .findFirst()
        .flatMap(cookie ->
            credentials.bySession(cookie.value()).map(web -> new Session(web, cookie.value())));
  }

  /** A page for whoever is logged in; others are sent to log in. */
  private HttpService shown(Function<Session, HttpResponse> page) {
    return (context, request) ->
        later(context, () -> session(context).map(page).orElseGet(() -> redirect("/login")));
  }

  private interface FormAction {
    HttpResponse run(Session session, QueryParams fields);
  }

  /** What a form asks for, if it is one of ours. */
  private HttpService form(FormAction action) {
    return open(incoming -> {
      Optional<Session> session = session(incoming.context());
      if (session.isEmpty()) {
        return redirect("/login");
      }
      QueryParams fields = incoming.fields();
      if (!java.security.MessageDigest.isEqual(
          fields.get("csrf", "").getBytes(java.nio.charset.StandardCharsets.UTF_8),
          session.get().web().csrf().getBytes(java.nio.charset.StandardCharsets.UTF_8))) {
        throw new Problem(
            Code.PERMISSION_DENIED,
            "FOREIGN_FORM",
            "The form did not come from this host's pages",
            "Open the page again");
      }
      return action.run(session.get(), fields);
    });
  }

  private static HttpResponse redirect(String where) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.SEE_OTHER).set(HttpHeaderNames.LOCATION, where).build());
  }

  private HttpResponse page(String template, View view, Map<String, Object> parameters) {
    return page(template, view, parameters, 200);
  }

  private HttpResponse page(
      String template, View view, Map<String, Object> parameters, int status) {
    StringOutput out = new StringOutput();
    Map<String, Object> all = new java.util.HashMap<>(parameters);
    all.put("view", view);
    templates.render(template + ".jte", all, out);
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.valueOf(status))
            .contentType(MediaType.HTML_UTF_8)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .build(),
        HttpData.ofUtf8(out.toString()));
  }

  private View view(Session session, String title) {
    return new View(title, session.caller().account(), session.web().csrf(), "", "", "");
  }

  // Log in and out

  private HttpResponse login(Incoming incoming) {
    QueryParams fields = incoming.fields();
    String address = incoming.context().remoteAddress().getAddress().getHostAddress();
    try {
      Optional<String> secret =
          credentials.login(fields.get("account", ""), fields.get("password", ""), address);
      return secret
          .map(this::begin)
          .orElseGet(() ->
              page(
                  "login",
                  View.of("Log in")
                      .withProblem(
                          "Account or password is wrong.", "Try again, or use a login link."),
                  Map.of(),
                  403));
    } catch (Problem problem) {
      return page(
          "login",
          View.of("Log in").withProblem(problem.what() + ".", problem.fix() + "."),
          Map.of(),
          429);
    }
  }

  private HttpResponse useLink(ServiceRequestContext context) {
    return credentials
        .useLink(String.valueOf(context.pathParam("secret")))
        .map(this::begin)
        .orElseGet(() ->
            page(
                "login",
                View.of("Log in")
                    .withProblem(
                        "The link was used already, or is too old.",
                        "Make a new one: hearth account create-login-link"),
                Map.of(),
                403));
  }

  private HttpResponse begin(String secret) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.SEE_OTHER)
            .set(HttpHeaderNames.LOCATION, "/")
            .cookie(cookie(secret, 7L * 86_400))
            .build());
  }

  private Cookie cookie(String value, long seconds) {
    return Cookie.secureBuilder(COOKIE, value)
        .path("/")
        .maxAge(seconds)
        .httpOnly(true)
        .sameSite("Strict")
        .secure(secure)
        .build();
  }

  private HttpResponse logout(Session session, QueryParams fields) {
    credentials.endSession(session.secret());
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.SEE_OTHER)
            .set(HttpHeaderNames.LOCATION, "/login")
            .cookie(cookie("", 0))
            .build());
  }

  // Pages

  private HttpResponse home(Session session) {
    Host state = host.apply(session.caller());
    List<List<String>> facts = new ArrayList<>();
    facts.add(List.of("Domain", state.getDomain()));
    facts.add(List.of("Version", state.getVersion()));
    facts.add(List.of("API", state.getUri() + "/v1"));
    facts.add(List.of("iSCSI", state.getIscsiPortal()));
    facts.add(List.of("Up since", Times.instant(state.getStartTime()).toString()));
    facts.add(List.of("Volumes", String.valueOf(state.getVolumeCount())));
    facts.add(List.of("Sessions", String.valueOf(state.getSessionCount())));
    if (session.caller().administrator()) {
      facts.add(List.of("Accounts", String.valueOf(state.getAccountCount())));
      facts.add(List.of("Data folder", state.getDataFolder()));
      facts.add(List.of("Database", state.getDatabase()));
      facts.add(
          List.of(
              "Free space",
              ByteSize.format(state.getFreeBytes())
                  + " of "
                  + ByteSize.format(state.getCapacityBytes())));
    }
    return page(
        "home",
        view(session, "This host"),
        Map.of("facts", facts, "warnings", List.copyOf(state.getWarningsList())));
  }

  private HttpResponse volumes(Session session, View view) {
    return page(
        "volumes", view, Map.of("volumes", volumes(session)), view.problem().isEmpty() ? 200 : 400);
  }

  private HttpResponse volume(Session session, String account, String id) {
    Volume volume;
    try {
      volume =
          volumes.get(
              session.caller(),
              GetVolumeRequest.newBuilder()
                  .setName("accounts/" + account + "/volumes/" + id)
                  .build());
    } catch (Problem problem) {
      View view = view(session, "Volumes").withProblem(problem.what() + ".", problem.fix() + ".");
      return page("volumes", view, Map.of("volumes", volumes(session)), 404);
    }
    VolumeRow row = row(volume);
    List<List<String>> facts =
        List.of(
            List.of(
                "Description",
                volume.getDescription().isEmpty() ? "none" : volume.getDescription()),
            List.of("Owner", row.owner()),
            List.of("Size", row.size()),
            List.of("Used", row.used() + " (" + row.percent() + " %)"),
            List.of("State", row.state()),
            List.of("Sessions", String.valueOf(row.sessions())),
            List.of("Target", volume.getIscsi().getIqn()),
            List.of("Portals", String.join(", ", volume.getIscsi().getPortalsList())),
            List.of("Made", Times.instant(volume.getCreateTime()).toString()));
    return page(
        "volume",
        view(session, "Volume " + row.id()),
        Map.of("facts", facts, "charts", Chart.of(history.of(volume.getName()))));
  }

  private List<VolumeRow> volumes(Session session) {
    return volumes
        .list(
            session.caller(),
            ListVolumesRequest.newBuilder().setParent("accounts/-").setPageSize(1000).build())
        .getVolumesList()
        .stream()
        .map(Pages::row)
        .toList();
  }

  private static VolumeRow row(Volume volume) {
    String[] parts = volume.getName().split("/", -1);
    return new VolumeRow(
        volume.getName(),
        parts[1],
        parts[3],
        ByteSize.format(volume.getSizeBytes()),
        ByteSize.format(volume.getUsedBytes()),
        (int) (100.0 * volume.getUsedBytes() / Math.max(1, volume.getSizeBytes())),
        volume.getState() == Volume.State.READY ? "ready" : "failed: " + volume.getStateReason(),
        volume.getIscsi().getSessionCount());
  }

  private HttpResponse createVolume(Session session, QueryParams fields) {
    View view = view(session, "Volumes");
    try {
      volumes.create(
          session.caller(),
          CreateVolumeRequest.newBuilder()
              .setParent("accounts/" + session.caller().account())
              .setVolumeId(fields.get("name", ""))
              .setVolume(Volume.newBuilder().setSizeBytes(size(fields.get("size", ""))))
              .build());
      return redirect("/volumes");
    } catch (Problem problem) {
      return volumes(session, view.withProblem(problem.what() + ".", problem.fix() + "."));
    }
  }

  private static long size(String text) {
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("size", String.valueOf(e.getMessage()), "Write it as 10GiB");
    }
  }

  private HttpResponse deleteVolume(Session session, QueryParams fields) {
    String name = fields.get("volume", "");
    View view = view(session, "Volumes");
    if (!name.endsWith("/" + fields.get("again", " "))) {
      return volumes(
          session,
          view.withProblem(
              "The two names differ; nothing was deleted.", "Type the volume's name again."));
    }
    try {
      volumes.delete(session.caller(), DeleteVolumeRequest.newBuilder().setName(name).build());
      return redirect("/volumes");
    } catch (Problem problem) {
      return volumes(session, view.withProblem(problem.what() + ".", problem.fix() + "."));
    }
  }

  private HttpResponse snapshots(Session session, View view) {
    List<SnapshotRow> rows =
        snapshots
            .list(
                session.caller(),
                ListSnapshotsRequest.newBuilder()
                    .setParent("accounts/-/volumes/-")
                    .setPageSize(1000)
                    .setOrderBy("create_time desc")
                    .build())
            .getSnapshotsList()
            .stream()
            .map(Pages::row)
            .toList();
    return page(
        "snapshots",
        view,
        Map.of("snapshots", rows, "volumes", volumes(session)),
        view.problem().isEmpty() ? 200 : 400);
  }

  private static SnapshotRow row(Snapshot snapshot) {
    String[] parts = snapshot.getName().split("/", -1);
    return new SnapshotRow(
        snapshot.getName(),
        parts[1],
        parts[3],
        parts[5],
        ByteSize.format(snapshot.getSizeBytes()),
        ByteSize.format(snapshot.getUsedBytes()),
        Times.instant(snapshot.getCreateTime()).truncatedTo(ChronoUnit.SECONDS).toString(),
        snapshot.getIscsi().getSessionCount());
  }

  private HttpResponse createSnapshot(Session session, QueryParams fields) {
    return changeSnapshots(
        session,
        () -> {
          Snapshot _ =
              snapshots.create(
                  session.caller(),
                  CreateSnapshotRequest.newBuilder()
                      .setParent(fields.get("volume", ""))
                      .setSnapshotId(fields.get("name", ""))
                      .build());
          return "/snapshots";
        });
  }

  private HttpResponse copySnapshot(Session session, QueryParams fields) {
    return changeSnapshots(
        session,
        () -> {
          String source = fields.get("snapshot", "");
          String[] parts = source.split("/", -1);
          Volume _ =
              volumes.create(
                  session.caller(),
                  CreateVolumeRequest.newBuilder()
                      .setParent("accounts/" + (parts.length > 1 ? parts[1] : ""))
                      .setVolumeId(fields.get("name", ""))
                      .setSourceSnapshot(source)
                      .build());
          return "/volumes";
        });
  }

  private HttpResponse deleteSnapshot(Session session, QueryParams fields) {
    return changeSnapshots(
        session,
        () -> {
          String name = fields.get("snapshot", "");
          if (!name.endsWith("/" + fields.get("again", " "))) {
            throw Problem.invalid(
                "again",
                "the two names differ; nothing was deleted",
                "Type the snapshot's name again");
          }
          snapshots.delete(
              session.caller(), DeleteSnapshotRequest.newBuilder().setName(name).build());
          return "/snapshots";
        });
  }

  /** Does something and shows the page that it names, or what went wrong. */
  private HttpResponse changeSnapshots(Session session, Supplier<String> work) {
    try {
      return redirect(work.get());
    } catch (Problem problem) {
      return snapshots(
          session,
          view(session, "Snapshots").withProblem(problem.what() + ".", problem.fix() + "."));
    }
  }

  private HttpResponse tokens(Session session, View view) {
    List<List<String>> rows =
        accounts
            .listTokens(
                session.caller(),
                ListTokensRequest.newBuilder().setParent("accounts/me").setPageSize(1000).build())
            .getTokensList()
            .stream()
            .map(token ->
                List.of(
                    token.getName().substring(token.getName().lastIndexOf('/') + 1),
                    token.getDescription(),
                    token.hasLastUseTime()
                        ? Times.instant(token.getLastUseTime()).toString()
                        : "never",
                    token.hasExpireTime()
                        ? Times.instant(token.getExpireTime()).toString()
                        : "never"))
            .toList();
    return page(
        "table",
        view,
        Map.of(
            "headings",
            List.of("Name", "Description", "Last used", "Expires"),
            "rows",
            rows,
            "revoke",
            "/tokens/revoke"),
        view.problem().isEmpty() ? 200 : 400);
  }

  private HttpResponse createToken(Session session, QueryParams fields) {
    View view = view(session, "Tokens");
    try {
      String secret =
          accounts
              .createToken(
                  session.caller(),
                  CreateTokenRequest.newBuilder()
                      .setParent("accounts/me")
                      .setTokenId(fields.get("name", ""))
                      .build())
              .getSecret();
      return tokens(
          session, view.withNotice("Keep this token now; it is not shown again: " + secret));
    } catch (Problem problem) {
      return tokens(session, view.withProblem(problem.what() + ".", problem.fix() + "."));
    }
  }

  private HttpResponse revokeToken(Session session, QueryParams fields) {
    try {
      accounts.deleteToken(
          session.caller(),
          DeleteTokenRequest.newBuilder()
              .setName("accounts/me/tokens/" + fields.get("name", ""))
              .build());
      return redirect("/tokens");
    } catch (Problem problem) {
      return tokens(
          session, view(session, "Tokens").withProblem(problem.what() + ".", problem.fix() + "."));
    }
  }

  private HttpResponse accounts(Session session) {
    List<List<String>> rows =
        accounts
            .list(session.caller(), ListAccountsRequest.newBuilder().setPageSize(1000).build())
            .getAccountsList()
            .stream()
            .map(account ->
                List.of(
                    account.getName().substring("accounts/".length()),
                    account.getDisplayName(),
                    account.getRole().name().toLowerCase(java.util.Locale.ROOT),
                    ByteSize.format(account.getReservedBytes()),
                    account.hasQuotaBytes()
                        ? ByteSize.format(account.getQuotaBytes())
                        : "unlimited",
                    account.getDisabled() ? "disabled" : "active"))
            .toList();
    return page(
        "table",
        view(session, "Accounts"),
        Map.of(
            "headings",
            List.of("Name", "For people", "Role", "Reserved", "Quota", "State"),
            "rows",
            rows,
            "revoke",
            ""));
  }

  private HttpResponse audit(Session session) {
    List<List<String>> rows =
        audit
            .list(session.caller(), ListAuditEntriesRequest.newBuilder().setPageSize(100).build())
            .getAuditEntriesList()
            .stream()
            .map(entry ->
                List.of(
                    Times.instant(entry.getCreateTime()).toString(),
                    entry.getActor(),
                    entry.getAction(),
                    entry.getTarget(),
                    entry.getDetail()))
            .toList();
    return page(
        "table",
        view(session, "Changes"),
        Map.of(
            "headings",
            List.of("Time", "Who", "What", "To what", "More"),
            "rows",
            rows,
            "revoke",
            ""));
  }
}
