// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What a program is made of, by name and address: functions, inlined copies, package variables,
 * types, files and lines. Made by reading all units in parallel, offsets only, and kept in the
 * user's cache; entries are read when they are asked for.
 */
@NullMarked
package hearth.debug.index;

import org.jspecify.annotations.NullMarked;
