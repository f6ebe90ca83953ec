// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.posix.Posix;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/** Where the process begins. */
public final class Main {
  private Main() {}

  /** Runs the command line and ends the process with its exit code. */
  public static void main(String[] arguments) {
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
            Posix.isTerminal(0),
            Posix.isTerminal(1));
    int code = new Hearth(context).run(List.of(arguments));
    out.flush();
    System.exit(code);
  }
}
