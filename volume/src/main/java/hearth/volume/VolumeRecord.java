// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.engine.Engines;
import java.time.Instant;
import java.util.Map;

/**
 * What the host remembers of a volume.
 *
 * @param account identifier of the owner
 * @param id the volume's own identifier, unique in the account
 * @param uid identity of the data, 32 hexadecimal digits, never used again
 * @param device path of the block device that holds the data, or empty for a file of the engine
 * @param version grows by one with each change
 */
public record VolumeRecord(
    String account,
    String id,
    String uid,
    long sizeBytes,
    String description,
    Map<String, String> labels,
    boolean readOnly,
    String device,
    Engines.Kind engine,
    State state,
    String chapUser,
    String chapSecret,
    Instant createTime,
    Instant updateTime,
    long version) {

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
    return new VolumeRecord(
        account,
        id,
        uid,
        sizeBytes,
        description,
        labels,
        readOnly,
        device,
        engine,
        next,
        chapUser,
        chapSecret,
        createTime,
        now,
        version + 1);
  }

  VolumeRecord changed(
      long newSize,
      String newDescription,
      Map<String, String> newLabels,
      boolean newReadOnly,
      Instant now) {
    return new VolumeRecord(
        account,
        id,
        uid,
        newSize,
        newDescription,
        newLabels,
        newReadOnly,
        device,
        engine,
        state,
        chapUser,
        chapSecret,
        createTime,
        now,
        version + 1);
  }
}
