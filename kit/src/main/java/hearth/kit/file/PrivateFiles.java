// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files and folders that only their owner may read: modes 0600 and 0700. */
public final class PrivateFiles {
  private PrivateFiles() {}

  /** Makes a folder and its missing parents with mode 0700. */
  public static void createFolder(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /**
   * Replaces a file's contents so that, whatever happens, either the old or the new ones are there
   * whole. The file has mode 0600 from its first moment.
   */
  public static void write(Path file, byte[] contents) throws IOException {
    Path folder = java.util.Objects.requireNonNull(file.toAbsolutePath().getParent());
    createFolder(folder);
    Path next =
        folder.resolve(
            "." + file.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".new");
    try (FileChannel channel =
        FileChannel.open(
            next,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer buffer = ByteBuffer.wrap(contents);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(next);
      throw e;
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncFolder(folder);
  }

  /** Makes the names in a folder durable. */
  public static void syncFolder(Path folder) throws IOException {
    if (folder.getFileSystem().equals(java.nio.file.FileSystems.getDefault())) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
