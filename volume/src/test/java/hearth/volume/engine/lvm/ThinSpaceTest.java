// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThinSpaceTest {
  private static final long CHUNK = 64 << 10;
  private static final long CAPACITY = 512L << 20;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomWritesNeverTakeWhatIsReserved(long seed) throws IOException {
    // The pool, as it fills: which of its chunks are taken.
    BitSet taken = new BitSet();
    AtomicInteger asked = new AtomicInteger();
    ThinSpace space =
        new ThinSpace(() -> {
          asked.incrementAndGet();
          return new ThinSpace.Reading(CAPACITY, CAPACITY - taken.cardinality() * CHUNK, 10, CHUNK);
        });
    Random random = new Random(seed);
    long reserve = new ThinSpace.Reading(CAPACITY, 0, 0, CHUNK).reserve();
    int refused = 0;
    for (int i = 0; i < 100_000 && refused < 100; i++) {
      long length = 512L * (1 + random.nextInt(512));
      long offset = 512L * random.nextInt(1 << 22);
      if (space.allows(offset, length)) {
        taken.set((int) (offset / CHUNK), (int) ((offset + length - 1) / CHUNK) + 1);
      } else {
        refused++;
      }
      assertThat(CAPACITY - taken.cardinality() * CHUNK).isGreaterThanOrEqualTo(reserve);
    }
    assertThat(refused).isPositive();
    assertThat(asked.get()).as("LVM is seldom asked").isLessThan(200);
  }

  @Test
  void fullMetadataRefuseEverything() throws IOException {
    ThinSpace space = new ThinSpace(() -> new ThinSpace.Reading(CAPACITY, CAPACITY, 96, CHUNK));
    assertThat(space.allows(0, 4096)).isFalse();
    assertThat(space.allows(0, 4096)).isFalse();
  }
}
