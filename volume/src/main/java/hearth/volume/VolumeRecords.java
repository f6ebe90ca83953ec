// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.kit.access.Caller;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** The records of volumes, kept by whoever keeps the host's records. Safe for any thread. */
public interface VolumeRecords {
  /** All volumes, or those of one account, in any order. */
  List<VolumeRecord> list(Optional<String> account);

  Optional<VolumeRecord> find(String account, String id);

  /** Adds a record. Problem ALREADY_EXISTS if the account has a volume of that id. */
  void insert(VolumeRecord volume);

  /**
   * Replaces a record whose version is one less. Problem ABORTED if somebody changed it meanwhile.
   */
  void update(VolumeRecord volume);

  void delete(VolumeRecord volume);

  /** All snapshots of a volume, in any order. */
  List<SnapshotRecord> snapshots(VolumeRecord volume);

  Optional<SnapshotRecord> findSnapshot(VolumeRecord volume, String id);

  /** Adds a record. Problem ALREADY_EXISTS if the volume has a snapshot of that id. */
  void insertSnapshot(SnapshotRecord snapshot);

  /** Replaces the state of a record. */
  void updateSnapshot(SnapshotRecord snapshot);

  void deleteSnapshot(SnapshotRecord snapshot);

  /** All pools but the data folder, in any order. */
  List<PoolRecord> pools();

  void insertPool(PoolRecord pool);

  void deletePool(PoolRecord pool);

  /**
   * The quota of an account in bytes, empty for none; within a transaction no other one reserves
   * space for the account until this one ends. Problem NOT_FOUND if there is no such account.
   */
  OptionalLong lockQuota(String account);

  /** The quota of an account in bytes; empty for none, and if there is no such account. */
  OptionalLong quota(String account);

  /** Runs work whose changes all happen or none. Inner transactions join the outer one. */
  <T> T transaction(Supplier<T> work);

  /** Runs something once the transaction, with all it is part of, cannot be undone any more. */
  void afterCommit(Runnable work);

  /**
   * Runs something if the transaction, with all it is part of, is undone or cannot be committed, as
   * on a full disk; never where there is no transaction. A commit that failed may have come through
   * all the same: what is run must look.
   */
  void ifUndone(Runnable work);

  /** Notes a change for the audit. */
  void audit(Caller caller, String action, String target, String detail);
}
