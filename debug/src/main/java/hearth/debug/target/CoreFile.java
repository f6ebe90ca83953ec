// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.Cursor;
import hearth.debug.binary.Elf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A process that ended, as Linux wrote it to a core file (core(5), elf(5)): its memory, and for
 * each thread its registers. Memory that was never written, such as the code, is often left out and
 * read from the files that were mapped. The files stay open until {@link #detach}; nothing is
 * copied. One that is cut short is read as far as it goes.
 */
public final class CoreFile implements Inferior {
  private static final int NT_PRSTATUS = 1;
  private static final int NT_FPREGSET = 2;
  private static final int NT_PRPSINFO = 3;
  private static final int NT_AUXV = 6;
  private static final int NT_FILE = 0x46494c45;
  private static final int AT_ENTRY = 9;
  private static final int REGISTERS_AT = 112;
  private static final int THREAD_AT = 32;
  private static final int MAX_NOTES = 1 << 28;

  private final Arena arena = Arena.ofShared();
  private final Map<Integer, CoreThread> threads = new LinkedHashMap<>();
  private final TreeMap<Long, Region> regions = new TreeMap<>(Long::compareUnsigned);
  private int pid;
  private String commandLine = "";
  private long entryPoint;

  private record Region(long start, long end, MemorySegment content, long offset) {}

  private final class CoreThread implements TargetThread {
    private final int id;
    private final Registers registers;
    private byte[] floatingPoint = new byte[512];

    CoreThread(int id, Registers registers) {
      this.id = id;
      this.registers = registers;
    }

    @Override
    public int id() {
      return id;
    }

    @Override
    public int process() {
      return pid;
    }

    @Override
    public Registers registers() {
      return registers;
    }

    @Override
    public void registersChanged() {
      throw new UnreadableException("can not change register values of core process");
    }

    @Override
    public byte[] floatingPoint() {
      return floatingPoint.clone();
    }

    @Override
    public void setFloatingPoint(byte[] fxsave) {
      registersChanged();
    }
  }

  private CoreFile() {}

  /**
   * Opens a core file.
   *
   * @param executable whose process it was
   * @throws TargetException if it is no core file of a process of 64 bits on x86-64
   */
  public static CoreFile open(Path core, Path executable) throws TargetException {
    CoreFile made = new CoreFile();
    boolean opened = false;
    try (Elf elf = Elf.open(core)) {
      if (elf.type() != Elf.ET_CORE) {
        throw new TargetException(core + " is not a core file");
      }
      if (elf.machine() != Elf.EM_X86_64) {
        throw new TargetException("unsupported machine type of the core file: " + elf.machine());
      }
      made.read(elf, executable);
      opened = true;
      return made;
    } catch (IOException e) {
      throw new TargetException(
          Files.exists(core)
              ? "cannot read " + core + ": " + e.getMessage()
              : "open " + core + ": no such file or directory");
    } catch (BadBinaryException e) {
      throw new TargetException("unrecognized core format: " + e.getMessage());
    } finally {
      if (!opened) {
        made.arena.close();
      }
    }
  }

  private void read(Elf elf, Path executable) throws IOException, TargetException {
    byte[] files = new byte[0];
    for (Elf.Segment segment : elf.segments()) {
      if (segment.type() == Elf.PT_NOTE) {
        byte[] found = notes(segment, elf);
        files = found.length > 0 ? found : files;
      }
    }
    if (threads.isEmpty()) {
      throw new TargetException("no threads found in core file");
    }
    mapProgram(executable);
    mapFiles(files, executable);
    MemorySegment whole = map(elf.path());
    for (Elf.Segment segment : elf.segments()) {
      if (segment.type() == Elf.PT_LOAD && segment.fileSize() > 0) {
        add(segment.address(), segment.fileSize(), whole, segment.offset());
      }
    }
  }

  private MemorySegment map(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      return file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
    }
  }

  /** Takes what the notes tell of the process; gives the list of mapped files. */
  private byte[] notes(Elf.Segment segment, Elf elf) throws IOException {
    if (segment.fileSize() > MAX_NOTES) {
      throw new BadBinaryException("notes of " + segment.fileSize() + " bytes");
    }
    Cursor c = new Cursor(elf.bytes(segment.offset(), segment.fileSize()));
    byte[] files = new byte[0];
    CoreThread last = null;
    while (c.left() >= 12) {
      int nameSize = c.s32();
      int size = c.s32();
      int kind = c.s32();
      String name = new String(c.bytes(nameSize), StandardCharsets.ISO_8859_1);
      c.skip(Math.min(c.left(), -nameSize & 3));
      byte[] value = c.bytes(size);
      c.skip(Math.min(c.left(), -size & 3));
      if (!name.equals("CORE\0")) {
        continue;
      }
      switch (kind) {
        case NT_PRSTATUS -> {
          last = thread(value);
          threads.put(last.id, last);
        }
        case NT_FPREGSET -> {
          if (last != null && value.length >= 512) {
            last.floatingPoint = value;
          }
        }
        case NT_PRPSINFO -> process(value);
        case NT_AUXV -> entryPoint = entry(value);
        case NT_FILE -> files = value;
        default -> {}
      }
    }
    return files;
  }

  private CoreThread thread(byte[] status) {
    Cursor c = new Cursor(status);
    c.seek(THREAD_AT);
    int id = c.s32();
    c.seek(REGISTERS_AT);
    long[] values = new long[Registers.COUNT];
    for (int i = 0; i < values.length; i++) {
      values[i] = c.u64();
    }
    pid = pid == 0 ? id : pid;
    return new CoreThread(id, new Registers(values));
  }

  private void process(byte[] information) {
    Cursor c = new Cursor(information);
    c.seek(24);
    pid = c.s32();
    c.seek(56);
    String words = new String(c.bytes(Math.min(c.left(), 80)), StandardCharsets.ISO_8859_1);
    int end = words.indexOf('\0');
    commandLine = (end < 0 ? words : words.substring(0, end)).strip();
  }

  private static long entry(byte[] vector) {
    Cursor c = new Cursor(vector);
    while (c.left() >= 16) {
      long type = c.u64();
      long value = c.u64();
      if (type == AT_ENTRY) {
        return value;
      }
    }
    return 0;
  }

  /** What the program's own file has, where it was loaded. */
  private void mapProgram(Path executable) throws IOException {
    try (Elf elf = Elf.open(executable)) {
      entryPoint = entryPoint == 0 ? elf.entry() : entryPoint;
      long bias = entryPoint - elf.entry();
      MemorySegment content = map(executable);
      for (Elf.Segment segment : elf.segments()) {
        boolean loaded = segment.type() == Elf.PT_LOAD && segment.fileSize() > 0;
        boolean writable = (segment.flags() & 2) != 0;
        if (loaded && !writable) {
          add(segment.address() + bias, segment.fileSize(), content, segment.offset());
        }
      }
    }
  }

  /** Other files that were mapped, as far as they are still there. */
  private void mapFiles(byte[] list, Path executable) {
    if (list.length < 16) {
      return;
    }
    Cursor c = new Cursor(list);
    long count = c.u64();
    long page = c.u64();
    if (count < 0 || count > list.length / 24) {
      return;
    }
    long names = 16 + 24 * count;
    Map<String, @Nullable MemorySegment> known = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      c.seek(16 + 24 * i);
      long start = c.u64();
      long end = c.u64();
      long offset = c.u64() * page;
      String name = Cursor.stringAt(list, names);
      names += name.getBytes(StandardCharsets.UTF_8).length + 1;
      if (name.equals(executable.toString()) || Long.compareUnsigned(end, start) <= 0) {
        continue;
      }
      MemorySegment content = known.computeIfAbsent(name, this::mapIfThere);
      if (content != null && !isCovered(start)) {
        add(start, end - start, content, offset);
      }
    }
  }

  private @Nullable MemorySegment mapIfThere(String name) {
    Path path = Path.of(name);
    try {
      return Files.isRegularFile(path) ? map(path) : null;
    } catch (IOException e) {
      return null; // what it held cannot be read then
    }
  }

  private boolean isCovered(long address) {
    var below = regions.floorEntry(address);
    return below != null && Long.compareUnsigned(address, below.getValue().end) < 0;
  }

  /** Adds memory; it counts more than what was added before. */
  private void add(long start, long size, MemorySegment content, long offset) {
    if (offset < 0 || offset >= content.byteSize() || size <= 0) {
      return;
    }
    long length = Math.min(size, content.byteSize() - offset);
    long end = start + length;
    var below = regions.lowerEntry(start);
    if (below != null && Long.compareUnsigned(below.getValue().end, start) > 0) {
      Region old = below.getValue();
      regions.put(old.start, new Region(old.start, start, old.content, old.offset));
      keepTail(old, end);
    }
    var above = regions.ceilingEntry(start);
    while (above != null && Long.compareUnsigned(above.getKey(), end) < 0) {
      regions.remove(above.getKey());
      keepTail(above.getValue(), end);
      above = regions.ceilingEntry(start);
    }
    regions.put(start, new Region(start, end, content, offset));
  }

  private void keepTail(Region old, long from) {
    if (Long.compareUnsigned(old.end, from) > 0) {
      regions.put(from, new Region(from, old.end, old.content, old.offset + (from - old.start)));
    }
  }

  @Override
  public int pid() {
    return pid;
  }

  @Override
  public Collection<? extends TargetThread> threads() {
    return threads.values();
  }

  @Override
  public @Nullable TargetThread thread(int id) {
    return threads.get(id);
  }

  @Override
  public long entryPoint() {
    return entryPoint;
  }

  @Override
  public boolean isGone() {
    return false;
  }

  @Override
  public void read(long address, byte[] into, int offset, int count) {
    int done = 0;
    while (done < count) {
      long at = address + done;
      var below = regions.floorEntry(at);
      Region region = below == null ? null : below.getValue();
      if (region == null || Long.compareUnsigned(at, region.end) >= 0) {
        throw new UnreadableException("input/output error");
      }
      int part = (int) Math.min(count - done, region.end - at);
      MemorySegment.copy(
          region.content,
          ValueLayout.JAVA_BYTE,
          region.offset + (at - region.start),
          into,
          offset + done,
          part);
      done += part;
    }
  }

  @Override
  public void write(long address, byte[] bytes) {
    throw new UnreadableException("can not write to core process");
  }

  @Override
  public boolean canRun() {
    return false;
  }

  @Override
  public Stop.@Nullable Exited exit() {
    return null;
  }

  @Override
  public String commandLine() {
    return commandLine;
  }

  private static UnsupportedOperationException dead() {
    return new UnsupportedOperationException("can not continue execution of core process");
  }

  @Override
  public void resume() {
    throw dead();
  }

  @Override
  public void resume(TargetThread stopped) {
    throw dead();
  }

  @Override
  public boolean step(TargetThread stopped) {
    throw dead();
  }

  @Override
  public Stop next() {
    throw dead();
  }

  @Override
  public Stop nextOfAll() {
    throw dead();
  }

  @Override
  public List<Inferior> newChildren() {
    return List.of();
  }

  @Override
  public void followChildren(boolean on) {
    throw dead();
  }

  @Override
  public void stopAll() {
    // it is stopped for ever
  }

  @Override
  public List<Stop> pendingStops() {
    return List.of();
  }

  @Override
  public void rest() {
    // it always does
  }

  @Override
  public void requestHalt() {
    // it is stopped for ever
  }

  @Override
  public void clearHalt() {
    // nothing was asked for
  }

  @Override
  public void insertBreakpoint(long address) {
    throw new UnreadableException("cannot write a breakpoint to a core file");
  }

  @Override
  public void removeBreakpoint(long address) {
    // there are none
  }

  @Override
  public void insertWatch(Watch watch) {
    insertBreakpoint(watch.address());
  }

  @Override
  public void removeWatch(Watch watch) {
    // there are none
  }

  @Override
  public void detach(boolean kill) {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
