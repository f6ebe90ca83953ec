// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

/**
 * How much a unit may do, all initiators together. 0 stands for no limit.
 *
 * @param operationsPerSecond commands that transfer or change data, in a second
 * @param operationsBurst commands that may come at once after a quiet time
 * @param bytesPerSecond bytes transferred in a second, both ways together
 * @param bytesBurst bytes that may be transferred at once after a quiet time
 */
public record Limits(
    long operationsPerSecond, long operationsBurst, long bytesPerSecond, long bytesBurst) {
  /** As much as the host can. */
  public static final Limits NONE = new Limits(0, 0, 0, 0);
}
