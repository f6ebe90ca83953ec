// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How long the commands of a unit took, since it was exported. Safe for any thread. */
public final class Statistics {
  /** Upper bounds of the buckets in microseconds; one more bucket has what took longer. */
  private static final long[] BOUNDS = {
    50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000
  };

  /** What commands do. */
  public enum Kind {
    READ,
    WRITE,
    FLUSH,
    DISCARD,
    OTHER
  }

  /** The commands of one kind. */
  private static final class Series {
    final LongAdder[] buckets = new LongAdder[BOUNDS.length + 1];
    final LongAdder micros = new LongAdder();
    final LongAdder bytes = new LongAdder();

    Series() {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = new LongAdder();
      }
    }
  }

  /**
   * What was counted of one kind.
   *
   * @param counts commands in each bucket, one more than there are bounds
   * @param micros microseconds that they took together, from when their data was there to when they
   *     were answered
   * @param bytes that they transferred
   */
  public record Counts(long[] counts, long micros, long bytes) {
    /** Commands in all buckets. */
    public long count() {
      return java.util.Arrays.stream(counts).sum();
    }
  }

  private final Map<Kind, Series> series = new EnumMap<>(Kind.class);

  Statistics() {
    for (Kind kind : Kind.values()) {
      series.put(kind, new Series());
    }
  }

  /** A copy of the upper bounds of the buckets, in microseconds. */
  public static long[] bounds() {
    return BOUNDS.clone();
  }

  /** Counts a command. */
  public void count(byte[] cdb, long nanos, long bytes) {
    Series of = series.get(kind(cdb));
    if (of != null) {
      long micros = nanos / 1000;
      int bucket = 0;
      while (bucket < BOUNDS.length && micros > BOUNDS[bucket]) {
        bucket++;
      }
      of.buckets[bucket].increment();
      of.micros.add(micros);
      of.bytes.add(bytes);
    }
  }

  /** What was counted so far. */
  public Map<Kind, Counts> counts() {
    Map<Kind, Counts> all = new EnumMap<>(Kind.class);
    series.forEach((kind, of) -> {
      long[] counts = new long[of.buckets.length];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = of.buckets[i].sum();
      }
      all.put(kind, new Counts(counts, of.micros.sum(), of.bytes.sum()));
    });
    return all;
  }

  static Kind kind(byte[] cdb) {
    return Operation.of(cdb)
        .map(operation ->
            switch (operation) {
              case READ_6, READ_10, READ_12, READ_16 -> Kind.READ;
              case WRITE_10,
                  WRITE_12,
                  WRITE_16,
                  WRITE_ATOMIC_16,
                  WRITE_AND_VERIFY_10,
                  WRITE_AND_VERIFY_12,
                  WRITE_AND_VERIFY_16,
                  ORWRITE_16,
                  COMPARE_AND_WRITE ->
                  Kind.WRITE;
              case SYNCHRONIZE_CACHE_10, SYNCHRONIZE_CACHE_16 -> Kind.FLUSH;
              case UNMAP, WRITE_SAME_10, WRITE_SAME_16 -> Kind.DISCARD;
              default -> Kind.OTHER;
            })
        .orElse(Kind.OTHER);
  }
}
