// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static hearth.volume.engine.chunk.Page.BLOCK;

import hearth.volume.engine.VolumeData;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A volume with its snapshots and the clones made from them, in two files. Everything may be called
 * from any thread.
 *
 * <p>Locks, in the order in which they are taken: {@code walks} (one walk through everything at a
 * time), {@code commits} (one commit at a time), {@code flushes} (one record of the log at a time),
 * {@code lock} (the map and the members, for moments only, but for nodes that must be read from the
 * file), and the monitor of {@link Space}. Data is read and written without any of them; {@link
 * Grace} keeps blocks that are being read from being taken again.
 */
final class ChunkStore implements Closeable {
  /** Version of the files that this program writes and the only one that it reads. */
  static final int VERSION = 1;

  static final int MOST_MEMBERS = 1000;

  private static final int MOST_MEMBER_PAGES = 64;
  private static final int MOST_BLOCKS = 1024;

  /** Bytes that a write may have, wherever it begins, to be whole or absent after a crash. */
  static final int ATOMIC_BYTES = (MOST_BLOCKS - 1) * BLOCK;

  private static final int SMALL_RUN = 8;
  private static final int MOST_INLINE_BLOCKS = 16;
  private static final int PENDING_TO_COMMIT = 1 << 20;
  private static final int FREED_TO_COMMIT = 1 << 16;
  private static final int FREED_TO_WAIT = 1 << 19;

  private static final int VERSION_AT = 64;
  private static final int FLAGS_AT = 68;
  private static final int INCARNATION_AT = 72;
  private static final int SEQUENCE_AT = 80;
  private static final int SEGMENTS_AT = 88;
  private static final int NEXT_MEMBER_AT = 92;
  private static final int MEMBERS_AT = 96;
  private static final int PAGES_AT = 100;
  private static final int ADDRESSES_AT = 104;
  private static final int TABLE_SLOTS_AT = ADDRESSES_AT + 8 * MOST_MEMBER_PAGES;
  private static final int SWEEP_WANTED = 1;

  /** What the store asks of the host around it. */
  interface Surroundings {
    /** Whether so many bytes more may be stored. */
    boolean hasRoom(long bytes) throws IOException;

    /** Whether so many bytes may be stored that the next commit makes up for. */
    boolean hasRoomForAMoment(long bytes) throws IOException;

    /** Runs maintenance soon, on another thread. */
    void soon(Runnable work);

    /** Runs maintenance after some seconds, on another thread. */
    void later(Runnable work);

    /** What tells this run of the machine's kernel from all others. */
    long boot();

    /** A random number for a new incarnation. */
    long random();

    /** Milliseconds since 1970. */
    long now();

    /** Tells the administrator. */
    void warn(String message);
  }

  /** What a commit writes; kept until it succeeded. */
  private record Commit(
      long number,
      List<Node> nodes,
      Map<Long, byte[]> memberPages,
      Space.Frozen space,
      byte[] superblock,
      int pendingBytes,
      long marker) {}

  private final StoreFile file;
  private final StoreFiles files;
  private final Surroundings surroundings;
  private final NodeCache.Part cache;
  private final long id;
  private final Space space;
  private final BlockMap map;
  private final IntentLog log;
  private final RecentWrites recent;
  private final Grace grace = new Grace();
  private final ReentrantLock walks = new ReentrantLock();
  private final ReentrantLock commits = new ReentrantLock();
  private final ReentrantLock flushes = new ReentrantLock();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final TreeMap<Integer, Member> members = new TreeMap<>();
  private final Map<String, Member> byUid = new HashMap<>();
  private final AtomicBoolean commitAsked = new AtomicBoolean();
  private final AtomicBoolean commitPlanned = new AtomicBoolean();
  private final AtomicBoolean sweepAsked = new AtomicBoolean();
  private final LongAdder commitCount = new LongAdder();

  /** Runs since the last record of the log; guarded by the lock. */
  private ByteBuffer pending = ByteBuffer.allocate(4096);

  private int pendingBlocks;

  /** Bytes of {@link #pending}, and blocks that the next commit frees, for a look without lock. */
  private volatile int pendingBytes;

  private volatile int freedBlocks;
  private long appended;
  private volatile long durable;

  private long incarnation;
  private int nextMember;
  private long committed;
  private long[] memberAddresses = new long[0];
  private boolean membersChanged;
  private boolean discarded;
  private volatile boolean pinned;
  private volatile boolean sweepWanted;
  private @Nullable Commit unfinished;

  /** The incarnation is durable, so records of it count. */
  private boolean logUsable;

  private volatile String fenced = "";
  private boolean closed;

  private ChunkStore(
      StoreFiles files,
      Surroundings surroundings,
      NodeCache cache,
      long id,
      long epoch,
      @Nullable Space space) {
    this.file = files.blocks();
    this.files = files;
    this.surroundings = surroundings;
    this.cache = cache.part();
    this.id = id;
    this.space = space == null ? new Space(file, id) : space;
    this.map = new BlockMap(file, id, this.space, this.cache, epoch);
    this.log = new IntentLog(files.log(), id);
    this.recent = new RecentWrites(files.recent(), id, surroundings.boot());
  }

  /** Makes a store with one volume in two empty files. */
  static ChunkStore create(
      StoreFiles files, String uid, long size, NodeCache cache, Surroundings surroundings)
      throws IOException {
    ChunkStore store = new ChunkStore(files, surroundings, cache, surroundings.random(), 1, null);
    store.incarnation = surroundings.random();
    store.nextMember = 1;
    store.log.format();
    store.log.start(store.incarnation, 1);
    store.commit(
        () -> store.add(new Member(store.nextMember++, uid, false, 0, surroundings.now(), size)));
    store.commit(() -> store.membersChanged = true); // so that both superblocks are there
    return store;
  }

