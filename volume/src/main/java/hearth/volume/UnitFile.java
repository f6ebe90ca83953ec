// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.kit.file.PrivateFiles;
import hearth.volume.scsi.UnitMemory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * What a unit remembers through a restart, in a file beside the volumes' data that is there only
 * while there is something to remember.
 */
final class UnitFile implements UnitMemory {
  private final Path folder;
  private final Path file;

  /** The memory of the unit of this identity, in a folder that is made when needed. */
  UnitFile(Path folder, String uid) {
    this.folder = folder;
    this.file = folder.resolve(uid);
  }

  @Override
  public String load() throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  @Override
  public void save(String text) throws IOException {
    if (text.isEmpty()) {
      delete();
    } else {
      PrivateFiles.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Forgets everything; for when the volume is deleted. */
  void delete() throws IOException {
    if (Files.deleteIfExists(file)) {
      PrivateFiles.syncFolder(folder);
    }
  }
}
