// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The same promises on a real PostgreSQL, started here in a scratch folder. */
class PostgresqlTest extends RecordsContract {
  private static Path folder = Path.of("");
  private static Path binaries = Path.of("");
  private static int port;
  private static int databases;

  @BeforeAll
  static void start() throws Exception {
    Path versions = Path.of("/usr/lib/postgresql");
    if (!Files.isDirectory(versions)) {
      String line = "PostgresqlTest: needs the package postgresql";
      String file = System.getenv("HEARTH_NOT_RUN");
      if (file != null) {
        Files.writeString(
            Path.of(file),
            line + "\n",
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.APPEND);
      }
      Assumptions.abort(line);
    }
    try (Stream<Path> found = Files.list(versions)) {
      binaries = found.max(java.util.Comparator.naturalOrder()).orElseThrow().resolve("bin");
    }
    folder = Files.createTempDirectory("pg");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    run(
        binaries.resolve("initdb").toString(),
        "-D",
        folder.resolve("data").toString(),
        "-U",
        "hearth",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync");
    run(
        binaries.resolve("pg_ctl").toString(),
        "-D",
        folder.resolve("data").toString(),
        "-l",
        folder.resolve("log").toString(),
        "-o",
        "-c listen_addresses=127.0.0.1 -c port="
            + port
            + " -c unix_socket_directories="
            + folder
            + " -c fsync=off",
        "-w",
        "start");
  }

  @AfterAll
  static void stop() throws Exception {
    if (port != 0) {
      run(
          binaries.resolve("pg_ctl").toString(),
          "-D",
          folder.resolve("data").toString(),
          "-m",
          "immediate",
          "-w",
          "stop");
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      words.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
    }
    words.addAll(List.of(command));
    Path log = Files.createTempFile("pg", ".log");
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", words) + ": " + Files.readString(log));
    }
  }

  @Override
  Database open() throws Exception {
    String name = "records" + databases++;
    run(
        binaries.resolve("createdb").toString(),
        "-h",
        "127.0.0.1",
        "-p",
        String.valueOf(port),
        "-U",
        "hearth",
        name);
    return Database.postgresql("postgresql://hearth@127.0.0.1:" + port + "/" + name);
  }
}
