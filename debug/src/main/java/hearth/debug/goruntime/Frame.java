// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.index.Function;
import org.jspecify.annotations.Nullable;

/**
 * A frame of a stack, or a function that was copied into one.
 *
 * @param pc where it goes on
 * @param lookupPc an address within the instruction that it is at: before {@code pc} for a caller
 * @param function whose code it is; null where nothing is known of the code
 * @param name of the function, which is another one where it was copied in
 * @param scope entry of the function or of the copy, or null
 * @param file of the source, or {@code ?}
 * @param line of the source, or 0
 * @param registers by DWARF's numbers 0 to 16, as they are in this frame
 * @param cfa canonical frame address
 * @param returnAddress where its caller goes on
 * @param inlined whether it was copied into the frame below
 * @param top whether it is where the stack is now
 * @param error why the stack cannot be followed further, or null
 */
public record Frame(
    long pc,
    long lookupPc,
    @Nullable Function function,
    String name,
    @Nullable Die scope,
    String file,
    int line,
    long[] registers,
    long cfa,
    long returnAddress,
    boolean inlined,
    boolean top,
    @Nullable String error) {
  /** DWARF's number of the stack pointer. */
  public static final int SP = 7;

  /** DWARF's number of the frame pointer. */
  public static final int BP = 6;

  /** DWARF's number of the return address. */
  public static final int RA = 16;

  /** Whether nothing called it: a stack ends here. */
  public boolean isBottom() {
    boolean last =
        name.equals("runtime.goexit")
            || name.equals("runtime.rt0_go")
            || name.equals("runtime.mstart")
            || returnAddress == 0;
    return error == null && last;
  }
}
