// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import hearth.volume.Exports;
import hearth.volume.engine.chunk.NodeCache;
import hearth.volume.scsi.Statistics;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Locale;

/**
 * What Prometheus may know of volumes, read when it asks. Names follow its conventions: base units,
 * {@code _total} for counters.
 */
public final class VolumeMetrics implements MultiCollector {
  private final Exports exports;
  private final NodeCache cache;

  public VolumeMetrics(Exports exports, NodeCache cache) {
    this.exports = exports;
    this.cache = cache;
  }

  @Override
  public MetricSnapshots collect() {
    var durations =
        HistogramSnapshot.builder()
            .name("hearth_volume_command_duration_seconds")
            .help("Time from when a SCSI command's data was there to when it was answered.");
    var bytes =
        CounterSnapshot.builder()
            .name("hearth_volume_command_bytes")
            .help("Bytes that SCSI commands transferred.");
    var sizes =
        GaugeSnapshot.builder().name("hearth_volume_size_bytes").help("Size that initiators see.");
    var used =
        GaugeSnapshot.builder()
            .name("hearth_volume_used_bytes")
            .help("Bytes that the volume holds in the pool.");
    var sessions =
        GaugeSnapshot.builder().name("hearth_volume_sessions").help("Sessions of initiators.");
    for (Exports.Measured volume : exports.measure()) {
      Labels labels = Labels.of("volume", volume.name());
      sizes.dataPoint(gauge(labels, volume.sizeBytes()));
      used.dataPoint(gauge(labels, volume.usedBytes()));
      sessions.dataPoint(gauge(labels, volume.sessions()));
      volume
          .commands()
          .forEach((kind, counts) -> {
            if (counts.count() > 0) {
              Labels both =
                  Labels.of(
                      "operation", kind.name().toLowerCase(Locale.ROOT), "volume", volume.name());
              durations.dataPoint(
                  HistogramSnapshot.HistogramDataPointSnapshot.builder()
                      .labels(both)
                      .classicHistogramBuckets(buckets(counts))
                      .sum(counts.micros() / 1e6)
                      .build());
              bytes.dataPoint(
                  CounterSnapshot.CounterDataPointSnapshot.builder()
                      .labels(both)
                      .value((double) counts.bytes())
                      .build());
            }
          });
    }
    var pool =
        GaugeSnapshot.builder()
            .name("hearth_pool_size_bytes")
            .help("Size of the file system that holds the volumes.");
    var free =
        GaugeSnapshot.builder().name("hearth_pool_free_bytes").help("Bytes that are free there.");
    exports
        .pool()
        .ifPresent(space -> {
          pool.dataPoint(gauge(Labels.EMPTY, space.capacityBytes()));
          free.dataPoint(gauge(Labels.EMPTY, space.freeBytes()));
        });
    var cached =
        GaugeSnapshot.builder()
            .name("hearth_map_cache_bytes")
            .help("Memory that the maps of volumes take.")
            .dataPoint(gauge(Labels.EMPTY, cache.bytes()));
    var requests =
        CounterSnapshot.builder()
            .name("hearth_map_cache_requests")
            .help("Look-ups in the maps of volumes.")
            .dataPoint(counter(Labels.of("result", "hit"), cache.hits()))
            .dataPoint(counter(Labels.of("result", "miss"), cache.misses()));
    return MetricSnapshots.of(
        durations.build(),
        bytes.build(),
        sizes.build(),
        used.build(),
        sessions.build(),
        pool.build(),
        free.build(),
        cached.build(),
        requests.build());
  }

  private static ClassicHistogramBuckets buckets(Statistics.Counts counts) {
    long[] bounds = Statistics.bounds();
    var buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < bounds.length; i++) {
      buckets.bucket(bounds[i] / 1e6, counts.counts()[i]);
    }
    return buckets.bucket(Double.POSITIVE_INFINITY, counts.counts()[bounds.length]).build();
  }

  private static GaugeSnapshot.GaugeDataPointSnapshot gauge(Labels labels, long value) {
    return GaugeSnapshot.GaugeDataPointSnapshot.builder()
        .labels(labels)
        .value((double) value)
        .build();
  }

  private static CounterSnapshot.CounterDataPointSnapshot counter(Labels labels, long value) {
    return CounterSnapshot.CounterDataPointSnapshot.builder()
        .labels(labels)
        .value((double) value)
        .build();
  }
}
