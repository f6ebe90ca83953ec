// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Writes a raw image with holes where the disk is zero. */
public final class RawWriter implements ImageWriter {
  private final FileChannel channel;
  private final long size;

  /** Writes into an empty file, or on in one that was begun. */
  public RawWriter(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
  }

  @Override
  public void write(Piece piece) throws IOException {
    writeFully(channel, piece.offset(), ByteBuffer.wrap(piece.data()));
  }

  static void writeFully(FileChannel channel, long offset, ByteBuffer data) throws IOException {
    long at = offset;
    while (data.hasRemaining()) {
      at += channel.write(data, at);
    }
  }

  @Override
  public void skip(long offset, int length) {}

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void finish() throws IOException {
    if (channel.size() < size) {
      // A single zero byte at the end makes the file as long as the disk.
      writeFully(channel, size - 1, ByteBuffer.allocate(1));
    }
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
