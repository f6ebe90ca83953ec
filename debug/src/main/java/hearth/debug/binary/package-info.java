// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Object files: ELF, and the tables that Go's linker puts in them. Pure: bytes in, values out, no
 * process. Damage is told as BadBinaryException, never as an endless loop or an exception of the
 * JDK.
 */
@NullMarked
package hearth.debug.binary;

import org.jspecify.annotations.NullMarked;
