// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import hearth.volume.scsi.Statistics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What initiators did with each volume in the last hour, in steps of ten seconds, for the charts of
 * the pages. Whoever wants more has a Prometheus server read {@code /metrics}. Safe for any thread.
 */
public final class VolumeHistory {
  /** Seconds of a step. */
  public static final int STEP_SECONDS = 10;

  /** Most steps that are kept. */
  public static final int STEPS = 360;

  private final Map<String, Series> all = new HashMap<>();

  /**
   * A step.
   *
   * @param reads commands in a second
   * @param writes commands in a second
   * @param readBytes in a second
   * @param writtenBytes in a second
   * @param readMicros mean time of a read in microseconds, 0 if there was none
   * @param writeMicros mean time of a write in microseconds, 0 if there was none
   */
  public record Step(
      float reads,
      float writes,
      float readBytes,
      float writtenBytes,
      float readMicros,
      float writeMicros) {}

  private static final class Series {
    Map<Statistics.Kind, Statistics.Counts> last;
    final Step[] steps = new Step[STEPS];
    int count;

    Series(Map<Statistics.Kind, Statistics.Counts> first) {
      last = first;
    }

    void add(Map<Statistics.Kind, Statistics.Counts> now) {
      Rate reads = rate(Statistics.Kind.READ, now);
      Rate writes = rate(Statistics.Kind.WRITE, now);
      steps[count++ % STEPS] =
          new Step(
              reads.commands(),
              writes.commands(),
              reads.bytes(),
              writes.bytes(),
              reads.micros(),
              writes.micros());
      last = now;
    }

    private Rate rate(Statistics.Kind kind, Map<Statistics.Kind, Statistics.Counts> now) {
      Statistics.Counts before = last.get(kind);
      Statistics.Counts after = now.get(kind);
      if (before == null || after == null || after.count() < before.count()) {
        return new Rate(0, 0, 0); // it is served anew, and counts from nothing
      }
      long commands = after.count() - before.count();
      return new Rate(
          (float) commands / STEP_SECONDS,
          (float) (after.bytes() - before.bytes()) / STEP_SECONDS,
          commands == 0 ? 0 : (float) (after.micros() - before.micros()) / commands);
    }
  }

  private record Rate(float commands, float bytes, float micros) {}

  /**
   * Ends a step; to be called every {@link #STEP_SECONDS}.
   *
   * @param volumes what was counted so far, by the volume's name
   */
  public synchronized void step(Map<String, Map<Statistics.Kind, Statistics.Counts>> volumes) {
    all.keySet().retainAll(volumes.keySet());
    volumes.forEach((name, commands) -> {
      Series series = all.get(name);
      if (series == null) {
        all.put(name, new Series(commands));
      } else {
        series.add(commands);
      }
    });
  }

  /** Steps of a volume, the oldest first; none of one that is not known. */
  public synchronized List<Step> of(String volume) {
    Series series = all.get(volume);
    List<Step> steps = new ArrayList<>();
    if (series != null) {
      for (int i = Math.max(0, series.count - STEPS); i < series.count; i++) {
        steps.add(series.steps[i % STEPS]);
      }
    }
    return steps;
  }
}