  /**
   * Opens a store and mends what a crash left.
   *
   * @throws DamagedException if it cannot be trusted
   */
  static ChunkStore open(StoreFiles files, NodeCache cache, Surroundings surroundings)
      throws IOException {
    StoreFile file = files.blocks();
    byte[] superblock = newestSuperblock(file);
    long id = Page.store(superblock);
    int segments = (int) Page.INT.get(superblock, SEGMENTS_AT);
    byte[] slots = java.util.Arrays.copyOfRange(superblock, TABLE_SLOTS_AT, BLOCK);
    long committed = Page.epoch(superblock);
    ChunkStore store =
        new ChunkStore(
            files, surroundings, cache, id, committed + 1, new Space(file, id, segments, slots));
    String wrong = store.log.check();
    if (!wrong.isEmpty()) {
      throw new DamagedException("the log " + files.log() + " of " + file + " " + wrong);
    }
    store.committed = committed;
    store.incarnation = (long) Page.LONG.get(superblock, INCARNATION_AT);
    store.nextMember = (int) Page.INT.get(superblock, NEXT_MEMBER_AT);
    store.sweepWanted = ((int) Page.INT.get(superblock, FLAGS_AT) & SWEEP_WANTED) != 0;
    store.readMembers(superblock);
    long sequence = (long) Page.LONG.get(superblock, SEQUENCE_AT);
    boolean replayed = store.replay(committed, sequence, Page.base(superblock));
    store.incarnation = surroundings.random();
    store.log.start(store.incarnation, committed + 1);
    store.membersChanged = true; // the incarnation must be durable before the log is used
    try {
      store.commit(() -> {});
    } catch (VolumeData.NoSpaceException e) {
      surroundings.warn(file + " can only be read until the disk has room: " + e.getMessage());
    }
    if (replayed || store.sweepWanted) {
      store.askSweep();
    }
    return store;
  }

  /** Identities of the volumes and snapshots in a store that need not be opened for that. */
  static List<String> uids(StoreFile file) throws IOException {
    byte[] superblock = newestSuperblock(file);
    List<String> uids = new ArrayList<>();
    for (Member member : parseMembers(file, superblock)) {
      uids.add(member.uid);
    }
    return uids;
  }

  /**
   * What is wrong with the superblocks of a store that is not open: opening replaces one of them.
   * Findings say what is wrong; nothing is lost as long as one serves.
   */
  static List<String> problems(StoreFile file) throws IOException {
    List<String> wrongs = new ArrayList<>();
    for (int slot = 0; slot < 2; slot++) {
      byte[] page = new byte[BLOCK];
      file.read((long) slot * BLOCK, ByteBuffer.wrap(page));
      String wrong = Page.check(page, Page.Kind.SUPERBLOCK, Page.store(page), slot);
      if (!wrong.isEmpty()) {
        wrongs.add("superblock " + slot + " of " + file + " " + wrong);
      }
    }
    return wrongs;
  }

  /** Blocks of the pages that say where everything is, of a store that is not open; for tests. */
  static List<Long> pagesOfSpaceAndMembers(StoreFile file) throws IOException {
    byte[] superblock = newestSuperblock(file);
    List<Long> found = new ArrayList<>();
    for (int i = 0; i < (int) Page.INT.get(superblock, PAGES_AT); i++) {
      found.add((long) Page.LONG.get(superblock, ADDRESSES_AT + 8 * i));
    }
    byte[] slots = java.util.Arrays.copyOfRange(superblock, TABLE_SLOTS_AT, BLOCK);
    int segments = (int) Page.INT.get(superblock, SEGMENTS_AT);
    found.addAll(new Space(file, Page.store(superblock), segments, slots).pages());
    return found;
  }

  private static byte[] newestSuperblock(StoreFile file) throws IOException {
    byte[] newest = null;
    StringBuilder wrongs = new StringBuilder();
    for (int slot = 0; slot < 2; slot++) {
      byte[] page = new byte[BLOCK];
      file.read((long) slot * BLOCK, ByteBuffer.wrap(page));
      String wrong = Page.check(page, Page.Kind.SUPERBLOCK, Page.store(page), slot);
      if (wrong.isEmpty()) {
        int version = (int) Page.INT.get(page, VERSION_AT);
        if (version != VERSION) {
          throw new IOException(
              file
                  + " has version "
                  + version
                  + " of the chunk store's format (known: "
                  + VERSION
                  + "); a newer Hearth wrote it");
        }
        if (newest == null || Page.epoch(page) > Page.epoch(newest)) {
          newest = page;
        }
      } else {
        wrongs.append(wrongs.isEmpty() ? "" : ", ").append("superblock ").append(slot);
        wrongs.append(' ').append(wrong);
      }
    }
    if (newest == null) {
      throw new DamagedException(file + " is no chunk store, or its start is lost: " + wrongs);
    }
    return newest;
  }

