// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets blocks be taken for something new only after everybody who may still be reading them has
 * finished, without a lock on the way of reads. Safe for any thread.
 */
final class Grace {
  private static final int APART = 32;

  private final AtomicIntegerArray inside = new AtomicIntegerArray(3 * APART);
  private volatile int phase;

  /** Begins to read; the result goes to {@link #leave}. */
  int enter() {
    while (true) {
      int mine = phase;
      inside.incrementAndGet(at(mine));
      if (phase == mine) {
        return mine;
      }
      inside.decrementAndGet(at(mine));
    }
  }

  void leave(int mine) {
    inside.decrementAndGet(at(mine));
  }

  /** Returns once everybody has left who entered before the call. One caller at a time. */
  void await() {
    int before = phase;
    phase = 1 - before;
    while (inside.get(at(before)) != 0) {
      LockSupport.parkNanos(20_000);
    }
  }

  private static int at(int phase) {
    return (phase + 1) * APART;
  }
}
