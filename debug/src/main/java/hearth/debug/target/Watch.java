// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

/**
 * Memory that the processor watches.
 *
 * @param address of it, a multiple of its size
 * @param size bytes: 1, 2, 4 or 8
 * @param reads whether reading it stops a thread too; writing always does
 */
public record Watch(long address, int size, boolean reads) {}
