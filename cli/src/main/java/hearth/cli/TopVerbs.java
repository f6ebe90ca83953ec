// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import com.google.gson.JsonObject;
import hearth.kit.configuration.Setting;
import hearth.kit.daemon.Daemon;
import hearth.kit.daemon.Driver;
import hearth.kit.posix.Posix;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;

/** Commands without a noun: starting a host, the version, the doctor. */
final class TopVerbs {

  private TopVerbs() {}

  static List<Verb> all() {
    return List.of(
        new Verb(
            "up",
            "Start a host here",
            "",
            Daemon.SETTINGS.stream().map(Setting::name).toList(),
            List.of(
                "# On this machine only",
                "hearth up",
                "# For others, with a certificate",
                "hearth up --listen 0.0.0.0:443 --tls-certificate host.pem --tls-key-file host.key"),
            TopVerbs::up),
        new Verb(
            "csi",
            "Serve a host's volumes to Kubernetes, as a CSI driver",
            "",
            List.of(
                "endpoint",
                "mode",
                "node-id",
                "max-volumes",
                "state-folder",
                "context",
                "server",
                "token-file"),
            List.of(
                "# All of it on one machine, with the current context's host",
                "hearth csi --endpoint unix:///run/hearth/csi.sock",
                "# On a node of a cluster",
                "hearth csi --mode node --server https://club.example.org --token-file /etc/hearth/token"),
            TopVerbs::csi),
        new Verb(
            "doctor",
            "Test the installation and say what to do",
            "",
            Flag.NETWORK,
            List.of(
                "# Is everything in order",
                "hearth doctor",
                "# With another host",
                "hearth doctor --context club"),
            TopVerbs::doctor),
        new Verb(
            "version",
            "Print the version",
            "",
            List.of("output"),
            List.of("# For people", "hearth version", "# For scripts", "hearth version -o json"),
            TopVerbs::version));
  }

