// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.prometheus.PrometheusMeterRegistries;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import com.linecorp.armeria.server.prometheus.PrometheusExpositionService;
import hearth.contract.account.v1.Account;
import hearth.contract.account.v1.CreateAccountRequest;
import hearth.contract.account.v1.CreateLoginLinkRequest;
import hearth.contract.account.v1.CreateTokenRequest;
import hearth.contract.account.v1.Token;
import hearth.contract.host.v1.Host;
import hearth.kit.access.Caller;
import hearth.kit.daemon.Daemon;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.server.account.Accounts;
import hearth.server.account.Credentials;
import hearth.server.api.Api;
import hearth.server.api.ApiErrors;
import hearth.server.api.Authentication;
import hearth.server.database.Database;
import hearth.server.host.Audit;
import hearth.server.host.Backups;
import hearth.server.host.Operations;
import hearth.server.host.VolumeHistory;
import hearth.server.host.VolumeMetrics;
import hearth.server.volume.VolumeTable;
import hearth.server.web.Pages;
import hearth.volume.Blocks;
import hearth.volume.Exports;
import hearth.volume.Pools;
import hearth.volume.Sessions;
import hearth.volume.Snapshots;
import hearth.volume.Volumes;
import hearth.volume.engine.Engines;
import hearth.volume.engine.RawEngine;
import hearth.volume.engine.chunk.ChunkEngine;
import hearth.volume.lio.Lio;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts a host together and starts it; what was started is stopped in the opposite order. */
public final class HearthDaemon implements Daemon {
  private static final long LARGEST_REQUEST = 96L << 20;

  /** Made by {@link java.util.ServiceLoader}. */
  public HearthDaemon() {}

  @Override
  public Running start(Map<String, String> settings) {
    // One line for each thing worth a person's attention; systemd and terminals add the rest.
    System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s %5$s%6$s%n");
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
    Deque<AutoCloseable> started = new ArrayDeque<>();
    try {
      return start(settings, started, InstantSource.system());
    } catch (IOException e) {
      stop(started);
      throw new Problem(
          Code.UNAVAILABLE,
          "CANNOT_START",
          "The host cannot start: " + e.getMessage(),
          "Mend that, then start it again");
    } catch (RuntimeException e) {
      stop(started);
      throw e;
    }
  }

  private static Running start(
      Map<String, String> settings, Deque<AutoCloseable> started, InstantSource clock)
      throws IOException {
    String version = version();
    Instant startTime = clock.instant();
    InetSocketAddress listen = address("listen", settings);
    List<InetSocketAddress> iscsiListen = addresses("iscsi-listen", settings);
    Path path = Path.of(required(settings, "data-folder")).toAbsolutePath();
    String scheme = settings.containsKey("tls-certificate") ? "https" : "http";
    String holder =
        "process "
            + ProcessHandle.current().pid()
            + " ("
            + scheme
            + "://"
            + required(settings, "listen")
            + ")";

    DataFolder folder =
        DataFolder.open(path, Optional.ofNullable(settings.get("domain")), holder, startTime);
    started.push(folder);
    String databaseAddress = settings.get("database");
    Database database =
        databaseAddress == null
            ? Database.sqlite(path.resolve("records.db"))
            : Database.postgresql(databaseAddress);
    started.push(database);
    Audit audit = new Audit(database, clock);
    Credentials credentials = new Credentials(database, clock);
    Path volumesFolder = path.resolve("volumes");
    ScheduledExecutorService maintenance =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("volume maintenance").factory());
    started.push(maintenance::shutdownNow);
    ChunkEngine chunks = new ChunkEngine(volumesFolder, cacheSize(settings), maintenance);
    Engines engines = new Engines(chunks, new RawEngine(volumesFolder));
    List<InetSocketAddress> lioListen =
        settings.containsKey("lio-listen") ? lioAddresses(settings) : List.of();
    Exports exports =
        exports(engines, folder, volumesFolder, version, iscsiListen, lioListen, clock);
    started.push(exports);
    VolumeTable volumeTable = new VolumeTable(database, audit);
    Volumes volumes = new Volumes(volumeTable, exports, clock);
    Snapshots snapshots = new Snapshots(volumeTable, volumes, exports, clock);
    Blocks blocks = new Blocks(volumeTable, volumes, exports);
    Sessions sessions = new Sessions(volumeTable, volumes, exports);
    Pools pools = new Pools(volumeTable, engines, clock);
    Runnable open =
        () -> {
          pools.start();
          volumes.start();
        };
    open.run();
    exports.watchPools(maintenance);
    VolumeHistory history = new VolumeHistory();
    var _ =
        maintenance.scheduleAtFixedRate(
            () -> history.step(exports.commands()),
            0,
            VolumeHistory.STEP_SECONDS,
            TimeUnit.SECONDS);
    Operations operations = new Operations(database, clock);
    operations.start();
    started.push(operations);
    Backups backups =
        new Backups(database, operations, audit, path.resolve("backups"), clock, open);

