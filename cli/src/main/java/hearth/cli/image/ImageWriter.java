// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.Closeable;
import java.io.IOException;

/**
 * Where a disk is written, piece by piece and each behind the one before; what is left out is zero.
 * For one thread.
 */
public interface ImageWriter extends Closeable {
  /** Writes a piece. */
  void write(Piece piece) throws IOException;

  /** Takes a piece as written that an earlier writer of the same image wrote. */
  void skip(long offset, int length) throws IOException;

  /** Makes durable what was written so far, where that can be. */
  void sync() throws IOException;

  /** Writes what belongs to the end, and makes everything durable. */
  void finish() throws IOException;
}
