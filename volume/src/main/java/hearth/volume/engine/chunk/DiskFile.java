// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.kit.posix.Posix;
import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file of the host, through the page cache. */
final class DiskFile implements StoreFile {
  private final Path path;
  private final FileChannel channel;
  private final Posix.Descriptor descriptor;

  private DiskFile(Path path, FileChannel channel, Posix.Descriptor descriptor) {
    this.path = path;
    this.channel = channel;
    this.descriptor = descriptor;
  }

  /** Makes a file of mode 0600 that must not be there yet, and locks it. */
  static DiskFile create(Path path) throws IOException {
    return open(
        path,
        FileChannel.open(
            path,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
  }

  /**
   * Opens a file for reading and writing, and locks it.
   *
   * @throws IOException also if another process has it open
   */
  static DiskFile open(Path path) throws IOException {
    return open(path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  private static DiskFile open(Path path, FileChannel channel) throws IOException {
    try {
      @Nullable FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new IOException(path + " is in use by another process");
      }
      return new DiskFile(path, channel, Posix.Descriptor.open(path));
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(path + " is in use already", e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    long position = offset;
    while (destination.hasRemaining()) {
      int count = channel.read(destination, position);
      if (count < 0) {
        while (destination.hasRemaining()) {
          destination.put((byte) 0);
        }
        return;
      }
      position += count;
    }
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    long position = offset;
    try {
      while (source.hasRemaining()) {
        position += channel.write(source, position);
      }
    } catch (IOException e) {
      throw explain(e);
    }
  }

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void extend(long length) throws IOException {
    if (length > channel.size()) {
      descriptor.setLength(length);
    }
  }

  @Override
  public void punch(long offset, long length) throws IOException {
    boolean _ = descriptor.punchHole(offset, length);
  }

  @Override
  public long nextData(long offset) throws IOException {
    return descriptor.nextData(offset, channel.size());
  }

  @Override
  public long length() throws IOException {
    return channel.size();
  }

  @Override
  public void close() throws IOException {
    try {
      descriptor.close();
    } finally {
      channel.close();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private static IOException explain(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("No space left") || message.contains("quota exceeded")
        ? new VolumeData.NoSpaceException(message)
        : e;
  }
}
