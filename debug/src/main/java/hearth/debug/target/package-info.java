// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Something with threads, registers and memory: a process under ptrace, with the children that it
 * starts, one that is looked at while it runs, or what is left of one in a core file. Knows machine
 * code and operating system, but neither Go nor source lines. All calls of one target come from one
 * platform thread, its owner.
 */
@NullMarked
package hearth.debug.target;

import org.jspecify.annotations.NullMarked;
