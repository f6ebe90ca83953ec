// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import java.io.Serial;

/** Something that was asked of a session and cannot be done; the message is for people. */
public final class SessionException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** Says what and why. */
  public SessionException(String message) {
    super(message);
  }
}
