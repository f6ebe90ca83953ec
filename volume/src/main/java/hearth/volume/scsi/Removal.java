// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.util.HashSet;
import java.util.Set;

/**
 * Whether the medium of a removable unit is there, and who prevents its removal (SBC-3 5.25, SPC-4
 * 6.15). Not safe for several threads; the unit calls it under its own lock.
 */
final class Removal {
  private final Set<Nexus> preventing = new HashSet<>();
  private boolean ejected;

  boolean ejected() {
    return ejected;
  }

  /** PREVENT ALLOW MEDIUM REMOVAL of one nexus. */
  void prevent(Nexus nexus, boolean prevent) {
    if (prevent) {
      preventing.add(nexus);
    } else {
      preventing.remove(nexus);
    }
  }

  /** A nexus is lost: what it prevented is allowed again. */
  void forget(Nexus nexus) {
    preventing.remove(nexus);
  }

  /** A reset: nobody prevents anything. */
  void reset() {
    preventing.clear();
  }

  /**
   * Ejects or loads the medium.
   *
   * @return whether the medium was loaded that was not there
   * @throws ScsiException if some nexus prevents it
   */
  boolean move(boolean load) throws ScsiException {
    if (!preventing.isEmpty()) {
      throw new ScsiException(Sense.REMOVAL_PREVENTED);
    }
    boolean loaded = ejected && load;
    ejected = !load;
    return loaded;
  }
}
