// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** A volume or a snapshot in a store. Guarded by the store's lock. */
final class Member {
  /** Bytes of an entry in the list of members. */
  static final int ENTRY = 128;

  static final int PER_PAGE = (Page.BLOCK - Page.HEADER) / ENTRY;

  private static final int SNAPSHOT = 1;

  final int id;
  final String uid;
  final boolean snapshot;

  /** The member that it was made from, or 0. */
  final int origin;

  /** When it was made, in milliseconds since 1970. */
  final long created;

  /** Bytes. */
  volatile long size;

  /** Block of the root node, or 0 if nothing is held. */
  long root;

  /** Level of the root node. */
  int level;

  /** Epoch of the root node. */
  long rootBorn;

  /** Blocks born in this epoch or before may belong to others too. */
  long shared;

  /** Blocks that the map points to. */
  long held;

  Member(int id, String uid, boolean snapshot, int origin, long created, long size) {
    this.id = id;
    this.uid = uid;
    this.snapshot = snapshot;
    this.origin = origin;
    this.created = created;
    this.size = size;
    this.level = levelFor(size);
  }

  /** A member of the same contents under another name. */
  Member copy(int newId, String newUid, boolean asSnapshot, long now) {
    Member copy = new Member(newId, newUid, asSnapshot, id, now, size);
    copy.show(this);
    return copy;
  }

  /** Takes over the contents of another. */
  void show(Member other) {
    size = other.size;
    root = other.root;
    level = other.level;
    rootBorn = other.rootBorn;
    held = other.held;
    shared = Math.max(shared, other.shared);
  }

  /** Level that a map needs for so many bytes. */
  static int levelFor(long size) {
    long blocks = size / Page.BLOCK;
    int level = 0;
    while (Node.span(level + 1) < blocks) {
      level++;
    }
    return level;
  }

  void write(ByteBuffer out) {
    out.putInt(id)
        .putInt(snapshot ? SNAPSHOT : 0)
        .put(HexFormat.of().parseHex(uid))
        .putInt(origin)
        .putInt(level)
        .putLong(created)
        .putLong(size)
        .putLong(root)
        .putLong(rootBorn)
        .putLong(shared)
        .putLong(held)
        .put(new byte[ENTRY - 80]);
  }

  static Member read(ByteBuffer in) {
    int id = in.getInt();
    int flags = in.getInt();
    byte[] uid = new byte[16];
    in.get(uid);
    int origin = in.getInt();
    int level = in.getInt();
    long created = in.getLong();
    Member member =
        new Member(
            id,
            HexFormat.of().formatHex(uid),
            (flags & SNAPSHOT) != 0,
            origin,
            created,
            in.getLong());
    member.level = level;
    member.root = in.getLong();
    member.rootBorn = in.getLong();
    member.shared = in.getLong();
    member.held = in.getLong();
    in.position(in.position() + ENTRY - 80);
    return member;
  }
}
