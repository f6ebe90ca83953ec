// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;

/**
 * The data of a volume, of which writing can be held up for a moment. It is what lets snapshots of
 * several volumes be of the same moment. Safe for any thread.
 */
public final class PausableData implements VolumeData {
  private final VolumeData data;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  public PausableData(VolumeData data) {
    this.data = data;
  }

  /**
   * Waits for what is being written, and lets nobody begin to write until the caller, who stays on
   * this thread, calls {@link #resume}.
   */
  public void pause() {
    lock.writeLock().lock();
  }

  /** Lets those who wait write. */
  public void resume() {
    lock.writeLock().unlock();
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    Lock writing = lock.readLock();
    writing.lock();
    try {
      data.write(offset, source);
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    Lock writing = lock.readLock();
    writing.lock();
    try {
      data.discard(offset, length);
    } finally {
      writing.unlock();
    }
  }

  @Override
  public Optional<Path> device() {
    return data.device();
  }

  @Override
  public void forgetCached() throws IOException {
    data.forgetCached();
  }

  @Override
  public long size() {
    return data.size();
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    data.read(offset, destination);
  }

  @Override
  public void flush() throws IOException {
    data.flush();
  }

  @Override
  public Extent extentAt(long offset) throws IOException {
    return data.extentAt(offset);
  }

  @Override
  public Extent differenceAt(VolumeData base, long offset) throws IOException {
    return data.differenceAt(base instanceof PausableData other ? other.data : base, offset);
  }

  @Override
  public void grow(long sizeBytes) throws IOException {
    data.grow(sizeBytes);
  }

  @Override
  public void erase(BooleanSupplier cancelled) throws IOException {
    data.erase(cancelled);
  }

  @Override
  public boolean isShared() {
    return data.isShared();
  }

  @Override
  public int atomicBytes() {
    return data.atomicBytes();
  }

  @Override
  public long usedBytes() throws IOException {
    return data.usedBytes();
  }

  @Override
  public void close() throws IOException {
    data.close();
  }
}
