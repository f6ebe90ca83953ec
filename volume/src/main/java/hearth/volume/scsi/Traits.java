// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

/**
 * How a unit presents itself and what it allows, as its volume's owner chose.
 *
 * @param readOnly the medium is write-protected
 * @param removable the medium can be ejected and loaded, and initiators can prevent that
 * @param sanitizable SANITIZE is allowed
 * @param physicalBlock bytes of a physical block: 512 or 4096; initiators align what they write to
 *     it
 */
public record Traits(boolean readOnly, boolean removable, boolean sanitizable, int physicalBlock) {
  /** An ordinary disk. */
  public static final Traits DISK = new Traits(false, false, false, 4096);

  /** A disk that cannot be written. */
  public static final Traits READ_ONLY = new Traits(true, false, false, 4096);

  /** Checks the sizes. */
  public Traits {
    if (physicalBlock != 512 && physicalBlock != 4096) {
      throw new IllegalArgumentException(
          "physicalBlock: " + physicalBlock + " (expected: 512 or 4096)");
    }
  }

  /** Logical blocks in a physical one. */
  int blocksInPhysical() {
    return physicalBlock / LogicalUnit.BLOCK;
  }

  /** Whether units with these traits have a command at all. */
  boolean allow(Operation operation) {
    return switch (operation) {
      case SANITIZE_OVERWRITE,
          SANITIZE_BLOCK_ERASE,
          SANITIZE_CRYPTOGRAPHIC_ERASE,
          SANITIZE_EXIT_FAILURE_MODE ->
          sanitizable;
      default -> true;
    };
  }
}
