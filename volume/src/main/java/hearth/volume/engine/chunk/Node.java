// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

/**
 * A page of the map in memory. Entries of level 0 say where a block of the volume is; those of
 * higher levels where the node for 256 times as many is. Each says in which epoch the pointer came
 * about, also one to nothing. Guarded by the store's lock until its epoch is over; then it never
 * changes.
 */
final class Node {
  /** Entries of a node. */
  static final int FAN = 256;

  static final int FAN_SHIFT = 8;
  private static final int ENTRY = 14;
  private static final int BORN = 5;
  private static final int CRC = 10;

  final long address;
  final long epoch;
  final int level;
  final long base;
  final byte[] page;

  /** Not yet written to the file. */
  volatile boolean dirty;

  /** Used since the cache looked last. */
  volatile boolean recent = true;

  /**
   * Takes a page.
   *
   * @param address block that the node is written to
   * @param base first block of the volume that it covers
   */
  Node(long address, long epoch, int level, long base, byte[] page) {
    this.address = address;
    this.epoch = epoch;
    this.level = level;
    this.base = base;
    this.page = page;
  }

  /** Where the entry points: a block of the file, or 0 for nothing. */
  long location(int slot) {
    return (long) Page.LONG.get(page, at(slot)) >>> 24;
  }

  /** Epoch in which the entry came to point there; 0 if it never pointed anywhere. */
  long born(int slot) {
    return (long) Page.LONG.get(page, at(slot) + BORN) >>> 24;
  }

  /** CRC32C of the block, for level 0. */
  int crc(int slot) {
    return (int) Page.INT.get(page, at(slot) + CRC);
  }

  void set(int slot, long location, long born, int crc) {
    int at = at(slot);
    put5(at, location);
    put5(at + BORN, born);
    Page.INT.set(page, at + CRC, crc);
  }

  private void put5(int at, long value) {
    Page.INT.set(page, at, (int) (value >>> 8));
    page[at + 4] = (byte) value;
  }

  private static int at(int slot) {
    return Page.HEADER + slot * ENTRY;
  }

  /** Blocks of the volume that one entry of this level stands for. */
  static long span(int level) {
    return 1L << (FAN_SHIFT * level);
  }
}
