// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk in a file, for reading at any place. For one thread. */
public interface DiskImage extends Closeable {
  /** Size of the disk in bytes. */
  long size();

  /** Where the next bytes begin that may be other than zero; the size if there are none. */
  long nextData(long offset) throws IOException;

  /** Where the bytes that begin at this place, which {@link #nextData} told, end. */
  long endOfData(long offset) throws IOException;

  /** Fills the buffer; what lies behind the end of the disk is zero. */
  void read(long offset, ByteBuffer destination) throws IOException;

  /**
   * Opens an image of whatever format it is by its first bytes.
   *
   * @throws ImageException if it is one that cannot be read
   */
  static DiskImage open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      ByteBuffer magic = ByteBuffer.allocate(4);
      int _ = channel.read(magic, 0);
      return magic.getInt(0) == Qcow2Image.MAGIC
          ? new Qcow2Image(channel)
          : new RawImage(file, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }
}
