// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.rpc;

import java.io.Serial;

/** A request that cannot be done; the message is the answer. */
final class RpcException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  RpcException(String message) {
    super(message);
  }
}