  static String version() {
    String version = TopVerbs.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  private static void version(Invocation invocation) {
    String format = invocation.flag("output").orElse("table");
    if (format.equals("table")) {
      invocation.context().out().println("hearth " + version());
      return;
    }
    JsonObject object = new JsonObject();
    object.addProperty("name", "hearth");
    object.addProperty("version", version());
    object.addProperty("java", Runtime.version().toString());
    invocation
        .output()
        .one(object, List.of(new Output.Column("VERSION", "version", Output.Kind.TEXT, false)));
  }

  private static void up(Invocation invocation) {
    Daemon daemon = part(Daemon.class);
    Map<String, String> settings = new LinkedHashMap<>();
    for (Setting setting : Daemon.SETTINGS) {
      invocation.flag(setting.name()).ifPresent(value -> settings.put(setting.name(), value));
    }
    settings.computeIfAbsent("data-folder", name -> invocation.folders().data().toString());
    Daemon.Running running;
    try {
      running = daemon.start(settings);
    } catch (Problem problem) {
      throw new CliFailure(ExitCode.of(problem.code().name()), problem.what(), problem.fix());
    }
    CliContext context = invocation.context();
    String login = "hearth account create-login-link";
    if (running.first().isPresent()) {
      Daemon.First first = running.first().get();
      Contexts contexts = invocation.contexts();
      contexts.put("local", new Contexts.Entry(running.uri(), first.token()));
      contexts.use("local");
      contexts.save();
      // A log is no place for a secret; there, the command that makes another is told.
      if (context.outTerminal()) {
        login = first.loginLink() + " (once)";
      }
    }
    context.out().println("Hearth is up. Stop it with Ctrl-C.");
    context.out().println("  Web and API  " + running.uri());
    context.out().println("  Log in       " + login);
    context.out().println("  iSCSI        " + running.portal());
    context.out().println("  Data         " + running.dataFolder());
    context.out().println("  Next         hearth volume create data --size 10GiB");
    context.out().flush();
    waitForTheEnd(context, running::stop);
  }

  private static void csi(Invocation invocation) {
    Driver driver = part(Driver.class);
    CliContext context = invocation.context();
    String endpoint =
        invocation
            .flag("endpoint")
            .or(() -> Optional.ofNullable(context.environment().get("CSI_ENDPOINT")))
            .orElseThrow(() ->
                new CliFailure(
                    ExitCode.USAGE,
                    "Nobody said where the driver's socket shall be",
                    "Add --endpoint unix:///run/hearth/csi.sock, or set CSI_ENDPOINT"));
    if (endpoint.contains("://") && !endpoint.startsWith("unix://")) {
      throw new CliFailure(
          ExitCode.USAGE,
          "'" + endpoint + "' is no Unix socket, and CSI knows no other",
          "Write it as unix:///run/hearth/csi.sock");
    }
    Driver.Mode mode =
        switch (invocation.flag("mode").orElse("all")) {
          case "all" -> Driver.Mode.ALL;
          case "controller" -> Driver.Mode.CONTROLLER;
          case "node" -> Driver.Mode.NODE;
          default ->
              throw new CliFailure(
                  ExitCode.USAGE,
                  "--mode: '" + invocation.flag("mode").orElse("") + "' is no part of the driver",
                  "Use all, controller or node");
        };
    Invocation.Host host = invocation.host();
    Optional<Path> tokenFile = invocation.flag("token-file").map(context.workingFolder()::resolve);
    Path socket = context.workingFolder().resolve(endpoint.replaceFirst("^unix://", ""));
    Path state =
        invocation
            .flag("state-folder")
            .map(context.workingFolder()::resolve)
            .orElseGet(() -> invocation.folders().data().resolve("csi"));
    Runnable stop;
    try {
      stop =
          driver.start(
              new Driver.Options(
                  mode,
                  socket,
                  host.server(),
                  // Read each time: whoever renews a token writes it there.
                  () -> tokenFile.map(TopVerbs::token).orElse(host.token()),
                  invocation.flag("node-id"),
                  maxVolumes(invocation),
                  state));
    } catch (Problem problem) {
      throw new CliFailure(ExitCode.of(problem.code().name()), problem.what(), problem.fix());
    }
    context.out().println("The CSI driver is up. Stop it with Ctrl-C.");
    context.out().println("  Socket  " + socket);
    context.out().println("  Host    " + host.server());
    context.out().flush();
    waitForTheEnd(context, stop);
  }

  private static int maxVolumes(Invocation invocation) {
    String text = invocation.flag("max-volumes").orElse("0");
    try {
      int number = Integer.parseInt(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new CliFailure(
        ExitCode.USAGE,
        "--max-volumes: '" + text + "' is no number of volumes",
        "Use one such as 100, or 0 for any number");
  }

  private static String token(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new Problem(
          Code.UNAUTHENTICATED,
          "NO_TOKEN",
          "Cannot read the token in " + file + ": " + e.getMessage(),
          "Write one there: hearth token create");
    }
  }

  static <T> T part(Class<T> type) {
    return ServiceLoader.load(type)
        .findFirst()
        .orElseThrow(() ->
            new CliFailure(
                ExitCode.FAILURE,
                "The server is not part of this installation",
                "Install the whole of Hearth"));
  }

  /** Waits until the process is told to end, and stops first. */
  private static void waitForTheEnd(CliContext context, Runnable stop) {
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              context.err().println("Stopping; once more ends it at once.");
              Posix.endOnInterrupt();
              stop.run();
              stopped.countDown();
            }));
    try {
      stopped.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void doctor(Invocation invocation) {
    boolean well = true;
    well &=
        check(
            invocation,
            "Java " + Runtime.version().feature(),
            Runtime.version().feature() >= 25,
            "Run hearth with JDK 25 or newer");
    Contexts contexts = invocation.contexts();
    well &=
        check(
            invocation,
            "A context is chosen",
            !contexts.current().isEmpty(),
            "Start a host (hearth up), or: hearth context create NAME");
    well &=
        check(
            invocation,
            "The contexts' file is private",
            isPrivate(contexts.file()),
            "chmod 600 " + contexts.file());
    if (!contexts.current().isEmpty() || invocation.flag("server").isPresent()) {
      try {
        JsonObject host = invocation.get("host");
        well &=
            check(
                invocation,
                "The host answers (version " + Output.text(host, "version") + ")",
                true,
                "");
        String free = Output.text(host, "freeBytes");
        String capacity = Output.text(host, "capacityBytes");
        if (!capacity.isEmpty()) {
          // The contract's JSON leaves zeros out.
          long left = free.isEmpty() ? 0 : Long.parseLong(free);
          boolean room = left > Long.parseLong(capacity) / 5;
          well &=
              check(
                  invocation,
                  "The disk has room",
                  room,
                  "Free space on the host's disk, or delete volumes or snapshots");
        }
      } catch (CliFailure e) {
        well &= check(invocation, e.what(), false, e.fix());
      }
    }
    boolean initiator =
        Files.exists(Path.of("/usr/sbin/iscsiadm")) || Files.exists(Path.of("/sbin/iscsiadm"));
    invocation
        .context()
        .out()
        .println(
            (initiator ? "ok    " : "note  ")
                + (initiator
                    ? "iscsiadm is installed"
                    : "iscsiadm is missing; only 'volume attach' needs it: apt-get install open-iscsi"));
    if (!well) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "Something is not in order",
          "Mend what is marked above, then: hearth doctor");
    }
  }

  private static boolean isPrivate(Path file) {
    try {
      return !Files.exists(file)
          || PosixFilePermissions.toString(Files.getPosixFilePermissions(file)).endsWith("------");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean check(Invocation invocation, String what, boolean good, String fix) {
    invocation
        .context()
        .out()
        .println(
            (good ? invocation.outInk().good("ok    ") : invocation.outInk().bad("WRONG "))
                + what
                + (good ? "" : ". " + fix));
    return good;
  }
}
