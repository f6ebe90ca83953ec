// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which blocks of a window of segments something reaches. Not safe for several threads. */
final class Marks {
  /** Segments of a window: 256 GiB of blocks cost 8 MiB of memory at most. */
  static final int WINDOW = 4096;

  private final int from;
  private final Map<Integer, long[]> marks = new HashMap<>();
  private final Set<Long> walked = new HashSet<>();

  private Marks(int from) {
    this.from = from;
  }

  /** Marks what the roots reach, themselves included. */
  static Marks of(BlockMap map, ChunkStore.Roots roots, int from) throws IOException {
    Marks marks = new Marks(from);
    roots.others().forEach(marks::set);
    for (Member root : roots.members()) {
      if (root.root != 0) {
        marks.walk(map, root.root, root.rootBorn, root.level, 0);
      }
    }
    return marks;
  }

  private void walk(BlockMap map, long address, long born, int level, long base)
      throws IOException {
    if (!visit(address, level)) {
      return;
    }
    Node node = map.node(address, born, level, base);
    for (int slot = 0; slot < Node.FAN; slot++) {
      long location = node.location(slot);
      if (location != 0 && level == 0) {
        set(location);
      } else if (location != 0) {
        walk(map, location, node.born(slot), level - 1, base + slot * Node.span(level));
      }
    }
  }

  /** Marks a block if it lies in the window. */
  void set(long block) {
    int segment = Space.segmentOf(block);
    if (segment >= from && segment < from + WINDOW) {
      int bit = (int) (block - Space.firstBlock(segment));
      long[] bits = marks.computeIfAbsent(segment, ignored -> new long[Space.SEGMENT / 64]);
      bits[bit >> 6] |= 1L << bit;
    }
  }

  private boolean has(long block) {
    long[] bits = marks.get(Space.segmentOf(block));
    int bit = (int) (block - Space.firstBlock(Space.segmentOf(block)));
    return bits != null && (bits[bit >> 6] & 1L << bit) != 0;
  }

  /** Marks a node; false if it was walked already, which the marks outside do not tell. */
  private boolean visit(long block, int level) {
    if (level == 0 ? has(block) : !walked.add(block)) {
      return false;
    }
    set(block);
    return true;
  }

  long @Nullable [] of(int segment) {
    return marks.get(segment);
  }
}
