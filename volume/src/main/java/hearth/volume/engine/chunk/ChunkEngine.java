// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.kit.file.PrivateFiles;
import hearth.kit.id.Identifiers;
import hearth.volume.engine.Check;
import hearth.volume.engine.Engine;
import hearth.volume.engine.Headroom;
import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps chunk stores in a folder: {@code UID.chunks/store}, {@code log} and {@code recent}, named
 * after the volume that they began with. A store is open while one of its volumes or snapshots is.
 */
public final class ChunkEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkEngine.class);
  static final String SUFFIX = ".chunks";
  static final String STORE = "store";
  static final String INTENTS = "log";
  static final String RECENT = "recent";
  private static final int SECONDS_TO_COMMIT = 10;

  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private final long boot = readBoot();
  private final Path folder;
  private final Headroom headroom;
  private final NodeCache cache;
  private final ScheduledExecutorService maintenance;
  private final Map<String, Entry> open = new HashMap<>();

  /** Where a volume or snapshot was last found; looked at first. */
  private final Map<String, Path> found = new HashMap<>();

  private static final class Entry {
    final ChunkStore store;
    int users;

    Entry(ChunkStore store) {
      this.store = store;
    }
  }

  /** Something done with an open store. */
  private interface Use<T> {
    T with(ChunkStore store) throws IOException;
  }

  /**
   * Uses a folder, which must exist.
   *
   * @param cacheBytes memory for the maps of all volumes together
   * @param maintenance runs commits and sweeps; it is the caller's to shut down, after the volumes
   */
  public ChunkEngine(Path folder, long cacheBytes, ScheduledExecutorService maintenance)
      throws IOException {
    this.folder = folder;
    this.headroom = new Headroom(folder);
    this.cache = new NodeCache(cacheBytes);
    this.maintenance = maintenance;
  }

  /** The memory of the maps. */
  public NodeCache cache() {
    return cache;
  }

  @Override
  public void create(String uid, long sizeBytes) throws IOException {
    Path path = path(uid);
    if (find(uid) != null) {
      throw new FileAlreadyExistsException(path.toString());
    }
    // Made under another name first: a crash leaves no half store behind that looks like one.
    Path fresh = folder.resolve("." + uid + ".new");
    deleteTree(fresh);
    PrivateFiles.createFolder(fresh);
    try (StoreFile file = DiskFile.create(fresh.resolve(STORE));
        StoreFile log = DiskFile.create(fresh.resolve(INTENTS));
        StoreFile recent = DiskFile.create(fresh.resolve(RECENT))) {
      ChunkStore.create(new StoreFiles(file, log, recent), uid, sizeBytes, cache, new Around())
          .close();
      PrivateFiles.syncFolder(fresh);
      Files.move(fresh, path);
    } catch (IOException e) {
      deleteTree(fresh);
      throw e;
    }
    PrivateFiles.syncFolder(folder);
  }

  @Override
  public synchronized VolumeData open(String uid) throws IOException {
    Path path = find(uid);
    if (path == null) {
      throw new NoSuchFileException(path(uid).toString(), null, "the volume's data is not there");
    }
    Entry entry = enter(path);
    try {
      Member member = entry.store.member(uid);
      boolean[] closed = new boolean[1];
      return new ChunkVolume(
          entry.store,
          member,
          () -> {
            synchronized (this) {
              if (!closed[0]) {
                closed[0] = true;
                leave(path, entry);
              }
            }
          });
    } catch (IOException e) {
      leave(path, entry);
      throw e;
    }
  }

  @Override
  public void delete(String uid) throws IOException {
    Path path;
    synchronized (this) {
      path = find(uid);
    }
    if (path == null) {
      return;
    }
    boolean last = false;
    try {
      last =
          with(
              path,
              store -> {
                if (store.members().size() == 1) {
                  return true;
                }
                store.remove(uid);
                return false;
              });
    } catch (DamagedException e) {
      // What cannot be read can still be deleted, if nobody else's data is in it.
      if (!path.equals(path(uid))) {
        throw e;
      }
      last = true;
      LOG.warn("Deleting {} although it is damaged: {}", path, e.getMessage());
    }
    if (last) {
      deleteTree(path);
      PrivateFiles.syncFolder(folder);
    }
  }

  @Override
  public synchronized Set<String> list() throws IOException {
    Set<String> uids = new HashSet<>();
    try (var files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path path : files) {
        uids.addAll(members(path));
      }
    }
    return uids;
  }

  private Set<String> members(Path path) throws IOException {
    Entry entry = open.get(path.toString());
    Set<String> uids = new HashSet<>();
    if (entry != null) {
      entry.store.members().forEach(member -> uids.add(member.uid));
      return uids;
    }
    try (StoreFile file = DiskFile.open(path.resolve(STORE))) {
      uids.addAll(ChunkStore.uids(file));
    } catch (IOException e) {
      // Whatever else it held, it began with this one; opening it will say what is wrong.
      String name = String.valueOf(path.getFileName());
      uids.add(name.substring(0, name.length() - SUFFIX.length()));
    }
    return uids;
  }

  /** The folder whose store holds a volume or snapshot, or null. */
  private synchronized @Nullable Path find(String uid) throws IOException {
    Path likely = found.getOrDefault(uid, path(uid));
    if (holds(likely, uid)) {
      return likely;
    }
    found.remove(uid);
    try (var files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path path : files) {
        if (holds(path, uid)) {
          found.put(uid, path);
          return path;
        }
      }
    }
    return null;
  }

  private boolean holds(Path path, String uid) throws IOException {
    Entry entry = open.get(path.toString());
    if (entry != null) {
      return entry.store.find(uid).isPresent();
    }
    return Files.isDirectory(path) && members(path).contains(uid);
  }

  private Path path(String uid) {
    if (!uid.matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException("uid: " + uid + " (expected: 32 hexadecimal digits)");
    }
    return folder.resolve(uid + SUFFIX);
  }

  private Path need(String uid) throws IOException {
    Path path = find(uid);
    if (path == null) {
      throw new NoSuchFileException(path(uid).toString(), null, "the data of " + uid + " is gone");
    }
    return path;
  }

  private static StoreFiles files(Path path) throws IOException {
    List<StoreFile> files = new ArrayList<>();
    try {
      for (String name : List.of(STORE, INTENTS, RECENT)) {
        Path file = path.resolve(name);
        boolean missing = name.equals(RECENT) && !Files.exists(file); // a store of an older Hearth
        files.add(missing ? DiskFile.create(file) : DiskFile.open(file));
      }
      return new StoreFiles(files.get(0), files.get(1), files.get(2));
    } catch (IOException e) {
      for (StoreFile file : files) {
        file.close();
      }
      throw e;
    }
  }

  /** Linux tells it apart by a random number; where that cannot be read, nothing is as before. */
  static long readBoot() {
    try {
      UUID boot = UUID.fromString(Files.readString(BOOT).strip());
      return boot.getMostSignificantBits() ^ boot.getLeastSignificantBits();
    } catch (IOException | IllegalArgumentException e) {
      return ByteBuffer.wrap(Identifiers.randomBytes(8)).getLong();
    }
  }

  private synchronized Entry enter(Path path) throws IOException {
    Entry entry = open.get(path.toString());
    if (entry == null) {
      StoreFiles files = files(path);
      try {
        entry = new Entry(ChunkStore.open(files, cache, new Around()));
      } catch (IOException | RuntimeException e) {
        files.close();
        throw e;
      }
      open.put(path.toString(), entry);
    }
    entry.users++;
    return entry;
  }

  private synchronized void leave(Path path, Entry entry) throws IOException {
    if (--entry.users == 0) {
      open.remove(path.toString());
      entry.store.close();
    }
  }

  private <T> T with(Path path, Use<T> use) throws IOException {
    Entry entry = enter(path);
    try {
      return use.with(entry.store);
    } finally {
      leave(path, entry);
    }
  }

  @Override
  public void snapshot(String volume, String snapshot) throws IOException {
    boolean _ =
        with(
            need(volume),
            store -> {
              store.snapshot(volume, snapshot);
              return true;
            });
  }

  @Override
  public void copy(String snapshot, String volume) throws IOException {
    boolean _ =
        with(
            need(snapshot),
            store -> {
              store.copy(snapshot, volume);
              return true;
            });
  }

  @Override
  public void restore(String volume, String snapshot) throws IOException {
    boolean _ =
        with(
            need(volume),
            store -> {
              store.restore(volume, snapshot);
              return true;
            });
  }

  @Override
  public boolean hasSnapshots() {
    return true;
  }

  @Override
  public boolean hasChecksums() {
    return true;
  }

  @Override
  public Space space() throws IOException {
    return Space.of(folder);
  }

  @Override
  public long snapshotBytes(String volume) throws IOException {
    return with(
        need(volume),
        store -> {
          long volumes = 0;
          for (Member member : store.members()) {
            volumes += member.snapshot ? 0 : member.held * Page.BLOCK;
          }
          boolean any = store.members().size() > 1;
          return any ? Math.max(0, store.dataBytes() - volumes) : 0L;
        });
  }

  @Override
  public Check check(String volume, LongConsumer progress) throws IOException {
    return with(
        need(volume),
        store -> {
          Scrub.Report report = Scrub.run(store, progress);
          return new Check(report.findings(), report.bytes());
        });
  }

  private static void deleteTree(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return;
    }
    try (var files = Files.newDirectoryStream(path)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(path);
  }

  /** The host around a store. */
  private final class Around implements ChunkStore.Surroundings {
    @Override
    public boolean hasRoom(long bytes) throws IOException {
      return headroom.allows(bytes);
    }

    @Override
    public boolean hasRoomForAMoment(long bytes) throws IOException {
      return headroom.allowsForAMoment(bytes);
    }

    @Override
    public void soon(Runnable work) {
      schedule(work, 0);
    }

    @Override
    public void later(Runnable work) {
      schedule(work, SECONDS_TO_COMMIT);
    }

    private void schedule(Runnable work, int seconds) {
      try {
        var _ = maintenance.schedule(work, seconds, TimeUnit.SECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("The host is stopping; closing the volume does what was to be done", e);
      }
    }

    @Override
    public long boot() {
      return boot;
    }

    @Override
    public long random() {
      return ByteBuffer.wrap(Identifiers.randomBytes(8)).getLong();
    }

    @Override
    public long now() {
      return System.currentTimeMillis();
    }

    @Override
    public void warn(String message) {
      LOG.warn("{}", message);
    }
  }
}
