// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static hearth.volume.engine.chunk.Page.BLOCK;

import hearth.volume.engine.Check;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Reads everything that a store holds from its files and says what does not match: first the pages
 * that lead to people's data, then the data. Volumes stay in use meanwhile.
 */
final class Scrub {
  /** Most findings that are told one by one. */
  static final int MOST_FINDINGS = 1000;

  private static final int PIECE = 1 << 20;

  private final ChunkStore store;
  private final LongConsumer progress;
  private final List<Check.Finding> findings = new ArrayList<>();
  private final Set<Long> checked = new HashSet<>();
  private long bytes;
  private long unreached;

  /**
   * What a scrub found.
   *
   * @param bytes read and compared with their checksums
   * @param unreachedBytes in use though nothing needs them; the next sweep frees them
   */
  record Report(List<Check.Finding> findings, long bytes, long unreachedBytes) {}

  private Scrub(ChunkStore store, LongConsumer progress) {
    this.store = store;
    this.progress = progress;
  }

  /**
   * Checks a store.
   *
   * @param progress gets the bytes read so far, now and then
   */
  static Report run(ChunkStore store, LongConsumer progress) throws IOException {
    Scrub scrub = new Scrub(store, progress);
    scrub.superblocks();
    List<Member> members = store.pinned(scrub::map);
    Member before = null;
    for (Member member : members) {
      var there = store.find(member.uid);
      if (there.isPresent()) {
        scrub.data(before, there.get());
        before = member.snapshot ? there.get() : before;
      }
    }
    return new Report(List.copyOf(scrub.findings), scrub.bytes, scrub.unreached);
  }

  private void add(Check.Finding finding) {
    if (findings.size() < MOST_FINDINGS) {
      findings.add(finding);
    }
  }

  private void superblocks() throws IOException {
    for (int slot = 0; slot < 2; slot++) {
      String wrong = wrong(slot, Page.Kind.SUPERBLOCK);
      if (!wrong.isEmpty()) {
        add(new Check.Finding("", 0, 0, "superblock " + slot + " " + wrong + "; the other serves"));
      }
    }
    String wrong = store.logProblem();
    if (!wrong.isEmpty()) {
      add(new Check.Finding("", 0, 0, "the log's header " + wrong));
    }
  }

  private String wrong(long address, Page.Kind kind) throws IOException {
    byte[] page = new byte[BLOCK];
    store.file().read(address * BLOCK, ByteBuffer.wrap(page));
    bytes += BLOCK;
    return Page.check(page, kind, store.id(), address);
  }

  private List<Member> map(ChunkStore.Roots roots) throws IOException {
    for (long address : roots.others()) {
      String wrong = wrong(address, Page.Kind.MEMBERS);
      if (!wrong.isEmpty()) {
        add(new Check.Finding("", 0, 0, "the list of members (block " + address + ") " + wrong));
      }
    }
    for (Member root : roots.members()) {
      if (root.root != 0) {
        nodes(root, root.root, root.rootBorn, root.level, 0);
      }
    }
    boolean whole = findings.stream().noneMatch(finding -> finding.length() > 0);
    for (String wrong : store.space().damagedPages()) {
      add(new Check.Finding("", 0, 0, wrong));
      whole = false;
    }
    for (int from = 0; whole && from < roots.segments(); from += Marks.WINDOW) {
      Marks marks = Marks.of(store.map(), roots, from);
      for (int i = from; i < Math.min(from + Marks.WINDOW, roots.segments()); i++) {
        Space.Comparison comparison = store.space().compare(i, marks.of(i));
        unreached += (long) comparison.unreached() * BLOCK;
        if (comparison.unprotected() > 0) {
          add(
              new Check.Finding(
                  "",
                  0,
                  0,
                  comparison.unprotected()
                      + " blocks of segment "
                      + i
                      + " are needed yet counted as free"));
        }
      }
    }
    return roots.members();
  }

  /** Checks nodes as they are in the file, whatever is in memory. */
  private void nodes(Member member, long address, long born, int level, long base)
      throws IOException {
    if (!checked.add(address)) {
      return;
    }
    byte[] page = new byte[BLOCK];
    store.file().read(address * BLOCK, ByteBuffer.wrap(page));
    bytes += BLOCK;
    String wrong = Page.check(page, Page.Kind.NODE, store.id(), address);
    if (wrong.isEmpty() && (Page.epoch(page) != born || Page.base(page) != base)) {
      wrong = "is not the one that was written last";
    }
    if (!wrong.isEmpty()) {
      long length = Math.min(Node.span(level + 1) * BLOCK, member.size - base * BLOCK);
      add(
          new Check.Finding(
              member.uid, base * BLOCK, length, "the map node in block " + address + " " + wrong));
      return;
    }
    if (level > 0) {
      Node node = new Node(address, born, level, base, page);
      for (int slot = 0; slot < Node.FAN; slot++) {
        if (node.location(slot) != 0) {
          nodes(
              member,
              node.location(slot),
              node.born(slot),
              level - 1,
              base + slot * Node.span(level));
        }
      }
    }
  }

  /** Reads what a member holds, of a snapshot only what the one before did not have. */
  private void data(@org.jspecify.annotations.Nullable Member before, Member member)
      throws IOException {
    Member base =
        member.snapshot && before != null && before.origin == member.origin ? before : null;
    for (long offset = 0; offset < member.size; ) {
      try {
        var extent =
            base == null
                ? store.extentAt(member, offset)
                : store.differenceAt(member, base, offset);
        if (extent.held()) {
          read(member, offset, extent.length());
        }
        offset += extent.length();
      } catch (DamagedException e) {
        // The node was told of; what lies below it cannot be found.
        offset = (offset / PIECE + 1) * PIECE;
      }
    }
  }

  private void read(Member member, long offset, long length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(length, PIECE));
    for (long done = 0; done < length; ) {
      int count = (int) Math.min(buffer.capacity(), length - done);
      try {
        store.read(member, offset + done, buffer.clear().limit(count));
      } catch (DamagedException e) {
        blocks(member, offset + done, count);
      }
      done += count;
      bytes += count;
      progress.accept(bytes);
    }
  }

  /** Finds the damaged ones of some blocks. */
  private void blocks(Member member, long offset, int length) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int done = 0; done < length; done += BLOCK) {
      try {
        store.read(member, offset + done, block.clear());
      } catch (DamagedException e) {
        add(new Check.Finding(member.uid, offset + done, BLOCK, String.valueOf(e.getMessage())));
      }
    }
  }
}
