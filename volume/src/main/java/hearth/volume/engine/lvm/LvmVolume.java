// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import hearth.kit.posix.Posix;
import hearth.volume.engine.RawEngine;
import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;

/** A thin logical volume that is open. Its device can be exchanged while it is. */
final class LvmVolume implements VolumeData {
  /** What only LVM can do or tell. */
  interface Owner {
    long usedBytes() throws IOException;

    void grow(long sizeBytes) throws IOException;

    boolean hasRelatives() throws IOException;

    void closed();
  }

  private final Path device;
  private final boolean snapshot;
  private final long chunk;
  private final ThinSpace space;
  private final Owner owner;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private VolumeData data;
  private Posix.Descriptor descriptor;
  private volatile long size;

  LvmVolume(Path device, long size, boolean snapshot, long chunk, ThinSpace space, Owner owner)
      throws IOException {
    this.device = device;
    this.snapshot = snapshot;
    this.chunk = chunk;
    this.space = space;
    this.owner = owner;
    this.data = RawEngine.openDevice(device);
    try {
      this.descriptor = Posix.Descriptor.open(device);
    } catch (IOException e) {
      data.close();
      throw e;
    }
    this.size = size;
    if (data.size() < size) {
      closeDevice();
      throw new IOException(
          device + " has " + data.size() + " bytes, and the volume " + size + ": it was shrunk");
    }
  }

  private interface Work<T> {
    T on(VolumeData data) throws IOException;
  }

  private <T> T using(Work<T> work) throws IOException {
    lock.readLock().lock();
    try {
      return work.on(data);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Does something while nobody reads or writes, and all that was written is on the device. */
  void quiet(Change change) throws IOException {
    lock.writeLock().lock();
    try {
      data.flush();
      change.run();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** What is done to a volume. */
  interface Change {
    void run() throws IOException;
  }

  /** Closes the device, has it exchanged for another of the same name, and opens that. */
  void exchange(Change change, long newSize) throws IOException {
    lock.writeLock().lock();
    try {
      closeDevice();
      try {
        change.run();
      } finally {
        data = RawEngine.openDevice(device);
        descriptor = Posix.Descriptor.open(device);
      }
      size = newSize;
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void closeDevice() throws IOException {
    descriptor.close();
    data.close();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<Path> device() {
    return Optional.of(device);
  }

  @Override
  public void forgetCached() throws IOException {
    boolean _ =
        using(current -> {
          current.forgetCached();
          return true;
        });
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    check(offset, destination.remaining());
    boolean _ =
        using(current -> {
          current.read(offset, destination);
          return true;
        });
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    check(offset, source.remaining());
    refuseIfSnapshot();
    if (!space.allows(offset, source.remaining())) {
      throw new NoSpaceException("the thin pool of " + device + " is almost full");
    }
    boolean _ =
        using(current -> {
          current.write(offset, source);
          return true;
        });
  }

  @Override
  public void flush() throws IOException {
    boolean _ =
        using(current -> {
          current.flush();
          return true;
        });
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    check(offset, length);
    refuseIfSnapshot();
    // Only whole chunks are given back, and only they read as zeros then.
    long from = Math.ceilDiv(offset, chunk) * chunk;
    long to = Math.max((offset + length) / chunk * chunk, from);
    boolean _ =
        using(current -> {
          if (from >= offset + length || to == from || !descriptor.discardBlocks(from, to - from)) {
            zero(current, offset, offset + length);
          } else {
            zero(current, offset, from);
            zero(current, to, offset + length);
          }
          return true;
        });
  }

  private static void zero(VolumeData current, long from, long to) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(Math.max(to - from, 0), 1 << 20));
    for (long at = from; at < to; ) {
      int count = (int) Math.min(zeros.capacity(), to - at);
      current.write(at, zeros.clear().limit(count));
      at += count;
    }
  }

  @Override
  public Extent extentAt(long offset) throws IOException {
    check(offset, 1);
    return new Extent(size - offset, true);
  }

  @Override
  public void grow(long sizeBytes) throws IOException {
    refuseIfSnapshot();
    owner.grow(sizeBytes);
    boolean _ =
        using(current -> {
          current.grow(sizeBytes);
          return true;
        });
    size = sizeBytes;
  }

  @Override
  public void erase(BooleanSupplier cancelled) throws IOException {
    refuseIfSnapshot();
    long used = size;
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
    for (long at = 0; at < used; at += zeros.capacity()) {
      VolumeData.checkNotCancelled(cancelled);
      write(at, zeros.clear().limit((int) Math.min(zeros.capacity(), used - at)));
    }
    flush(); // before the blocks go back to the pool
    discard(0, used);
    flush();
  }

  @Override
  public boolean isShared() {
    try {
      return owner.hasRelatives();
    } catch (IOException e) {
      return true; // better not erased than erased in part
    }
  }

  @Override
  public long usedBytes() throws IOException {
    return owner.usedBytes();
  }

  @Override
  public void close() throws IOException {
    lock.writeLock().lock();
    try {
      closeDevice();
    } finally {
      lock.writeLock().unlock();
    }
    owner.closed();
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || length > size - offset) {
      throw new IllegalArgumentException(
          "range: " + offset + " + " + length + " (expected: within " + size + ")");
    }
  }

  private void refuseIfSnapshot() throws IOException {
    if (snapshot) {
      throw new IOException(device + " is a snapshot and cannot be changed");
    }
  }
}
