// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.volume.engine.chunk.ChunkEngine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkEngineTest extends EngineContract {
  private static final long BLOCK = 4096;

  private final ScheduledExecutorService maintenance = Executors.newScheduledThreadPool(1);

  @Override
  Engine engine(Path folder) throws IOException {
    return new ChunkEngine(folder, 1 << 20, maintenance);
  }

  @AfterEach
  void stop() {
    maintenance.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void differencesAreWhatWasWrittenSinceAndNothingElse(long seed) throws IOException {
    Random random = new Random(seed);
    Engine engine = engine(folder);
    int blocks = 4096;
    engine.create(uid(0), blocks * BLOCK);
    VolumeData data = engine.open(uid(0));
    List<VolumeData> snapshots = new ArrayList<>();
    List<Set<Long>> since = new ArrayList<>();
    try {
      for (int round = 1; round <= 6; round++) {
        for (int i = 0; i < random.nextInt(40); i++) {
          long at = random.nextInt(blocks);
          long count = Math.min(blocks - at, 1 + random.nextInt(random.nextInt(300) + 1));
          if (random.nextInt(5) == 0) {
            data.discard(at * BLOCK, count * BLOCK);
          } else {
            byte[] bytes = new byte[(int) (count * BLOCK)];
            random.nextBytes(bytes);
            data.write(at * BLOCK, ByteBuffer.wrap(bytes));
          }
          for (long block = at; block < at + count; block++) {
            long touched = block;
            since.forEach(blocksSince -> blocksSince.add(touched));
          }
        }
        if (round == 4) {
          data.grow(300L * 256 * BLOCK); // so that the map gets a level more
        }
        engine.snapshot(uid(0), uid(round));
        snapshots.add(engine.open(uid(round)));
        since.add(new HashSet<>());
        for (int i = 0; i < snapshots.size(); i++) {
          compare(data, snapshots.get(i), since.get(i), blocks);
          compare(snapshots.getLast(), snapshots.get(i), since.get(i), blocks);
        }
      }
    } finally {
      for (VolumeData snapshot : snapshots) {
        snapshot.close();
      }
      data.close();
    }
  }

  private static void compare(VolumeData target, VolumeData base, Set<Long> since, int blocks)
      throws IOException {
    ByteBuffer one = ByteBuffer.allocate((int) BLOCK);
    ByteBuffer other = ByteBuffer.allocate((int) BLOCK);
    long at = 0;
    int calls = 0;
    while (at < target.size()) {
      VolumeData.Extent extent = target.differenceAt(base, at);
      assertThat(extent.length()).isPositive();
      for (long block = at / BLOCK;
          block < Math.min((at + extent.length()) / BLOCK, blocks);
          block++) {
        if (extent.held()) {
          assertThat(since).contains(block);
        } else {
          target.read(block * BLOCK, one.clear());
          base.read(block * BLOCK, other.clear());
          assertThat(one.flip()).isEqualTo(other.flip());
        }
      }
      at += extent.length();
      calls++;
    }
    assertThat(at).isEqualTo(target.size());
    assertThat(calls).isLessThan(2 * since.size() + 10);
  }

  @Test
  void strangersHaveNoDifferences() throws IOException {
    Engine engine = engine(folder);
    engine.create(uid(1), 16 * BLOCK * 256);
    engine.create(uid(2), 16 * BLOCK * 256);
    try (VolumeData one = engine.open(uid(1));
        VolumeData other = engine.open(uid(2))) {
      assertThatThrownBy(() -> one.differenceAt(other, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static String uid(int number) {
    return "%032x".formatted(number + 1);
  }
}
