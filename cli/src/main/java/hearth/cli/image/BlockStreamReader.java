// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Reads a block stream (docs/block-stream.md), piece by piece. Each piece is checked before it is
 * told; the end is an end only if the stream says so.
 */
public final class BlockStreamReader implements Pieces {
  static final long MAGIC = 0x4845415254484253L; // HEARTHBS
  static final int VERSION = 1;
  static final int DATA = 1;
  static final int END = 2;

  /** Most bytes of a record's data. */
  private static final int MOST_DATA = 8 << 20;

  private final DataInputStream in;
  private final long size;
  private long pieces;
  private long behind;

  /** Reads the beginning of a stream. */
  public BlockStreamReader(InputStream stream) throws IOException {
    this.in = new DataInputStream(stream);
    try {
      long magic = in.readLong();
      int version = in.readInt();
      if (magic != MAGIC || version != VERSION) {
        throw new ImageException("it is no block stream of version " + VERSION);
      }
      int _ = in.readInt();
      this.size = in.readLong();
    } catch (EOFException e) {
      throw new ImageException("it is cut off");
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<Piece> next() throws IOException {
    try {
      int type = in.readInt();
      int length = in.readInt();
      long offset = in.readLong();
      byte[] sha256 = in.readNBytes(32);
      if (type == END) {
        if (offset != pieces) {
          throw new ImageException(
              "it ends after " + pieces + " pieces and says that it had " + offset);
        }
        return Optional.empty();
      }
      if (type != DATA
          || length < 1
          || length > MOST_DATA
          || offset < behind
          || offset > size - length) {
        throw new ImageException("piece " + pieces + " is damaged");
      }
      byte[] data = in.readNBytes(length);
      Piece piece = Piece.of(offset, data);
      if (data.length < length) {
        throw new ImageException("it is cut off");
      }
      if (!piece.sha256().equals(HexFormat.of().formatHex(sha256))) {
        throw new ImageException(
            "the " + length + " bytes at " + offset + " do not match their SHA-256");
      }
      behind = offset + length;
      pieces++;
      return Optional.of(piece);
    } catch (EOFException e) {
      throw new ImageException("it is cut off");
    }
  }
}
