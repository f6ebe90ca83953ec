// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import java.util.List;

/**
 * How full the pool is, in steps, so that people hear of it before anything fails: volumes may
 * promise more than the disk has. A step is left again only when the pool is a little emptier, so
 * that one that goes up and down does not warn each time. Safe for any thread.
 */
final class PoolWatch {
  /** Percents in use at which a step begins. */
  static final List<Integer> STEPS = List.of(80, 90, 95);

  private static final int SLACK = 2;

  private int step;

  /**
   * Takes in how full the pool is.
   *
   * @param capacity bytes, positive
   * @param free bytes
   * @return whether a step has begun
   */
  synchronized boolean look(long capacity, long free) {
    double percent = 100.0 * (capacity - free) / capacity;
    int before = step;
    while (step < STEPS.size() && percent >= STEPS.get(step)) {
      step++;
    }
    while (step > 0 && percent < STEPS.get(step - 1) - SLACK) {
      step--;
    }
    return step > before;
  }

  /** Percents of the step that the pool is in, or 0. */
  synchronized int percent() {
    return step == 0 ? 0 : STEPS.get(step - 1);
  }
}
