// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.io.IOException;

/**
 * What a unit must not forget when the host stops: reservations made to last through a power loss
 * (APTPL), and an erasure that has begun. A few lines of text; the unit alone knows their meaning.
 * The unit makes no two calls at once.
 */
public interface UnitMemory {
  /** Forgets with the program. */
  UnitMemory NONE =
      new UnitMemory() {
        @Override
        public String load() {
          return "";
        }

        @Override
        public void save(String text) {}
      };

  /** What was last saved; empty if nothing was. */
  String load() throws IOException;

  /** Keeps the text, durable on return, in place of what was kept. */
  void save(String text) throws IOException;
}
