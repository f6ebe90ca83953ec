// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.SessionException;

/** Builds the program anew that is debugged. */
@FunctionalInterface
public interface Rebuild {
  /**
   * Builds it into the same file; what the compiler says was told already if it refuses.
   *
   * @throws SessionException if it refused
   */
  void run() throws SessionException;
}
