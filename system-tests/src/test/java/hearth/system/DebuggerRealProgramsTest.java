// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Large programs of others, looked into while they serve: a web server, a message broker and a
 * database. The request that waited in the breakpoint is answered, and so are those after it.
 */
@Tag("system")
class DebuggerRealProgramsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /**
   * One program.
   *
   * @param module where its main package is, with the version
   * @param arguments with FOLDER and PORT where those belong
   * @param path what is asked for over HTTP
   * @param handler the function that answers it
   * @param request the name of the request there
   */
  record Server(
      String name,
      String module,
      String version,
      List<String> arguments,
      String path,
      String handler,
      String request) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Server> servers() {
    return Stream.of(
        new Server(
            "nats-server",
            "github.com/nats-io/nats-server/v2",
            "v2.15.2",
            List.of("-a", "127.0.0.1", "-p", "-1", "-m", "PORT"),
            "/varz",
            "github.com/nats-io/nats-server/v2/server.(*Server).HandleVarz",
            "r"),
        new Server(
            "victoria-metrics",
            "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics",
            "v1.151.0",
            List.of("-httpListenAddr=127.0.0.1:PORT", "-storageDataPath=FOLDER/data"),
            "/api/v1/labels",
            "main.requestHandler",
            "r"),
        new Server(
            "caddy",
            "github.com/caddyserver/caddy/v2/cmd/caddy",
            "v2.11.9",
            List.of("run", "--config", "FOLDER/Caddyfile"),
            "/",
            "github.com/caddyserver/caddy/v2/modules/caddyhttp.(*Server).ServeHTTP",
            "r"));
  }

  @ParameterizedTest
  @MethodSource("servers")
  void isLookedIntoWhileItServes(Server server, @TempDir Path folder) throws Exception {
    Path program =
        Go.program(
            server.module + "@" + server.version,
            server.name + "-" + server.version,
            List.of("-gcflags", "all=-N -l")); // calls are refused in optimised code
    if (program == null) {
      Outside.notRun("DebuggerRealProgramsTest: " + server.module + " cannot be built");
      return;
    }
    int port = Host.freePort();
    Files.writeString(
        folder.resolve("Caddyfile"),
        "{\n\tadmin off\n}\nhttp://127.0.0.1:" + port + " {\n\trespond hello\n}\n");
    List<String> command = new ArrayList<>(List.of(program.toString()));
    server.arguments.forEach(a ->
        command.add(a.replace("FOLDER", folder.toString()).replace("PORT", String.valueOf(port))));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile());
    builder.environment().put("XDG_DATA_HOME", folder.resolve("data").toString());
    builder.environment().put("XDG_CONFIG_HOME", folder.resolve("config").toString());
    Process process = builder.start();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + port + server.path + "?from=hearth"))
              .header("X-Who", "a neighbour")
              .timeout(LIMIT)
              .build();
      waitUntilItAnswers(client, request, process, folder);
      look(server, folder, process, client, request);
      assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
      assertThat(Files.readString(Path.of("/proc/" + process.pid() + "/status")))
          .contains("TracerPid:\t0\n")
          .containsPattern("State:\t[SR]");
    } finally {
      process.destroy();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static void waitUntilItAnswers(
      HttpClient client, HttpRequest request, Process process, Path folder) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // not yet
      }
      assertThat(process.isAlive() && System.nanoTime() < end)
          .as(Files.readString(folder.resolve("log")))
          .isTrue();
      Thread.sleep(50);
    }
  }

  private static void look(
      Server server, Path folder, Process process, HttpClient client, HttpRequest request)
      throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("script"),
            """
            goroutines -group userloc
            break HANDLER
            continue
            args
            print REQUEST.Method
            print REQUEST.URL.Path
            print REQUEST.Header["X-Who"]
            call REQUEST.URL.String()
            stack 2
            goroutine
            clear 1
            exit -c
            """
                .replace("HANDLER", server.handler)
                .replace("REQUEST", server.request));
    Path said = folder.resolve("said");
    Process debugger =
        new ProcessBuilder(
                Host.HOME.resolve("dlv").toString(),
                "attach",
                String.valueOf(process.pid()),
                "--init",
                script.toString(),
                "--allow-non-terminal-interactive=true")
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    CompletableFuture<HttpResponse<String>> answer;
    try {
      long end = System.nanoTime() + LIMIT.toNanos();
      while (!Files.readString(said).contains("Breakpoint 1 set at")) {
        assertThat(debugger.isAlive() && System.nanoTime() < end)
            .as(Files.readString(said))
            .isTrue();
        Thread.sleep(20);
      }
      answer = client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
      assertThat(debugger.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
          .as(Files.readString(said))
          .isTrue();
    } finally {
      debugger.destroyForcibly().waitFor();
    }
    assertThat(Files.readString(said))
        .containsSubsequence(
            "net.(*netFD).accept",
            "Breakpoint 1 set at ",
            "> [Breakpoint 1] " + server.handler + "()",
            server.request + " = (\"*net/http.Request\")(0x",
            "\n\"GET\"\n\"" + server.path + "\"\n",
            "[]string len: 1, cap: 1, [",
            "\"a neighbour\"",
            "Values returned:\n\t~r0: \"" + server.path + "?from=hearth\"",
            " in " + server.handler + "\n",
            "Goroutine ",
            "Breakpoint 1 cleared at ");
    assertThat(answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS).statusCode()).isEqualTo(200);
  }
}
