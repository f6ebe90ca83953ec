// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Expressions of Go, compiled once to a tree and evaluated in the scope of a frame; values loaded
 * within limits, and their text as Delve writes it.
 */
@NullMarked
package hearth.debug.eval;

import org.jspecify.annotations.NullMarked;
