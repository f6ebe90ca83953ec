// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** Writes a block stream (docs/block-stream.md). */
public final class BlockStreamWriter implements ImageWriter {
  private final OutputStream out;
  private long pieces;

  /** Writes the beginning of a stream. */
  public BlockStreamWriter(OutputStream out, long size) throws IOException {
    this.out = out;
    ByteBuffer header = ByteBuffer.allocate(24);
    out.write(
        header
            .putLong(BlockStreamReader.MAGIC)
            .putInt(BlockStreamReader.VERSION)
            .putInt(0)
            .putLong(size)
            .array());
  }

  @Override
  public void write(Piece piece) throws IOException {
    record(
        BlockStreamReader.DATA,
        piece.data().length,
        piece.offset(),
        HexFormat.of().parseHex(piece.sha256()));
    out.write(piece.data());
    pieces++;
  }

  private void record(int type, int length, long offset, byte[] digest) throws IOException {
    out.write(
        ByteBuffer.allocate(48).putInt(type).putInt(length).putLong(offset).put(digest).array());
  }

  @Override
  public void skip(long offset, int length) {
    throw new UnsupportedOperationException("a pipe begins at the beginning");
  }

  @Override
  public void sync() {}

  @Override
  public void finish() throws IOException {
    record(BlockStreamReader.END, 0, pieces, new byte[32]);
    out.flush();
  }

  @Override
  public void close() {}
}
