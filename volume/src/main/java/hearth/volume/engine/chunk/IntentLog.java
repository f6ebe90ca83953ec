// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What changed in the map since the last commit, so that a flush costs one sequential write and one
 * sync. Two halves take turns: records that the commit of an even number will make superfluous are
 * in the first, the others in the second. A record counts if its checksum, store, incarnation,
 * number of commit and sequence are what is expected next; the first that does not count ends the
 * log. Not safe for several threads.
 */
final class IntentLog {
  /** Bytes of a half. */
  static final long HALF = 8 << 20;

  static final byte WRITE = 1;
  static final byte CLEAR = 2;

  private static final int MAGIC = 0x48434c52; // HCLR
  private static final int HEADER = 64;
  private static final long STEP = 1 << 20;

  private final StoreFile file;
  private final long store;
  private long incarnation;
  private long generation;
  private long sequence;
  private long position;
  private final long[] prepared = new long[2];
  private final ByteBuffer small = ByteBuffer.allocateDirect(256 << 10);

  /** Gets the records of a log, in order. */
  interface Reader {
    /**
     * Gets one record.
     *
     * @param upTo bytes of runs that were noted since the store was opened, with these
     * @param runs its runs
     * @param data blocks of all written runs, or empty if they are in place
     */
    void record(long upTo, ByteBuffer runs, ByteBuffer data) throws IOException;
  }

  IntentLog(StoreFile file, long store) {
    this.file = file;
    this.store = store;
  }

  /** Writes the header of a new log. */
  void format() throws IOException {
    byte[] page = new byte[Page.BLOCK];
    Page.seal(page, Page.Kind.LOG, store, 0, 0, 0, 0);
    file.write(0, ByteBuffer.wrap(page));
    file.sync();
  }

  /** What is wrong with the header, or nothing. */
  String check() throws IOException {
    byte[] page = new byte[Page.BLOCK];
    file.read(0, ByteBuffer.wrap(page));
    return Page.check(page, Page.Kind.LOG, store, 0);
  }

  /** Starts a run of the program after a commit under a new incarnation. */
  void start(long newIncarnation, long nextGeneration) throws IOException {
    incarnation = newIncarnation;
    sequence = 0;
    long length = file.length();
    prepared[0] = Math.clamp(length - offset(0), 0, HALF);
    prepared[1] = Math.clamp(length - offset(1), 0, HALF);
    turn(nextGeneration);
  }

  /** From now on records belong to the commit of this number. */
  void turn(long nextGeneration) {
    generation = nextGeneration;
    position = 0;
  }

  /** Whether nothing was recorded since the last turn. */
  boolean isEmpty() {
    return position == 0;
  }

  /** Whether a commit should begin, so that nobody has to wait for one. */
  boolean isFilling() {
    return position > HALF / 2;
  }

  /**
   * Overwrites the half that is not in use, and makes that durable. For when a commit has made its
   * records superfluous and the next has not begun.
   */
  void eraseOther() throws IOException {
    int half = (int) (generation + 1 & 1);
    ByteBuffer zeros = ByteBuffer.allocate(1 << 20);
    for (long at = 0; at < prepared[half]; at += zeros.capacity()) {
      int count = (int) Math.min(zeros.capacity(), prepared[half] - at);
      file.write(offset(half) + at, zeros.clear().limit(count));
    }
    file.sync();
  }

  private static long offset(long generation) {
    return Page.BLOCK + (generation & 1) * HALF;
  }

  private static long align(long length) {
    return (length + Page.BLOCK - 1) & -Page.BLOCK;
  }

  /** Whether a record of this size still fits. */
  boolean fits(int runsLength, int dataLength) {
    return position + align(HEADER + runsLength) + dataLength <= HALF;
  }

