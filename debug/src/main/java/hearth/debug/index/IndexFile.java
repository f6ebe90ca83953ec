// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import hearth.debug.binary.Elf;
import hearth.debug.dwarf.Dwarf;
import hearth.debug.dwarf.Unit;
import hearth.kit.file.UserFolders;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
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
  private static final int VERSION = 2;
  private static final int HEADER = 24;
  private static final int MAX_FILES = 64;
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
    if (id.isEmpty()) {
      return Optional.empty();
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((id + " " + elf.size()).getBytes(StandardCharsets.UTF_8));
      Path folder =
          UserFolders.of(System.getenv(), FileSystems.getDefault()).cache().resolve("debug");
      return Optional.of(new IndexFile(folder, HexFormat.of().formatHex(hash, 0, 16) + SUFFIX));
    } catch (NoSuchAlgorithmException | IOException e) {
      return Optional.empty();
    }
  }

  // Writing

  private static final class Writer {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> strings = new ArrayList<>();

    int number(String text) {
      return numbers.computeIfAbsent(
          text,
          t -> {
            strings.add(t);
            return strings.size() - 1;
          });
    }

    void named(List<Index.Named> all) throws IOException {
      out.writeInt(all.size());
      for (Index.Named n : all) {
        out.writeInt(number(n.name()));
        out.writeInt(n.entry());
        out.writeLong(n.value());
      }
    }
  }

  /** Keeps an index, if that can be done. */
  void write(Index index, Dwarf dwarf) {
    Path fresh = null;
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      fresh = Files.createTempFile(folder, "new", ".tmp");
      Files.write(fresh, bytes(index, dwarf));
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      tidy();
    } catch (IOException e) {
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

  private static byte[] bytes(Index index, Dwarf dwarf) throws IOException {
    Writer w = new Writer();
    IdentityHashMap<Unit, Integer> units = new IdentityHashMap<>();
    dwarf.units().forEach(u -> units.put(u, units.size()));
    IdentityHashMap<Function, Integer> functions = new IdentityHashMap<>();
    w.out.writeInt(dwarf.units().size());
    w.out.writeInt(index.functions.size());
    for (Function f : index.functions) {
      functions.put(f, functions.size());
      w.out.writeInt(w.number(f.name()));
      w.out.writeLong(f.low());
      w.out.writeLong(f.high());
      Unit unit = f.unit();
      w.out.writeInt(unit == null ? -1 : units.getOrDefault(unit, -1));
      w.out.writeInt(f.trampoline() ? ~f.entry() : f.entry());
    }
    w.out.writeInt(index.copies.size());
    for (InlinedCopy c : index.copies) {
      w.out.writeInt(w.number(c.name()));
      w.out.writeLong(c.low());
      w.out.writeInt(functions.getOrDefault(c.outer(), 0));
      w.out.writeInt(c.entry());
    }
    w.named(index.variables);
    w.named(index.constants);
    w.out.writeInt(index.types.size());
    for (Map.Entry<String, Integer> e : index.types.entrySet()) {
      w.out.writeInt(w.number(e.getKey()));
      w.out.writeInt(e.getValue());
    }
    w.out.writeInt(index.runtimeTypes.size());
    for (Map.Entry<Long, Integer> e : index.runtimeTypes.entrySet()) {
      w.out.writeLong(e.getKey());
      w.out.writeInt(e.getValue());
    }
    for (List<String> files : index.files) {
      w.out.writeInt(files.size());
      for (String file : files) {
        w.out.writeInt(w.number(file));
      }
    }
    ByteArrayOutputStream strings = new ByteArrayOutputStream(1 << 20);
    try (DataOutputStream out = new DataOutputStream(strings)) {
      out.writeInt(w.strings.size());
      for (String text : w.strings) {
        byte[] utf = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf.length);
        out.write(utf);
      }
    }
    byte[] body = new byte[strings.size() + w.bytes.size()];
    System.arraycopy(strings.toByteArray(), 0, body, 0, strings.size());
    System.arraycopy(w.bytes.toByteArray(), 0, body, strings.size(), w.bytes.size());
    CRC32C sum = new CRC32C();
    sum.update(body);
    ByteBuffer file = ByteBuffer.allocate(HEADER + body.length);
    file.putInt(MAGIC).putInt(VERSION).putLong(sum.getValue()).putLong(body.length).put(body);
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
      String[] strings = new String[count(file, 4)];
      for (int i = 0; i < strings.length; i++) {
        int length = count(file, 1);
        strings[i] = new String(bytes, file.position(), length, StandardCharsets.UTF_8);
        file.position(file.position() + length);
      }
      Files.setLastModifiedTime(path, FileTime.fromMillis(System.currentTimeMillis()));
      return Optional.of(new Content(strings, file));
    } catch (IOException
        | BufferUnderflowException
        | IndexOutOfBoundsException
        | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The strings of an index, and what follows them. */
  record Content(String[] strings, ByteBuffer rest) {
    /** The index, if it is one of these units. */
    Optional<Index> index(Dwarf dwarf) {
      try {
        return Optional.of(read(strings, rest, dwarf.units()));
      } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
        return Optional.empty();
      }
    }
  }

  private static int count(ByteBuffer file, int size) {
    int count = file.getInt();
    if (count < 0 || (long) count * size > file.remaining()) {
      throw new IllegalArgumentException("an index claims " + count + " entries");
    }
    return count;
  }

  private static Index read(String[] strings, ByteBuffer file, List<Unit> units) {
    Index index = new Index();
    if (file.getInt() != units.size()) {
      throw new IllegalArgumentException("an index of other units");
    }
    int functions = count(file, 28);
    for (int i = 0; i < functions; i++) {
      String name = strings[file.getInt()];
      long low = file.getLong();
      long high = file.getLong();
      int unit = file.getInt();
      int entry = file.getInt();
      index.functions.add(
          new Function(
              name,
              low,
              high,
              unit < 0 ? null : units.get(unit),
              entry < 0 ? ~entry : entry,
              entry < 0));
    }
    int copies = count(file, 20);
    for (int i = 0; i < copies; i++) {
      String name = strings[file.getInt()];
      long low = file.getLong();
      Function outer = index.functions.get(file.getInt());
      index.copies.add(new InlinedCopy(name, low, outer, file.getInt()));
    }
    named(file, strings, index.variables);
    named(file, strings, index.constants);
    int types = count(file, 8);
    for (int i = 0; i < types; i++) {
      index.types.put(strings[file.getInt()], file.getInt());
    }
    int runtimeTypes = count(file, 12);
    for (int i = 0; i < runtimeTypes; i++) {
      index.runtimeTypes.put(file.getLong(), file.getInt());
    }
    for (int i = 0; i < units.size(); i++) {
      String[] files = new String[count(file, 4)];
      for (int k = 0; k < files.length; k++) {
        files[k] = strings[file.getInt()];
      }
      index.files.add(List.of(files));
    }
    return index;
  }

  private static void named(ByteBuffer file, String[] strings, List<Index.Named> into) {
    int count = count(file, 16);
    for (int i = 0; i < count; i++) {
      into.add(new Index.Named(strings[file.getInt()], file.getInt(), file.getLong()));
    }
  }
}
