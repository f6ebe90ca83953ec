// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the store makes of files that are not as it left them, and of calls that fail. */
class DamageTest {
  private static final String UID = "%032x".formatted(1);

  private static ChunkStore open(FaultyDisk disk) throws IOException {
    return ChunkStore.open(disk.files(), new NodeCache(1 << 20), new Around(1));
  }

  private static FaultyDisk closedStore(long seed, int operations) throws IOException {
    Workload workload = new Workload(seed, 2);
    workload.run(operations);
    long _ = workload.store().sweep();
    workload.store().close();
    return workload.disk;
  }

  /** Blocks that matter: a flipped bit anywhere else must not be found. */
  private static Set<Long> live(FaultyDisk disk) throws IOException {
    Set<Long> live = new HashSet<>(Set.of(0L, 1L));
    ChunkStore store = open(disk.copy());
    // Opening commits, so the addresses are asked of a copy whose pages are then compared.
    store.pinned(roots -> {
      for (Member member : roots.members()) {
        for (long at = store.map().next(member, 0);
            at < member.size / Page.BLOCK;
            at = store.map().next(member, at + Node.FAN)) {
          Node leaf = java.util.Objects.requireNonNull(store.map().find(member, at, 0));
          for (int slot = 0; slot < Node.FAN; slot++) {
            if (leaf.location(slot) != 0) {
              live.add(leaf.location(slot));
            }
          }
          for (int level = 0; level <= member.level; level++) {
            live.add(java.util.Objects.requireNonNull(store.map().find(member, at, level)).address);
          }
        }
      }
      return true;
    });
    live.addAll(ChunkStore.pagesOfSpaceAndMembers(disk.file("store")));
    return live;
  }

  @Test
  void theScrubFindsEveryFlippedBitOfWhatMatters() throws IOException {
    FaultyDisk disk = closedStore(4, 120);
    Set<Long> live = live(disk);
    Random random = new Random(4);
    int flips = 0;
    assertThat(live.size()).isGreaterThan(50);
    for (long block : live) {
      for (int i = 0; i < 8; i++) {
        long offset = block * Page.BLOCK + random.nextInt(Page.BLOCK);
        int bit = random.nextInt(8);
        FaultyDisk damaged = disk.copy();
        damaged.flip("store", offset, bit);
        assertThat(isFound(damaged)).as("bit %d of byte %d", bit, offset).isTrue();
        flips++;
      }
    }
    for (int i = 0; i < 64; i++) {
      FaultyDisk damaged = disk.copy();
      damaged.flip("log", random.nextInt(Page.BLOCK), random.nextInt(8));
      assertThat(isFound(damaged)).isTrue();
      flips++;
    }
    System.out.println("flipped bits: " + flips + " in " + live.size() + " blocks, all found");
  }

  /** Every bit with {@code -Dflip.stride=1}; in each run one of some hundreds. */
  @Test
  void theScrubFindsEverySingleBitOfASmallStore() throws IOException {
    FaultyDisk disk = smallStore();
    Set<Long> live = new java.util.TreeSet<>(live(disk));
    int stride = Integer.getInteger("flip.stride", 307);
    long bits = 0;
    long flips = 0;
    for (long block : live) {
      for (int bit = 0; bit < Page.BLOCK * 8; bit++) {
        if (bits++ % stride == 0) {
          FaultyDisk damaged = disk.copy();
          damaged.flip("store", block * Page.BLOCK + bit / 8, bit % 8);
          assertThat(isFound(damaged)).as("bit %d of block %d", bit, block).isTrue();
          flips++;
        }
      }
    }
    for (int bit = 0; bit < Page.BLOCK * 8; bit++) {
      if (bits++ % stride == 0) {
        FaultyDisk damaged = disk.copy();
        damaged.flip("log", bit / 8, bit % 8);
        assertThat(isFound(damaged)).as("bit %d of the log", bit).isTrue();
        flips++;
      }
    }
    System.out.println(
        "single bits of a small store: "
            + flips
            + " of "
            + bits
            + " flipped, in "
            + live.size()
            + " blocks and the log's header, all found");
  }