  /**
   * Records and makes durable. The buffers are read from position to limit.
   *
   * @param upTo bytes of runs that were noted since the store was opened, with these
   */
  void append(long upTo, ByteBuffer runs, ByteBuffer data) throws IOException {
    int head = (int) align(HEADER + runs.remaining());
    int length = head + data.remaining();
    ByteBuffer buffer =
        length <= small.capacity() ? small.clear() : ByteBuffer.allocateDirect(length);
    buffer
        .putInt(MAGIC)
        .putInt(0)
        .putLong(store)
        .putLong(incarnation)
        .putLong(generation)
        .putLong(sequence)
        .putInt(runs.remaining())
        .putInt(data.remaining() / Page.BLOCK)
        .putLong(upTo)
        .putLong(0)
        .put(runs.duplicate());
    while (buffer.position() < head) {
      buffer.put((byte) 0);
    }
    buffer.put(data.duplicate()).flip();
    buffer.putInt(4, crc(buffer.duplicate()));
    long end = position + length;
    int half = (int) (generation & 1);
    if (end > prepared[half]) {
      // Room that was written once needs no change of the file's own records in a flush.
      long next = Math.min((end + STEP - 1) / STEP * STEP, HALF);
      file.write(offset(half) + prepared[half], ByteBuffer.allocate((int) (next - prepared[half])));
      prepared[half] = next;
    }
    file.write(offset(half) + position, buffer);
    file.sync();
    position = end;
    sequence++;
  }

  private static int crc(ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(record);
    return (int) crc.getValue();
  }

  /** Sequence of the next record. */
  long sequence() {
    return sequence;
  }

  /**
   * Reads what the commits so far do not hold.
   *
   * @param lastCommit number of the last commit
   * @param firstSequence of the first record behind it
   * @return records read
   * @throws DamagedException if a record is damaged that others follow, so that it was complete
   *     once
   */
  long replay(long lastIncarnation, long lastCommit, long firstSequence, Reader reader)
      throws IOException {
    long expected = firstSequence;
    long count = 0;
    for (long commit = lastCommit + 1; commit <= lastCommit + 2; commit++) {
      for (long at = 0; at + Page.BLOCK <= HALF; ) {
        ByteBuffer record = read(lastIncarnation, commit, at);
        if (!record.hasRemaining() || record.getLong(32) != expected) {
          refuseGap(lastIncarnation, commit, at, expected);
          break;
        }
        int runsLength = record.getInt(40);
        int dataLength = record.getInt(44) * Page.BLOCK;
        reader.record(
            record.getLong(48),
            record.slice(HEADER, runsLength),
            record.slice(record.limit() - dataLength, dataLength));
        expected++;
        at += record.limit();
        count++;
      }
    }
    return count;
  }

  /** The record at a place of a half, or nothing if there is none that is whole. */
  private ByteBuffer read(long lastIncarnation, long commit, long at) throws IOException {
    ByteBuffer none = ByteBuffer.allocate(0);
    ByteBuffer head = ByteBuffer.allocate(HEADER);
    file.read(offset(commit) + at, head);
    long runsLength = Integer.toUnsignedLong(head.getInt(40));
    long blocks = Integer.toUnsignedLong(head.getInt(44));
    long length = align(HEADER + runsLength) + blocks * Page.BLOCK;
    if (head.getInt(0) != MAGIC
        || head.getLong(8) != store
        || head.getLong(16) != lastIncarnation
        || head.getLong(24) != commit
        || length > HALF - at) {
      return none;
    }
    ByteBuffer record = ByteBuffer.allocate((int) length);
    file.read(offset(commit) + at, record);
    record.flip();
    int stored = record.getInt(4);
    record.putInt(4, 0);
    return crc(record.duplicate()) == stored ? record : none;
  }

  /**
   * Each record was made durable before the next was begun. So the log ends where a record is not
   * whole; unless a later one is, which says that this one was and is damaged now.
   */
  private void refuseGap(long lastIncarnation, long commit, long from, long expected)
      throws IOException {
    for (long at = from; at + Page.BLOCK <= HALF; at += Page.BLOCK) {
      ByteBuffer later = read(lastIncarnation, commit, at);
      if (later.hasRemaining() && later.getLong(32) > expected) {
        throw new DamagedException(
            "a record of the log at byte "
                + (offset(commit) + from)
                + " of "
                + file
                + " is damaged; flushed data of "
                + (later.getLong(32) - expected)
                + " or more flushes is lost");
      }
    }
  }
}
