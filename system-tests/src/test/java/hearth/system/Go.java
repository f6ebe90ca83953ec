// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The go command, by which tests build the programs that are debugged. */
final class Go {
  private static final Path USUAL = Path.of("/usr/local/go/bin/go");

  /** Prints numbers, one a line, while four goroutines call {@code work} without end. */
  static final String BUSY =
      """
      package main

      import (
      	"fmt"
      	"time"
      )

      func work(n int) int {
      	return n * 2
      }

      func main() {
      	for i := 0; i < 4; i++ {
      		go func() {
      			for n := 0; ; n++ {
      				work(n)
      			}
      		}()
      	}
      	for n := 0; ; n++ {
      		fmt.Println(n)
      		time.Sleep(time.Millisecond)
      	}
      }
      """;

  private static final String DELVE = "github.com/go-delve/delve/cmd/dlv@v1.27.2";

  private Go() {}

  /** Delve, built from its source; the test is not run where that cannot be done. */
  static Path delve(String test) throws Exception {
    Path built = delveOrNull();
    if (built == null) {
      Outside.notRun(test + ": " + DELVE + " cannot be built");
    }
    return Objects.requireNonNull(built);
  }

  /** The same, or null where that cannot be done. {@code -Ddebug.delve=false} acts as if. */
  static @Nullable Path delveOrNull() throws Exception {
    return "false".equals(System.getProperty("debug.delve"))
        ? null
        : program(DELVE, "dlv-v1.27.2", List.of());
  }

  /** A program of others, {@code module@version}, built from its source, or null. */
  static @Nullable Path program(String module, String name, List<String> flags) throws Exception {
    Path folder = Host.HOME.resolve(".hearth/go");
    List<String> command =
        new ArrayList<>(
            List.of(
                Host.HOME.resolve("system-tests/tools/go-program").toString(),
                folder.toString(),
                module));
    command.addAll(flags);
    Host.Result built = Host.run(command.toArray(String[]::new));
    return built.code() == 0 ? folder.resolve(name) : null;
  }

  /** Go's version and platform, as in {@code go1.26.8 linux/amd64}. */
  static String version() throws Exception {
    Process process =
        new ProcessBuilder(Files.isExecutable(USUAL) ? USUAL.toString() : "go", "version").start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return said.replace("go version ", "").strip();
  }

  /** Runs it in a folder; what it says is in the failure. */
  static void run(Path folder, List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Files.isExecutable(USUAL) ? USUAL.toString() : "go");
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
