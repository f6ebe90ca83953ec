// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import hearth.debug.binary.Elf;
import hearth.debug.dwarf.Dwarf;
import hearth.kit.file.UserFolders;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * An index that is kept in the user's cache, by the build id of its program. A file is written
 * beside its place and put there at once, so readers and other writers see all of it or nothing;
 * one that is damaged, or of another version, counts as none. Those that were used least go.
 */
final class IndexFile {
  private static final int MAGIC = 0x48444958;
  private static final int VERSION = 4;
  private static final int HEADER = 24;
  private static final int MAX_FILES = 64;
  private static final int MAX_ID = 200;
  private static final String SUFFIX = ".index";

  private final Path folder;
  private final Path path;

  private IndexFile(Path folder, String name) {
    this.folder = folder;
    path = folder.resolve(name);
  }

  /** Where the index of a program is kept; empty if nothing tells its builds apart. */
  static Optional<IndexFile> of(Elf elf) {
    String id = elf.goBuildId().orElse("");
    if (id.isEmpty() || id.length() > MAX_ID || !isPlain(id)) {
      return Optional.empty();
    }
    try {
      Path folder =
          UserFolders.of(System.getenv(), FileSystems.getDefault()).cache().resolve("debug");
      String name = id.replace('/', '~') + "-" + Long.toHexString(elf.size()) + SUFFIX;
      return Optional.of(new IndexFile(folder, name));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether an id is written as Go writes them: four parts in base64url, with slashes between. */
  private static boolean isPlain(String id) {
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '-'
              || c == '_'
              || c == '/';
      if (!plain) {
        return false;
      }
    }
    return true;
  }

  // Writing

  /** Keeps an index, if that can be done. */
  void write(FreshIndex index, Dwarf dwarf) {
    Path fresh = null;
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      fresh = Files.createTempFile(folder, "new", ".tmp");
      Files.write(fresh, bytes(index, dwarf));
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      tidy();
    } catch (IOException | BufferOverflowException e) {
      forget(fresh); // the next start looks at the units again: nothing is lost
    }
  }

  private static void forget(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      return; // it stays until a tidying finds it
    }
  }

  private static byte[] bytes(FreshIndex index, Dwarf dwarf) {
    ByteBuffer body = KeptIndex.bytes(index, dwarf);
    CRC32C sum = new CRC32C();
    sum.update(body.duplicate());
    ByteBuffer file = ByteBuffer.allocate(HEADER + body.remaining());
    file.putInt(MAGIC).putInt(VERSION).putLong(sum.getValue()).putLong(body.remaining()).put(body);
    return file.array();
  }

  private void tidy() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.list(folder)) {
      all = files.filter(f -> f.toString().endsWith(SUFFIX)).toList();
    }
    if (all.size() > MAX_FILES) {
      List<Path> oldest = new ArrayList<>(all);
      oldest.sort(Comparator.comparing(IndexFile::used));
      for (Path file : oldest.subList(0, all.size() - MAX_FILES)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static FileTime used(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  // Reading

  /** What is kept, if it is there and whole; for any thread. */
  Optional<Content> content() {
    try {
      byte[] bytes = Files.readAllBytes(path);
      ByteBuffer file = ByteBuffer.wrap(bytes);
      if (bytes.length < HEADER || file.getInt() != MAGIC || file.getInt() != VERSION) {
        return Optional.empty();
      }
      CRC32C sum = new CRC32C();
      sum.update(bytes, HEADER, bytes.length - HEADER);
      if (file.getLong() != sum.getValue() || file.getLong() != bytes.length - HEADER) {
        return Optional.empty();
      }
      Files.setLastModifiedTime(path, FileTime.fromMillis(System.currentTimeMillis()));
      return Optional.of(new Content(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What a file has after its header. */
  record Content(ByteBuffer body) {
    /** The index, if it is one of these units. */
    Optional<Index> index(Dwarf dwarf) {
      try {
        return Optional.of(new KeptIndex(body, dwarf.units()));
      } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
        return Optional.empty();
      }
    }
  }
}
