// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.time.Instant;

/**
 * What can be told of a session.
 *
 * @param id number that no other session of this target has had since it started
 * @param isid the initiator's part of the session's identity, 48 bits (RFC 7143 11.12.5)
 * @param address address and port that the initiator comes from
 * @param began when it logged in; the epoch if that is not known
 * @param commands SCSI commands since then
 */
public record SessionInfo(
    long id,
    String initiator,
    long isid,
    String address,
    Instant began,
    long readBytes,
    long writtenBytes,
    long commands,
    boolean headerDigest,
    boolean dataDigest) {}
