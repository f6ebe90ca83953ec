// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.IOException;

/** The initiator broke the protocol so that the connection must end. */
final class ProtocolException extends IOException {
  ProtocolException(String message) {
    super(message);
  }
}
