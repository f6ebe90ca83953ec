// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

/** What login settled (RFC 7143 13). Lengths in bytes. */
record Parameters(
    boolean headerDigest,
    boolean dataDigest,
    boolean initialR2t,
    boolean immediateData,
    int initiatorMaxRecvDataSegmentLength,
    int maxBurstLength,
    int firstBurstLength) {
  /** Longest data segment that we take. */
  static final int MAX_RECV_DATA_SEGMENT_LENGTH = 262_144;

  /** Longest data segment of a login PDU (RFC 7143 13.12). */
  static final int LOGIN_DATA_SEGMENT_LENGTH = 8192;
}
