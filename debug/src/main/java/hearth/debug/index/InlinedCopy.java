// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

/**
 * A function's code as it was copied into another function.
 *
 * @param name of the function that was copied
 * @param low first address of the copy
 * @param outer function that it was copied into
 * @param entry offset of the entry that describes the copy
 */
public record InlinedCopy(String name, long low, Function outer, int entry) {}