    AtomicReference<String> uri =
        new AtomicReference<>(scheme + "://" + required(settings, "listen"));
    Accounts accounts = new Accounts(database, credentials, audit, clock, uri::get);
    java.util.function.Function<Caller, Host> host =
        caller ->
            describe(
                caller, folder, version, uri.get(), exports, startTime, database, volumes,
                accounts);

    PrometheusMeterRegistry metrics = PrometheusMeterRegistries.newRegistry();
    metrics.getPrometheusRegistry().register(new VolumeMetrics(exports, chunks.cache()));
    ServerBuilder builder =
        Server.builder()
            .maxRequestLength(LARGEST_REQUEST)
            .requestTimeout(Duration.ofSeconds(60))
            .maxNumConnections(2048)
            .idleTimeout(Duration.ofSeconds(60))
            .meterRegistry(metrics)
            .gracefulShutdownTimeout(Duration.ofMillis(200), Duration.ofSeconds(5))
            .service("/healthz", HealthCheckService.builder().build())
            .service(
                "/metrics",
                PrometheusExpositionService.of(metrics.getPrometheusRegistry())
                    .decorate((delegate, context, request) -> {
                      // Names of everybody's volumes are among them.
                      Authentication.caller().requireAdministrator("Reading metrics");
                      return delegate.serve(context, request);
                    })
                    .decorate(delegate -> new Authentication(delegate, credentials)));
    listen(builder, listen, settings);
    Api.addTo(
        builder,
        credentials,
        volumes,
        pools,
        snapshots,
        blocks,
        sessions,
        accounts,
        host,
        audit,
        backups,
        operations,
        database,
        clock);
    builder.service(
        "prefix:/v1/",
        (context, request) ->
            ApiErrors.toHttp(
                new Problem(
                    Code.NOT_FOUND,
                    "NO_SUCH_METHOD",
                    "The API has nothing at " + request.method() + " " + context.path(),
                    "See the contract's files for what it has")));
    Pages.addTo(
        builder,
        credentials,
        accounts,
        volumes,
        snapshots,
        history,
        host,
        audit,
        scheme.equals("https"),
        version);
    builder.decorator((delegate, context, request) -> {
      context.mutateAdditionalResponseHeaders(headers ->
          headers
              .set("x-content-type-options", "nosniff")
              .set("referrer-policy", "no-referrer")
              .set(
                  "content-security-policy",
                  "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"));
      return delegate.serve(context, request);
    });
    builder.serviceUnder(
        "/",
        (context, request) ->
            HttpResponse.of(HttpStatus.NOT_FOUND, MediaType.PLAIN_TEXT_UTF_8, "Not here.\n"));
    Server server = builder.build();
    try {
      server.start().join();
      // Port 0 asks for any free one.
      uri.set(uri.get().replaceFirst(":0$", ":" + server.activeLocalPort()));
    } catch (CompletionException e) {
      throw inUse("listen", required(settings, "listen"), e.getCause() == null ? e : e.getCause());
    }
    started.push(() -> server.stop().join());

