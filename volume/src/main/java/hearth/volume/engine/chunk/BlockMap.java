// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The copy-on-write map from blocks of a volume to blocks of the file. A node that was made in the
 * present epoch may be changed; any other is copied first, with all that lead to it. Guarded by the
 * store's lock: {@link #find} and {@link #next} need it shared, the rest alone.
 */
final class BlockMap {
  private final StoreFile file;
  private final long store;
  private final Space space;
  private final NodeCache.Part cache;
  private final Blocks freed = new Blocks();
  private List<Node> changed = new ArrayList<>();
  private long epoch;
  private long garbage;

  BlockMap(StoreFile file, long store, Space space, NodeCache.Part cache, long epoch) {
    this.file = file;
    this.store = store;
    this.space = space;
    this.cache = cache;
    this.epoch = epoch;
  }

  /** The epoch of changes made now. */
  long epoch() {
    return epoch;
  }

  /** Blocks that the next commit frees. */
  Blocks freed() {
    return freed;
  }

  /** Blocks let go that a snapshot or clone may still need; only a sweep can tell. */
  long garbage() {
    return garbage;
  }

  void forgetGarbage() {
    garbage = 0;
  }

  boolean isDirty() {
    return !changed.isEmpty();
  }

  /** Ends the epoch; its nodes never change again. */
  List<Node> endEpoch() {
    List<Node> nodes = changed;
    changed = new ArrayList<>();
    epoch++;
    return nodes;
  }

  /** The node at a place, from memory or from the file. */
  Node node(long address, long born, int level, long base) throws IOException {
    Node node = cache.get(address);
    if (node == null) {
      byte[] page = new byte[Page.BLOCK];
      file.read(address * Page.BLOCK, ByteBuffer.wrap(page));
      String wrong = Page.check(page, Page.Kind.NODE, store, address);
      if (wrong.isEmpty()
          && (Page.epoch(page) != born || Page.level(page) != level || Page.base(page) != base)) {
        wrong = "is not the one that was written last";
      }
      if (!wrong.isEmpty()) {
        throw new DamagedException(
            "block "
                + address
                + " of "
                + file
                + " (map node for bytes "
                + base * Page.BLOCK
                + " to "
                + (base + Node.span(level + 1)) * Page.BLOCK
                + ") "
                + wrong);
      }
      node = new Node(address, born, level, base, page);
      cache.put(node);
    }
    return node;
  }

  /** The lowest node that covers a block, down to a level; null where nothing is held. */
  @Nullable Node find(Member member, long index, int downTo) throws IOException {
    if (member.root == 0) {
      return null;
    }
    Node node = node(member.root, member.rootBorn, member.level, 0);
    while (node.level > downTo) {
      int slot = slot(node.level, index);
      long child = node.location(slot);
      if (child == 0) {
        return null;
      }
      node = node(child, node.born(slot), node.level - 1, baseOf(node.level - 1, index));
    }
    return node;
  }

  /**
   * First block at or behind one that lies in a leaf which is there, or {@link Long#MAX_VALUE}; so
   * that walks skip what holds nothing.
   */
  long next(Member member, long index) throws IOException {
    if (member.root == 0) {
      return Long.MAX_VALUE;
    }
    return next(node(member.root, member.rootBorn, member.level, 0), index);
  }

  private long next(Node node, long index) throws IOException {
    if (node.level == 0) {
      return Math.max(index, node.base);
    }
    int from = index <= node.base ? 0 : slot(node.level, index);
    for (int slot = from; slot < Node.FAN; slot++) {
      if (node.location(slot) != 0) {
        long base = node.base + slot * Node.span(node.level);
        long found = next(node(node.location(slot), node.born(slot), node.level - 1, base), index);
        if (found != Long.MAX_VALUE) {
          return found;
        }
      }
    }
    return Long.MAX_VALUE;
  }

  /**
   * Blocks up to an end that two members hold alike, or not.
   *
   * @param end the first block behind them
   */
  record Run(long end, boolean differs) {}

  /**
   * Compares what two members hold from a block on. Where they share a node they are alike below
   * it, so this costs what the differences are and not what the members hold.
   */
  Run compare(Member one, Member other, long index) throws IOException {
    for (int level = Math.max(one.level, other.level); level > 0; level--) {
      if (sameNode(one, other, level, index)) {
        return new Run(baseOf(level, index) + Node.span(level + 1), false);
      }
    }
    long end = baseOf(0, index) + Node.FAN;
    if (sameNode(one, other, 0, index)) {
      return new Run(end, false);
    }
    Node left = leaf(one, index);
    Node right = leaf(other, index);
    boolean differs = differ(left, right, slot(0, index));
    long at = index + 1;
    while (at < end && differ(left, right, slot(0, at)) == differs) {
      at++;
    }
    return new Run(at, differs);
  }

  private boolean sameNode(Member one, Member other, int level, long index) throws IOException {
    long left = address(one, level, index);
    long right = address(other, level, index);
    return left == right && left >= 0;
  }

