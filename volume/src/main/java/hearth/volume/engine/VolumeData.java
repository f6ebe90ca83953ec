// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The open data of a volume. All methods may be called from any thread. Offsets and lengths are in
 * bytes within the size; writes are at least atomic per 512 bytes against other calls.
 *
 * <p>A write is durable once a {@link #flush} that began after it has returned. After a flush
 * failed, nobody knows what is on the disk: the volume is <em>fenced</em>, every later write and
 * flush fails with {@link FencedException}, and only reopening it (after the cause is mended) lifts
 * that.
 */
public interface VolumeData extends Closeable {
  /** Size in bytes, a multiple of 4096. */
  long size();

  /** The block device that holds just these bytes, if there is one. */
  default Optional<Path> device() {
    return Optional.empty();
  }

  /** Has later reads see what others wrote to the {@link #device} without this host's knowledge. */
  default void forgetCached() throws IOException {}

  /** Fills the buffer's remaining space from the offset. */
  void read(long offset, ByteBuffer destination) throws IOException;

  /**
   * Writes the buffer's remaining bytes at the offset.
   *
   * @throws NoSpaceException if the disk is full; what was written before stays intact
   */
  void write(long offset, ByteBuffer source) throws IOException;

  /** Makes everything written so far durable. */
  void flush() throws IOException;

  /**
   * Gives space back where the engine can; the range reads as zeros afterwards, also after a crash
   * once flushed.
   */
  void discard(long offset, long length) throws IOException;

  /** The run of bytes from the offset on that are all held, or all not held, on the disk. */
  Extent extentAt(long offset) throws IOException;

  /**
   * The run of bytes from the offset on that all may differ from what another volume or snapshot
   * holds there ({@code held}), or that are all the same.
   *
   * @throws IllegalArgumentException if the two have no common origin by which that could be told
   */
  default Extent differenceAt(VolumeData base, long offset) throws IOException {
    throw new IllegalArgumentException("this engine does not know differences");
  }

  /** Makes the volume larger; the new part reads as zeros. Durable on return. */
  void grow(long sizeBytes) throws IOException;

  /**
   * Overwrites what the volume holds, and what it held before as far as that was not given back to
   * the file system, where it lies on the disk. Everything reads as zeros afterwards. Durable on
   * return. What snapshots and clones hold as well stays: see {@link #isShared}.
   *
   * <p>No other call is made for the volume meanwhile.
   *
   * @param cancelled asked now and then; once true, {@link java.io.InterruptedIOException} ends it
   */
  void erase(BooleanSupplier cancelled) throws IOException;

  /** Whether snapshots or clones hold some of the same data. */
  default boolean isShared() {
    return false;
  }

  /**
   * Bytes up to which a write is there as a whole or not at all after a crash, wherever it begins;
   * 0 if that cannot be said of any.
   */
  default int atomicBytes() {
    return 0;
  }

  /** Bytes that the volume takes on the disk. */
  long usedBytes() throws IOException;

  /** Ends an erasure that is not wanted any more. */
  static void checkNotCancelled(BooleanSupplier cancelled) throws InterruptedIOException {
    if (cancelled.getAsBoolean()) {
      throw new InterruptedIOException("erasing was interrupted");
    }
  }

  /** A run of bytes; not held ones read as zeros and cost nothing. */
  record Extent(long length, boolean held) {}

  /** The disk below the volume is full. */
  final class NoSpaceException extends IOException {
    public NoSpaceException(String message) {
      super(message);
    }
  }

  /** An earlier flush failed; nothing is written any more. */
  final class FencedException extends IOException {
    public FencedException(String message) {
      super(message);
    }
  }
}
