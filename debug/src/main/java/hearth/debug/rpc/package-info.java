// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/**
 * Delve's JSON-RPC interface, version 2: {@link hearth.debug.rpc.RpcConnection} reads requests from
 * a stream and writes answers, {@link hearth.debug.rpc.RpcServer} does what they ask of a session,
 * {@link hearth.debug.rpc.Wire} gives a session's objects the shapes that Delve's clients know.
 */
@NullMarked
package hearth.debug.rpc;

import org.jspecify.annotations.NullMarked;
