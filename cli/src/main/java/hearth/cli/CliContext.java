// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * What a command may use of the world outside. Secrets never go to {@code out} unless the command
 * is there to show them.
 */
record CliContext(
    InputStream in,
    PrintStream out,
    PrintStream err,
    Map<String, String> environment,
    Path workingFolder,
    InstantSource clock,
    boolean inTerminal,
    boolean outTerminal,
    boolean errTerminal) {
  /** Colours of standard output. */
  Ink outInk(boolean forbidden) {
    return Ink.of(outTerminal, environment, forbidden);
  }

  /** Colours of standard error. */
  Ink errInk(boolean forbidden) {
    return Ink.of(errTerminal, environment, forbidden);
  }
}
