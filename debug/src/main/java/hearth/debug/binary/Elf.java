// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.binary;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * An ELF file of 64 bits, little-endian: its header, segments and sections (System V ABI, chapters
 * 4 and 5). Sections are read when they are asked for, decompressed, and kept. The file stays open
 * until {@link #close}, so it can be replaced meanwhile without harm. For any thread.
 */
public final class Elf implements AutoCloseable {
  /** A segment that is loaded. */
  public static final int PT_LOAD = 1;

  /** A segment of notes. */
  public static final int PT_NOTE = 4;

  /** An executable at a fixed address. */
  public static final int ET_EXEC = 2;

  /** A position-independent executable, or a shared library. */
  public static final int ET_DYN = 3;

  /** A core file. */
  public static final int ET_CORE = 4;

  /** The machine x86-64. */
  public static final int EM_X86_64 = 62;

  /** The machine AArch64. */
  public static final int EM_AARCH64 = 183;

  private static final int SHT_NOBITS = 8;
  private static final int SHT_NOTE = 7;
  private static final long SHF_COMPRESSED = 0x800;
  private static final int COMPRESSION_ZLIB = 1;
  private static final int MAX_SECTIONS = 1 << 20;
  private static final int NT_GNU_BUILD_ID = 3;
  private static final int NT_GO_BUILD_ID = 4;
  private static final int SYMBOL_SIZE = 24;
  private static final int STT_TLS = 6;

  private final FileChannel file;
  private final Path path;
  private final long fileSize;
  private final int type;
  private final int machine;
  private final long entry;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Section> sections = new ArrayList<>();
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();

  /** A part of the file that is loaded, or tells the loader something. Sizes in bytes. */
  public record Segment(int type, int flags, long offset, long address, long fileSize, long size) {}

  /** A part of the file with a name. */
  public record Section(
      String name, int type, long flags, long address, long offset, long size, int link) {}

  private Elf(FileChannel file, Path path) throws IOException {
    this.file = file;
    this.path = path;
    this.fileSize = file.size();
    byte[] head = new byte[64];
    if (fileSize < 64) {
      throw new BadBinaryException("not an executable file");
    }
    read(0, head, 64);
    if (head[0] != 0x7f || head[1] != 'E' || head[2] != 'L' || head[3] != 'F') {
      throw new BadBinaryException("not an executable file");
    }
    if (head[4] != 2) {
      throw new BadBinaryException("unsupported architecture - only 64-bit programs are read");
    }
    if (head[5] != 1) {
      throw new BadBinaryException("unsupported architecture - big-endian programs are not read");
    }
    Cursor header = new Cursor(head);
    header.seek(16);
    type = header.u16();
    machine = header.u16();
    header.skip(4);
    entry = header.u64();
    long segmentsAt = header.u64();
    long sectionsAt = header.u64();
    header.skip(6);
    int segmentSize = header.u16();
    int segmentCount = header.u16();
    int sectionSize = header.u16();
    int sectionCount = header.u16();
    int namesIndex = header.u16();
    if (segmentsAt != 0 && segmentCount > 0) {
      readSegments(segmentsAt, segmentSize, segmentCount);
    }
    if (sectionsAt != 0) {
      readSections(sectionsAt, sectionSize, sectionCount, namesIndex);
    }
  }

  /**
   * Opens a file.
   *
   * @throws BadBinaryException if it is not an ELF file of 64 bits, little-endian
   */
  public static Elf open(Path path) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new Elf(file, path);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void readSegments(long at, int size, int count) throws IOException {
    if (size < 56) {
      throw new BadBinaryException("program headers of " + size + " bytes (expected: >= 56)");
    }
    byte[] table = part(at, (long) size * count);
    for (int i = 0; i < count; i++) {
      Cursor c = new Cursor(table, (long) i * size, (long) (i + 1) * size);
      int kind = c.s32();
      int flags = c.s32();
      long offset = c.u64();
      long address = c.u64();
      c.skip(8);
      segments.add(new Segment(kind, flags, offset, address, c.u64(), c.u64()));
    }
  }

  private void readSections(long at, int size, int count16, int names16) throws IOException {
    if (size < 64) {
      throw new BadBinaryException("section headers of " + size + " bytes (expected: >= 64)");
    }
    long count = count16;
    long names = names16;
    if (count == 0 || names == 0xffff) { // then the first header has the numbers
      Cursor first = new Cursor(part(at, size));
      first.seek(32);
      count = count == 0 ? first.u64() : count;
      names = names == 0xffff ? first.u32() : names;
    }
    if (count < 0 || count > MAX_SECTIONS) {
      throw new BadBinaryException(count + " sections (expected: <= " + MAX_SECTIONS + ")");
    }
    byte[] table = part(at, size * count);
    byte[] strings = new byte[0];
    if (names > 0 && names < count) {
      Cursor c = new Cursor(table, names * size, (names + 1) * size);
      c.skip(24);
      strings = part(c.u64(), c.u64());
    }
    for (int i = 0; i < count; i++) {
      Cursor c = new Cursor(table, (long) i * size, (long) (i + 1) * size);
      long name = c.u32();
      int kind = c.s32();
      long flags = c.u64();
      long address = c.u64();
      long offset = c.u64();
      long length = c.u64();
      String text = name < strings.length ? Cursor.stringAt(strings, name) : "";
      sections.add(new Section(text, kind, flags, address, offset, length, c.s32()));
    }
  }

  private void read(long at, byte[] into, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into, 0, count);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, at + buffer.position()) < 0) {
        throw new BadBinaryException("the file is cut short");
      }
    }
  }

  private byte[] part(long at, long size) throws IOException {
    if (at < 0 || size < 0 || at > fileSize || size > fileSize - at) {
      throw new BadBinaryException(
          size + " bytes at " + at + " lie outside of the file, which has " + fileSize);
    }
    if (size > Integer.MAX_VALUE - 16) {
      throw new BadBinaryException("a section of " + size + " bytes is too large");
    }
    byte[] bytes = new byte[(int) size];
    read(at, bytes, bytes.length);
    return bytes;
  }

  /** Bytes of the file, for readers of what no section names (cores). */
  public byte[] bytes(long offset, long size) throws IOException {
    return part(offset, size);
  }

  /** Where the file lies. */
  public Path path() {
    return path;
  }

  /** What kind of object it is: {@link #ET_EXEC}, {@link #ET_DYN}, {@link #ET_CORE} or another. */
  public int type() {
    return type;
  }

  /** The machine, like {@link #EM_X86_64}. */
  public int machine() {
    return machine;
  }

  /** Address of the first instruction. */
  public long entry() {
    return entry;
  }

  /** All segments. */
  public List<Segment> segments() {
    return segments;
  }

  /** All sections. */
  public List<Section> sections() {
    return sections;
  }

  /** The first section of a name. */
  public Optional<Section> section(String name) {
    return sections.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  /**
   * What a section holds, decompressed; empty if there is no such section. For {@code .debug_x},
   * the older {@code .zdebug_x} is taken too. The array is shared: not to be changed.
   *
   * @throws BadBinaryException if it cannot be read
   */
  public byte[] content(String name) {
    byte[] known = contents.get(name);
    if (known != null) {
      return known;
    }
    byte[] read = new byte[0];
    Optional<Section> found = section(name);
    boolean old = false;
    if (found.isEmpty() && name.startsWith(".debug_")) {
      found = section(".z" + name.substring(1));
      old = true;
    }
    if (found.isPresent()) {
      Section section = found.get();
      try {
        if (section.type() != SHT_NOBITS) {
          read = decompress(section, part(section.offset(), section.size()), old);
        }
      } catch (IOException e) {
        throw new BadBinaryException("cannot read " + path + ": " + e.getMessage());
      }
    }
    byte[] other = contents.putIfAbsent(name, read);
    return other == null ? read : other;
  }

  private static byte[] decompress(Section section, byte[] raw, boolean old) {
    long size;
    int from;
    if ((section.flags() & SHF_COMPRESSED) != 0) {
      Cursor c = new Cursor(raw);
      int how = c.s32();
      c.skip(4);
      size = c.u64();
      from = 24;
      if (how != COMPRESSION_ZLIB) {
        throw new BadBinaryException(
            "section " + section.name() + " is compressed in a way that is not read: " + how);
      }
    } else if (old && raw.length > 12 && new String(raw, 0, 4, ISO_8859_1).equals("ZLIB")) {
      size = Long.reverseBytes(new Cursor(raw, 4, 12).u64());
      from = 12;
    } else {
      return raw;
    }
    // Deflate makes at most 1032 bytes of one: what claims more would only cost memory.
    if (size < 0 || size > Integer.MAX_VALUE - 16 || size > raw.length * 1032L + 64) {
      throw new BadBinaryException(
          "section " + section.name() + " claims " + size + " bytes when decompressed");
    }
    byte[] result = new byte[(int) size];
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(raw, from, raw.length - from);
      int done = 0;
      while (done < result.length) {
        int count = inflater.inflate(result, done, result.length - done);
        if (count == 0 && (inflater.finished() || inflater.needsInput())) {
          throw new BadBinaryException("section " + section.name() + " is cut short");
        }
        done += count;
      }
      return result;
    } catch (DataFormatException e) {
      throw new BadBinaryException("section " + section.name() + " is damaged: " + e.getMessage());
    }
  }

  /**
   * Where a thread-local symbol lies from the start of its segment, if the symbol table has it.
   * Names of other kinds of symbols, which may be a million, are not read.
   */
  public OptionalLong threadLocal(String wanted) {
    byte[] table = content(".symtab");
    byte[] names = content(".strtab");
    Cursor c = new Cursor(table);
    for (int at = 0; at + SYMBOL_SIZE <= table.length; at += SYMBOL_SIZE) {
      if ((table[at + 4] & 15) == STT_TLS) {
        c.seek(at);
        long name = c.u32();
        c.skip(4);
        long offset = c.u64();
        if (name < names.length && Cursor.stringAt(names, name).equals(wanted)) {
          return OptionalLong.of(offset);
        }
      }
    }
    return OptionalLong.empty();
  }

  /** Size of the file in bytes. */
  public long size() throws IOException {
    return file.size();
  }

  /** Go's build id, or nothing. */
  public Optional<String> goBuildId() {
    return note("Go\0\0", NT_GO_BUILD_ID).map(v -> new String(v, ISO_8859_1));
  }

  /** GNU's build id in hexadecimal digits, or empty. */
  public String gnuBuildId() {
    return note("GNU\0", NT_GNU_BUILD_ID).map(v -> HexFormat.of().formatHex(v)).orElse("");
  }

  private Optional<byte[]> note(String wanted, int type) {
    for (Section s : sections) {
      if (s.type() != SHT_NOTE) {
        continue;
      }
      Cursor c = new Cursor(content(s.name()));
      while (c.left() >= 12) {
        int nameSize = c.s32();
        int size = c.s32();
        int kind = c.s32();
        byte[] name = c.bytes(nameSize);
        c.skip(Math.min(c.left(), -nameSize & 3));
        byte[] value = c.bytes(size);
        c.skip(Math.min(c.left(), -size & 3));
        if (kind == type && new String(name, ISO_8859_1).equals(wanted)) {
          return Optional.of(value);
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
