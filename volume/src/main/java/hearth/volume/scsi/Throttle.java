// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.time.Duration;

/**
 * Holds commands back so that a unit keeps to its limits: two buckets, one of commands and one of
 * bytes, that fill at the limit's rate up to its burst. A command takes what it needs at once and
 * waits until the bucket would have had it. Safe for any thread.
 */
public final class Throttle {
  /** A command that would have to wait longer is refused, before its initiator loses patience. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(15);

  /** What {@link #admit} says to a command that must come again later. */
  public static final long REFUSED = -1;

  private static final double NANOS = 1e9;
  private static final long LONG_AGO = Long.MIN_VALUE / 2;

  private Limits limits = Limits.NONE;

  /** When, in nanoseconds of the system's clock, each bucket will be as full as it can be. */
  private long operationsFull = LONG_AGO;

  private long bytesFull = LONG_AGO;

  /** Changes the limits; what waits already goes on waiting. */
  public synchronized void limit(Limits next) {
    if (!limits.equals(next)) {
      limits = next;
      operationsFull = LONG_AGO;
      bytesFull = LONG_AGO;
    }
  }

  /**
   * Lets a command in.
   *
   * @param bytes that it transfers
   * @param now a point of {@link System#nanoTime}
   * @return nanoseconds for which it must wait, or {@link #REFUSED}
   */
  public synchronized long admit(long bytes, long now) {
    Limits known = limits;
    long operations = next(operationsFull, 1, known.operationsPerSecond(), now);
    long transfer = next(bytesFull, bytes, known.bytesPerSecond(), now);
    long wait =
        Math.max(
            wait(operations, known.operationsPerSecond(), known.operationsBurst(), now),
            wait(transfer, known.bytesPerSecond(), known.bytesBurst(), now));
    if (wait > LONGEST_WAIT.toNanos()) {
      return REFUSED;
    }
    operationsFull = operations;
    bytesFull = transfer;
    return wait;
  }

  private static long next(long full, long cost, long rate, long now) {
    return rate == 0 ? full : Math.max(full, now) + nanos(cost, rate);
  }

  /** A burst of 0 stands for a tenth of a second's worth. */
  private static long wait(long full, long rate, long burst, long now) {
    if (rate == 0) {
      return 0;
    }
    long depth = burst == 0 ? (long) NANOS / 10 : nanos(burst, rate);
    return Math.max(0, full - now - depth);
  }

  private static long nanos(long amount, long rate) {
    return (long) ((double) amount * NANOS / (double) rate);
  }
}