  /** A volume, a snapshot, a clone, in as few blocks as it takes. */
  private static FaultyDisk smallStore() throws IOException {
    FaultyDisk disk = new FaultyDisk();
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 1 << 20, new NodeCache(1 << 20), new Around(1));
    Member member = store.member(UID);
    store.write(member, 0, Workload.fill(8192, 5));
    store.flush();
    String snapshot = "%032x".formatted(2);
    store.snapshot(UID, snapshot);
    store.write(member, 4096, Workload.fill(4096, 6));
    store.copy(snapshot, "%032x".formatted(3));
    store.flush();
    long _ = store.sweep();
    store.close();
    return disk;
  }

  private static boolean isFound(FaultyDisk damaged) throws IOException {
    // As the host does it: damage that is found on opening counts, and opening itself writes.
    if (!ChunkStore.problems(damaged.file("store")).isEmpty()) {
      return true;
    }
    try {
      return !Scrub.run(open(damaged), bytes -> {}).findings().isEmpty();
    } catch (DamagedException e) {
      return true;
    }
  }

  @Test
  void aFlippedBitElsewhereIsNobodysBusiness() throws IOException {
    FaultyDisk disk = closedStore(5, 120);
    Set<Long> live = live(disk);
    Random random = new Random(5);
    List<Long> others =
        disk.blocks("store").stream().filter(block -> !live.contains(block)).toList();
    assertThat(others).isNotEmpty();
    for (long block : others) {
      FaultyDisk damaged = disk.copy();
      damaged.flip("store", block * Page.BLOCK + random.nextInt(Page.BLOCK), 3);
      assertThat(isFound(damaged)).as("block %d", block).isFalse();
    }
  }

  @Test
  void theScrubSaysWhatIsLostAndTheRestIsThere() throws IOException {
    FaultyDisk disk = new FaultyDisk();
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 8 << 20, new NodeCache(1 << 20), new Around(1));
    Member member = store.member(UID);
    store.write(member, 0, Workload.fill(1 << 20, 5));
    store.write(member, 4 << 20, Workload.fill(1 << 20, 6));
    store.flush();
    long[] location = new long[1];
    Node leaf = java.util.Objects.requireNonNull(store.map().find(member, 1024 + 7, 0));
    location[0] = leaf.location(7);
    disk.flip("store", location[0] * Page.BLOCK + 99, 1);
    Scrub.Report report = Scrub.run(store, bytes -> {});
    assertThat(report.findings()).hasSize(1);
    hearth.volume.engine.Check.Finding finding = report.findings().getFirst();
    assertThat(finding.uid()).isEqualTo(UID);
    assertThat(finding.offset()).isEqualTo((4 << 20) + 7 * 4096);
    assertThat(finding.length()).isEqualTo(4096);
    ByteBuffer all = ByteBuffer.allocate(1 << 20);
    store.read(member, 0, all);
    assertThat(all.flip()).isEqualTo(Workload.fill(1 << 20, 5));
    assertThatThrownBy(() -> store.read(member, 4 << 20, ByteBuffer.allocate(1 << 20)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining(UID);
  }

  @Test
  void filesThatAreNotOursAreRefusedWithTheReason() throws IOException {
    FaultyDisk disk = closedStore(6, 40);
    FaultyDisk other = closedStore(7, 40);

    FaultyDisk empty = disk.copy();
    empty.truncate("store", 0);
    assertThatThrownBy(() -> open(empty)).hasMessageContaining("is no chunk store");

    FaultyDisk cut = disk.copy();
    cut.truncate("store", 9 * Page.BLOCK);
    assertThatThrownBy(() -> open(cut)).isInstanceOf(DamagedException.class);

    FaultyDisk noLog = disk.copy();
    noLog.truncate("log", 0);
    assertThatThrownBy(() -> open(noLog)).hasMessageContaining("the log");

    FaultyDisk mixed = disk.copy();
    mixed.replace("log", other);
    assertThatThrownBy(() -> open(mixed)).hasMessageContaining("belongs to another store");

    FaultyDisk newer = disk.copy();
    for (int slot = 0; slot < 2; slot++) {
      byte[] page = new byte[Page.BLOCK];
      newer.file("store").read((long) slot * Page.BLOCK, ByteBuffer.wrap(page));
      Page.INT.set(page, 64, 2);
      Page.seal(page, Page.Kind.SUPERBLOCK, Page.store(page), slot, Page.epoch(page), 0, 0);
      newer.file("store").write((long) slot * Page.BLOCK, ByteBuffer.wrap(page));
    }
    assertThatThrownBy(() -> open(newer)).hasMessageContaining("a newer Hearth wrote it");
  }

  @Test
  void aRecordOfTheLogThatRottedIsNotTakenForItsEnd() throws IOException {
    FaultyDisk disk = new FaultyDisk();
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 8 << 20, new NodeCache(1 << 20), new Around(1));
    for (int i = 0; i < 3; i++) {
      store.write(store.member(UID), i * 4096L, Workload.fill(4096, i + 1));
      store.flush();
    }
    FaultyDisk crashed = disk.copy();
    long half = crashed.blocks("log").stream().filter(block -> block > 1).findFirst().orElseThrow();
    crashed.flip("log", half * Page.BLOCK + 40, 0);
    assertThatThrownBy(() -> open(crashed))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("flushed data");
    assertThat(Workload.contents(open(disk.copy()), open(disk.copy()).member(UID))[8]).isEqualTo(2);
  }

  @Test
  void anyCallThatFailsLeavesWhatWasFlushed() throws IOException {
    int tried = 0;
    for (FaultyDisk.Fault fault : FaultyDisk.Fault.values()) {
      for (boolean forGood : new boolean[] {false, true}) {
        for (long call = 4; ; call++) {
          FaultyDisk disk = new FaultyDisk();
          Around around = new Around(call);
          ChunkStore store =
              ChunkStore.create(disk.files(), UID, 4 << 20, new NodeCache(1 << 20), around);
          long before = disk.calls();
          disk.failAt(before + call - 4, fault, forGood);
          int flushed = workUntilItFails(store, around);
          if (disk.calls() < before + call - 4) {
            break; // the work needs fewer calls
          }
          disk.failAt(-1, fault, false);
          ChunkStore again = open(disk);
          int[] found = Workload.contents(again, again.member(UID));
          for (int i = 0; i < flushed; i++) {
            assertThat(found[i * 16]).as("%s at call %d", fault, call).isEqualTo(i + 1);
          }
          assertThat(Scrub.run(again, bytes -> {}).findings())
              .as("%s at %d", fault, call)
              .isEmpty();
          tried++;
        }
      }
    }
    assertThat(tried).isGreaterThan(200);
    System.out.println("failing calls: " + tried);
  }

  /** Writes and flushes; returns how many flushes succeeded before the first failure. */
  private static int workUntilItFails(ChunkStore store, Around around) throws IOException {
    Member member = store.member(UID);
    int flushed = 0;
    boolean failed = false;
    for (int i = 0; i < 24; i++) {
      try {
        store.write(member, i * 8192L, Workload.fill(4096, i + 1));
        if (i % 5 == 4) {
          store.discard(member, 2 << 20, 1 << 20);
          store.write(member, 2 << 20, Workload.fill(1 << 20, 99));
          store.snapshot(UID, "%032x".formatted(100 + i));
        }
        if (i % 7 == 6) {
          around.doWork();
        }
        store.flush();
        flushed = failed ? flushed : i + 1;
      } catch (VolumeData.NoSpaceException e) {
        failed = true;
      } catch (IOException e) {
        failed = true;
        assertThat(String.valueOf(e.getMessage())).containsAnyOf("injected", "a flush failed");
      }
    }
    return flushed;
  }

  /**
   * Were a record written now with what the commit holds already, it could name blocks that the
   * commit frees and that later records give to others.
   */
  @Test
  void aFlushInTheMiddleOfACommitWaitsForItsEnd() throws Exception {
    FaultyDisk disk = new FaultyDisk();
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 4 << 20, new NodeCache(1 << 20), new Around(1));
    store.write(store.member(UID), 0, Workload.fill(4096, 1));
    List<Thread> flushes = new java.util.ArrayList<>();
    int[] writtenMeanwhile = new int[1];
    disk.duringSync(() -> {
      disk.duringSync(() -> {});
      Thread flush =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  store.flush();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      flushes.add(flush);
      long calls = disk.calls();
      try {
        flush.join(200);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      writtenMeanwhile[0] = (int) (disk.calls() - calls);
    });
    store.snapshot(UID, "%032x".formatted(2));
    assertThat(flushes).hasSize(1);
    flushes.getFirst().join();
    assertThat(writtenMeanwhile[0]).isZero();
    assertThat(Workload.contents(open(disk), open(disk).member(UID))[0]).isEqualTo(1);
  }

  @Test
  void afterAFailedSyncNothingIsWrittenAnyMore() throws IOException {
    FaultyDisk disk = new FaultyDisk();
    Around around = new Around(1);
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 4 << 20, new NodeCache(1 << 20), around);
    Member member = store.member(UID);
    store.write(member, 0, Workload.fill(4096, 1));
    store.flush();
    store.write(member, 4096, Workload.fill(4096, 2));
    disk.failAt(disk.calls() + 1, FaultyDisk.Fault.ERROR, false); // after the record's write
    assertThatThrownBy(store::flush).hasMessageContaining("injected");
    assertThatThrownBy(() -> store.write(member, 0, Workload.fill(4096, 3)))
        .isInstanceOf(VolumeData.FencedException.class);
    assertThatThrownBy(store::flush).isInstanceOf(VolumeData.FencedException.class);
    ByteBuffer block = ByteBuffer.allocate(4096);
    store.read(member, 0, block);
    assertThat(block.flip()).isEqualTo(Workload.fill(4096, 1));
    assertThat(around.warnings).anyMatch(warning -> warning.contains("a flush failed"));
  }
}
