// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

/** Exit codes, as {@code hearth help exit-codes} tells them. */
enum ExitCode {
  OK(0, "done"),
  FAILURE(1, "failed"),
  USAGE(2, "the command line is wrong"),
  NOT_FOUND(3, "there is no such thing, or you may not see it"),
  DENIED(4, "not logged in, or not allowed"),
  CONFLICT(5, "it exists already, changed meanwhile, or its state does not allow this"),
  UNAVAILABLE(6, "the host cannot be reached, or did not answer in time"),
  CANCELLED(7, "you said no at a question"),
  INTERRUPTED(130, "interrupted");

  final int number;
  final String meaning;

  ExitCode(int number, String meaning) {
    this.number = number;
    this.meaning = meaning;
  }

  /** The code for a canonical status of gRPC, by name. */
  static ExitCode of(String status) {
    return switch (status) {
      case "OK" -> OK;
      case "INVALID_ARGUMENT", "OUT_OF_RANGE" -> USAGE;
      case "NOT_FOUND" -> NOT_FOUND;
      case "PERMISSION_DENIED", "UNAUTHENTICATED" -> DENIED;
      case "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED", "RESOURCE_EXHAUSTED" -> CONFLICT;
      case "UNAVAILABLE", "DEADLINE_EXCEEDED" -> UNAVAILABLE;
      default -> FAILURE;
    };
  }
}
