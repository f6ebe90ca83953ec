// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Bounds the map nodes that all stores together keep in memory, whatever the size of their volumes.
 * Each store has its own {@link Part}; the second-chance rule throws out what nobody used. Nodes
 * that are not yet written stay, and {@link #crowded} asks for a commit. Safe for any thread.
 */
public final class NodeCache {
  private static final int NODE_BYTES = 4096 + 160;

  private final long most;
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong dirty = new AtomicLong();
  private final Set<Part> parts = ConcurrentHashMap.newKeySet();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();

  /**
   * Makes an empty cache.
   *
   * @param bytes how much memory it may take, at least 1 MiB
   */
  public NodeCache(long bytes) {
    if (bytes < 1 << 20) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 1 MiB)");
    }
    most = bytes / NODE_BYTES;
  }

  /** Bytes that the nodes in memory take. */
  public long bytes() {
    return count.get() * NODE_BYTES;
  }

  /** Look-ups answered from memory. */
  public long hits() {
    return hits.sum();
  }

  /** Look-ups that read the file. */
  public long misses() {
    return misses.sum();
  }

  /** Whether so many nodes wait to be written that a commit should make room. */
  boolean crowded() {
    return dirty.get() > most / 2;
  }

  Part part() {
    Part part = new Part();
    parts.add(part);
    return part;
  }

  /** The nodes of one store. */
  final class Part {
    private final ConcurrentHashMap<Long, Node> nodes = new ConcurrentHashMap<>();
    private Iterator<Node> hand = nodes.values().iterator();

    /** The node at an address if it is in memory. */
    @org.jspecify.annotations.Nullable
    Node get(long address) {
      Node node = nodes.get(address);
      if (node == null) {
        misses.increment();
        return null;
      }
      if (!node.recent) {
        node.recent = true;
      }
      hits.increment();
      return node;
    }

    void put(Node node) {
      Node before = nodes.put(node.address, node);
      if (before == null) {
        count.incrementAndGet();
      } else if (before.dirty) {
        dirty.decrementAndGet();
      }
      if (node.dirty) {
        dirty.incrementAndGet();
      }
      for (int i = 0; i < 4 && count.get() > most; i++) {
        evictOne();
      }
    }

    /** Notes that a node is in the file now. */
    void written(Node node) {
      if (node.dirty) {
        node.dirty = false;
        dirty.decrementAndGet();
      }
    }

    /** Forgets a node that nothing points to any more. */
    void drop(Node node) {
      if (nodes.remove(node.address, node)) {
        count.decrementAndGet();
        if (node.dirty) {
          node.dirty = false;
          dirty.decrementAndGet();
        }
      }
    }

    private synchronized boolean sweepHand() {
      for (int i = 0; i < 64; i++) {
        if (!hand.hasNext()) {
          hand = nodes.values().iterator();
          if (!hand.hasNext()) {
            return false;
          }
        }
        Node node = hand.next();
        if (node.dirty) {
          continue;
        }
        if (node.recent) {
          node.recent = false;
        } else if (nodes.remove(node.address, node)) {
          count.decrementAndGet();
          return true;
        }
      }
      return false;
    }

    boolean crowded() {
      return NodeCache.this.crowded();
    }

    /** Forgets everything; the store is closed. */
    void clear() {
      parts.remove(this);
      for (Node node : nodes.values()) {
        drop(node);
      }
    }
  }

  private void evictOne() {
    for (Part part : parts) {
      if (part.sweepHand()) {
        return;
      }
    }
  }
}
