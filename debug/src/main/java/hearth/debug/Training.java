// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Runs the command lines that standard input holds, in one process: what the AOT cache is trained
 * with, so that it knows more than one of them.
 */
public final class Training {
  private Training() {}

  /** Runs them; what they answer goes where a command's answer goes. */
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int _ = Main.run(line.split(" ", -1));
    }
    System.exit(0);
  }
}
