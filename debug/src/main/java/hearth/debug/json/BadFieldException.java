// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.json;

import java.io.Serial;

/** A field that is not what its name promises; the message says which and what was expected. */
public final class BadFieldException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Says what is wrong. */
  public BadFieldException(String message) {
    super(message);
  }
}
