// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import hearth.kit.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A raw image: the bytes of the disk, of which holes of the file are zeros. */
final class RawImage implements DiskImage {
  private final FileChannel channel;
  private final Posix.Descriptor descriptor;
  private final long size;

  RawImage(Path file, FileChannel channel) throws IOException {
    this.channel = channel;
    this.descriptor = Posix.Descriptor.openToRead(file);
    this.size = channel.size() > 0 ? channel.size() : deviceSize(descriptor);
  }

  /** A block device says that its length is 0; so does an empty file. */
  private static long deviceSize(Posix.Descriptor descriptor) {
    try {
      return descriptor.deviceSize();
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long nextData(long offset) throws IOException {
    return descriptor.nextData(offset, size);
  }

  @Override
  public long endOfData(long offset) throws IOException {
    return descriptor.nextHole(offset, size);
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    long at = offset;
    while (destination.hasRemaining()) {
      int count = channel.read(destination, at);
      if (count < 0) {
        while (destination.hasRemaining()) {
          destination.put((byte) 0);
        }
        return;
      }
      at += count;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      descriptor.close();
    } finally {
      channel.close();
    }
  }
}
