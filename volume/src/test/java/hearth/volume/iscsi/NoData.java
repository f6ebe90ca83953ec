// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.engine.VolumeData;
import java.nio.ByteBuffer;

/** A volume that a login never reads. */
final class NoData implements VolumeData {
  @Override
  public long size() {
    return 1 << 20;
  }

  @Override
  public void read(long offset, ByteBuffer destination) {
    throw new AssertionError("read at " + offset);
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    throw new AssertionError("write at " + offset);
  }

  @Override
  public void flush() {}

  @Override
  public void discard(long offset, long length) {
    throw new AssertionError("discard at " + offset);
  }

  @Override
  public void erase(java.util.function.BooleanSupplier cancelled) {
    discard(0, size());
  }

  @Override
  public Extent extentAt(long offset) {
    return new Extent(size() - offset, false);
  }

  @Override
  public void grow(long sizeBytes) {}

  @Override
  public long usedBytes() {
    return 0;
  }

  @Override
  public void close() {}
}
