// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.engine.Engines;
import hearth.volume.scsi.Limits;
import hearth.volume.scsi.Traits;
import java.time.Instant;
import java.util.Map;

/**
 * What the host remembers of a volume.
 *
 * @param account identifier of the owner
 * @param id the volume's own identifier, unique in the account
 * @param uid identity of the data, 32 hexadecimal digits, never used again
 * @param initiators who may log in
 * @param served which target serves it
 * @param targetSecret secret that the target proves to initiators that ask
 * @param device path of the block device that holds the data, or empty for a file of the engine
 * @param pool identifier of the pool that the data is in; empty for the data folder
 * @param version grows by one with each change
 */
public record VolumeRecord(
    String account,
    String id,
    String uid,
    long sizeBytes,
    String description,
    Map<String, String> labels,
    Traits traits,
    Limits limits,
    Initiators initiators,
    Served served,
    String device,
    Engines.Kind engine,
    String pool,
    State state,
    String chapUser,
    String chapSecret,
    String targetSecret,
    Instant createTime,
    Instant updateTime,
    long version) {

  /** The targets that can serve a volume. */
  public enum Served {
    /** Our own. */
    HEARTH,
    /** That in Linux. */
    LIO
  }

  /** The steps of a volume's life that a crash must not forget. */
  public enum State {
    READY,
    DELETING
  }

  /** Full name in the contract. */
  public String name() {
    return "accounts/" + account + "/volumes/" + id;
  }

  VolumeRecord in(State next, Instant now) {
    return copy(
        sizeBytes,
        description,
        labels,
        traits,
        limits,
        initiators,
        served,
        next,
        targetSecret,
        now);
  }

  /** The record after a change that its owner asked for. */
  VolumeRecord changed(
      long newSize,
      String newDescription,
      Map<String, String> newLabels,
      Traits newTraits,
      Limits newLimits,
      Initiators newInitiators,
      Served newServed,
      Instant now) {
    return copy(
        newSize,
        newDescription,
        newLabels,
        newTraits,
        newLimits,
        newInitiators,
        newServed,
        state,
        targetSecret,
        now);
  }

  VolumeRecord withTargetSecret(String secret, Instant now) {
    return copy(
        sizeBytes, description, labels, traits, limits, initiators, served, state, secret, now);
  }

  private VolumeRecord copy(
      long newSize,
      String newDescription,
      Map<String, String> newLabels,
      Traits newTraits,
      Limits newLimits,
      Initiators newInitiators,
      Served newServed,
      State newState,
      String newTargetSecret,
      Instant now) {
    return new VolumeRecord(
        account,
        id,
        uid,
        newSize,
        newDescription,
        newLabels,
        newTraits,
        newLimits,
        newInitiators,
        newServed,
        device,
        engine,
        pool,
        newState,
        chapUser,
        chapSecret,
        newTargetSecret,
        createTime,
        now,
        version + 1);
  }
}
