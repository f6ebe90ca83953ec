// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

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

  /** Makes the volume larger; the new part reads as zeros. Durable on return. */
  void grow(long sizeBytes) throws IOException;

  /** Bytes that the volume takes on the disk. */
  long usedBytes() throws IOException;

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
