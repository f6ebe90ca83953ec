// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * A qcow2 image of version 2 or 3 without backing file, encryption or external data; clusters
 * compressed with zlib are read. Nothing that it says is believed before it was checked against the
 * file's length.
 */
final class Qcow2Image implements DiskImage {
  static final int MAGIC = 0x514649fb;

  private static final long OFFSET = 0x00fffffffffffe00L;
  private static final long COMPRESSED = 1L << 62;
  private static final long ZERO = 1;
  private static final int LARGEST_L1 = 32 << 20;

  private final FileChannel channel;
  private final long length;
  private final long size;
  private final int clusterBits;
  private final boolean version2;
  private final long[] l1;
  private long cachedTable = -1;
  private long[] cached = new long[0];
  private long cachedCluster = -1;
  private byte @Nullable [] inflated;

  Qcow2Image(FileChannel channel) throws IOException {
    this.channel = channel;
    this.length = channel.size();
    ByteBuffer header = ByteBuffer.allocate(112);
    readFully(0, header, (int) Math.min(112, length));
    int version = header.getInt(4);
    if (length < 72 || version < 2 || version > 3) {
      throw new ImageException("it is of qcow2's version " + version + " (known: 2 and 3)");
    }
    this.version2 = version == 2;
    if (header.getLong(8) != 0) {
      throw new ImageException(
          "it needs a backing file; make it whole first: qemu-img convert -O qcow2 IMAGE WHOLE");
    }
    this.clusterBits = header.getInt(20);
    this.size = header.getLong(24);
    if (header.getInt(32) != 0) {
      throw new ImageException("it is encrypted; decrypt it first: qemu-img convert");
    }
    long features = version2 ? 0 : header.getLong(72);
    if ((features & 0x03) != 0) {
      throw new ImageException(
          "it is marked damaged or not closed; mend it first: qemu-img check -r all");
    }
    if ((features & ~0x08L) != 0) {
      throw new ImageException(
          "it uses features that are not known here: qemu-img convert makes a plain one");
    }
    if ((features & 0x08) != 0 && header.get(104) != 0) {
      throw new ImageException("it is compressed with zstd; convert it first: qemu-img convert");
    }
    if (clusterBits < 9 || clusterBits > 21 || size < 0) {
      throw new ImageException("its header is damaged");
    }
    long entries = Integer.toUnsignedLong(header.getInt(36));
    long perTable = 1L << (clusterBits - 3);
    long needed = clusters() == 0 ? 0 : (clusters() - 1) / perTable + 1;
    if (entries < needed || entries * 8 > LARGEST_L1) {
      throw new ImageException("its table of tables is damaged");
    }
    this.l1 = table(header.getLong(40), (int) needed);
  }

  private long clusters() {
    return (size + (1L << clusterBits) - 1) >>> clusterBits;
  }

  private long[] table(long offset, int entries) throws IOException {
    if (offset < 0 || offset % 512 != 0 || offset > length - 8L * entries) {
      throw new ImageException("a table lies outside the file");
    }
    ByteBuffer bytes = ByteBuffer.allocate(8 * entries);
    readFully(offset, bytes, bytes.capacity());
    long[] table = new long[entries];
    bytes.flip().asLongBuffer().get(table);
    return table;
  }

  private void readFully(long offset, ByteBuffer destination, int count) throws IOException {
    int end = destination.position() + count;
    destination.limit(end);
    while (destination.hasRemaining()) {
      if (channel.read(destination, offset + count - destination.remaining()) < 0) {
        throw new ImageException("it is cut off");
      }
    }
    destination.limit(destination.capacity());
  }

  /** The entry of a cluster; 0 if it holds nothing. */
  private long entry(long cluster) throws IOException {
    int perTable = 1 << (clusterBits - 3);
    long table = l1[(int) (cluster / perTable)] & OFFSET;
    if (table == 0) {
      return 0;
    }
    if (table != cachedTable) {
      cached = table(table, perTable);
      cachedTable = table;
    }
    long entry = cached[(int) (cluster % perTable)];
    boolean zero = !version2 && (entry & COMPRESSED) == 0 && (entry & ZERO) != 0;
    boolean none = (entry & COMPRESSED) == 0 && (entry & OFFSET) == 0;
    return zero || none ? 0 : entry;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long nextData(long offset) throws IOException {
    int perTable = 1 << (clusterBits - 3);
    for (long cluster = offset >>> clusterBits; cluster < clusters(); ) {
      if ((l1[(int) (cluster / perTable)] & OFFSET) == 0) {
        cluster = (cluster / perTable + 1) * perTable;
      } else if (entry(cluster) == 0) {
        cluster++;
      } else {
        return Math.max(offset, cluster << clusterBits);
      }
    }
    return size;
  }

  @Override
  public long endOfData(long offset) throws IOException {
    long cluster = offset >>> clusterBits;
    while (cluster < clusters() && entry(cluster) != 0) {
      cluster++;
    }
    return Math.min(size, cluster << clusterBits);
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    long at = offset;
    while (destination.hasRemaining()) {
      int within = (int) (at & (1L << clusterBits) - 1);
      int count = Math.min(destination.remaining(), (1 << clusterBits) - within);
      long cluster = at >>> clusterBits;
      long entry = cluster < clusters() ? entry(cluster) : 0;
      if (entry == 0) {
        destination.put(new byte[count]);
      } else if ((entry & COMPRESSED) != 0) {
        destination.put(inflate(cluster, entry), within, count);
      } else {
        readFully((entry & OFFSET) + within, destination, count);
      }
      at += count;
    }
  }

  private byte[] inflate(long cluster, long entry) throws IOException {
    byte[] known = inflated;
    if (known != null && cachedCluster == cluster) {
      return known;
    }
    int bits = 62 - (clusterBits - 8);
    long offset = entry & (1L << bits) - 1;
    int sectors = (int) (entry >>> bits & (1 << (clusterBits - 8)) - 1);
    int most = (sectors + 1) * 512 - (int) (offset & 511);
    int there = Math.clamp(length - offset, 0, most);
    ByteBuffer packed = ByteBuffer.allocate(there);
    readFully(offset, packed, there);
    byte[] bytes = new byte[1 << clusterBits];
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(packed.flip());
      int done = 0;
      while (done < bytes.length) {
        int count = inflater.inflate(bytes, done, bytes.length - done);
        if (count == 0) {
          throw new ImageException("a compressed cluster is damaged");
        }
        done += count;
      }
    } catch (DataFormatException e) {
      throw new ImageException("a compressed cluster is damaged");
    }
    inflated = bytes;
    cachedCluster = cluster;
    return bytes;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