  private static List<Member> parseMembers(StoreFile file, byte[] superblock) throws IOException {
    int count = (int) Page.INT.get(superblock, MEMBERS_AT);
    int pages = (int) Page.INT.get(superblock, PAGES_AT);
    List<Member> found = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      long address = (long) Page.LONG.get(superblock, ADDRESSES_AT + 8 * i);
      byte[] page = new byte[BLOCK];
      file.read(address * BLOCK, ByteBuffer.wrap(page));
      String wrong = Page.check(page, Page.Kind.MEMBERS, Page.store(superblock), address);
      if (!wrong.isEmpty() || Page.base(page) != i) {
        throw new DamagedException(
            "block " + address + " of " + file + " (list of members) " + wrong);
      }
      ByteBuffer in = ByteBuffer.wrap(page).position(Page.HEADER);
      for (int j = 0; j < Member.PER_PAGE && found.size() < count; j++) {
        found.add(Member.read(in));
      }
    }
    return found;
  }

  private void readMembers(byte[] superblock) throws IOException {
    for (Member member : parseMembers(file, superblock)) {
      add(member);
    }
    int pages = (int) Page.INT.get(superblock, PAGES_AT);
    memberAddresses = new long[pages];
    for (int i = 0; i < pages; i++) {
      memberAddresses[i] = (long) Page.LONG.get(superblock, ADDRESSES_AT + 8 * i);
    }
    membersChanged = false;
  }

  private void add(Member member) {
    members.put(member.id, member);
    byUid.put(member.uid, member);
    membersChanged = true;
  }

  // ---------------------------------------------------------------- replay

  /**
   * Applies what the last commit does not hold.
   *
   * @param marker up to where it holds what was noted
   */
  private boolean replay(long lastCommit, long sequence, long marker) throws IOException {
    List<long[]> taken = new ArrayList<>();
    long[] durableUpTo = {marker};
    long records =
        log.replay(
            incarnation,
            lastCommit,
            sequence,
            (upTo, runs, data) -> {
              durableUpTo[0] = Math.max(durableUpTo[0], upTo);
              take(runs, taken);
            });
    List<ByteBuffer> kept = new ArrayList<>();
    long next = durableUpTo[0];
    for (RecentWrites.Entry entry : recent.read(incarnation)) {
      // In order and without a gap, since a write may hold what an earlier one brought.
      if (entry.from() == next && isThere(entry.runs())) {
        kept.add(entry.runs());
        take(entry.runs().duplicate(), taken);
        next = entry.upTo();
      }
    }
    if (records == 0 && kept.isEmpty()) {
      return false;
    }
    for (long[] run : taken) {
      for (long i = 0; i < run[1]; i++) {
        space.markUsed(run[0] + i);
      }
    }
    long _ =
        log.replay(
            incarnation, lastCommit, sequence, (upTo, runs, data) -> replayRecord(runs, data));
    for (ByteBuffer runs : kept) {
      replayRecord(runs, ByteBuffer.allocate(0));
    }
    file.sync();
    return true;
  }

  private static void take(ByteBuffer runs, List<long[]> taken) {
    while (runs.hasRemaining()) {
      RunEntry run = RunEntry.read(runs);
      if (run.kind() == IntentLog.WRITE) {
        taken.add(new long[] {run.location(), run.count()});
      }
    }
  }

  /** Whether the data of a write that was not flushed is in the file, all of it. */
  private boolean isThere(ByteBuffer entry) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    CRC32C crc = new CRC32C();
    for (ByteBuffer runs = entry.duplicate(); runs.hasRemaining(); ) {
      RunEntry run = RunEntry.read(runs);
      for (int i = 0; i < run.crcs().length; i++) {
        file.read((run.location() + i) * BLOCK, block.clear());
        crc.reset();
        crc.update(block.flip());
        if ((int) crc.getValue() != run.crcs()[i]) {
          return false;
        }
      }
    }
    return true;
  }

  private void replayRecord(ByteBuffer runs, ByteBuffer data) throws IOException {
    while (runs.hasRemaining()) {
      RunEntry run = RunEntry.read(runs);
      Member member = members.get(run.member());
      if (run.kind() == IntentLog.WRITE) {
        int bytes = (int) run.count() * BLOCK;
        if (data.hasRemaining()) {
          file.write(run.location() * BLOCK, data.slice(data.position(), bytes));
          data.position(data.position() + bytes);
        }
        if (member != null) {
          repoint(member, run);
        }
      } else if (member != null) {
        long end = run.index() + run.count();
        for (long at = map.next(member, run.index()); at < end; ) {
          long upTo = Math.min(BlockMap.baseOf(0, at) + Node.FAN, end);
          map.clear(member, at, (int) (upTo - at));
          at = map.next(member, upTo);
        }
      }
    }
  }

  /** Applies a run, but for what the map says already. */
  private void repoint(Member member, RunEntry run) throws IOException {
    for (int i = 0; i < run.count(); i++) {
      long index = run.index() + i;
      Node leaf = map.find(member, index, 0);
      if (leaf == null || leaf.location(BlockMap.slot(0, index)) != run.location() + i) {
        map.prepare(member, index, 1);
        map.point(member, index, run.location() + i, 1, run.crcs(), i);
      }
    }
  }

  // ---------------------------------------------------------------- reading

  /** The volume or snapshot of an identity. */
  Member member(String uid) throws NoSuchFileException {
    return find(uid)
        .orElseThrow(
            () -> new NoSuchFileException(file.toString(), null, "it holds no data of " + uid));
  }

  /** All volumes and snapshots, oldest first. */
  List<Member> members() {
    lock.readLock().lock();
    try {
      return List.copyOf(members.values());
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Fills the buffer's remaining space with bytes of a volume. */
  void read(Member member, long offset, ByteBuffer destination) throws IOException {
    int inside = grace.enter();
    try {
      long position = offset;
      long[] locations = new long[Math.min(MOST_BLOCKS, blocksIn(offset, destination.remaining()))];
      int[] crcs = new int[locations.length];
      while (destination.hasRemaining()) {
        long index = position / BLOCK;
        int count = Math.min(locations.length, blocksIn(position, destination.remaining()));
        look(member, index, count, locations, crcs);
        for (int i = 0; i < count; ) {
          int row = i + 1;
          boolean hole = locations[i] == 0;
          while (row < count
              && (hole ? locations[row] == 0 : locations[row] == locations[row - 1] + 1)) {
            row++;
          }
          int skip = (int) (position - (index + i) * BLOCK);
          int bytes = (int) Math.min((long) (row - i) * BLOCK - skip, destination.remaining());
          if (hole) {
            zero(destination, bytes);
          } else {
            readRow(member, index + i, locations[i], crcs, i, skip, bytes, destination);
          }
          position += bytes;
          i = row;
        }
      }
    } finally {
      grace.leave(inside);
    }
  }

  private static int blocksIn(long offset, int length) {
    return (int) ((offset + length + BLOCK - 1) / BLOCK - offset / BLOCK);
  }

  private static void zero(ByteBuffer destination, int bytes) {
    int end = destination.position() + bytes;
    while (destination.position() + 8 <= end) {
      destination.putLong(0);
    }
    while (destination.position() < end) {
      destination.put((byte) 0);
    }
  }

  private void look(Member member, long index, int count, long[] locations, int[] crcs)
      throws IOException {
    lock.readLock().lock();
    try {
      Node leaf = null;
      for (int i = 0; i < count; i++) {
        int slot = BlockMap.slot(0, index + i);
        if (i == 0 || slot == 0) {
          leaf = map.find(member, index + i, 0);
        }
        locations[i] = leaf == null ? 0 : leaf.location(slot);
        crcs[i] = leaf == null ? 0 : leaf.crc(slot);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Reads and checks blocks that lie side by side, of which the first and last may be cut. */
  private void readRow(
      Member member,
      long index,
      long location,
      int[] crcs,
      int from,
      int skip,
      int bytes,
      ByteBuffer destination)
      throws IOException {
    boolean whole = skip == 0 && bytes % BLOCK == 0;
    ByteBuffer target =
        whole
            ? destination.slice(destination.position(), bytes)
            : ByteBuffer.allocate((skip + bytes + BLOCK - 1) / BLOCK * BLOCK);
    file.read(location * BLOCK, target);
    target.flip();
    CRC32C crc = new CRC32C();
    for (int i = 0; i * BLOCK < target.limit(); i++) {
      crc.reset();
      crc.update(target.slice(i * BLOCK, BLOCK));
      if ((int) crc.getValue() != crcs[from + i]) {
        throw damaged(member, index + i, location + i);
      }
    }
    if (whole) {
      destination.position(destination.position() + bytes);
    } else {
      destination.put(target.slice(skip, bytes));
    }
  }

  private DamagedException damaged(Member member, long index, long location) {
    String message =
        "bytes "
            + index * BLOCK
            + " to "
            + (index + 1) * BLOCK
            + " of "
            + (member.snapshot ? "snapshot " : "volume ")
            + member.uid
            + " do not match their checksum (block "
            + location
            + " of "
            + file
            + ")";
    surroundings.warn(message);
    return new DamagedException(message);
  }

  /** The run of blocks from one on that are all held, or all not, looking at a few thousand. */
  VolumeData.Extent extentAt(Member member, long offset) throws IOException {
    lock.readLock().lock();
    try {
      long blocks = member.size / BLOCK;
      long index = offset / BLOCK;
      Node leaf = map.find(member, index, 0);
      boolean held = leaf != null && leaf.location(BlockMap.slot(0, index)) != 0;
      long at = index;
      for (int leaves = 0; leaves < 64 && at < blocks; leaves++) {
        if (leaf == null) {
          if (held) {
            break;
          }
          at = Math.min(map.next(member, at), blocks);
        } else {
          long end = Math.min(BlockMap.baseOf(0, at) + Node.FAN, blocks);
          while (at < end && (leaf.location(BlockMap.slot(0, at)) != 0) == held) {
            at++;
          }
          if (at < end) {
            break;
          }
        }
        if (at < blocks) {
          leaf = map.find(member, at, 0);
        }
      }
      return new VolumeData.Extent(at * BLOCK - offset, held);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The run of bytes from an offset on that two members hold alike, or not. */
  VolumeData.Extent differenceAt(Member member, Member base, long offset) throws IOException {
    lock.readLock().lock();
    try {
      long blocks = member.size / BLOCK;
      long index = offset / BLOCK;
      BlockMap.Run first = map.compare(member, base, index);
      long at = first.end();
      for (int runs = 0; runs < 64 && at < blocks; runs++) {
        BlockMap.Run next = map.compare(member, base, at);
        if (next.differs() != first.differs()) {
          break;
        }
        at = next.end();
      }
      return new VolumeData.Extent(Math.min(at, blocks) * BLOCK - offset, first.differs());
    } finally {
      lock.readLock().unlock();
    }
  }

  // ---------------------------------------------------------------- writing

  /** Writes the buffer's remaining bytes; after a crash either all of up to 4 MiB or none. */
  void write(Member member, long offset, ByteBuffer source) throws IOException {
    refuseIfFenced();
    long position = offset;
    while (source.hasRemaining()) {
      int most = (int) (MOST_BLOCKS * (long) BLOCK - position % BLOCK);
      int bytes = Math.min(source.remaining(), most);
      ByteBuffer piece = source.slice(source.position(), bytes);
      boolean room = surroundings.hasRoom(bytes);
      if (!room && freedBlocks > 0) {
        commit(() -> {}); // so that what was written over since can be taken again
      }
      if (!room && space.backedBlocks() < blocksIn(position, bytes)) {
        // What is stored already can always be written again.
        room = replaces(member, position, bytes) && surroundings.hasRoomForAMoment(bytes);
      }
      if (position % BLOCK == 0 && bytes % BLOCK == 0) {
        boolean done = writeBlocks(member, position / BLOCK, piece, -1, -1, room);
        if (!done) {
          throw new IllegalStateException("a whole write was refused");
        }
      } else {
        writePart(member, position, piece, room);
      }
      source.position(source.position() + bytes);
      position += bytes;
    }
    maintain();
  }

  /** Whether writing a range frees as many blocks as it takes. */
  private boolean replaces(Member member, long offset, int bytes) throws IOException {
    lock.readLock().lock();
    try {
      for (int i = 0; i < blocksIn(offset, bytes); i++) {
        long index = offset / BLOCK + i;
        Node leaf = map.find(member, index, 0);
        int slot = BlockMap.slot(0, index);
        if (leaf == null || leaf.location(slot) == 0 || leaf.born(slot) <= member.shared) {
          return false;
        }
      }
      return true;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Writes what does not fill its first or last block: reads those, and again if they change. */
  private void writePart(Member member, long offset, ByteBuffer piece, boolean room)
      throws IOException {
    long first = offset / BLOCK;
    int count = blocksIn(offset, piece.remaining());
    long last = first + count - 1;
    ByteBuffer blocks = ByteBuffer.allocateDirect(count * BLOCK);
    int skip = (int) (offset - first * BLOCK);
    boolean done = false;
    while (!done) {
      int inside = grace.enter();
      try {
        long[] locations = new long[count];
        int[] crcs = new int[count];
        look(member, first, count, locations, crcs);
        for (int i = 0; i < count; i += Math.max(count - 1, 1)) {
          blocks.clear().position(i * BLOCK).limit((i + 1) * BLOCK);
          if (locations[i] == 0) {
            zero(blocks, BLOCK);
          } else {
            readRow(member, first + i, locations[i], crcs, i, 0, BLOCK, blocks);
          }
        }
        blocks.clear().position(skip);
        blocks.put(piece.duplicate()).clear();
        done =
            writeBlocks(member, first, blocks, locations[0], locations[(int) (last - first)], room);
      } finally {
        grace.leave(inside);
      }
    }
  }

  /**
   * Writes whole blocks to free places and points the map there.
   *
   * @param firstWas where the first block must be for the write to count, or -1
   * @param lastWas the same of the last
   * @param room whether the disk has room for more
   * @return false if they are elsewhere by now; then nothing happened
   */
  private boolean writeBlocks(
      Member member, long index, ByteBuffer data, long firstWas, long lastWas, boolean room)
      throws IOException {
    int count = data.remaining() / BLOCK;
    int[] crcs = new int[count];
    CRC32C crc = new CRC32C();
    for (int i = 0; i < count; i++) {
      crc.reset();
      crc.update(data.slice(data.position() + i * BLOCK, BLOCK));
      crcs[i] = (int) crc.getValue();
    }
    List<Space.Run> runs = new ArrayList<>(1);
    boolean settled = false;
    boolean kept;
    try {
      for (int done = 0; done < count; ) {
        Space.Use use = count >= SMALL_RUN ? Space.Use.LARGE : Space.Use.SMALL;
        Space.Run run =
            room ? space.allocate(use, count - done) : space.allocateBacked(count - done);
        runs.add(run);
        file.write(
            run.first() * BLOCK, data.slice(data.position() + done * BLOCK, run.count() * BLOCK));
        done += run.count();
      }
      lock.writeLock().lock();
      try {
        refuseIfFenced();
        if (firstWas >= 0
            && (locationOf(member, index) != firstWas
                || locationOf(member, index + count - 1) != lastWas)) {
          return false;
        }
        map.prepare(member, index, count);
        int noted = pending.position();
        long at = index;
        for (Space.Run run : runs) {
          map.point(member, at, run.first(), run.count(), crcs, (int) (at - index));
          note(member, at, run, crcs, (int) (at - index));
          space.settle(run);
          at += run.count();
        }
        settled = true;
        kept = keep(noted);
        pendingBytes = pending.position();
        freedBlocks = map.freed().size();
      } finally {
        lock.writeLock().unlock();
      }
    } finally {
      if (!settled) {
        for (Space.Run run : runs) {
          space.abandon(run);
        }
      }
    }
    if (!kept) {
      flush();
    }
    return true;
  }

  /**
   * Keeps what was noted from here on for when the program is killed; false if only a flush can.
   */
  private boolean keep(int noted) throws IOException {
    ByteBuffer runs = pending.duplicate().flip().position(noted);
    try {
      return recent.add(durable, new RecentWrites.Entry(appended - runs.remaining(), runs));
    } catch (VolumeData.NoSpaceException e) {
      return false;
    }
  }

  private long locationOf(Member member, long index) throws IOException {
    Node leaf = map.find(member, index, 0);
    return leaf == null ? 0 : leaf.location(BlockMap.slot(0, index));
  }

  private void note(Member member, long index, Space.Run run, int[] crcs, int from) {
    ByteBuffer out = pendingRoom(24 + 4 * run.count());
    out.putInt(IntentLog.WRITE << 24 | run.count())
        .putInt(member.id)
        .putLong(index)
        .putLong(run.first());
    for (int i = 0; i < run.count(); i++) {
      out.putInt(crcs[from + i]);
    }
    pendingBlocks += run.count();
    appended += 24 + 4L * run.count();
  }

  private ByteBuffer pendingRoom(int bytes) {
    if (pending.remaining() < bytes) {
      ByteBuffer larger =
          ByteBuffer.allocate(Math.max(2 * pending.capacity(), pending.position() + bytes));
      larger.put(pending.flip());
      pending = larger;
    }
    return pending;
  }

  /** Lets a range go; the bytes at its ends that do not fill a block are written as zeros. */
  void discard(Member member, long offset, long length) throws IOException {
    refuseIfFenced();
    long end = offset + length;
    long firstWhole = (offset + BLOCK - 1) / BLOCK;
    long endWhole = end / BLOCK;
    if (firstWhole >= endWhole) {
      zeroPart(member, offset, Math.min(end, firstWhole * BLOCK));
      zeroPart(member, Math.min(end, firstWhole * BLOCK), end);
      return;
    }
    zeroPart(member, offset, firstWhole * BLOCK);
    zeroPart(member, endWhole * BLOCK, end);
    for (long at = firstWhole; at < endWhole; ) {
      boolean kept;
      lock.writeLock().lock();
      try {
        int noted = pending.position();
        long from = at;
        for (int leaves = 0; leaves < 16 && at < endWhole; leaves++) {
          long next = Math.min(map.next(member, at), endWhole);
          long upTo = Math.min(BlockMap.baseOf(0, next) + Node.FAN, endWhole);
          if (next < endWhole) {
            map.clear(member, next, (int) (upTo - next));
          }
          at = next < endWhole ? upTo : endWhole;
        }
        pendingRoom(24)
            .putInt(IntentLog.CLEAR << 24)
            .putInt(member.id)
            .putLong(from)
            .putLong(at - from);
        appended += 24;
        discarded = true;
        kept = keep(noted);
        pendingBytes = pending.position();
        freedBlocks = map.freed().size();
      } finally {
        lock.writeLock().unlock();
      }
      if (!kept) {
        flush();
      }
    }
    maintain();
  }

  private void zeroPart(Member member, long from, long to) throws IOException {
    if (from >= to) {
      return;
    }
    long block = from / BLOCK;
    lock.readLock().lock();
    try {
      if (locationOf(member, block) == 0) {
        return;
      }
    } finally {
      lock.readLock().unlock();
    }
    writePart(member, from, ByteBuffer.allocate((int) (to - from)), surroundings.hasRoom(BLOCK));
  }

  /** Starts a commit where enough has come together; waits for it where it would be too much. */
  private void maintain() throws IOException {
    int noted = pendingBytes;
    int freed = pinned ? 0 : freedBlocks;
    if (freed > FREED_TO_WAIT || noted > 4 * PENDING_TO_COMMIT) {
      commit(() -> {});
    } else if (freed > FREED_TO_COMMIT || noted > PENDING_TO_COMMIT || cache.crowded()) {
      askCommit();
    } else if (commitPlanned.compareAndSet(false, true)) {
      surroundings.later(() -> {
        commitPlanned.set(false);
        commitQuietly();
      });
    }
  }

  private void askCommit() {
    if (commitAsked.compareAndSet(false, true)) {
      surroundings.soon(() -> {
        commitAsked.set(false);
        commitQuietly();
      });
    }
  }

  private void commitQuietly() {
    try {
      if (fenced.isEmpty() && !closed) {
        flush(); // what the log has need not wait for the commit
        commit(() -> {});
      }
    } catch (IOException e) {
      surroundings.warn("a commit of " + file + " failed: " + e.getMessage());
    }
  }

  // ---------------------------------------------------------------- flush and commit

  /** Makes durable what was written before the call. */
  void flush() throws IOException {
    refuseIfFenced();
    long target;
    lock.readLock().lock();
    try {
      target = appended;
    } finally {
      lock.readLock().unlock();
    }
    if (durable >= target) {
      return;
    }
    if (!appendToLog(target)) {
      commits.lock();
      try {
        if (durable < target) {
          commit(() -> {});
        }
      } finally {
        commits.unlock();
      }
    }
  }

  /**
   * Writes a record; false if only a commit helps. That is so if the log has no room; and while a
   * commit is under way that holds changes no record holds: were they put into a record now, blocks
   * could be named in it that the commit frees and that later ones are given.
   */
  private boolean appendToLog(long target) throws IOException {
    flushes.lock();
    try {
      refuseIfFenced();
      if (durable >= target) {
        return true;
      }
      ByteBuffer runs;
      int blocks;
      long upTo;
      lock.writeLock().lock();
      try {
        blocks = pendingBlocks;
        int data = blocks <= MOST_INLINE_BLOCKS ? blocks * BLOCK : 0;
        if (!logUsable
            || !log.fits(pending.position(), data)
            || (unfinished != null && durable < unfinished.marker())) {
          return false;
        }
        runs = pending.flip();
        pending = ByteBuffer.allocate(Math.clamp(runs.capacity(), 4096, 1 << 16));
        pendingBlocks = 0;
        pendingBytes = 0;
        upTo = appended;
      } finally {
        lock.writeLock().unlock();
      }
      try {
        ByteBuffer data = ByteBuffer.allocate(0);
        if (blocks <= MOST_INLINE_BLOCKS) {
          data = dataOf(runs.duplicate(), blocks);
        } else {
          sync(file);
        }
        try {
          log.append(upTo, runs.duplicate(), data);
        } catch (VolumeData.NoSpaceException e) {
          throw e;
        } catch (IOException e) {
          throw fence(e);
        }
      } catch (IOException e) {
        putBack(runs, blocks);
        throw e;
      }
      durable = Math.max(durable, upTo);
      if (log.isFilling()) {
        askCommit();
      }
      return true;
    } finally {
      flushes.unlock();
    }
  }

  private void putBack(ByteBuffer runs, int blocks) {
    lock.writeLock().lock();
    try {
      ByteBuffer later = pending.flip();
      pending = ByteBuffer.allocate(Math.max(4096, 2 * (runs.remaining() + later.remaining())));
      pending.put(runs).put(later);
      pendingBlocks += blocks;
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** The blocks that runs wrote, to be kept in the log as well. */
  private ByteBuffer dataOf(ByteBuffer runs, int blocks) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(blocks * BLOCK);
    while (runs.hasRemaining()) {
      RunEntry run = RunEntry.read(runs);
      if (run.kind() == IntentLog.WRITE) {
        int bytes = (int) run.count() * BLOCK;
        file.read(run.location() * BLOCK, data.slice(data.position(), bytes));
        data.position(data.position() + bytes);
      }
    }
    return data.flip();
  }

  private void sync(StoreFile which) throws IOException {
    try {
      which.sync();
    } catch (IOException e) {
      throw fence(e);
    }
  }

  private IOException fence(IOException e) {
    fenced = file + ": a flush failed (" + e.getMessage() + "); nothing more is written to it";
    surroundings.warn(fenced);
    return e;
  }

  private void refuseIfFenced() throws VolumeData.FencedException {
    if (!fenced.isEmpty()) {
      throw new VolumeData.FencedException(fenced);
    }
  }

  /** A change of the members that happens with a commit. */
  private interface Change {
    void run() throws IOException;
  }

  /**
   * Makes everything written so far part of the map on disk, together with a change of the members.
   */
  private void commit(Change change) throws IOException {
    commit(change, () -> {});
  }

  private void commit(Change change, Runnable afterFreeze) throws IOException {
    commits.lock();
    try {
      refuseIfFenced();
      if (unfinished != null) {
        finish(unfinished);
      }
      Commit next = freeze(change, afterFreeze);
      if (next != null) {
        finish(next);
      }
    } finally {
      commits.unlock();
    }
  }

  private @Nullable Commit freeze(Change change, Runnable afterFreeze) throws IOException {
    flushes.lock();
    lock.writeLock().lock();
    try {
      change.run();
      if (!membersChanged
          && !map.isDirty()
          && !space.isDirty()
          && map.freed().size() == 0
          && log.isEmpty()) {
        durable = appended;
        pending.clear();
        pendingBlocks = 0;
        pendingBytes = 0;
        afterFreeze.run();
        return null;
      }
      if (map.garbage() > 0) {
        sweepWanted = true;
      }
      long[] addresses = takeMemberPages();
      for (long address : memberAddresses) {
        map.freed().add(address);
      }
      memberAddresses = addresses;
      long number = map.epoch();
      List<Node> nodes = map.endEpoch();
      long[] freed = pinned ? new long[0] : map.freed().take();
      Space.Frozen frozen = space.freeze(number, freed, discarded);
      discarded = discarded && pinned;
      Commit commit =
          new Commit(
              number,
              nodes,
              memberPages(number),
              frozen,
              superblock(number, frozen),
              pending.position(),
              appended);
      membersChanged = false;
      unfinished = commit;
      log.turn(number + 1);
      afterFreeze.run();
      return commit;
    } finally {
      lock.writeLock().unlock();
      flushes.unlock();
    }
  }

  private long[] takeMemberPages() throws IOException {
    int pages = (members.size() + Member.PER_PAGE - 1) / Member.PER_PAGE;
    List<Space.Run> runs = new ArrayList<>();
    try {
      while (runs.size() < pages) {
        runs.add(space.allocate(Space.Use.NODE, 1));
      }
    } catch (IOException e) {
      for (Space.Run run : runs) {
        space.abandon(run);
      }
      throw e;
    }
    runs.forEach(space::settle);
    return runs.stream().mapToLong(Space.Run::first).toArray();
  }

  private Map<Long, byte[]> memberPages(long number) {
    Map<Long, byte[]> pages = new HashMap<>();
    List<Member> all = new ArrayList<>(members.values());
    for (int i = 0; i < memberAddresses.length; i++) {
      byte[] page = new byte[BLOCK];
      ByteBuffer out = ByteBuffer.wrap(page).position(Page.HEADER);
      for (Member member :
          all.subList(i * Member.PER_PAGE, Math.min((i + 1) * Member.PER_PAGE, all.size()))) {
        member.write(out);
      }
      Page.seal(page, Page.Kind.MEMBERS, id, memberAddresses[i], number, 0, i);
      pages.put(memberAddresses[i], page);
    }
    return pages;
  }

  private byte[] superblock(long number, Space.Frozen frozen) {
    byte[] page = new byte[BLOCK];
    Page.INT.set(page, VERSION_AT, VERSION);
    Page.INT.set(page, FLAGS_AT, sweepWanted ? SWEEP_WANTED : 0);
    Page.LONG.set(page, INCARNATION_AT, incarnation);
    Page.LONG.set(page, SEQUENCE_AT, log.sequence());
    Page.INT.set(page, SEGMENTS_AT, frozen.segments());
    Page.INT.set(page, NEXT_MEMBER_AT, nextMember);
    Page.INT.set(page, MEMBERS_AT, members.size());
    Page.INT.set(page, PAGES_AT, memberAddresses.length);
    for (int i = 0; i < memberAddresses.length; i++) {
      Page.LONG.set(page, ADDRESSES_AT + 8 * i, memberAddresses[i]);
    }
    System.arraycopy(frozen.tableSlots(), 0, page, TABLE_SLOTS_AT, frozen.tableSlots().length);
    Page.seal(page, Page.Kind.SUPERBLOCK, id, number & 1, number, 0, appended);
    return page;
  }

  private void finish(Commit commit) throws IOException {
    TreeMap<Long, byte[]> pages = new TreeMap<>(commit.memberPages());
    pages.putAll(commit.space().pages());
    for (Node node : commit.nodes()) {
      if (node.dirty) {
        Page.seal(node.page, Page.Kind.NODE, id, node.address, node.epoch, node.level, node.base);
        pages.put(node.address, node.page);
      }
    }
    writePages(pages);
    sync(file);
    file.write((commit.number() & 1) * BLOCK, ByteBuffer.wrap(commit.superblock()));
    sync(file);
    grace.await();
    lock.writeLock().lock();
    try {
      for (Node node : commit.nodes()) {
        cache.written(node);
      }
      space.thaw(commit.space());
      freedBlocks = map.freed().size();
      committed = commit.number();
      unfinished = null;
      if (!logUsable) {
        logUsable = true;
        recent.start(incarnation);
      }
      dropPending(commit);
      durable = Math.max(durable, commit.marker());
      commitCount.increment();
      if (sweepWanted) {
        askSweep();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Forgets runs that are in the map on disk now. */
  private void dropPending(Commit commit) {
    if (commit.pendingBytes() > 0) {
      ByteBuffer rest = pending.flip().position(commit.pendingBytes());
      int blocks = 0;
      for (ByteBuffer runs = rest.duplicate(); runs.hasRemaining(); ) {
        RunEntry run = RunEntry.read(runs);
        blocks += run.kind() == IntentLog.WRITE ? (int) run.count() : 0;
      }
      pending = ByteBuffer.allocate(Math.max(4096, 2 * rest.remaining())).put(rest);
      pendingBlocks = blocks;
      pendingBytes = pending.position();
    }
  }

  /** Writes pages, those that lie side by side at once. */
  private void writePages(SortedMap<Long, byte[]> pages) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(Math.min(pages.size(), 64) * BLOCK);
    long start = 0;
    for (Map.Entry<Long, byte[]> entry : pages.entrySet()) {
      boolean next = entry.getKey() == start + buffer.position() / BLOCK;
      if (buffer.position() > 0 && (!next || !buffer.hasRemaining())) {
        file.write(start * BLOCK, buffer.flip());
        buffer.clear();
      }
      if (buffer.position() == 0) {
        start = entry.getKey();
      }
      buffer.put(entry.getValue());
    }
    if (buffer.position() > 0) {
      file.write(start * BLOCK, buffer.flip());
    }
  }

  // ---------------------------------------------------------------- members

  /** Keeps the present contents of a volume under an identity of their own. */
  void snapshot(String volume, String snapshot) throws IOException {
    Member source = member(volume);
    addWithCommit(
        snapshot,
        () -> {
          Member made = source.copy(nextMember++, snapshot, true, surroundings.now());
          source.shared = map.epoch();
          made.shared = map.epoch();
          return made;
        });
  }

  /** Makes a volume with the contents of a snapshot. */
  void copy(String snapshot, String volume) throws IOException {
    Member source = member(snapshot);
    if (!source.snapshot) {
      throw new IllegalArgumentException(snapshot + " is no snapshot");
    }
    addWithCommit(volume, () -> source.copy(nextMember++, volume, false, surroundings.now()));
  }

  private void addWithCommit(String uid, Supplier<Member> make) throws IOException {
    AtomicBoolean added = new AtomicBoolean();
    try {
      commit(() -> {
        refuseIfThere(uid);
        add(make.get());
        added.set(true);
      });
    } catch (IOException e) {
      if (added.get()) {
        forget(uid);
      }
      throw e;
    }
  }

  /** Whether there is more than one volume or snapshot in the store. */
  boolean hasRelatives() {
    lock.readLock().lock();
    try {
      return members.size() > 1;
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Makes a volume all zeros, and overwrites everything in the files that nothing refers to any
   * more: what it held now and before, and the records of the log.
   */
  void erase(Member member, BooleanSupplier cancelled) throws IOException {
    walks.lock();
    space.keepFreed(true);
    try {
      discard(member, 0, member.size);
      long _ = sweep();
      for (int half = 0; half < 2; half++) {
        commits.lock();
        try {
          commit(() -> membersChanged = true);
          flushes.lock();
          try {
            log.eraseOther();
          } finally {
            flushes.unlock();
          }
        } finally {
          commits.unlock();
        }
      }
      ByteBuffer zeros = ByteBuffer.allocateDirect(256 * BLOCK);
      for (int segment = 0; segment < space.segments(); segment++) {
        VolumeData.checkNotCancelled(cancelled);
        eraseFree(segment, zeros);
      }
    } finally {
      space.keepFreed(false);
      walks.unlock();
    }
  }

  private void eraseFree(int segment, ByteBuffer zeros) throws IOException {
    List<Space.Run> runs = space.takeFree(segment);
    try {
      for (Space.Run run : runs) {
        if (file.nextData(run.first() * BLOCK) < run.end() * BLOCK) {
          file.write(run.first() * BLOCK, zeros.clear().limit(run.count() * BLOCK));
        }
      }
      sync(file); // before the blocks go back to the file system
    } finally {
      for (Space.Run run : runs) {
        space.giveBack(run);
      }
    }
  }

  /** Gives a volume the contents of a snapshot again; what it held besides is lost. */
  void restore(String volume, String snapshot) throws IOException {
    Member target = member(volume);
    Member source = member(snapshot);
    commit(() -> {
      long size = target.size;
      target.show(source);
      target.shared = map.epoch();
      map.raise(target, Member.levelFor(Math.max(size, source.size)));
      target.size = Math.max(size, source.size);
      sweepWanted = true;
      membersChanged = true;
    });
  }

  /** Takes a volume or snapshot out; its space comes back after a sweep. */
  void remove(String uid) throws IOException {
    Member member = member(uid);
    commit(() -> {
      members.remove(member.id);
      byUid.remove(uid);
      membersChanged = true;
      sweepWanted = true;
    });
  }

  /** Makes a volume larger. */
  void grow(Member member, long size) throws IOException {
    commit(() -> {
      if (size > member.size) {
        map.raise(member, Member.levelFor(size));
        member.size = size;
        membersChanged = true;
      }
    });
  }

  private void refuseIfThere(String uid) throws IOException {
    if (byUid.containsKey(uid)) {
      throw new FileAlreadyExistsException(uid);
    }
    if (members.size() >= MOST_MEMBERS) {
      throw new IOException(
          "a volume and its clones have at most " + MOST_MEMBERS + " snapshots; delete some");
    }
  }

  /** Undoes the beginning of a member whose commit failed. */
  private void forget(String uid) {
    lock.writeLock().lock();
    try {
      Member member = byUid.remove(uid);
      if (member != null) {
        members.remove(member.id);
        membersChanged = true;
        sweepWanted = true;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  // ---------------------------------------------------------------- sweep

  private void askSweep() {
    if (sweepAsked.compareAndSet(false, true)) {
      surroundings.later(() -> {
        sweepAsked.set(false);
        try {
          if (fenced.isEmpty() && !closed) {
            long _ = sweep();
          }
        } catch (IOException e) {
          surroundings.warn("finding free space in " + file + " failed: " + e.getMessage());
        }
      });
    }
  }

  /** What a walk through everything begins from; none of it changes while it is pinned. */
  record Roots(List<Member> members, List<Long> others, int segments) {}

  /** Something done while every block that a commit reaches stays what it is. */
  interface Walk<T> {
    T with(Roots roots) throws IOException;
  }

  /**
   * Commits, then holds back what later commits free while something walks through the map. One
   * walk at a time.
   */
  <T> T pinned(Walk<T> walk) throws IOException {
    walks.lock();
    try {
      List<Member> roots = new ArrayList<>();
      List<Long> others = new ArrayList<>();
      commit(
          () -> {},
          () -> {
            for (Member member : members.values()) {
              roots.add(member.copy(member.id, member.uid, member.snapshot, 0));
            }
            for (long address : memberAddresses) {
              others.add(address);
            }
            pinned = true;
            space.beginSweep();
          });
      return walk.with(new Roots(roots, others, space.segments()));
    } finally {
      lock.writeLock().lock();
      try {
        space.endSweep();
        pinned = false;
      } finally {
        lock.writeLock().unlock();
      }
      walks.unlock();
    }
  }

  /**
   * Frees every block that nothing reaches: marks what the map of every member reaches, window by
   * window so that memory is bounded, and sweeps the rest.
   *
   * @return blocks freed
   */
  long sweep() throws IOException {
    lock.writeLock().lock();
    try {
      sweepWanted = false;
      map.forgetGarbage();
    } finally {
      lock.writeLock().unlock();
    }
    boolean done = false;
    try {
      long freed =
          pinned(roots -> {
            long count = 0;
            for (int from = 0; from < roots.segments(); from += Marks.WINDOW) {
              Marks marks = Marks.of(map, roots, from);
              for (int i = from; i < Math.min(from + Marks.WINDOW, roots.segments()); i++) {
                count += space.sweep(i, marks.of(i));
              }
            }
            return count;
          });
      done = true;
      return freed;
    } finally {
      if (!done) {
        sweepWanted = true;
      }
    }
  }

  // ---------------------------------------------------------------- the rest

  /** Bytes that the volumes and snapshots take together, the store's own records included. */
  long usedBytes() {
    return space.usedBlocks() * BLOCK;
  }

  /** About how much of that is people's data: without what nothing can be stored in. */
  long dataBytes() {
    return Math.max(0, usedBytes() - (long) space.segments() * 4 * BLOCK);
  }

  /** Commits since the store was opened. */
  long commits() {
    return commitCount.sum();
  }

  /** The last commit's number. */
  long committed() {
    return committed;
  }

  /** What the files are called. */
  @Override
  public String toString() {
    return file.toString();
  }

  /** What is wrong with the header of the log, or nothing. */
  String logProblem() throws IOException {
    return log.check();
  }

  /** The volume or snapshot of an identity, if it is there. */
  Optional<Member> find(String uid) {
    lock.readLock().lock();
    try {
      return Optional.ofNullable(byUid.get(uid));
    } finally {
      lock.readLock().unlock();
    }
  }

  StoreFile file() {
    return file;
  }

  long id() {
    return id;
  }

  Space space() {
    return space;
  }

  BlockMap map() {
    return map;
  }

  ReentrantReadWriteLock lock() {
    return lock;
  }

  /** Commits, and closes the files. */
  @Override
  public void close() throws IOException {
    commits.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      if (fenced.isEmpty()) {
        commit(() -> {});
        commit(() -> membersChanged = true); // so that the other superblock says the same
      }
    } finally {
      commits.unlock();
      cache.clear();
      files.close();
    }
  }
}
