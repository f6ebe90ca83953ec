// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.volume.engine.Engine;
import hearth.volume.engine.VolumeData;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many threads on one store in real files, with a cache too small for its map. */
class ConcurrencyTest {
  private static final String UID = "%032x".formatted(1);
  private static final int PART = 32 << 20;

  @TempDir Path folder;

  /** One writer's part of the volume: each sector holds the version written last. */
  private static final class Part implements Callable<int[]> {
    private final VolumeData data;
    private final int number;
    private final AtomicBoolean stop;
    private final int[] versions = new int[PART / 512];

    Part(VolumeData data, int number, AtomicBoolean stop) {
      this.data = data;
      this.number = number;
      this.stop = stop;
    }

    @Override
    public int[] call() throws Exception {
      Random random = new Random(number);
      for (int version = 1; !stop.get(); version++) {
        int sectors = random.nextBoolean() ? 1 + random.nextInt(15) : 8 * (1 + random.nextInt(64));
        int from = random.nextInt(versions.length - sectors);
        boolean discard = random.nextInt(20) == 0;
        long offset = (long) number * PART + from * 512L;
        if (discard) {
          data.discard(offset, sectors * 512L);
        } else {
          data.write(offset, Workload.fill(sectors * 512, number << 24 | version));
        }
        for (int i = from; i < from + sectors; i++) {
          versions[i] = discard ? 0 : number << 24 | version;
        }
        if (random.nextInt(10) == 0) {
          data.flush();
        }
        verify(random.nextInt(versions.length - 64), 64);
      }
      data.flush();
      return versions;
    }

    private void verify(int from, int sectors) throws Exception {
      ByteBuffer buffer = ByteBuffer.allocate(sectors * 512);
      data.read((long) number * PART + from * 512L, buffer);
      for (int i = 0; i < sectors; i++) {
        for (int at = 0; at < 512; at += 4) {
          assertThat(buffer.getInt(i * 512 + at))
              .as("part %d, sector %d", number, from + i)
              .isEqualTo(versions[from + i]);
        }
      }
    }
  }

  @Test
  void writersReadersSnapshotsSweepsAndChecksDoNotDisturbEachOther() throws Exception {
    ScheduledExecutorService maintenance = Executors.newScheduledThreadPool(2);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      Engine engine = new ChunkEngine(folder, 1 << 20, maintenance);
      engine.create(UID, 4L * PART);
      AtomicBoolean stop = new AtomicBoolean();
      List<int[]> written = new ArrayList<>();
      try (VolumeData data = engine.open(UID)) {
        List<Future<int[]>> parts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          parts.add(threads.submit(new Part(data, i, stop)));
        }
        for (int round = 1; round <= 6; round++) {
          String snapshot = "%032x".formatted(100 + round);
          engine.snapshot(UID, snapshot);
          try (VolumeData kept = engine.open(snapshot)) {
            byte[] before = bytes(kept);
            String copy = "%032x".formatted(200 + round);
            engine.copy(snapshot, copy);
            try (VolumeData clone = engine.open(copy)) {
              clone.write(0, ByteBuffer.allocate(1 << 20).putInt(0, round));
            }
            assertThat(engine.check(UID, bytes -> {}).findings()).isEmpty();
            engine.delete(copy);
            assertThat(bytes(kept)).isEqualTo(before);
          }
          if (round % 2 == 0) {
            engine.delete(snapshot);
          }
        }
        stop.set(true);
        for (Future<int[]> part : parts) {
          written.add(part.get());
        }
      }
      try (VolumeData data = engine.open(UID)) {
        for (int number = 0; number < 4; number++) {
          ByteBuffer buffer = ByteBuffer.allocate(PART);
          data.read((long) number * PART, buffer);
          for (int i = 0; i < PART / 512; i++) {
            assertThat(buffer.getInt(i * 512)).isEqualTo(written.get(number)[i]);
          }
        }
        assertThat(engine.check(UID, bytes -> {}).findings()).isEmpty();
      }
    } finally {
      threads.shutdownNow();
      maintenance.shutdownNow();
    }
  }

  private static byte[] bytes(VolumeData data) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocate((int) data.size());
    data.read(0, buffer);
    return buffer.array();
  }
}
