// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

/** Ends a command with CHECK CONDITION. Carries no stack trace: it is part of the protocol. */
final class ScsiException extends Exception {
  private final transient Sense sense;

  ScsiException(Sense sense) {
    super(
        "sense " + Integer.toHexString(sense.key()) + "/" + Integer.toHexString(sense.code()),
        null,
        false,
        false);
    this.sense = sense;
  }

  Sense sense() {
    return sense;
  }
}
