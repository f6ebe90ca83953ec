// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.volume.v1.Volume;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import java.util.Map;
import java.util.TreeSet;

/**
 * Parameters of storage classes and of volume attributes classes. What begins with {@code
 * csi.storage.k8s.io/} is Kubernetes' own.
 */
final class Parameters {
  private static final String KUBERNETES = "csi.storage.k8s.io/";

  private Parameters() {}

  /** What a storage class wants of a new volume. Problem INVALID_ARGUMENT for what is unknown. */
  static void apply(
      Map<String, String> parameters, Map<String, String> changeable, Volume.Builder volume) {
    Volume.Limits.Builder limits = Volume.Limits.newBuilder();
    parameters.forEach((key, value) -> {
      if (key.equals("engine")) {
        volume.setEngine(engine(value));
      } else if (!key.startsWith(KUBERNETES)) {
        limit(key, value, limits);
      }
    });
    changeable.forEach((key, value) -> limit(key, value, limits));
    volume.setLimits(limits);
    String claim = parameters.getOrDefault(KUBERNETES + "pvc/name", "");
    if (!claim.isEmpty()) {
      volume.setDescription(
          "PersistentVolumeClaim "
              + parameters.getOrDefault(KUBERNETES + "pvc/namespace", "")
              + "/"
              + claim);
    }
  }

  /** The limits with those changed that are named. */
  static Volume.Limits change(Volume.Limits now, Map<String, String> changeable) {
    Volume.Limits.Builder limits = now.toBuilder();
    changeable.forEach((key, value) -> limit(key, value, limits));
    return limits.build();
  }

  /** Refuses parameters of a snapshot class; there are none but Kubernetes' own. */
  static void requireNone(Map<String, String> parameters) {
    for (String key : parameters.keySet()) {
      if (!key.startsWith(KUBERNETES)) {
        throw unknown(key);
      }
    }
  }

  private static Volume.Engine engine(String value) {
    return switch (value) {
      case "chunks" -> Volume.Engine.CHUNKS;
      case "raw" -> Volume.Engine.RAW;
      default ->
          throw Problem.invalid(
              "parameters",
              "'" + Identifiers.printable(value) + "' is no engine",
              "Use chunks or raw");
    };
  }

  private static void limit(String key, String value, Volume.Limits.Builder limits) {
    switch (key) {
      case "iops" -> limits.setOperationsPerSecond(number(key, value));
      case "iopsBurst" -> limits.setOperationsBurst(number(key, value));
      case "bandwidth" -> limits.setBytesPerSecond(size(key, value));
      case "bandwidthBurst" -> limits.setBytesBurst(size(key, value));
      default -> throw unknown(key);
    }
  }

  private static Problem unknown(String key) {
    return Problem.invalid(
        "parameters",
        "'" + Identifiers.printable(key) + "' is unknown",
        "Use some of "
            + String.join(
                ", ",
                new TreeSet<>(
                    java.util.List.of(
                        "engine", "iops", "iopsBurst", "bandwidth", "bandwidthBurst"))));
  }

  private static long number(String key, String value) {
    try {
      long number = Long.parseLong(value);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw Problem.invalid(
        "parameters",
        key + ": '" + Identifiers.printable(value) + "' is no number",
        "Use one such as 1000, or 0 for no limit");
  }

  private static long size(String key, String value) {
    try {
      return value.equals("0") ? 0 : ByteSize.parse(value);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "parameters",
          key + ": '" + Identifiers.printable(value) + "' is no number of bytes",
          "Use one such as 100MiB, or 0 for no limit");
    }
  }
}
