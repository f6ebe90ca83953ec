// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.LogicalUnit;
import java.util.Set;

/**
 * A target: one unit, and who may reach it.
 *
 * @param iqn iSCSI qualified name
 * @param chapUser name that initiators give, and that the target gives to those who ask it to prove
 *     itself
 * @param chapSecret secret that initiators prove
 * @param targetSecret secret that the target proves to those who ask; another than that of the
 *     initiators
 * @param initiators names of the initiators that may log in; empty for all who know the secret
 * @param unit what they reach
 */
public record Target(
    String iqn,
    String chapUser,
    String chapSecret,
    String targetSecret,
    Set<String> initiators,
    LogicalUnit unit) {
  /** Whether an initiator of this name may log in, should it know the secret. */
  boolean admits(String initiator) {
    return initiators.isEmpty() || initiators.contains(initiator);
  }

  @Override
  public String toString() {
    return "Target[" + iqn + "]";
  }
}