  /** Where the node of a level is that covers a block; 0 if there is none, -1 above the root. */
  private long address(Member member, int level, long index) throws IOException {
    if (member.root == 0 || index >= Node.span(member.level + 1)) {
      return 0;
    }
    if (level > member.level) {
      return -1;
    }
    if (level == member.level) {
      return member.root;
    }
    Node above = find(member, index, level + 1);
    return above == null ? 0 : above.location(slot(level + 1, index));
  }

  private @Nullable Node leaf(Member member, long index) throws IOException {
    return index >= Node.span(member.level + 1) ? null : find(member, index, 0);
  }

  private static boolean differ(@Nullable Node left, @Nullable Node right, int slot) {
    long one = left == null ? 0 : left.location(slot);
    long other = right == null ? 0 : right.location(slot);
    return one != other
        || (left != null && right != null && one != 0 && left.born(slot) != right.born(slot));
  }

  static int slot(int level, long index) {
    return (int) (index >>> (Node.FAN_SHIFT * level)) & Node.FAN - 1;
  }

  /** First block that the node of a level covers in which a block lies. */
  static long baseOf(int level, long index) {
    return index & -Node.span(level + 1);
  }

  /** Makes the leaves for some blocks such that {@link #point} cannot fail. */
  void prepare(Member member, long index, int count) throws IOException {
    for (long at = index; at < index + count; at = baseOf(0, at) + Node.FAN) {
      Node _ = writable(member, at, 0);
    }
  }

  /** Points prepared blocks of a volume to blocks that lie side by side. */
  void point(Member member, long index, long location, int count, int[] crcs, int from) {
    try {
      Node leaf = null;
      for (int i = 0; i < count; i++) {
        int slot = slot(0, index + i);
        if (leaf == null || slot == 0) {
          leaf = writable(member, index + i, 0);
        }
        long before = leaf.location(slot);
        letGo(member, before, leaf.born(slot));
        if (before == 0) {
          member.held++;
        }
        leaf.set(slot, location + i, epoch, crcs[from + i]);
      }
    } catch (IOException e) {
      throw new IllegalStateException("the leaf was not prepared", e);
    }
  }

  /** Lets blocks within one leaf go. */
  void clear(Member member, long index, int count) throws IOException {
    Node leaf = find(member, index, 0);
    if (leaf == null) {
      return;
    }
    boolean any = false;
    for (int i = 0; i < count && !any; i++) {
      any = leaf.location(slot(0, index + i)) != 0;
    }
    if (!any) {
      return;
    }
    if (count == Node.FAN && member.level > 0) {
      Node parent = writable(member, index, 1);
      for (int slot = 0; slot < Node.FAN; slot++) {
        if (leaf.location(slot) != 0) {
          member.held--;
          letGo(member, leaf.location(slot), leaf.born(slot));
        }
      }
      letGo(member, leaf.address, leaf.epoch);
      if (leaf.epoch == epoch) {
        cache.drop(leaf);
      }
      parent.set(slot(1, index), 0, epoch, 0);
      return;
    }
    leaf = writable(member, index, 0);
    for (int i = 0; i < count; i++) {
      int slot = slot(0, index + i);
      if (leaf.location(slot) != 0) {
        member.held--;
        letGo(member, leaf.location(slot), leaf.born(slot));
        leaf.set(slot, 0, epoch, 0);
      }
    }
  }

  /** Adds levels until the map can hold a size. */
  void raise(Member member, int level) throws IOException {
    while (member.level < level) {
      if (member.root != 0) {
        Node root = make(member.level + 1, 0, new byte[Page.BLOCK]);
        root.set(0, member.root, member.rootBorn, 0);
        member.root = root.address;
        member.rootBorn = epoch;
      }
      member.level++;
    }
  }

  private void letGo(Member member, long block, long born) {
    if (block != 0) {
      if (born > member.shared) {
        freed.add(block);
      } else {
        garbage++;
      }
    }
  }

  private Node writable(Member member, long index, int downTo) throws IOException {
    Node node;
    if (member.root == 0) {
      node = make(member.level, 0, new byte[Page.BLOCK]);
    } else {
      node = own(member, node(member.root, member.rootBorn, member.level, 0));
    }
    member.root = node.address;
    member.rootBorn = node.epoch;
    while (node.level > downTo) {
      int slot = slot(node.level, index);
      long location = node.location(slot);
      long base = baseOf(node.level - 1, index);
      Node child =
          location == 0
              ? make(node.level - 1, base, new byte[Page.BLOCK])
              : own(member, node(location, node.born(slot), node.level - 1, base));
      if (child.address != location) {
        node.set(slot, child.address, epoch, 0);
      }
      node = child;
    }
    return node;
  }

  private Node own(Member member, Node node) throws IOException {
    if (node.epoch == epoch) {
      return node;
    }
    Node copy = make(node.level, node.base, node.page.clone());
    letGo(member, node.address, node.epoch);
    return copy;
  }

  private Node make(int level, long base, byte[] page) throws IOException {
    Space.Run run = space.allocate(Space.Use.NODE, 1);
    space.settle(run);
    Node node = new Node(run.first(), epoch, level, base, page);
    node.dirty = true;
    cache.put(node);
    changed.add(node);
    return node;
  }
}
