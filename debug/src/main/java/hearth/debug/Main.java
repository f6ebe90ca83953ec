// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug;

import hearth.debug.dap.AdapterConnection;
import hearth.debug.server.Address;
import hearth.debug.server.Clients;
import hearth.debug.server.Guard;
import hearth.debug.server.Relay;
import hearth.debug.server.Server;
import hearth.debug.session.GoBuild;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import hearth.debug.snapshot.Processes;
import hearth.debug.snapshot.Snapshot;
import hearth.debug.target.LiveProcess;
import hearth.debug.terminal.Connection;
import hearth.debug.terminal.Rebuild;
import hearth.debug.terminal.Settings;
import hearth.debug.terminal.Terminal;
import hearth.debug.terminal.Tracing;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The debugger's command line: the verbs and flags of {@code dlv}. */
public final class Main {
  private static final String HELP =
      """
      A debugger for Go programs, which answers to Delve's commands.

      Usage:
        dlv [command]

      Available Commands:
        attach      Debug a process that runs
        connect     Open the prompt of a debugger that serves clients
        core        Look at what is left of a process in a core file
        dap         Serve an editor (Debug Adapter Protocol), which says what to start
        debug       Build a package and debug it
        exec        Debug a program that was built
        goroutines  Show the goroutines of a process in groups, without stopping it
        help        Tell about the commands
        ps          List the Go programs that run here
        test        Build a package's tests and debug them
        trace       Tell each call of functions while a program runs
        version     Print the version

      dlv attach PID [BINARY] | --waitfor PREFIX
      dlv connect ADDRESS
      dlv core BINARY CORE
      dlv debug|test [PACKAGE] [-- ARGUMENTS]
      dlv exec BINARY [-- ARGUMENTS]
      dlv trace [PACKAGE] REGEXP [-- ARGUMENTS]

      Flags:
            --accept-multiclient    Take several clients and outlive them
            --allow-non-terminal-interactive
                                    Read commands although nobody sits at a terminal
            --build-flags FLAGS     For the compiler: --build-flags="-tags=integration -mod=vendor"
            --check-go-version      Refuse versions of Go that are not known (default true)
            --client-addr ADDRESS   Go to the editor that waits there (dap)
            --continue              Let the program run at once (with --headless and --accept-multiclient)
            --disable-aslr          Load the program where it was linked for
            --headless              Serve clients (Delve's JSON-RPC, DAP, dlv connect) instead of a prompt
        -h, --help                  Show this
            --init FILE             Run a file of commands first
        -l, --listen ADDRESS        Where clients come to: HOST:PORT or unix:PATH (default "127.0.0.1:0");
                                    of connect: relay clients from there that know no tokens and no TLS
            --only-same-user        Take clients of this user alone (default true)
            --output FILE           Where the program is built
        -r, --redirect RULE         [stdin:|stdout:|stderr:]FILE, for the program
            --tls-ca FILE           Speak TLS, and trust these certificates (connect)
            --tls-cert FILE         Speak TLS with this certificate, and the key of --tls-key
            --tls-key FILE          The certificate's key (PKCS #8)
            --token-file FILE       Ask for the token in this file, which is made if it is not there;
                                    of connect: show it
            --waitfor PREFIX        Wait for a process whose command line begins so (attach);
                                    --waitfor-interval and --waitfor-duration are milliseconds
            --wd FOLDER             Where the program is started
      Of trace: -e BINARY, -p PID, -t (tests), --follow-calls N, --stack N, --timestamp, -v 0..4
      """;

  private static final Map<String, String> SHORT =
      Map.ofEntries(
          Map.entry("h", "help"),
          Map.entry("l", "listen"),
          Map.entry("r", "redirect"),
          Map.entry("e", "exec"),
          Map.entry("p", "pid"),
          Map.entry("s", "stack"),
          Map.entry("v", "verbose"),
          Map.entry("t", "trace-test"),
          Map.entry("test", "trace-test"));

  /** Verbs that trace a process. */
  private static final Set<String> TRACES = Set.of("attach", "debug", "exec", "test", "trace");

  private static final Pattern GO_VERSION = Pattern.compile("go1\\.(\\d+)");
  private static final int OLDEST_GO = 25;
  private static final int NEWEST_GO = 27;

  private final Map<String, String> flags = new TreeMap<>();
  private final String[] redirects = new String[3];
  private final List<String> words = new ArrayList<>();
  private final List<String> programArguments = new ArrayList<>();

  /** The settings, where they were read before the session began. */
  private @Nullable Settings ahead;

