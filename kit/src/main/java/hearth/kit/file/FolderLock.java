// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.file;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A lock that one process holds on a folder, with a line that says who; freed by the kernel when
 * the process ends.
 */
public final class FolderLock implements AutoCloseable {
  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @param holder one line that a second process will show, for example process id and address
   * @throws Problem FAILED_PRECONDITION naming the holder if another process has it
   */
  public static FolderLock take(Path folder, String holder) throws IOException {
    Path file = folder.resolve("lock");
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    @Nullable FileLock lock;
    try {
      // A byte far away is locked, so that others can still read the holder's line.
      lock = channel.tryLock(1L << 40, 1, false);
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      ByteBuffer buffer = ByteBuffer.allocate(400);
      channel.read(buffer, 0);
      channel.close();
      String other =
          new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "DATA_FOLDER_IN_USE",
          "The data folder "
              + folder
              + " is in use by "
              + (other.isEmpty() ? "another host" : other),
          "Stop that host first, or start this one with another --data-folder",
          Map.of("holder", other));
    }
    channel.truncate(0);
    channel.write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)), 0);
    return new FolderLock(channel);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
