// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/** A host around a store that does maintenance when it is told, and is repeatable. */
final class Around implements ChunkStore.Surroundings {
  final Deque<Runnable> work = new ArrayDeque<>();
  final List<String> warnings = new ArrayList<>();
  boolean full;
  private final Random random;

  Around(long seed) {
    random = new Random(seed);
  }

  void doWork() {
    for (Runnable next = work.poll(); next != null; next = work.poll()) {
      next.run();
    }
  }

  @Override
  public boolean hasRoom(long bytes) {
    return !full;
  }

  @Override
  public boolean hasRoomForAMoment(long bytes) {
    return true;
  }

  @Override
  public void soon(Runnable next) {
    work.add(next);
  }

  @Override
  public void later(Runnable next) {
    work.add(next);
  }

  /** Always the same, so that what a crash leaves of recent writes is looked at. */
  @Override
  public long boot() {
    return 1;
  }

  @Override
  public long random() {
    return random.nextLong();
  }

  @Override
  public long now() {
    return 1_000;
  }

  @Override
  public void warn(String message) {
    warnings.add(message);
  }
}
