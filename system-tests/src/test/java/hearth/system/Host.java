// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A host started from the launcher in a scratch home, as a person would, and the command line
 * beside it.
 */
final class Host implements AutoCloseable {
  /** What a program printed, and its exit code. */
  record Result(int code, String out, String err) {}

  static final Path HOME =
      Path.of(System.getProperty("hearth.home", "..")).toAbsolutePath().normalize();

  private final Path home;
  private final int port;
  private final int iscsiPort;
  private final int secondPort;
  private final List<String> extra;
  private Process process;

  private Host(Path home, int port, int iscsiPort, int secondPort, List<String> extra)
      throws IOException {
    this.home = home;
    this.port = port;
    this.iscsiPort = iscsiPort;
    this.secondPort = secondPort;
    this.extra = extra;
    this.process = launch();
  }

  static Host start(Path home, String... extra) throws IOException, InterruptedException {
    Host host = new Host(home, freePort(), freePort(), freePort(), List.of(extra));
    host.awaitUp();
    return host;
  }

  /**
   * A port that nobody has, and that the kernel gives to no outgoing connection before it is used:
   * those begin at 32768.
   */
  static int freePort() throws IOException {
    for (int attempt = 0; ; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
      try (ServerSocket socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        if (attempt > 100) {
          throw e;
        }
      }
    }
  }

  private Process launch() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                HOME.resolve("hearth").toString(),
                "up",
                "--listen",
                "127.0.0.1:" + port,
                "--iscsi-listen",
                "127.0.0.1:" + iscsiPort + ",127.0.0.1:" + secondPort));
    command.addAll(extra);
    ProcessBuilder builder = new ProcessBuilder(command);
    environment(builder.environment());
    return builder
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("up.log").toFile())
        .start();
  }

  void environment(Map<String, String> environment) {
    environment.put("XDG_CONFIG_HOME", home.resolve("config").toString());
    environment.put("XDG_DATA_HOME", home.resolve("data").toString());
  }

  private void awaitUp() throws IOException, InterruptedException {
    Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
    while (!log().contains("Hearth is up")) {
      if (Instant.now().isAfter(deadline) || !process.isAlive()) {
        throw new AssertionError("The host did not start: " + log());
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
  }

  String log() throws IOException {
    Path log = home.resolve("up.log");
    return Files.exists(log) ? Files.readString(log) : "";
  }

  String uri() {
    return "http://127.0.0.1:" + port;
  }

  int iscsiPort() {
    return iscsiPort;
  }

  Path dataFolder() {
    return home.resolve("data/hearth");
  }

  /** Ends the host without any warning, and starts it again. */
  void killAndRestart() throws IOException, InterruptedException {
    kill();
    start();
  }

  /** Ends the host without any warning. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Starts it again once it was ended. */
  void start() throws IOException, InterruptedException {
    Files.delete(home.resolve("up.log"));
    process = launch();
    awaitUp();
  }

  /** Asks the host to stop, waits until it has, and starts it again; how it ended. */
  int stopAndRestart() throws IOException, InterruptedException {
    int code = stop();
    start();
    return code;
  }

  /** Number of the host's process. */
  long pid() {
    return process.pid();
  }

  /** Runs the command line against this host. */
  Result hearth(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(HOME.resolve("hearth").toString()));
    command.addAll(List.of(arguments));
    return run(command, this::environment);
  }

  /** Runs it and expects it to succeed; what it printed, without the end of the line. */
  String ok(String... arguments) throws IOException, InterruptedException {
    Result result = hearth(arguments);
    if (result.code() != 0) {
      throw new AssertionError(String.join(" ", arguments) + ": " + result);
    }
    return result.out().strip();
  }

  /** Runs any program. */
  static Result run(
      List<String> command, java.util.function.Consumer<Map<String, String>> environment)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("out", "");
    Path err = Files.createTempFile("err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    environment.accept(builder.environment());
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(640, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    Result result =
        new Result(
            process.exitValue(),
            new String(Files.readAllBytes(out), StandardCharsets.UTF_8),
            new String(Files.readAllBytes(err), StandardCharsets.UTF_8));
    Files.delete(out);
    Files.delete(err);
    return result;
  }

  static Result run(String... command) throws IOException, InterruptedException {
    return run(List.of(command), environment -> {});
  }

  /** Asks the host to stop and waits until it has. */
  int stop() throws InterruptedException {
    process.destroy();
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
