// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file as the store needs it; the seam where tests record what is written and inject faults.
 * Offsets and lengths are in bytes. Safe for any thread.
 */
interface StoreFile extends Closeable {
  /** Fills the buffer; what lies behind the end of the file reads as zeros. */
  void read(long offset, ByteBuffer destination) throws IOException;

  /**
   * Writes the buffer's remaining bytes. Only what is a multiple of 512 bytes long and aligned to
   * it is sure not to be torn, and nothing is durable before {@link #sync}.
   */
  void write(long offset, ByteBuffer source) throws IOException;

  /** Makes everything durable whose writing had returned. */
  void sync() throws IOException;

  /** Lengthens the file with a hole; never shortens it. */
  void extend(long length) throws IOException;

  /** Gives a range back to the file system where it can; what is read from it is unspecified. */
  void punch(long offset, long length) throws IOException;

  /** Where the next bytes that are no hole begin; the offset itself if that cannot be told. */
  default long nextData(long offset) throws IOException {
    return offset;
  }

  /** Bytes up to the end of the file. */
  long length() throws IOException;
}
