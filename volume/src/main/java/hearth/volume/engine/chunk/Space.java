// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of the file are in use. The file is cut into segments of 16384 blocks (64 MiB); a
 * segment's first blocks hold two copies of its bitmap, and every 2000th segment also two copies of
 * the table that says which bitmap counts and how many blocks are in use. Which table counts is
 * said by the superblock, so one write of 4096 bytes switches everything.
 *
 * <p>Safe for any thread.
 */
final class Space {
  /** Blocks of a segment. */
  static final int SEGMENT = 16384;

  /** Blocks before the first segment. */
  static final int FIRST = 16;

  /** Segments that one table covers. */
  static final int PER_TABLE = 2000;

  private static final int WORDS = SEGMENT / 64;
  private static final int SLOT_BIT = 0x8000;
  private static final int KEPT_SEGMENTS = 2048;
  private static final int LONG_RUN = 16;

  /** What an allocation is for; each kind has its own place, so that like lies beside like. */
  enum Use {
    NODE(0),
    SMALL(1),
    LARGE(2);

    private final int place;

    Use(int place) {
      this.place = place;
    }
  }

  /** Blocks that lie side by side. */
  record Run(long first, int count) {
    long end() {
      return first + count;
    }
  }

  private static final class Segment {
    final int index;
    final long[] bits;

    /** Free blocks that the file system keeps room for, since they were in use before. */
    final long[] backed = new long[WORDS];

    boolean dirty;

    Segment(int index, long[] bits) {
      this.index = index;
      this.bits = bits;
    }
  }

  /** What a commit has to write, and what is true once it is done. */
  record Frozen(
      Map<Long, byte[]> pages,
      Set<Integer> switchedBitmaps,
      Set<Integer> switchedTables,
      int segments,
      byte[] tableSlots,
      long[] freed,
      boolean giveBack) {}

  private final StoreFile file;
  private final long store;
  private final Map<Integer, Segment> loaded = new HashMap<>();
  private final BitSet bitmapSlots = new BitSet();
  private final BitSet tableSlots;
  private final int[] cursorSegments = {-1, -1, -1};
  private final int[] cursors = new int[3];
  private final Set<Run> inFlight = new HashSet<>();
  private @Nullable Map<Integer, long[]> since;
  private boolean keepsFreed;
  private int[] used;
  private int segments;
  private long usedBlocks;

  /** The space of a new, empty store. */
  Space(StoreFile file, long store) {
    this.file = file;
    this.store = store;
    this.tableSlots = new BitSet();
    this.used = new int[0];
  }

  /** Reads the tables of a store. */
  Space(StoreFile file, long store, int segments, byte[] tableSlots) throws IOException {
    this.file = file;
    this.store = store;
    this.tableSlots = BitSet.valueOf(tableSlots);
    this.segments = segments;
    this.used = new int[segments];
    for (int table = 0; table * PER_TABLE < segments; table++) {
      byte[] page = readPage(tableAddress(table, this.tableSlots.get(table)), Page.Kind.TABLE);
      for (int i = 0; i < PER_TABLE && table * PER_TABLE + i < segments; i++) {
        int entry = (short) Page.SHORT.get(page, Page.HEADER + 2 * i) & 0xFFFF;
        int segment = table * PER_TABLE + i;
        used[segment] = entry & ~SLOT_BIT;
        usedBlocks += used[segment];
        bitmapSlots.set(segment, (entry & SLOT_BIT) != 0);
      }
    }
  }

  /** Number of the segment in which a block lies. */
  static int segmentOf(long block) {
    return (int) ((block - FIRST) / SEGMENT);
  }

  static long firstBlock(int segment) {
    return FIRST + (long) segment * SEGMENT;
  }

  /** Blocks at the start of a segment that the space map itself needs. */
  static int reserved(int segment) {
    return segment % PER_TABLE == 0 ? 4 : 2;
  }

  private static long tableAddress(int table, boolean slot) {
    return firstBlock(table * PER_TABLE) + 2 + (slot ? 1 : 0);
  }

  private static long bitmapAddress(int segment, boolean slot) {
    return firstBlock(segment) + (slot ? 1 : 0);
  }

  synchronized int segments() {
    return segments;
  }

  /** Blocks in use, those of the space map included. */
  synchronized long usedBlocks() {
    return usedBlocks;
  }