  private Main() {}

  /** Runs a command line. */
  public static void main(String[] arguments) {
    int status = run(arguments);
    if (status != 0) {
      System.exit(status);
    }
    // No thread of ours keeps the virtual machine; its exit would look for a logger to tell first.
  }

  /** Runs a command line; the status to exit with. */
  static int run(String[] arguments) {
    if (arguments.length > 0 && TRACES.contains(arguments[0])) {
      LiveProcess.prepare();
    }
    // What is said is English wherever this runs; and the digits of another language, which could
    // only mislead, would take the virtual machine 20 ms to look up.
    Locale.setDefault(Locale.US);
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
            false,
            StandardCharsets.UTF_8);
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    int status;
    try {
      status = new Main().run(arguments, out, err);
    } catch (SessionException e) {
      err.println(e.getMessage());
      status = 1;
    }
    out.flush();
    return status;
  }

  private int run(String[] arguments, PrintStream out, PrintStream err) throws SessionException {
    parse(arguments);
    checkServerFlags(err);
    String verb = words.isEmpty() ? "help" : words.removeFirst();
    if (flags.containsKey("help") || verb.equals("help")) {
      out.print(HELP);
      return 0;
    }
    return switch (verb) {
      case "version" -> {
        out.println("Delve Debugger");
        out.println("Version: 1.27.2 (Hearth)");
        yield 0;
      }
      case "exec" -> {
        if (words.isEmpty()) {
          throw new SessionException("you must provide a path to a binary");
        }
        yield debug(absolute(words.removeFirst()), words, out, err);
      }
      case "debug", "test" -> build(verb, out, err);
      case "attach" -> attach(out, err);
      case "trace" -> trace(out, err);
      case "dap" -> adapter(out, err);
      case "ps" -> {
        try {
          Processes.list(out);
        } catch (IOException e) {
          throw new SessionException("cannot list processes: " + e.getMessage());
        }
        yield 0;
      }
      case "goroutines" -> {
        Snapshot.print(pid("a PID, as \"ps\" lists them"), out);
        yield 0;
      }
      case "core" -> {
        if (words.size() != 2) {
          throw new SessionException("Error: you must provide a core file and an executable");
        }
        yield serve(Session.core(existing(words.get(0)), Path.of(words.get(1))), out, err);
      }
      case "connect" -> connect(out, err);
      case "replay", "run" ->
          throw new SessionException(
              "Error: \"dlv " + verb + "\" is not offered yet; \"dlv --help\" lists what is");
      default ->
          throw new SessionException(
              "Error: unknown command \"" + verb + "\" for \"dlv\"\nRun 'dlv --help' for usage.");
    };
  }

  private void parse(String[] arguments) throws SessionException {
    int i = 0;
    while (i < arguments.length) {
      String word = arguments[i++];
      if (word.equals("--")) {
        while (i < arguments.length) {
          programArguments.add(arguments[i++]);
        }
        return;
      }
      if (!word.startsWith("-") || word.equals("-")) {
        words.add(word);
        continue;
      }
      String name = word.startsWith("--") ? word.substring(2) : word.substring(1);
      String value = null;
      int equals = name.indexOf('=');
      if (equals >= 0) {
        value = name.substring(equals + 1);
        name = name.substring(0, equals);
      }
      name = SHORT.getOrDefault(name, name);
      switch (name) {
        case "help",
            "allow-non-terminal-interactive",
            "disable-aslr",
            "check-go-version",
            "continue",
            "timestamp",
            "trace-test",
            "headless",
            "accept-multiclient",
            "only-same-user",
            "log" ->
            flags.put(name, value == null ? "true" : value);
        case "build-flags",
            "listen",
            "api-version",
            "client-addr",
            "waitfor",
            "waitfor-interval",
            "waitfor-duration",
            "init",
            "redirect",
            "wd",
            "output",
            "tty",
            "exec",
            "pid",
            "stack",
            "follow-calls",
            "verbose",
            "token-file",
            "tls-cert",
            "tls-key",
            "tls-ca" -> {
          if (value == null) {
            if (i >= arguments.length) {
              throw new SessionException("Error: flag needs an argument: " + word);
            }
            value = arguments[i++];
          }
          if (name.equals("redirect")) {
            redirect(value);
          } else {
            flags.put(name, value);
          }
        }
        case "ebpf", "backend", "log-output", "log-dest" ->
            throw new SessionException(
                "Error: flag " + word + " is not offered yet; \"dlv --help\" lists what is");
        default ->
            throw new SessionException(
                "Error: unknown flag: " + word + "\nRun 'dlv --help' for usage.");
      }
    }
  }

  private void redirect(String rule) throws SessionException {
    int which = 0;
    String path = rule;
    for (int i = 0; i < 3; i++) {
      String prefix = List.of("stdin:", "stdout:", "stderr:").get(i);
      if (rule.startsWith(prefix)) {
        which = i;
        path = rule.substring(prefix.length());
      }
    }
    if (redirects[which] != null) {
      throw new SessionException(
          "redirect error: "
              + List.of("stdin", "stdout", "stderr").get(which)
              + " redirected twice");
    }
    redirects[which] = path;
  }

  private static Path existing(String path) throws SessionException {
    Path found = Path.of(path).toAbsolutePath().normalize();
    if (!Files.exists(found)) {
      throw new SessionException("open " + path + ": no such file or directory");
    }
    return found;
  }

  private static Path absolute(String path) throws SessionException {
    Path found = Path.of(path).toAbsolutePath().normalize();
    if (!Files.exists(found)) {
      throw new SessionException(
          "could not launch process: stat " + path + ": no such file or directory");
    }
    if (Files.isDirectory(found) || !Files.isExecutable(found)) {
      throw new SessionException("could not launch process: not an executable file");
    }
    return found;
  }

  private int debug(Path binary, List<String> arguments, PrintStream out, PrintStream err)
      throws SessionException {
    return serve(launch(binary, arguments), out, err);
  }

  private Session launch(Path binary, List<String> arguments) throws SessionException {
    List<String> line = new ArrayList<>();
    line.add(binary.toString());
    line.addAll(arguments);
    line.addAll(programArguments);
    String folder = flags.get("wd");
    if (!flags.containsKey("headless")) {
      ahead = Settings.read(); // while the calls of the system get ready
    }
    return Session.launch(
        new LiveProcess.Launch(
            line, System.getenv(), folder, redirects, !"true".equals(flags.get("disable-aslr"))));
  }

  private void checkServerFlags(PrintStream err) throws SessionException {
    boolean headless = flags.containsKey("headless");
    boolean several = flags.containsKey("accept-multiclient");
    if (flags.containsKey("continue") && !(headless && several)) {
      throw new SessionException(
          headless
              ? "Error: --continue requires --accept-multiclient"
              : "Error: --continue only works with --headless; use an init file");
    }
    if (several && !headless) {
      err.println("Warning: accept-multiclient mode not supported with terminal client");
    }
    if (headless && flags.containsKey("init")) {
      err.println("Warning: init file ignored with --headless");
    }
    if (!flags.getOrDefault("api-version", "2").equals("2")) {
      throw new SessionException("unknown API version; 2 is the one that there is");
    }
  }

  private static boolean isOff(@Nullable String value) {
    return value != null && (value.equals("false") || value.equals("0"));
  }

  private Server listen(PrintStream out, PrintStream err, String protocol) throws SessionException {
    Address address = Address.of(flags.getOrDefault("listen", "127.0.0.1:0"));
    Guard guard =
        Guard.ofServer(
            flags.getOrDefault("token-file", ""),
            flags.getOrDefault("tls-cert", ""),
            flags.getOrDefault("tls-key", ""));
    Server server =
        new Server(
            address,
            flags.containsKey("accept-multiclient"),
            !isOff(flags.get("only-same-user")) && !guard.asksForToken(),
            guard);
    if (!address.isLocal() && guard.isOpen()) {
      err.println(
          "Warning: listening for remote connections (connections are not authenticated nor"
              + " encrypted); whoever reaches the port can run programs as you: see --token-file,"
              + " --tls-cert and --tls-key");
    }
    out.println(protocol + " server listening at: " + server.where());
    out.flush();
    return server;
  }

  /** Serves a session to clients until it ends. */
  private int serveClients(Server server, Session session) throws SessionException {
    Clients clients = new Clients(session, flags.containsKey("accept-multiclient"), server::stop);
    Thread hook = new Thread(() -> end(session));
    Runtime.getRuntime().addShutdownHook(hook);
    try (server) {
      server.start(clients);
      if (flags.containsKey("continue")) {
        clients.resume();
      }
      server.await();
      session.halt();
      clients.close();
      return 0;
    }
  }

  private static void end(Session session) {
    try {
      session.halt();
      session.close();
    } catch (SessionException e) {
      // It is gone already.
    }
  }

  /** A prompt of a server's session; with --listen, a way to it for clients that know no tokens. */
  private int connect(PrintStream out, PrintStream err) throws SessionException {
    if (words.size() != 1) {
      throw new SessionException(
          "Error: you must provide an address as the first argument, as in 127.0.0.1:2345");
    }
    Address address = Address.of(words.getFirst());
    Guard guard =
        Guard.ofClient(flags.getOrDefault("token-file", ""), flags.getOrDefault("tls-ca", ""));
    String listen = flags.get("listen");
    if (listen != null) {
      Relay relay = new Relay(address, guard);
      try (Server server = new Server(Address.of(listen), true, true, Guard.NONE)) {
        out.println("Relay to " + address + " listening at: " + server.where());
        out.flush();
        server.start((from, to, language) -> relay.serve(from, to));
        server.await();
        return 0;
      }
    }
    boolean interactive = hearth.kit.posix.Terminal.is(0) && hearth.kit.posix.Terminal.is(1);
    boolean colors = interactive && !"dumb".equals(System.getenv("TERM"));
    requireTerminal(interactive);
    try (var channel = address.connect();
        Guard.Link link = guard.greet(channel)) {
      return new Connection(link.in(), link.out(), out, err, colors, interactive)
          .run(flags.get("init"));
    } catch (IOException e) {
      throw new SessionException("could not connect to " + address + ": " + e.getMessage());
    }
  }

  private void requireTerminal(boolean interactive) throws SessionException {
    if (!interactive && !flags.containsKey("allow-non-terminal-interactive")) {
      throw new SessionException(
          "stdin or stdout is not a terminal; use '--allow-non-terminal-interactive=true' to"
              + " bypass this check");
    }
  }

  private int adapter(PrintStream out, PrintStream err) throws SessionException {
    for (String ignored :
        List.of("headless", "accept-multiclient", "init", "continue", "build-flags", "wd")) {
      if (flags.containsKey(ignored)) {
        err.println(
            "Warning: "
                + (ignored.equals("wd") ? "working directory" : ignored)
                + " flag ignored with dap; specify via launch/attach request instead");
      }
    }
    flags.remove("accept-multiclient");
    if (!words.isEmpty() || !programArguments.isEmpty()) {
      err.println(
          "Warning: debug arguments ignored with dap; specify via launch/attach request instead");
    }
    String client = flags.get("client-addr");
    if (client != null) {
      Address address = Address.of(client);
      try (var channel = address.connect()) {
        out.println("DAP server dialing in to client at: " + address);
        out.flush();
        new AdapterConnection(
                java.nio.channels.Channels.newInputStream(channel),
                java.nio.channels.Channels.newOutputStream(channel))
            .serve();
        return 0;
      } catch (IOException e) {
        throw new SessionException("failed to connect to the DAP client: " + e.getMessage());
      }
    }
    try (Server server = listen(out, err, "DAP")) {
      server.start((from, to, language) -> {
        if (language == Server.Language.ADAPTER) {
          new AdapterConnection(from, to).serve();
        }
      });
      server.await();
      return 0;
    }
  }

  /** Refuses programs of versions of Go that are not known, or warns of them. */
  private void checkGoVersion(Session session, PrintStream err) throws SessionException {
    String producer = session.program().producer();
    Matcher version = GO_VERSION.matcher(producer);
    if (!version.find()) {
      return;
    }
    int minor = Integer.parseInt(version.group(1));
    if (minor >= OLDEST_GO && minor <= NEWEST_GO) {
      return;
    }
    String message =
        minor < OLDEST_GO
            ? "Go version 1."
                + minor
                + " is too old for this version of Delve (minimum supported"
                + " version 1."
                + OLDEST_GO
                + ", suppress this error with --check-go-version=false)"
            : "Version of Delve is too old for Go version 1."
                + minor
                + " (maximum supported version"
                + " 1."
                + NEWEST_GO
                + ", suppress this error with --check-go-version=false)";
    if (isOff(flags.get("check-go-version"))) {
      err.println("Warning: " + message);
      return;
    }
    session.close();
    throw new SessionException(message);
  }

  private int serve(Session session, PrintStream out, PrintStream err) throws SessionException {
    return serve(session, out, err, null);
  }

  private int serve(Session session, PrintStream out, PrintStream err, @Nullable Rebuild rebuild)
      throws SessionException {
    checkGoVersion(session, err);
    if (!session.program().hasDebugInformation()) {
      err.println(
          "Warning: no debug info found, some functionality will be missing such as stack traces and"
              + " variable evaluation.");
    }
    if (flags.containsKey("headless")) {
      Server server;
      try {
        server = listen(out, err, "API");
      } catch (SessionException e) {
        session.close();
        throw e;
      }
      return serveClients(server, session);
    }
    boolean interactive = hearth.kit.posix.Terminal.is(0) && hearth.kit.posix.Terminal.is(1);
    boolean colors = interactive && !"dumb".equals(System.getenv("TERM"));
    try {
      requireTerminal(interactive);
    } catch (SessionException e) {
      session.detach(session.isChild());
      throw e;
    }
    Settings settings = ahead == null ? Settings.read() : ahead;
    Terminal terminal = new Terminal(session, settings, out, err, colors, interactive, rebuild);
    return terminal.run(flags.get("init"));
  }

  private int pid(String what) throws SessionException {
    if (words.isEmpty()) {
      throw new SessionException("you must provide " + what);
    }
    try {
      return Integer.parseInt(words.getFirst());
    } catch (NumberFormatException e) {
      throw new SessionException(
          "Invalid pid: " + words.getFirst() + " (expected: a number, as ps shows it)");
    }
  }

  private int attach(PrintStream out, PrintStream err) throws SessionException {
    String prefix = flags.get("waitfor");
    if (prefix != null && !words.isEmpty()) {
      throw new SessionException("Error: a PID and --waitfor exclude each other");
    }
    int pid =
        prefix == null
            ? pid("a PID")
            : Processes.waitFor(
                prefix,
                number("waitfor-interval", Integer.MAX_VALUE),
                number("waitfor-duration", Integer.MAX_VALUE));
    @Nullable Path executable = words.size() > 1 ? Path.of(words.get(1)) : null;
    return serve(Session.attach(pid, executable), out, err);
  }

  private int number(String flag, int most) throws SessionException {
    String text = flags.getOrDefault(flag, "0");
    try {
      int value = Integer.parseInt(text);
      if (value >= 0 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new SessionException(
        "Error: invalid argument \"" + text + "\" for \"--" + flag + "\" flag (0 to " + most + ")");
  }

  private int trace(PrintStream out, PrintStream err) throws SessionException {
    if (words.isEmpty()) {
      throw new SessionException("you must supply a regexp for functions to trace");
    }
    String expression = words.removeLast();
    int verbosity = number("verbose", 4);
    int depth = number("stack", 1000);
    int pid = number("pid", Integer.MAX_VALUE);
    String binary = flags.get("exec");
    if (binary != null && !words.isEmpty()) {
      throw new SessionException("Cannot specify package when using --exec.");
    }
    out.flush();
    Path built = null;
    Session session;
    if (pid != 0) {
      session = Session.attach(pid, null);
    } else {
      Path program;
      if (binary == null) {
        built = compile(flags.containsKey("trace-test") ? "test" : "debug", err);
        if (built == null) {
          return 1;
        }
        program = built;
      } else {
        program = absolute(binary);
      }
      session = launch(program, List.of());
    }
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(session::halt));
      new Tracing(
              session,
              err,
              new Tracing.Options(
                  verbosity, depth, flags.containsKey("timestamp"), number("follow-calls", 100)))
          .run(expression);
      return 0;
    } finally {
      session.detach(pid == 0);
      GoBuild.remove(built, err);
    }
  }

  private int build(String verb, PrintStream out, PrintStream err) throws SessionException {
    Path output = compile(verb, err);
    if (output == null) {
      return 1;
    }
    try {
      return serve(launch(output, List.of()), out, err, () -> rebuild(verb, output, err));
    } finally {
      GoBuild.remove(output, err);
    }
  }

  private void rebuild(String verb, Path output, PrintStream err) throws SessionException {
    int status = goBuild(verb).run(output, err);
    if (status != 0) {
      throw new SessionException("go build error: exit status " + status);
    }
  }

  private GoBuild goBuild(String verb) throws SessionException {
    return new GoBuild(
        verb.equals("test"),
        words,
        Words.all(flags.getOrDefault("build-flags", "")),
        Path.of("").toAbsolutePath());
  }

  /** Builds a program or its tests; null if the compiler refused, which it said itself. */
  private @Nullable Path compile(String verb, PrintStream err) throws SessionException {
    GoBuild build = goBuild(verb);
    String name = flags.get("output");
    Path output = name == null ? build.freshOutput() : build.folder().resolve(name);
    int status = build.run(output, err);
    if (status != 0) {
      err.println("exit status " + status);
      return null;
    }
    return output;
  }
}
