// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The engines of a host: those of its data folder, and one for each further pool. Safe for any
 * thread.
 */
public final class Engines {
  /** What keeps the bytes of a volume. */
  public enum Kind {
    /** A chunk store. */
    CHUNKS,
    /** A sparse file. */
    RAW,
    /** A block device of the host, which no engine makes or deletes. */
    DEVICE,
    /** A thin logical volume. */
    LVM
  }

  private record Pool(Engine engine, String problem) {}

  private final Engine chunks;
  private final Engine raw;
  private final Map<String, Pool> pools = new ConcurrentHashMap<>();

  /** Begins with the engines of the data folder. */
  public Engines(Engine chunks, Engine raw) {
    this.chunks = chunks;
    this.raw = raw;
  }

  /** The engine of chunk stores. */
  public Engine chunks() {
    return chunks;
  }

  /** The engine of sparse files. */
  public Engine raw() {
    return raw;
  }

  /** Adds the engine of a pool. */
  public void add(String pool, Engine engine) {
    pools.put(pool, new Pool(engine, ""));
  }

  /** Adds a pool that cannot be used; whatever is asked of it fails with the reason. */
  public void addUnusable(String pool, String problem) {
    pools.put(pool, new Pool(new Unusable(pool, problem), problem));
  }

  public void remove(String pool) {
    pools.remove(pool);
  }

  /** Why a pool cannot be used, or nothing. */
  public String problem(String pool) {
    Pool found = pools.get(pool);
    return found == null ? "" : found.problem();
  }

  /** Engines of all pools but the data folder, by the pools' names. */
  public Map<String, Engine> pools() {
    Map<String, Engine> engines = new TreeMap<>();
    pools.forEach((name, pool) -> engines.put(name, pool.engine()));
    return engines;
  }

  /**
   * The engine of a kind that has one.
   *
   * @param pool which one of the engines that there are many of
   */
  public Engine of(Kind kind, String pool) {
    return switch (kind) {
      case CHUNKS -> chunks;
      case RAW -> raw;
      case LVM -> {
        Pool found = pools.get(pool);
        yield found == null ? new Unusable(pool, "there is no such pool") : found.engine();
      }
      case DEVICE -> throw new IllegalArgumentException("a block device has no engine");
    };
  }

  /** Of a pool that cannot be used at present. */
  private record Unusable(String pool, String problem) implements Engine {
    private IOException failure() {
      return new IOException("the pool '" + pool + "' cannot be used: " + problem);
    }

    @Override
    public Space space() throws IOException {
      throw failure();
    }

    @Override
    public void create(String uid, long sizeBytes) throws IOException {
      throw failure();
    }

    @Override
    public VolumeData open(String uid) throws IOException {
      throw failure();
    }

    @Override
    public void delete(String uid) throws IOException {
      throw failure();
    }

    @Override
    public java.util.Set<String> list() throws IOException {
      throw failure();
    }

    @Override
    public void snapshot(String volume, String snapshot) throws IOException {
      throw failure();
    }

    @Override
    public void copy(String snapshot, String volume) throws IOException {
      throw failure();
    }

    @Override
    public void restore(String volume, String snapshot) throws IOException {
      throw failure();
    }

    @Override
    public boolean hasSnapshots() {
      return true;
    }
  }
}
