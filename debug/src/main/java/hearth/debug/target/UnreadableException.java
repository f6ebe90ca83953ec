// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.Serial;

/** Memory of a target that cannot be read or written. */
public final class UnreadableException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Says what could not be done, for people. */
  public UnreadableException(String message) {
    super(message);
  }
}
