// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

/** Ends a command: what is wrong and why, and the next step, which is printed last. */
final class CliFailure extends RuntimeException {
  private final ExitCode exitCode;
  private final String fix;

  CliFailure(ExitCode exitCode, String what, String fix) {
    super(what, null, false, true);
    this.exitCode = exitCode;
    this.fix = fix;
  }

  ExitCode exitCode() {
    return exitCode;
  }

  String what() {
    return String.valueOf(getMessage());
  }

  String fix() {
    return fix;
  }
}