    Optional<First> first = accounts.isEmpty() ? Optional.of(welcome(accounts)) : Optional.empty();
    return new Running() {
      @Override
      public String uri() {
        return uri.get();
      }

      @Override
      public String portal() {
        return String.join(",", exports.portals());
      }

      @Override
      public Path dataFolder() {
        return path;
      }

      @Override
      public Optional<First> first() {
        return first;
      }

      @Override
      public void stop() {
        HearthDaemon.stop(started);
      }
    };
  }

  private static void stop(Deque<AutoCloseable> started) {
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        org.slf4j.LoggerFactory.getLogger(HearthDaemon.class).error("Stopping failed", e);
      }
    }
  }

  private static Exports exports(
      Engines engines,
      DataFolder folder,
      Path volumes,
      String version,
      List<InetSocketAddress> addresses,
      List<InetSocketAddress> lioAddresses,
      InstantSource clock)
      throws IOException {
    String revision = version.substring(0, Math.min(4, version.length()));
    Optional<Lio> lio =
        lioAddresses.isEmpty()
            ? Optional.empty()
            : Optional.of(new Lio(Lio.ROOT, volumes.toString(), revision, lioAddresses));
    try {
      return new Exports(engines, volumes, folder.iqnPrefix(), revision, addresses, lio, clock);
    } catch (java.net.BindException e) {
      String all =
          addresses.stream()
              .map(address -> address.getHostString() + ":" + address.getPort())
              .collect(Collectors.joining(","));
      throw inUse("iscsi-listen", all, e);
    }
  }

  private static List<InetSocketAddress> lioAddresses(Map<String, String> settings) {
    List<InetSocketAddress> addresses = addresses("lio-listen", settings);
    for (InetSocketAddress address : addresses) {
      if (address.getPort() == 0) {
        throw Problem.invalid(
            "lio-listen", "needs a port other than 0", "Use for example 127.0.0.1:3261");
      }
    }
    return addresses;
  }

  private static Problem inUse(String setting, String address, Throwable cause) {
    return new Problem(
        Code.UNAVAILABLE,
        "ADDRESS_UNUSABLE",
        "Cannot listen on " + address + ": " + cause.getMessage(),
        "Stop what uses it, or choose another with --" + setting + " ADDRESS:PORT");
  }

  private static void listen(
      ServerBuilder builder, InetSocketAddress address, Map<String, String> settings) {
    String certificate = settings.get("tls-certificate");
    String key = settings.get("tls-key-file");
    if (certificate == null && key == null) {
      builder.http(address);
      return;
    }
    if (certificate == null || key == null) {
      throw Problem.invalid(
          "tls-certificate", "and --tls-key-file belong together", "Give both, or neither");
    }
    for (String file : new String[] {certificate, key}) {
      if (!Files.isReadable(Path.of(file))) {
        throw Problem.invalid(
            "tls-certificate",
            file + " cannot be read",
            "Give files in PEM that the host may read");
      }
    }
    try {
      builder.https(address).tls(TlsKeyPair.of(new File(key), new File(certificate)));
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "tls-certificate", "is not usable: " + e.getMessage(), "Give files in PEM");
    }
  }

  private static String required(Map<String, String> settings, String name) {
    String value = settings.get(name);
    if (value == null) {
      throw Problem.invalid(name, "is missing", "Set --" + name);
    }
    return value;
  }

  private static long cacheSize(Map<String, String> settings) {
    String text = settings.getOrDefault("volume-cache", "64MiB");
    try {
      long size = ByteSize.parse(text);
      if (size >= ByteSize.MIB) {
        return size;
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    throw Problem.invalid(
        "volume-cache", "'" + text + "' is no size from 1MiB on", "Write it as 64MiB");
  }

  private static InetSocketAddress address(String name, Map<String, String> settings) {
    return address(name, required(settings, name));
  }

  private static List<InetSocketAddress> addresses(String name, Map<String, String> settings) {
    return Stream.of(required(settings, name).split(",", -1))
        .map(text -> address(name, text.trim()))
        .toList();
  }

  private static InetSocketAddress address(String name, String text) {
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      String host = text.substring(0, Math.max(colon, 0)).replaceAll("[\\[\\]]", "");
      if (colon > 0 && port >= 0 && port < 65536) {
        return new InetSocketAddress(InetAddress.getByName(host), port);
      }
    } catch (NumberFormatException | UnknownHostException e) {
      // Told below.
    }
    throw Problem.invalid(
        name, "'" + text + "' is not an address and port", "Write it as 127.0.0.1:7070");
  }

  private static First welcome(Accounts accounts) {
    accounts.create(
        Caller.HOST,
        CreateAccountRequest.newBuilder()
            .setAccountId("admin")
            .setAccount(
                Account.newBuilder().setDisplayName("Administrator").setRole(Account.Role.ADMIN))
            .build());
    Token token =
        accounts.createToken(
            Caller.HOST,
            CreateTokenRequest.newBuilder()
                .setParent("accounts/admin")
                .setTokenId("first")
                .setToken(Token.newBuilder().setDescription("Made at the first start"))
                .build());
    String link =
        accounts
            .createLoginLink(
                Caller.HOST, CreateLoginLinkRequest.newBuilder().setName("accounts/admin").build())
            .getUri();
    return new First("admin", token.getSecret(), link);
  }

  private static Host describe(
      Caller caller,
      DataFolder folder,
      String version,
      String uri,
      Exports exports,
      Instant startTime,
      Database database,
      Volumes volumes,
      Accounts accounts) {
    Host.Builder host =
        Host.newBuilder()
            .setName("host")
            .setDomain(folder.domain())
            .setVersion(version)
            .setUri(uri)
            .setIscsiPortal(exports.portals().getFirst())
            .setStartTime(Times.timestamp(startTime))
            .setVolumeCount(volumes.count(caller))
            .setAccountCount(accounts.count(caller))
            .setSessionCount(volumes.sessionCount(caller))
            .setAvailableBytes(volumes.available(caller));
    if (caller.administrator()) {
      host.setDataFolder(folder.path().toString())
          .setDatabase(database.kind())
          .addAllWarnings(exports.warnings());
      try {
        var store = Files.getFileStore(folder.path());
        host.setCapacityBytes(store.getTotalSpace()).setFreeBytes(store.getUsableSpace());
      } catch (IOException e) {
        // The rest is still worth telling.
      }
    }
    return host.build();
  }

  private static String version() {
    String version = HearthDaemon.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }
}
