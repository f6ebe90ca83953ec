// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.contract.volume.v1.Volume;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.volume.engine.Engines;
import hearth.volume.scsi.Limits;
import hearth.volume.scsi.Traits;
import java.util.List;
import java.util.Set;

/** Checks what a request wants of a volume's unit, and describes what it has. */
final class VolumeOptions {
  private static final int MOST_INITIATORS = 64;
  private static final int LONGEST_NAME = 223;
  private static final long LEAST_OPERATIONS = 10;
  private static final long LEAST_BYTES = ByteSize.MIB;

  private VolumeOptions() {}

  static Traits traits(Volume wanted) {
    return new Traits(
        wanted.getReadOnly(),
        wanted.getRemovable(),
        wanted.getSanitizeAllowed(),
        physicalBlock(wanted));
  }

  /** The traits with those changed that a mask names. */
  static Traits traits(Traits now, Volume wanted, Set<String> mask) {
    return new Traits(
        mask.contains("read_only") ? wanted.getReadOnly() : now.readOnly(),
        mask.contains("removable") ? wanted.getRemovable() : now.removable(),
        mask.contains("sanitize_allowed") ? wanted.getSanitizeAllowed() : now.sanitizable(),
        mask.contains("physical_block_bytes") ? physicalBlock(wanted) : now.physicalBlock());
  }

  private static int physicalBlock(Volume wanted) {
    return switch (wanted.getPhysicalBlockBytes()) {
      case 0, 4096 -> 4096;
      case 512 -> 512;
      default ->
          throw Problem.invalid(
              "physical_block_bytes",
              wanted.getPhysicalBlockBytes() + " is no size of a physical block",
              "Use 512 or 4096");
    };
  }

  static VolumeRecord.Served served(Volume wanted) {
    return switch (wanted.getTarget()) {
      case TARGET_UNSPECIFIED, HEARTH -> VolumeRecord.Served.HEARTH;
      case LIO -> VolumeRecord.Served.LIO;
      case UNRECOGNIZED -> throw Problem.invalid("target", "is unknown", "Use HEARTH or LIO");
    };
  }

  /** Refuses what the kernel's target cannot do. */
  static void checkServed(VolumeRecord volume) {
    if (volume.served() == VolumeRecord.Served.HEARTH) {
      return;
    }
    Traits traits = volume.traits();
    if (volume.engine() != Engines.Kind.LVM && volume.engine() != Engines.Kind.DEVICE) {
      throw Problem.invalid(
          "target",
          "LIO serves block devices only, and the engine is " + volume.engine(),
          "Use a pool of LVM (hearth pool list), or leave the target out");
    }
    if (traits.removable() || traits.sanitizable() || traits.physicalBlock() != 4096) {
      throw Problem.invalid(
          "target",
          "LIO has no removable disks, none that can be sanitized, and no choice of physical blocks",
          "Leave these out, or the target");
    }
    if (!volume.limits().equals(Limits.NONE)) {
      throw Problem.invalid(
          "target", "LIO keeps no limits", "Set no limits, or leave the target out");
    }
  }

  static Limits limits(Volume wanted) {
    Volume.Limits limits = wanted.getLimits();
    least("limits.operations_per_second", limits.getOperationsPerSecond(), LEAST_OPERATIONS);
    least("limits.bytes_per_second", limits.getBytesPerSecond(), LEAST_BYTES);
    least("limits.operations_burst", limits.getOperationsBurst(), 0);
    least("limits.bytes_burst", limits.getBytesBurst(), 0);
    return new Limits(
        limits.getOperationsPerSecond(),
        limits.getOperationsBurst(),
        limits.getBytesPerSecond(),
        limits.getBytesBurst());
  }

  /** The limits with those changed that a mask names, or all of them. */
  static Limits limits(Limits now, Volume wanted, Set<String> mask) {
    Limits next = limits(wanted);
    if (mask.contains("limits")) {
      return next;
    }
    return new Limits(
        mask.contains("limits.operations_per_second")
            ? next.operationsPerSecond()
            : now.operationsPerSecond(),
        mask.contains("limits.operations_burst") ? next.operationsBurst() : now.operationsBurst(),
        mask.contains("limits.bytes_per_second") ? next.bytesPerSecond() : now.bytesPerSecond(),
        mask.contains("limits.bytes_burst") ? next.bytesBurst() : now.bytesBurst());
  }

  /** Less would let commands wait until their initiators give them up. */
  private static void least(String field, long value, long least) {
    if (value != 0 && value < least) {
      throw Problem.invalid(
          field,
          value + " is too little (expected: >= " + least + ")",
          "Use a larger one, or none for no limit (0 in the API)");
    }
  }

  static Initiators initiators(Volume wanted) {
    return checked(
        new Initiators(
            names("allowed_initiators", wanted.getAllowedInitiatorsList()),
            names("read_only_initiators", wanted.getReadOnlyInitiatorsList())));
  }

  /** The initiators with those changed that a mask names. */
  static Initiators initiators(Initiators now, Volume wanted, Set<String> mask) {
    Initiators next =
        new Initiators(
            names("allowed_initiators", wanted.getAllowedInitiatorsList()),
            names("read_only_initiators", wanted.getReadOnlyInitiatorsList()));
    return checked(
        new Initiators(
            mask.contains("allowed_initiators") ? next.allowed() : now.allowed(),
            mask.contains("read_only_initiators") ? next.readOnly() : now.readOnly()));
  }

  private static Initiators checked(Initiators initiators) {
    for (String name : initiators.readOnly()) {
      if (!initiators.allowed().contains(name)) {
        throw Problem.invalid(
            "read_only_initiators",
            "'" + name + "' is none of the allowed initiators",
            "Allow it too, or take it out here");
      }
    }
    return initiators;
  }

  private static List<String> names(String field, List<String> names) {
    if (names.size() > MOST_INITIATORS) {
      throw Problem.invalid(
          field,
          "has " + names.size() + " names (expected: <= " + MOST_INITIATORS + ")",
          "Allow fewer, or all by leaving it empty");
    }
    for (String name : names) {
      boolean known = name.startsWith("iqn.") || name.startsWith("eui.") || name.startsWith("naa.");
      if (!known
          || name.length() > LONGEST_NAME
          || !name.chars().allMatch(c -> c > ' ' && c < 127 && !Character.isUpperCase(c))) {
        throw Problem.invalid(
            field,
            "'" + name + "' is no name of an initiator",
            "Use what /etc/iscsi/initiatorname.iscsi says there, such as iqn.1993-08.org.debian:01:abc");
      }
    }
    return names;
  }

  static Volume.Limits describe(Limits limits) {
    return Volume.Limits.newBuilder()
        .setOperationsPerSecond(limits.operationsPerSecond())
        .setOperationsBurst(limits.operationsBurst())
        .setBytesPerSecond(limits.bytesPerSecond())
        .setBytesBurst(limits.bytesBurst())
        .build();
  }
}
