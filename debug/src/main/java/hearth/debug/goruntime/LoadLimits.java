// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

/**
 * How much of a value is read. Each request brings its own.
 *
 * @param followPointers whether what a pointer leads to is read
 * @param recursion how deep structures, arrays and maps within each other are read
 * @param stringLength bytes of a string that are read
 * @param arrayValues elements of arrays, slices and maps that are read
 * @param structFields fields of a structure that are read; -1 for all
 */
public record LoadLimits(
    boolean followPointers, int recursion, int stringLength, int arrayValues, int structFields) {
  /** What a terminal shows. */
  public static final LoadLimits TERMINAL = new LoadLimits(true, 1, 64, 64, -1);

  /** What is read where a value is needed whole. */
  public static final LoadLimits FULL = new LoadLimits(true, 1, 64, 64, -1);

  /** Nothing but what is in the variable itself. */
  public static final LoadLimits NOTHING = new LoadLimits(false, 0, 0, 0, 0);

  /** What a short list of arguments shows. */
  public static final LoadLimits SHORT = new LoadLimits(false, 0, 64, 0, 3);
}
