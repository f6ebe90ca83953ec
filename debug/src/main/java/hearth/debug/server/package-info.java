// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/**
 * One port for all clients: {@link hearth.debug.server.Server} takes connections and tells by a
 * client's first byte whether it speaks JSON-RPC or the Debug Adapter Protocol.
 */
@NullMarked
package hearth.debug.server;

import org.jspecify.annotations.NullMarked;
