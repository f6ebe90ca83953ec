// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/**
 * Writes a qcow2 image of version 3 with clusters of 64 KiB. Clusters come in the order in which
 * they are first written, so that a writer that is told again what was written goes on in the same
 * places. Reference counts come last: every cluster of the file is used once.
 */
public final class Qcow2Writer implements ImageWriter {
  private static final int CLUSTER = 1 << 16;
  private static final int PER_TABLE = CLUSTER / 8;
  private static final long COPIED = 1L << 63;
  private static final int HEADER = 104;

  private final FileChannel channel;
  private final long size;
  private final long[] l1;
  private final long[] l2 = new long[PER_TABLE];
  private int current = -1;
  private boolean changed;
  private long end;

  /** Writes into an empty file, or on in one that was begun. */
  public Qcow2Writer(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
    long clusters = (size + CLUSTER - 1) / CLUSTER;
    this.l1 = new long[(int) ((clusters + PER_TABLE - 1) / PER_TABLE)];
    this.end = CLUSTER + align(8L * l1.length);
  }

  private static long align(long length) {
    return (length + CLUSTER - 1) / CLUSTER * CLUSTER;
  }

  @Override
  public void write(Piece piece) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(piece.data());
    int limit = data.limit();
    long at = piece.offset();
    while (data.position() < limit) {
      int within = (int) (at % CLUSTER);
      int count = Math.min(limit - data.position(), CLUSTER - within);
      data.limit(data.position() + count);
      RawWriter.writeFully(channel, place(at / CLUSTER) + within, data);
      data.limit(limit);
      at += count;
    }
  }

  @Override
  public void skip(long offset, int length) throws IOException {
    for (long cluster = offset / CLUSTER; cluster * CLUSTER < offset + length; cluster++) {
      long _ = place(cluster);
    }
  }

  /** Where a cluster of the disk lies in the file. */
  private long place(long cluster) throws IOException {
    int table = (int) (cluster / PER_TABLE);
    if (table != current) {
      if (table < current) {
        throw new IllegalArgumentException(
            "cluster: " + cluster + " (expected: none before the last)");
      }
      storeTable();
      Arrays.fill(l2, 0);
      current = table;
      l1[table] = take();
    }
    int slot = (int) (cluster % PER_TABLE);
    if (l2[slot] == 0) {
      l2[slot] = take() | COPIED;
      changed = true;
    }
    return l2[slot] & ~COPIED;
  }

  private long take() {
    long place = end;
    end += CLUSTER;
    return place;
  }

  private void storeTable() throws IOException {
    if (current >= 0 && changed) {
      RawWriter.writeFully(channel, l1[current], longs(l2));
      changed = false;
    }
  }

  private static ByteBuffer longs(long[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
    bytes.asLongBuffer().put(values);
    return bytes;
  }

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void finish() throws IOException {
    storeTable();
    ByteBuffer tables = ByteBuffer.allocate((int) align(8L * l1.length));
    for (int i = 0; i < l1.length; i++) {
      tables.putLong(8 * i, l1[i] == 0 ? 0 : l1[i] | COPIED);
    }
    RawWriter.writeFully(channel, CLUSTER, tables);
    // Counts take clusters themselves, which are counted as well.
    long used = end / CLUSTER;
    long perBlock = CLUSTER / 2;
    long blocks = 0;
    long tableClusters = 0;
    for (long before = -1; before != blocks + tableClusters; ) {
      before = blocks + tableClusters;
      blocks = (used + blocks + tableClusters + perBlock - 1) / perBlock;
      tableClusters = (8 * blocks + CLUSTER - 1) / CLUSTER;
    }
    long tableAt = end;
    long blocksAt = tableAt + tableClusters * CLUSTER;
    long total = used + blocks + tableClusters;
    ByteBuffer table = ByteBuffer.allocate((int) (tableClusters * CLUSTER));
    for (int i = 0; i < blocks; i++) {
      table.putLong(8 * i, blocksAt + (long) i * CLUSTER);
    }
    RawWriter.writeFully(channel, tableAt, table);
    for (int i = 0; i < blocks; i++) {
      ByteBuffer counts = ByteBuffer.allocate(CLUSTER);
      for (int k = 0; k < perBlock && i * perBlock + k < total; k++) {
        counts.putShort(2 * k, (short) 1);
      }
      RawWriter.writeFully(channel, blocksAt + (long) i * CLUSTER, counts);
    }
    channel.force(false);
    ByteBuffer header = ByteBuffer.allocate(CLUSTER);
    header.putInt(0, Qcow2Image.MAGIC).putInt(4, 3).putInt(20, 16).putLong(24, size);
    header.putInt(36, l1.length).putLong(40, CLUSTER);
    header.putLong(48, tableAt).putInt(56, (int) tableClusters);
    header.putInt(96, 4).putInt(100, HEADER);
    RawWriter.writeFully(channel, 0, header);
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
