// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Direct buffers in sizes of powers of two, used again, and a bound on the bytes that commands in
 * hand may hold altogether. Safe for any thread.
 */
final class BufferPool {
  private static final int SMALLEST = 12; // 4 KiB
  private static final int LARGEST = 25; // 32 MiB
  private static final int UNIT = 1024;

  private final Deque<ByteBuffer>[] free = decks();
  private final AtomicLong kept = new AtomicLong();
  private final long mostKept;
  private final int most;
  private final Semaphore budget;

  /** Bounds what commands hold, in bytes. */
  BufferPool(long most) {
    this.most = (int) Math.min(most / UNIT, Integer.MAX_VALUE);
    this.budget = new Semaphore(this.most);
    this.mostKept = most / 2;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Deque<ByteBuffer>[] decks() {
    return IntStream.rangeClosed(SMALLEST, LARGEST)
        .mapToObj(ignored -> new ConcurrentLinkedDeque<ByteBuffer>())
        .toArray(Deque[]::new);
  }

  /** Reserves room for a command, or says that there is none now. */
  boolean reserve(int bytes) {
    return budget.tryAcquire(bytes / UNIT + 1);
  }

  /** Bytes that are reserved now. */
  long held() {
    return (long) (most - budget.availablePermits()) * UNIT;
  }

  /** Gives reserved room back. */
  void unreserve(int bytes) {
    budget.release(bytes / UNIT + 1);
  }

  /** A buffer whose limit is this length. */
  ByteBuffer take(int length) {
    int size = Math.max(SMALLEST, 32 - Integer.numberOfLeadingZeros(Math.max(length - 1, 1)));
    ByteBuffer buffer = free[size - SMALLEST].pollFirst();
    if (buffer == null) {
      buffer = ByteBuffer.allocateDirect(1 << size);
    } else {
      kept.addAndGet(-buffer.capacity());
    }
    return buffer.clear().limit(length);
  }

  /** Takes a buffer back that nobody uses any more; others than the pool's own are left alone. */
  void give(ByteBuffer buffer) {
    int capacity = buffer.capacity();
    if (!buffer.isDirect() || Integer.bitCount(capacity) != 1 || capacity < 1 << SMALLEST) {
      return;
    }
    if (kept.addAndGet(capacity) > mostKept) {
      kept.addAndGet(-capacity);
      return;
    }
    free[31 - Integer.numberOfLeadingZeros(capacity) - SMALLEST].addFirst(buffer);
  }
}
