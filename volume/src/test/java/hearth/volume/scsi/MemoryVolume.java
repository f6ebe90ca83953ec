// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A volume in memory, whose flushes are counted and can be made to fail. */
public class MemoryVolume implements VolumeData {
  final byte[] bytes;
  int flushes;
  boolean full;
  boolean broken;

  /** Makes it with so many bytes, all zero. */
  public MemoryVolume(int size) {
    this.bytes = new byte[size];
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public void read(long offset, ByteBuffer destination) {
    destination.put(bytes, (int) offset, destination.remaining());
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    if (full) {
      throw new NoSpaceException("full");
    }
    source.get(bytes, (int) offset, source.remaining());
  }

  @Override
  public void flush() throws IOException {
    if (broken) {
      throw new IOException("broken");
    }
    flushes++;
  }

  @Override
  public void discard(long offset, long length) {
    java.util.Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public void erase(java.util.function.BooleanSupplier cancelled) {
    discard(0, size());
  }

  @Override
  public Extent extentAt(long offset) {
    return new Extent(bytes.length - offset, true);
  }

  @Override
  public void grow(long sizeBytes) {
    throw new IllegalStateException("sizeBytes: " + sizeBytes + " (expected: never to grow)");
  }

  @Override
  public long usedBytes() {
    return bytes.length;
  }

  @Override
  public void close() {}
}
