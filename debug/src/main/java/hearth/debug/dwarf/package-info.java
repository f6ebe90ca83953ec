// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * DWARF 2 to 5, read lazily: units, entries, line tables, call frames, location lists and
 * expressions. Pure, like the room of object files that it stands on.
 */
@NullMarked
package hearth.debug.dwarf;

import org.jspecify.annotations.NullMarked;
