// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.posix.Terminal;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Where the process begins. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments)));
  }

  private static void tellInterruption(AtomicBoolean ended) {
    if (!ended.get()) {
      System.err.println();
      System.err.println("hearth: interrupted");
    }
  }

  /** Runs the command line on the process's own streams; the exit code. */
  static int run(List<String> arguments) {
    AtomicBoolean ended = new AtomicBoolean();
    // A host and a driver say themselves that they stop; every other command is told here that it
    // was ended.
    if (arguments.isEmpty() || !List.of("up", "csi").contains(arguments.getFirst())) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> tellInterruption(ended)));
    }
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192),
            false,
            StandardCharsets.UTF_8);
    CliContext context =
        new CliContext(
            System.in,
            out,
            System.err,
            System.getenv(),
            Path.of("").toAbsolutePath(),
            InstantSource.system(),
            Terminal.is(0),
            Terminal.is(1),
            Terminal.is(2));
    int code = new Hearth(context).run(arguments);
    out.flush();
    ended.set(true);
    return code;
  }
}
