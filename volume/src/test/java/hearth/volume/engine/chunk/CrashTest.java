// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Opens the disks that crashes leave, and looks whether anything flushed is missing, anything
 * written is there in part, or the check finds fault. {@code -Dcrash.states=500000} searches long.
 */
class CrashTest {
  private static final int STATES = Integer.getInteger("crash.states", 6000);
  private static final int STATES_OF_A_WORKLOAD = 120;
  private static final long SEED = Long.getLong("crash.seed", 20261124);

  private static final String UID = "0123456789abcdef0123456789abcdef";

  @Test
  void nothingFlushedIsLostWhateverTheMomentOfTheCrash() throws IOException {
    int states = 0;
    for (long seed = SEED; states < STATES; seed++) {
      Workload workload = new Workload(seed, 2);
      workload.run(150);
      Random random = new Random(seed);
      for (int i = 0; i < STATES_OF_A_WORKLOAD; i++) {
        int at = random.nextInt(workload.moments.size() - 1);
        Workload.Moment moment = workload.moments.get(at);
        int next = workload.moments.get(at + 1).event();
        // Between the moments the next one's knowledge holds: its writes may be there, or not.
        int event = moment.event() + random.nextInt(next - moment.event() + 1);
        FaultyDisk left = workload.disk.crash(event, random.nextInt(5) == 0 ? null : random);
        verify("seed " + seed + ", event " + event, left, moment, random);
        states++;
      }
    }
    System.out.println("crash states: " + states + ", none lost flushed data or failed the check");
  }

  /** What the kernel was given it keeps; only what the program had in memory is gone. */
  @Test
  void nothingAnsweredIsLostWhenTheProgramIsKilled() throws IOException {
    int states = 0;
    for (int seed = 1; seed <= 12; seed++) {
      Workload workload = new Workload(seed, 2);
      for (int operation = 0; operation < 60; operation++) {
        workload.run(1);
        FaultyDisk left = workload.disk.copy();
        ChunkStore store = ChunkStore.open(left.files(), new NodeCache(1 << 20), new Around(seed));
        String where = "seed " + seed + ", operation " + operation;
        assertThat(store.members()).as(where).hasSameSizeAs(workload.models().entrySet());
        for (var entry : workload.models().entrySet()) {
          Member member = store.find(entry.getKey()).orElseThrow();
          assertThat(Workload.contents(store, member))
              .as(where + ", " + member.uid)
              .isEqualTo(entry.getValue().current);
        }
        assertThat(Scrub.run(store, bytes -> {}).findings()).as(where).isEmpty();
        states++;
      }
    }
    System.out.println("killed: " + states + " times, nothing answered was lost");
  }

  @Test
  void aCrashWhileAVolumeIsErasedLeavesEachBlockAsItWasOrZero() throws IOException {
    FaultyDisk disk = new FaultyDisk();
    Around around = new Around(3);
    ChunkStore store =
        ChunkStore.create(disk.files(), UID, 4 << 20, new NodeCache(1 << 20), around);
    Member member = store.find(UID).orElseThrow();
    byte[] block = new byte[4096];
    java.util.Arrays.fill(block, (byte) 0x5A);
    for (int i = 0; i < 200; i++) {
      store.write(member, i * 8192L, java.nio.ByteBuffer.wrap(block));
    }
    store.flush();
    disk.record();
    store.erase(member, () -> false);
    Random random = new Random(7);
    for (int event = 0; event <= disk.now(); event++) {
      FaultyDisk left = disk.crash(event, random);
      ChunkStore found = ChunkStore.open(left.files(), new NodeCache(1 << 20), around);
      Member again = found.find(UID).orElseThrow();
      for (int i = 0; i < 200; i++) {
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(4096);
        found.read(again, i * 8192L, bytes);
        boolean old = java.util.Arrays.equals(bytes.array(), block);
        boolean zero = java.util.Arrays.equals(bytes.array(), new byte[4096]);
        assertThat(old || zero).as("event " + event + ", block " + i).isTrue();
      }
      assertThat(Scrub.run(found, bytes -> {}).findings()).as("event " + event).isEmpty();
    }
  }

  private static void verify(String where, FaultyDisk left, Workload.Moment moment, Random random)
      throws IOException {
    Around around = new Around(random.nextLong());
    try {
      ChunkStore store = ChunkStore.open(left.files(), new NodeCache(1 << 20), around);
      assertThat(Workload.contradiction(store, moment)).as(where).isEmpty();
      long _ = store.sweep();
      Scrub.Report report = Scrub.run(store, bytes -> {});
      assertThat(report.findings()).as(where).isEmpty();
      assertThat(report.unreachedBytes()).as(where).isZero();
      if (random.nextInt(4) == 0) {
        Workload.verifyAndUse(store, random);
        store.close();
        ChunkStore again = ChunkStore.open(left.files(), new NodeCache(1 << 20), around);
        assertThat(Scrub.run(again, bytes -> {}).findings()).as(where).isEmpty();
      }
    } catch (IOException | RuntimeException e) {
      throw new AssertionError(where + ": " + e.getMessage(), e);
    }
  }
}
