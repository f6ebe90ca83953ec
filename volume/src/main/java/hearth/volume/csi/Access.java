// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.csi.v1.VolumeCapability;
import hearth.contract.csi.v1.VolumeCapability.AccessMode.Mode;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Problem;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** How a volume is to be used: as a file system or a disk, by one node or more. */
final class Access {
  /** File systems that a volume can have; the first unless another is asked for. */
  static final List<String> FILE_SYSTEMS = List.of("ext4", "xfs");

  private Access() {}

  /** Whether only one node at a time may have it. */
  static boolean isSingleNode(Mode mode) {
    return switch (mode) {
      case SINGLE_NODE_WRITER,
          SINGLE_NODE_READER_ONLY,
          SINGLE_NODE_SINGLE_WRITER,
          SINGLE_NODE_MULTI_WRITER ->
          true;
      case MULTI_NODE_READER_ONLY,
          MULTI_NODE_SINGLE_WRITER,
          MULTI_NODE_MULTI_WRITER,
          UNKNOWN,
          UNRECOGNIZED ->
          false;
    };
  }

  /** Whether nobody writes. */
  static boolean isReadOnly(Mode mode) {
    return Set.of(Mode.SINGLE_NODE_READER_ONLY, Mode.MULTI_NODE_READER_ONLY).contains(mode);
  }

  /** Problem INVALID_ARGUMENT if a capability is not there or cannot be had. */
  static VolumeCapability check(VolumeCapability capability) {
    Optional<String> obstacle = obstacle(capability);
    if (obstacle.isPresent()) {
      throw Problem.invalid(
          "volume_capability", obstacle.get(), "Ask for another, or for volumeMode: Block");
    }
    return capability;
  }

  /** The same for all of a list, which must not be empty. */
  static void check(List<VolumeCapability> capabilities) {
    if (capabilities.isEmpty()) {
      throw Problem.invalid("volume_capabilities", "is missing", "Give one");
    }
    capabilities.forEach(Access::check);
  }

  /** Why a volume cannot be used so, if it cannot. */
  static Optional<String> obstacle(VolumeCapability capability) {
    Mode mode = capability.getAccessMode().getMode();
    if (mode == Mode.UNKNOWN || mode == Mode.UNRECOGNIZED) {
      return Optional.of("says nothing of the access mode");
    }
    return switch (capability.getAccessTypeCase()) {
      case BLOCK -> Optional.empty();
      case MOUNT -> {
        String type = capability.getMount().getFsType();
        if (!type.isEmpty() && !FILE_SYSTEMS.contains(type)) {
          yield Optional.of(
              "'"
                  + Identifiers.printable(type)
                  + "' is none of "
                  + String.join(", ", FILE_SYSTEMS));
        }
        yield isSingleNode(mode) || isReadOnly(mode)
            ? Optional.empty()
            : Optional.of("several nodes cannot write to one file system (" + mode + ")");
      }
      case ACCESSTYPE_NOT_SET -> Optional.of("says neither block nor mount");
    };
  }
}