  /**
   * Takes free blocks, as many of those wanted as lie side by side. Until {@link #settle} is called
   * with the run, a commit does not count it as used.
   */
  synchronized Run allocate(Use use, int wanted) throws IOException {
    int at = use.place;
    int shortest = use == Use.LARGE ? Math.min(wanted, LONG_RUN) : 1;
    for (int attempt = 0; ; attempt++) {
      int segment = cursorSegments[at];
      if (segment >= 0) {
        Run run = take(segment, cursors[at], wanted, shortest);
        if (run != null) {
          cursors[at] = (int) (run.end() - firstBlock(segment));
          inFlight.add(run);
          return run;
        }
      }
      int next = attempt < 4 ? roomySegment(segment) : -1;
      if (next < 0) {
        next = addSegment();
      }
      cursorSegments[at] = next;
      cursors[at] = reserved(next);
    }
  }

  /**
   * Takes free blocks that need no room on the disk: they were in use before and were not given
   * back. For writing when the disk is full.
   *
   * @throws VolumeData.NoSpaceException if there are none
   */
  synchronized Run allocateBacked(int wanted) throws VolumeData.NoSpaceException {
    for (Segment segment : loaded.values()) {
      for (int word = 0; word < WORDS; word++) {
        if (segment.backed[word] != 0) {
          int first = (word << 6) + Long.numberOfTrailingZeros(segment.backed[word]);
          int count = 0;
          for (int bit = first; count < wanted && bit < SEGMENT; bit++, count++) {
            if ((segment.backed[bit >> 6] & 1L << bit) == 0) {
              break;
            }
            segment.backed[bit >> 6] &= ~(1L << bit);
            segment.bits[bit >> 6] |= 1L << bit;
          }
          segment.dirty = true;
          used[segment.index] += count;
          usedBlocks += count;
          Run run = new Run(firstBlock(segment.index) + first, count);
          noteSince(run);
          inFlight.add(run);
          return run;
        }
      }
    }
    throw new VolumeData.NoSpaceException("the disk of " + file + " is almost full");
  }

  /** Free blocks that need no room on the disk. */
  synchronized long backedBlocks() {
    long count = 0;
    for (Segment segment : loaded.values()) {
      for (long word : segment.backed) {
        count += Long.bitCount(word);
      }
    }
    return count;
  }

  /** Next segment behind the given one, going round, of which an eighth is free; or -1. */
  private int roomySegment(int after) {
    for (int i = 1; i <= segments; i++) {
      int candidate = Math.floorMod(after + i, segments);
      if (used[candidate] <= SEGMENT - SEGMENT / 8 && !isAnyCursor(candidate)) {
        return candidate;
      }
    }
    return -1;
  }

  private boolean isAnyCursor(int segment) {
    for (int cursor : cursorSegments) {
      if (cursor == segment) {
        return true;
      }
    }
    return false;
  }

  private int addSegment() throws IOException {
    int segment = segments;
    file.extend((firstBlock(segment) + SEGMENT) * Page.BLOCK);
    Segment fresh = new Segment(segment, new long[WORDS]);
    fresh.bits[0] = (1L << reserved(segment)) - 1;
    fresh.dirty = true;
    loaded.put(segment, fresh);
    used = Arrays.copyOf(used, segment + 1);
    used[segment] = reserved(segment);
    usedBlocks += used[segment];
    segments++;
    if (since != null) {
      since.put(segment, fresh.bits.clone());
    }
    return segment;
  }

  private @Nullable Run take(int index, int from, int wanted, int shortest) throws IOException {
    if (used[index] >= SEGMENT) {
      return null;
    }
    Segment segment = load(index);
    int at = nextClear(segment.bits, from);
    while (at < SEGMENT) {
      int end = Math.min(nextSet(segment.bits, at), SEGMENT);
      if (end - at >= shortest) {
        int count = Math.min(end - at, wanted);
        for (int i = at; i < at + count; i++) {
          segment.bits[i >> 6] |= 1L << i;
          segment.backed[i >> 6] &= ~(1L << i);
        }
        segment.dirty = true;
        used[index] += count;
        usedBlocks += count;
        Run run = new Run(firstBlock(index) + at, count);
        noteSince(run);
        return run;
      }
      at = nextClear(segment.bits, end);
    }
    return null;
  }

  private static int nextClear(long[] bits, int from) {
    for (int word = from >> 6, shift = from; word < WORDS; word++, shift = 0) {
      long clear = ~bits[word] & (-1L << shift);
      if (clear != 0) {
        return (word << 6) + Long.numberOfTrailingZeros(clear);
      }
    }
    return SEGMENT;
  }

