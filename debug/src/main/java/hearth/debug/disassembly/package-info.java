// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/**
 * Machine code as people read it: instructions of x86-64 in the words of Intel or of Go's
 * assembler. What an instruction's parts are is told by {@link hearth.debug.target.Instruction};
 * here are their names. Knows no process.
 */
@NullMarked
package hearth.debug.disassembly;

import org.jspecify.annotations.NullMarked;
