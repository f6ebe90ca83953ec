// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The pieces of a disk, in order, from wherever they come. For one thread. */
public interface Pieces {
  /** Bytes of a piece at most. */
  int MOST = 4 << 20;

  /** Size of the disk in bytes. */
  long size();

  /** The next piece, or nothing at the end. */
  Optional<Piece> next() throws IOException;

  /** Those of a raw image that comes through a pipe, whose size is known from elsewhere. */
  static Pieces ofRaw(InputStream in, long size) {
    long[] at = {0};
    return new Pieces() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public Optional<Piece> next() throws IOException {
        byte[] data = in.readNBytes(MOST);
        Piece piece = Piece.of(at[0], data);
        at[0] += data.length;
        if (at[0] > size) {
          throw new ImageException("it is larger than --size");
        }
        return data.length == 0 ? Optional.empty() : Optional.of(piece);
      }
    };
  }

  /** Those of an image that are not holes. */
  static Pieces of(DiskImage image) {
    long[] at = {0};
    return new Pieces() {
      @Override
      public long size() {
        return image.size();
      }

      @Override
      public Optional<Piece> next() throws IOException {
        at[0] = image.nextData(at[0]);
        if (at[0] >= image.size()) {
          return Optional.empty();
        }
        long end = Math.min(image.endOfData(at[0]), image.size());
        int length = (int) Math.min(MOST - at[0] % MOST, end - at[0]);
        Piece piece = read(image, at[0], length);
        at[0] += length;
        return Optional.of(piece);
      }
    };
  }

  /** Those of an image that its list of blocks tells, each compared with what the list says. */
  static Pieces of(DiskImage image, Manifest manifest) throws ImageException {
    if (!manifest.complete()) {
      throw new ImageException("its export was not completed, says the list of blocks beside it");
    }
    var entries = manifest.entries().iterator();
    return new Pieces() {
      @Override
      public long size() {
        return image.size();
      }

      @Override
      public Optional<Piece> next() throws IOException {
        if (!entries.hasNext()) {
          return Optional.empty();
        }
        Manifest.Entry entry = entries.next();
        Piece piece = read(image, entry.offset(), entry.length());
        if (!piece.sha256().equals(entry.sha256())) {
          throw new ImageException(
              "the "
                  + entry.length()
                  + " bytes at "
                  + entry.offset()
                  + " are not those that were exported, says the list of blocks beside it");
        }
        return Optional.of(piece);
      }
    };
  }

  private static Piece read(DiskImage image, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    image.read(offset, bytes);
    return Piece.of(offset, bytes.array());
  }
}
