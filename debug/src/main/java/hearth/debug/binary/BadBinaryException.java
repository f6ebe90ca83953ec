// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.binary;

import java.io.Serial;

/** An object file, or debug information in it, that is damaged or not of a kind that is read. */
public final class BadBinaryException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Says what is wrong, for people. */
  public BadBinaryException(String message) {
    super(message);
  }
}
