// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.LogicalUnit;

/**
 * A target: one unit, and the secret that opens it.
 *
 * @param iqn iSCSI qualified name
 * @param chapUser name that initiators give
 * @param chapSecret secret that they prove
 * @param unit what they reach
 */
public record Target(String iqn, String chapUser, String chapSecret, LogicalUnit unit) {
  @Override
  public String toString() {
    return "Target[" + iqn + "]";
  }
}
