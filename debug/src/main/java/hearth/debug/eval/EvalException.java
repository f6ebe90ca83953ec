// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import java.io.Serial;

/** An expression that cannot be read or has no value here; the message is for people. */
public final class EvalException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  /** Says what is wrong. */
  public EvalException(String message) {
    super(message);
  }
}
