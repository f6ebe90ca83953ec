// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The debugger for Go programs, which answers to Delve's name, flags and protocols. Its floors,
 * each using those below only: object files (binary, dwarf), index, target, goruntime, eval,
 * session, and the faces. Needs nothing of the host's server.
 */
@NullMarked
package hearth.debug;

import org.jspecify.annotations.NullMarked;
