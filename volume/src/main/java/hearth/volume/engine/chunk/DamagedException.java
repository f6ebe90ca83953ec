// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;

/** What was read is not what was written. */
public final class DamagedException extends IOException {
  DamagedException(String message) {
    super(message);
  }
}
