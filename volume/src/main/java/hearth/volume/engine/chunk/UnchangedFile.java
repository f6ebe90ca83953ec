// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file that is only read; what is written to it is kept in memory and read from there. A file
 * that is missing is an empty one. For one thread.
 */
final class UnchangedFile implements StoreFile {
  private final Path path;
  private final @Nullable FileChannel channel;
  private final Map<Long, byte[]> written = new HashMap<>();
  private long length;

  private UnchangedFile(Path path, @Nullable FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.length = channel == null ? 0 : channel.size();
  }

  static UnchangedFile open(Path path) throws IOException {
    return new UnchangedFile(
        path, Files.exists(path) ? FileChannel.open(path, StandardOpenOption.READ) : null);
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    for (long at = offset; destination.hasRemaining(); ) {
      int within = (int) (at % Page.BLOCK);
      int count = Math.min(Page.BLOCK - within, destination.remaining());
      byte[] block = written.get(at / Page.BLOCK);
      if (block == null && written.isEmpty()) {
        count = destination.remaining();
      }
      if (block != null) {
        destination.put(block, within, count);
      } else {
        readUnchanged(at, destination.slice(destination.position(), count));
        destination.position(destination.position() + count);
      }
      at += count;
    }
  }

  private void readUnchanged(long offset, ByteBuffer destination) throws IOException {
    for (long at = offset; destination.hasRemaining(); ) {
      int count = channel == null ? -1 : channel.read(destination, at);
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
  public void write(long offset, ByteBuffer source) throws IOException {
    for (long at = offset; source.hasRemaining(); ) {
      int within = (int) (at % Page.BLOCK);
      int count = Math.min(Page.BLOCK - within, source.remaining());
      byte[] block = written.get(at / Page.BLOCK);
      if (block == null) {
        block = new byte[Page.BLOCK];
        readUnchanged(at / Page.BLOCK * Page.BLOCK, ByteBuffer.wrap(block));
        written.put(at / Page.BLOCK, block);
      }
      source.get(block, within, count);
      at += count;
      length = Math.max(length, at);
    }
  }

  @Override
  public void sync() {}

  @Override
  public void extend(long wanted) {
    length = Math.max(length, wanted);
  }

  @Override
  public void punch(long offset, long count) {}

  @Override
  public long length() {
    return length;
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
