// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import java.io.IOException;
import java.time.Duration;

/**
 * Refuses writes before a thin pool is full, which none of its volumes would survive well: what is
 * written goes through the page cache, so the kernel could tell of a full pool only when it is too
 * late. Counts each write as if all of it were new, and asks LVM again when that might not fit any
 * more. Safe for any thread.
 */
final class ThinSpace {
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final double MOST_METADATA = 95;

  /** Asks how full the pool is, after all that was written has reached it. */
  interface Gauge {
    Reading read() throws IOException;
  }

  /**
   * How full a pool is.
   *
   * @param metadataPercent of its metadata that are in use
   * @param chunk bytes that it allocates at once
   */
  record Reading(long capacity, long free, double metadataPercent, long chunk) {
    /** Bytes that are left alone, so that snapshots and what is in flight find room. */
    long reserve() {
      return Math.max(capacity / 32, 8L << 20);
    }
  }

  private final Gauge gauge;
  private long budget;
  private long chunk = 1;
  private boolean asked;
  private boolean full;
  private long last;

  ThinSpace(Gauge gauge) {
    this.gauge = gauge;
  }

  /** Whether a range can be written, even if none of it was written before. */
  synchronized boolean allows(long offset, long length) throws IOException {
    long cost = (offset + length + chunk - 1) / chunk * chunk - offset / chunk * chunk;
    if (asked && !full && budget >= cost) {
      budget -= cost;
      return true;
    }
    if (!asked || System.nanoTime() - last > PAUSE.toNanos()) {
      Reading reading = gauge.read();
      asked = true;
      last = System.nanoTime();
      chunk = reading.chunk();
      budget = reading.free() - reading.reserve();
      full = reading.metadataPercent() > MOST_METADATA;
      cost = (offset + length + chunk - 1) / chunk * chunk - offset / chunk * chunk;
    }
    if (full || budget < cost) {
      return false;
    }
    budget -= cost;
    return true;
  }
}
