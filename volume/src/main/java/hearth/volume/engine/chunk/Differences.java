// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static hearth.volume.engine.chunk.Page.BLOCK;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Compares the maps of two snapshots of a store. */
final class Differences {
  private final ChunkStore store;

  Differences(ChunkStore store) {
    this.store = store;
  }

  /** Gets parts of a volume that differ. */
  interface Difference {
    /** A run of whole blocks, in bytes; ascending and not overlapping. */
    void range(long offset, long length) throws IOException;
  }

  /**
   * Finds what differs between two members by comparing their maps: what both share is skipped
   * without being looked at, so the cost follows the changes.
   *
   * @param older null for comparing with nothing: tells what is held
   */
  void find(@Nullable Member older, Member newer, Difference out) throws IOException {
    Joiner joiner = new Joiner(out);
    int top = Math.max(newer.level, older == null ? 0 : older.level);
    compare(older, newer, top, 0, joiner);
    joiner.end();
  }

  private void compare(@Nullable Member older, Member newer, int level, long base, Joiner out)
      throws IOException {
    Node one = older == null ? null : nodeAt(older, level, base);
    Node two = nodeAt(newer, level, base);
    boolean oneAbove = older != null && level > older.level && base == 0;
    boolean twoAbove = level > newer.level && base == 0;
    if (one == two && !oneAbove && !twoAbove) {
      return;
    }
    if (one != null && two != null && one.address == two.address) {
      return;
    }
    for (int slot = 0; slot < Node.FAN; slot++) {
      long at = base + slot * Node.span(level);
      long before = one == null ? 0 : one.location(slot);
      long now = two == null ? 0 : two.location(slot);
      if (level == 0) {
        if (before != now) {
          out.add(at);
        }
      } else if (before != now || ((oneAbove || twoAbove) && slot == 0)) {
        compare(older, newer, level - 1, at, out);
      }
    }
  }

  private @Nullable Node nodeAt(Member member, int level, long base) throws IOException {
    if (level > member.level || base >= Node.span(member.level + 1)) {
      return null;
    }
    store.lock().readLock().lock();
    try {
      return store.map().find(member, base, level);
    } finally {
      store.lock().readLock().unlock();
    }
  }

  /** Makes ranges of blocks. */
  private static final class Joiner {
    private final Difference out;
    private long start = -1;
    private long end = -1;

    Joiner(Difference out) {
      this.out = out;
    }

    void add(long index) throws IOException {
      if (index != end) {
        end();
        start = index;
      }
      end = index + 1;
    }

    void end() throws IOException {
      if (start >= 0) {
        out.range(start * BLOCK, (end - start) * BLOCK);
      }
      start = -1;
      end = -1;
    }
  }
}
