// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What Go's runtime keeps in a target: goroutines, their stacks, defers, and the types, maps,
 * channels and interfaces by which values are found. Reads memory, changes nothing.
 */
@NullMarked
package hearth.debug.goruntime;

import org.jspecify.annotations.NullMarked;
