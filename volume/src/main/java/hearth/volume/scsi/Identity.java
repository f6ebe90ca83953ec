// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

/**
 * What tells one unit from all others, the same on every path and across restarts.
 *
 * @param serial unit serial number: 32 hexadecimal digits
 * @param targetName iSCSI name of the target
 * @param revision product revision, at most 4 characters
 * @param ports target ports by which the unit is reached
 */
public record Identity(String serial, String targetName, String revision, int ports) {
  static final String VENDOR = "HEARTH";
  static final String PRODUCT = "VOLUME";

  /** Name of a target port (SPC-4 7.6.3.3). */
  String portName(int port) {
    return targetName + String.format(",t,0x%04x", port);
  }

  /** A locally assigned NAA identifier (SPC-4 7.8.6.6.4): 3, and 60 bits of the serial number. */
  long naa() {
    return 3L << 60 | Long.parseUnsignedLong(serial.substring(0, 15), 16);
  }
}
