// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import hearth.kit.file.PrivateFiles;
import hearth.kit.posix.Posix;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;

/**
 * Keeps each volume as one sparse file {@code UID.raw} in a folder: what {@code qemu-img} and
 * {@code losetup} call raw.
 */
public final class RawEngine implements Engine {
  private static final String SUFFIX = ".raw";

  private final Path folder;
  private final Headroom headroom;

  /** Uses a folder, which must exist and be on a file system with sparse files. */
  public RawEngine(Path folder) throws IOException {
    this.folder = folder;
    this.headroom = new Headroom(folder);
  }

  @Override
  public Space space() throws IOException {
    return Space.of(folder);
  }

  @Override
  public void create(String uid, long sizeBytes) throws IOException {
    Path file = file(uid);
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      try (Posix.Descriptor descriptor = Posix.Descriptor.open(file)) {
        descriptor.setLength(sizeBytes);
        channel.force(true);
      } catch (IOException e) {
        Files.deleteIfExists(file);
        throw e;
      }
    }
    PrivateFiles.syncFolder(folder);
  }

  @Override
  public VolumeData open(String uid) throws IOException {
    return RawVolume.openFile(file(uid), headroom);
  }

  @Override
  public void delete(String uid) throws IOException {
    if (Files.deleteIfExists(file(uid))) {
      PrivateFiles.syncFolder(folder);
    }
  }

  @Override
  public Set<String> list() throws IOException {
    Set<String> uids = new HashSet<>();
    try (var files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        uids.add(name.substring(0, name.length() - SUFFIX.length()));
      }
    }
    return uids;
  }

  /** Opens a block device of the host as the data of a volume. */
  public static VolumeData openDevice(Path device) throws IOException {
    return RawVolume.openDevice(device);
  }

  private Path file(String uid) {
    if (!uid.matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException("uid: " + uid + " (expected: 32 hexadecimal digits)");
    }
    return folder.resolve(uid + SUFFIX);
  }
}
