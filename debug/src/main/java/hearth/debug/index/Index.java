// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import java.util.List;
import java.util.Set;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a look at every unit finds, as names and offsets: all that a start needs to know of them.
 * For any thread; what it returns is not to be changed.
 */
interface Index {
  /** All functions, by address. */
  List<Function> functions();

  /** Functions of a name, by address. */
  List<Function> functions(String name);

  /** The last function that begins at an address or before it, or null. */
  @Nullable Function before(long pc);

  /** Copies of a function in others. */
  List<InlinedCopy> copies(String name);

  /** Names of all functions that were copied. */
  Set<String> copied();

  /** Variables of all packages. */
  List<Named> variables();

  /** The first variable of a name, or null. */
  @Nullable Named variable(String name);

  /** Constants of all packages that are numbers. */
  List<Named> constants();

  /** The first constant of a name, or null. */
  @Nullable Named constant(String name);

  /** Offset of the entry of a type, or -1. */
  int type(String name);

  /** Names of all types. */
  Set<String> types();

  /** Offset of the entry of the type whose descriptor lies at an offset, or -1. */
  int runtimeType(long offset);

  /** Source files of a unit, by its place among the units. */
  List<String> files(int unit);

  /** How many of ascending numbers, each with its place, are not above another. */
  static int upTo(int count, IntToLongFunction numbers, long wanted) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (numbers.applyAsLong(middle) <= wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * A variable or constant of a package.
   *
   * @param entry offset of the entry that describes it
   * @param value address of a variable, value of a constant
   */
  record Named(String name, int entry, long value) {}
}
