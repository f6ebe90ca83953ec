// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.util.Arrays;

/** A list of block numbers that grows. */
final class Blocks {
  private long[] numbers = new long[64];
  private int size;

  void add(long number) {
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * size);
    }
    numbers[size++] = number;
  }

  int size() {
    return size;
  }

  /** The numbers; the list is empty afterwards. */
  long[] take() {
    long[] taken = Arrays.copyOf(numbers, size);
    size = 0;
    if (numbers.length > 1 << 16) {
      numbers = new long[64];
    }
    return taken;
  }
}
