// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import java.time.Instant;

/**
 * What the host remembers of a snapshot.
 *
 * @param account identifier of the owner
 * @param volume identifier of the volume
 * @param id the snapshot's own identifier, unique in the volume
 * @param group what it has in common with those of other volumes of the same moment, or empty
 * @param uid identity of the data, 32 hexadecimal digits, never used again
 * @param merkleRoot in hexadecimal, or empty if it was never computed
 */
public record SnapshotRecord(
    String account,
    String volume,
    String id,
    String uid,
    long sizeBytes,
    String description,
    String group,
    String merkleRoot,
    State state,
    Instant createTime) {

  /** The steps of a snapshot's life that a crash must not forget. */
  public enum State {
    READY,
    DELETING
  }

  /** Full name in the contract. */
  public String name() {
    return "accounts/" + account + "/volumes/" + volume + "/snapshots/" + id;
  }

  SnapshotRecord in(State next) {
    return new SnapshotRecord(
        account, volume, id, uid, sizeBytes, description, group, merkleRoot, next, createTime);
  }

  SnapshotRecord withMerkleRoot(String root) {
    return new SnapshotRecord(
        account, volume, id, uid, sizeBytes, description, group, root, state, createTime);
  }
}
