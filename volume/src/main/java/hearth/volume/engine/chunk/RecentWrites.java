// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What was written and answered but not flushed, in a file that is never synced: a disk may forget
 * it when the power goes, but must not when a program is killed, since initiators then log in again
 * and believe that nothing happened. Records count only in the run of the machine's kernel that
 * they were written in. Two halves take turns; one is begun again once all its records are durable
 * elsewhere. Not safe for several threads.
 */
final class RecentWrites {
  /** Bytes of a half: more than may be noted without a commit. */
  static final int HALF = 8 << 20;

  private static final int HEADER = 16;

  private final StoreFile file;
  private final long store;
  private final long boot;
  private long incarnation;
  private boolean usable;
  private int half;
  private int position;
  private final long[] last = new long[2];

  /** What was noted up to here is not all in the file; until that is durable nothing may follow. */
  private long gap;

  private ByteBuffer buffer = ByteBuffer.allocateDirect(4096);

  /**
   * A write or discard.
   *
   * @param from bytes of runs that were noted before since the store was opened
   * @param runs its runs
   */
  record Entry(long from, ByteBuffer runs) {
    /** Bytes of runs that were noted with these. */
    long upTo() {
      return from + runs.remaining();
    }
  }

  /**
   * @param boot what tells this run of the machine's kernel from all others
   */
  RecentWrites(StoreFile file, long store, long boot) {
    this.file = file;
    this.store = store;
    this.boot = boot;
  }

  /** From now on records count, since the incarnation is durable. */
  void start(long newIncarnation) {
    incarnation = newIncarnation;
    usable = true;
  }

  /**
   * Keeps the runs of a write.
   *
   * @param durable up to where everything is durable elsewhere
   * @return false if there is no room, so that only a flush can keep it
   */
  boolean add(long durable, Entry entry) throws IOException {
    int length = HEADER + entry.runs().remaining();
    boolean room = usable && durable >= gap && length <= HALF;
    if (room && last[half] <= durable) {
      position = 0;
    } else if (room && position + length > HALF) {
      room = last[1 - half] <= durable;
      half = room ? 1 - half : half;
      position = room ? 0 : position;
    }
    if (!room) {
      gap = entry.upTo();
      return false;
    }
    if (buffer.capacity() < length) {
      buffer = ByteBuffer.allocateDirect(2 * length);
    }
    buffer
        .clear()
        .putInt(0)
        .putInt(entry.runs().remaining())
        .putLong(entry.from())
        .put(entry.runs().duplicate())
        .flip();
    buffer.putInt(0, crc(incarnation, buffer.duplicate().position(4)));
    gap = entry.upTo();
    file.write((long) half * HALF + position, buffer);
    gap = 0;
    position += length;
    last[half] = entry.upTo();
    return true;
  }

  /** Of a store, an incarnation and a run of the kernel: what others wrote does not match. */
  private int crc(long of, ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(24).putLong(store).putLong(of).putLong(boot).flip());
    crc.update(record);
    return (int) crc.getValue();
  }

  /** All records that an incarnation left in this run of the kernel, in order. */
  List<Entry> read(long of) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      ByteBuffer all = ByteBuffer.allocate(Math.clamp(file.length() - (long) i * HALF, 0, HALF));
      file.read((long) i * HALF, all);
      all.flip();
      while (all.remaining() > HEADER) {
        int start = all.position();
        int crc = all.getInt();
        int length = all.getInt();
        if (length <= 0 || length > all.limit() - start - HEADER) {
          break;
        }
        if (crc(of, all.slice(start + 4, HEADER - 4 + length)) != crc) {
          break;
        }
        entries.add(new Entry(all.getLong(), all.slice(start + HEADER, length)));
        all.position(start + HEADER + length);
      }
    }
    entries.sort(Comparator.comparingLong(Entry::from));
    return entries;
  }
}
