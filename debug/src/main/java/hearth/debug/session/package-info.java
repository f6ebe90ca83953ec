// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * A debugging session: breakpoints, stepping, calls of functions, lists and places of goroutines,
 * the building of what is debugged, and the state that all faces (terminal, JSON-RPC, DAP) show
 * alike. A session has one process, and the children that are followed (its group). One owner
 * thread runs everything; halting is the one call that may come from elsewhere.
 */
@NullMarked
package hearth.debug.session;

import org.jspecify.annotations.NullMarked;
