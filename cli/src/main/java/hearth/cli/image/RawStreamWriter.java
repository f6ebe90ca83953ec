// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.io.OutputStream;

/** Writes a raw image to a pipe: holes as the zeros that they stand for. */
public final class RawStreamWriter implements ImageWriter {
  private static final byte[] ZEROS = new byte[1 << 16];

  private final OutputStream out;
  private final long size;
  private long at;

  public RawStreamWriter(OutputStream out, long size) {
    this.out = out;
    this.size = size;
  }

  @Override
  public void write(Piece piece) throws IOException {
    fillUpTo(piece.offset());
    out.write(piece.data());
    at += piece.data().length;
  }

  private void fillUpTo(long offset) throws IOException {
    while (at < offset) {
      int count = (int) Math.min(ZEROS.length, offset - at);
      out.write(ZEROS, 0, count);
      at += count;
    }
  }

  @Override
  public void skip(long offset, int length) {
    throw new UnsupportedOperationException("a pipe begins at the beginning");
  }

  @Override
  public void sync() {}

  @Override
  public void finish() throws IOException {
    fillUpTo(size);
    out.flush();
  }

  @Override
  public void close() {}
}