  private static int nextSet(long[] bits, int from) {
    for (int word = from >> 6, shift = from; word < WORDS; word++, shift = 0) {
      long set = bits[word] & (-1L << shift);
      if (set != 0) {
        return (word << 6) + Long.numberOfTrailingZeros(set);
      }
    }
    return SEGMENT;
  }

  /** Something that a commit will know points to the run now. */
  synchronized void settle(Run run) {
    inFlight.remove(run);
  }

  /** Gives a run back that nothing ever pointed to. */
  synchronized void abandon(Run run) throws IOException {
    inFlight.remove(run);
    for (long block = run.first(); block < run.end(); block++) {
      clear(block);
    }
  }

  /** From now on, or no longer, keeps what becomes free instead of giving it back. */
  synchronized void keepFreed(boolean keep) {
    keepsFreed = keep;
  }

  /**
   * Takes every free block of a segment, in runs of at most 1 MiB, so that nobody else takes them
   * while they are overwritten. As long as they are not returned, a commit counts them as free.
   */
  synchronized List<Run> takeFree(int index) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (Run run = take(index, reserved(index), 256, 1);
        run != null;
        run = take(index, reserved(index), 256, 1)) {
      inFlight.add(run);
      runs.add(run);
    }
    return runs;
  }

  /** Returns what {@link #takeFree} took, and gives it back to the file system. */
  synchronized void giveBack(Run run) throws IOException {
    abandon(run);
    returnToFileSystem(run.first(), run.count());
  }

  /** Takes a block that the log says is in use; for opening. */
  synchronized void markUsed(long block) throws IOException {
    int index = segmentOf(block);
    if (block < FIRST || index > segments + 1_000_000) {
      throw new DamagedException("the log names block " + block + ", which cannot be");
    }
    while (index >= segments) {
      int _ = addSegment();
    }
    Segment segment = load(index);
    int bit = (int) (block - firstBlock(index));
    if ((segment.bits[bit >> 6] & 1L << bit) == 0) {
      segment.bits[bit >> 6] |= 1L << bit;
      segment.dirty = true;
      used[index]++;
      usedBlocks++;
    }
  }

  synchronized boolean isUsed(long block) throws IOException {
    int index = segmentOf(block);
    if (block < FIRST || index >= segments) {
      return false;
    }
    int bit = (int) (block - firstBlock(index));
    return (load(index).bits[bit >> 6] & 1L << bit) != 0;
  }

  private void clear(long block) throws IOException {
    int index = segmentOf(block);
    Segment segment = load(index);
    int bit = (int) (block - firstBlock(index));
    if ((segment.bits[bit >> 6] & 1L << bit) == 0) {
      throw new IllegalStateException("block " + block + " is freed twice");
    }
    segment.bits[bit >> 6] &= ~(1L << bit);
    segment.backed[bit >> 6] |= 1L << bit;
    segment.dirty = true;
    used[index]--;
    usedBlocks--;
  }

  private Segment load(int index) throws IOException {
    Segment segment = loaded.get(index);
    if (segment == null) {
      byte[] page = readPage(bitmapAddress(index, bitmapSlots.get(index)), Page.Kind.BITMAP);
      segment = new Segment(index, bits(page));
      loaded.put(index, segment);
    }
    return segment;
  }

  private static long[] bits(byte[] page) {
    long[] bits = new long[WORDS];
    for (int i = 0; i < WORDS; i++) {
      bits[i] = (long) Page.LONG.get(page, Page.HEADER + 8 * i);
    }
    return bits;
  }

  private byte[] readPage(long address, Page.Kind kind) throws IOException {
    byte[] page = new byte[Page.BLOCK];
    file.read(address * Page.BLOCK, ByteBuffer.wrap(page));
    String wrong = Page.check(page, kind, store, address);
    if (!wrong.isEmpty()) {
      throw new DamagedException(
          "block " + address + " of " + file + " (" + kind.words + ") " + wrong);
    }
    return page;
  }

  /** Whether a commit would change anything. */
  synchronized boolean isDirty() {
    return loaded.values().stream().anyMatch(segment -> segment.dirty);
  }

  /**
   * The pages that make the present state durable, in which the freed blocks are free and those of
   * unsettled runs too. Nothing changes until {@link #thaw}.
   */
  synchronized Frozen freeze(long epoch, long[] freed, boolean giveBack) throws IOException {
    Map<Integer, Set<Integer>> absent = new HashMap<>();
    for (long block : freed) {
      int index = segmentOf(block);
      load(index).dirty = true;
      absent
          .computeIfAbsent(index, ignored -> new HashSet<>())
          .add((int) (block - firstBlock(index)));
    }
    List<Segment> changed = new ArrayList<>();
    for (Segment segment : loaded.values()) {
      if (segment.dirty) {
        changed.add(segment);
      }
    }
    Map<Integer, List<Run>> flying = new HashMap<>();
    for (Run run : inFlight) {
      flying.computeIfAbsent(segmentOf(run.first()), ignored -> new ArrayList<>()).add(run);
    }
    Map<Long, byte[]> pages = new HashMap<>();
    Set<Integer> switchedBitmaps = new HashSet<>();
    Set<Integer> switchedTables = new TreeSet<>();
    int[] counts = used.clone();
    for (Segment segment : changed) {
      int index = segment.index;
      long[] bits = segment.bits.clone();
      for (int bit : absent.getOrDefault(index, Set.of())) {
        bits[bit >> 6] &= ~(1L << bit);
        counts[index]--;
      }
      segment.dirty = false;
      for (Run run : flying.getOrDefault(index, List.of())) {
        for (long block = run.first(); block < run.end(); block++) {
          int bit = (int) (block - firstBlock(index));
          bits[bit >> 6] &= ~(1L << bit);
        }
        counts[index] -= run.count();
        segment.dirty = true; // the next commit knows what became of it
      }
      byte[] page = new byte[Page.BLOCK];
      for (int i = 0; i < WORDS; i++) {
        Page.LONG.set(page, Page.HEADER + 8 * i, bits[i]);
      }
      long address = bitmapAddress(index, !bitmapSlots.get(index));
      Page.seal(page, Page.Kind.BITMAP, store, address, epoch, 0, index);
      pages.put(address, page);
      switchedBitmaps.add(index);
      switchedTables.add(index / PER_TABLE);
    }
    BitSet slots = (BitSet) tableSlots.clone();
    for (int table : switchedTables) {
      byte[] page = new byte[Page.BLOCK];
      for (int i = 0; i < PER_TABLE && table * PER_TABLE + i < segments; i++) {
        int index = table * PER_TABLE + i;
        boolean slot = bitmapSlots.get(index) ^ switchedBitmaps.contains(index);
        Page.SHORT.set(page, Page.HEADER + 2 * i, (short) (counts[index] | (slot ? SLOT_BIT : 0)));
      }
      slots.flip(table);
      long address = tableAddress(table, slots.get(table));
      Page.seal(page, Page.Kind.TABLE, store, address, epoch, 0, table);
      pages.put(address, page);
    }
    return new Frozen(
        pages, switchedBitmaps, switchedTables, segments, slots.toByteArray(), freed, giveBack);
  }

  /** The commit of a frozen state is durable: its pages count, and what it freed is free. */
  synchronized void thaw(Frozen frozen) throws IOException {
    for (int index : frozen.switchedBitmaps()) {
      bitmapSlots.flip(index);
    }
    for (int table : frozen.switchedTables()) {
      tableSlots.flip(table);
    }
    for (long block : frozen.freed()) {
      Segment segment = load(segmentOf(block));
      boolean dirty = segment.dirty;
      clear(block);
      segment.dirty = dirty; // what was written says so already
    }
    if (frozen.giveBack()) {
      giveBack(frozen.freed());
    }
    if (loaded.size() > KEPT_SEGMENTS) {
      loaded.values().removeIf(segment -> !segment.dirty && !isAnyCursor(segment.index));
    }
  }

  /** Tells the file system about free blocks in long enough rows. */
  private void giveBack(long[] freed) throws IOException {
    if (keepsFreed) {
      return;
    }
    long[] sorted = freed.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; ) {
      int start = i;
      while (++i < sorted.length
          && sorted[i] == sorted[i - 1] + 1
          && segmentOf(sorted[i]) == segmentOf(sorted[start])) {
        // the row goes on
      }
      if (i - start >= LONG_RUN) {
        returnToFileSystem(sorted[start], i - start);
      }
    }
  }

  private void returnToFileSystem(long first, int count) throws IOException {
    file.punch(first * Page.BLOCK, (long) count * Page.BLOCK);
    Segment segment = load(segmentOf(first));
    for (long block = first; block < first + count; block++) {
      int bit = (int) (block - firstBlock(segment.index));
      segment.backed[bit >> 6] &= ~(1L << bit);
    }
  }

  /** From now on remembers what is taken, until {@link #endSweep}. */
  synchronized void beginSweep() {
    Map<Integer, long[]> fresh = new HashMap<>();
    since = fresh;
    inFlight.forEach(this::noteSince);
  }

  private void noteSince(Run run) {
    if (since != null) {
      long[] bits = since.computeIfAbsent(segmentOf(run.first()), ignored -> new long[WORDS]);
      for (long block = run.first(); block < run.end(); block++) {
        int bit = (int) (block - firstBlock(segmentOf(block)));
        bits[bit >> 6] |= 1L << bit;
      }
    }
  }

  /**
   * Frees what is in use in a segment, yet neither marked nor taken since {@link #beginSweep}.
   *
   * @param marks of the segment, or null if nothing in it is marked
   * @return how many blocks became free
   */
  synchronized int sweep(int index, long @Nullable [] marks) throws IOException {
    Segment segment = load(index);
    long[] taken = since == null ? null : since.get(index);
    List<Long> freed = new ArrayList<>();
    for (int word = 0; word < WORDS; word++) {
      long garbage = segment.bits[word];
      if (word == 0) {
        garbage &= -1L << reserved(index);
      }
      if (marks != null) {
        garbage &= ~marks[word];
      }
      if (taken != null) {
        garbage &= ~taken[word];
      }
      for (; garbage != 0; garbage &= garbage - 1) {
        freed.add(firstBlock(index) + (word << 6) + Long.numberOfTrailingZeros(garbage));
      }
    }
    for (long block : freed) {
      clear(block);
    }
    giveBack(freed.stream().mapToLong(Long::longValue).toArray());
    return freed.size();
  }

  /**
   * How the bitmap of a segment and what is reached differ.
   *
   * @param unreached blocks in use that nothing reaches
   * @param unprotected blocks reached that are not in use
   */
  record Comparison(int unreached, int unprotected) {}

  /** Compares a segment with its marks; what was taken since {@link #beginSweep} is left out. */
  synchronized Comparison compare(int index, long @Nullable [] marks) throws IOException {
    Segment segment = load(index);
    long[] taken = since == null ? null : since.get(index);
    int unreached = 0;
    int unprotected = 0;
    for (int word = 0; word < WORDS; word++) {
      long reached = marks == null ? 0 : marks[word];
      long ours = word == 0 ? -1L << reserved(index) : -1L;
      long later = taken == null ? 0 : taken[word];
      unreached += Long.bitCount(segment.bits[word] & ours & ~reached & ~later);
      unprotected += Long.bitCount(reached & ~segment.bits[word]);
    }
    return new Comparison(unreached, unprotected);
  }

  /**
   * Reads all pages of the space map that count, from the file, and says what is wrong with them.
   */
  synchronized List<String> damagedPages() throws IOException {
    List<String> wrongs = new ArrayList<>();
    for (int index = 0; index < segments; index++) {
      if (index % PER_TABLE == 0) {
        readOrNote(
            tableAddress(index / PER_TABLE, tableSlots.get(index / PER_TABLE)),
            Page.Kind.TABLE,
            wrongs);
      }
      Segment segment = loaded.get(index);
      if (segment == null || !segment.dirty || bitmapSlots.get(index)) {
        readOrNote(bitmapAddress(index, bitmapSlots.get(index)), Page.Kind.BITMAP, wrongs);
      }
    }
    return wrongs;
  }

  /** Blocks of the pages of the space map that count. */
  synchronized List<Long> pages() {
    List<Long> pages = new ArrayList<>();
    for (int index = 0; index < segments; index++) {
      if (index % PER_TABLE == 0) {
        pages.add(tableAddress(index / PER_TABLE, tableSlots.get(index / PER_TABLE)));
      }
      pages.add(bitmapAddress(index, bitmapSlots.get(index)));
    }
    return pages;
  }

  private void readOrNote(long address, Page.Kind kind, List<String> wrongs) throws IOException {
    try {
      byte[] _ = readPage(address, kind);
    } catch (DamagedException e) {
      wrongs.add(String.valueOf(e.getMessage()));
    }
  }

  synchronized void endSweep() {
    since = null;
  }
}
