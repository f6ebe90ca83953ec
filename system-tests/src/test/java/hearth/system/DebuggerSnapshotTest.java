// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be told of a program that nobody debugs: it runs on while it is looked at. */
@Tag("system")
class DebuggerSnapshotTest {
  private static final String PROGRAM =
      """
      package main

      import (
      	"fmt"
      	"time"
      )

      func waits(c chan int) { <-c }

      func main() {
      	c := make(chan int)
      	for i := 0; i < 1000; i++ {
      		go waits(c)
      	}
      	for n := 0; ; n++ {
      		fmt.Println(n)
      		time.Sleep(time.Millisecond)
      	}
      }
      """;

  private static String debug(String... words) throws Exception {
    String[] command = new String[words.length + 2];
    command[0] = Host.HOME.resolve("hearth").toString();
    command[1] = "debug";
    System.arraycopy(words, 0, command, 2, words.length);
    Host.Result result = Host.run(command);
    assertThat(result.code()).as(result.err()).isZero();
    return result.out();
  }

  @Test
  void aProcessIsLookedAtWhileItRuns(@TempDir Path scratch) throws Exception {
    Path source = Files.writeString(scratch.resolve("main.go"), PROGRAM);
    Path program = scratch.resolve("program");
    Go.run(
        scratch,
        List.of("build", "-gcflags", "all=-N -l", "-o", program.toString(), source.toString()));
    Path printed = scratch.resolve("printed");
    Process running =
        new ProcessBuilder(program.toString()).redirectOutput(printed.toFile()).start();
    try {
      while (Files.size(printed) == 0) {
        assertThat(running.isAlive()).isTrue();
        Thread.sleep(10);
      }
      assertThat(debug("ps"))
          .containsPattern(" " + running.pid() + "  go1\\.\\d+.*-gcflags=\"all=-N -l\"");
      long before = Files.size(printed);
      String told = debug("goroutines", String.valueOf(running.pid()));
      assertThat(told)
          .startsWith("   1000  chan receive  main.waits " + source + ":8\n")
          .contains("started at main.main " + source + ":13\n")
          .containsPattern("\\n10\\d\\d goroutines; ");
      assertThat(Files.readString(Path.of("/proc/" + running.pid() + "/status")))
          .contains("TracerPid:\t0");
      assertThat(Files.size(printed)).isGreaterThan(before);
      Host.Result none =
          Host.run(Host.HOME.resolve("hearth").toString(), "debug", "goroutines", "99999999");
      assertThat(none.code()).isEqualTo(1);
      assertThat(none.err()).contains("cannot look at pid 99999999");
    } finally {
      running.destroyForcibly().waitFor();
    }
  }
}
