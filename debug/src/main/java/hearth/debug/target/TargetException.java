// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.Serial;

/** Something that cannot be done with a target: started, attached to, resumed. */
public class TargetException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** Says what and why, for people. */
  public TargetException(String message) {
    super(message);
  }
}
