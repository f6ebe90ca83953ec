// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

/**
 * An I_T nexus: an initiator port to which the unit owes its memory of reservations and unit
 * attentions.
 *
 * @param initiator iSCSI name of the initiator
 * @param isid the initiator's session identifier, 48 bits
 * @param port relative identifier of the target port, from 1
 */
public record Nexus(String initiator, long isid, int port) {
  /** Name of the initiator port (SPC-4 7.6.3.2). */
  String portName() {
    return initiator + ",i,0x" + String.format("%012x", isid);
  }
}
