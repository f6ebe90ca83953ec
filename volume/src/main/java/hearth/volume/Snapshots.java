// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.contract.volume.v1.BatchCreateSnapshotsRequest;
import hearth.contract.volume.v1.BatchCreateSnapshotsResponse;
import hearth.contract.volume.v1.CheckSnapshotRequest;
import hearth.contract.volume.v1.CheckSnapshotResponse;
import hearth.contract.volume.v1.CheckVolumeResponse;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.GetSnapshotRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.ListSnapshotsResponse;
import hearth.contract.volume.v1.Snapshot;
import hearth.contract.volume.v1.Volume;
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Snapshots of volumes. Whoever may use a volume may use its snapshots. Safe for any thread. */
public final class Snapshots {
  private static final String VOLUME = "accounts/{account}/volumes/{volume}";
  private static final String PATTERN = VOLUME + "/snapshots/{snapshot}";
  private static final int MOST_AT_ONCE = 100;
  private static final Listing<Snapshot> LISTING =
      new Listing<>(
          new Fields<Snapshot>()
              .with("name", Snapshot::getName)
              .with("uid", Snapshot::getUid)
              .with("size_bytes", Snapshot::getSizeBytes)
              .with("used_bytes", Snapshot::getUsedBytes)
              .with("description", Snapshot::getDescription)
              .with("group", Snapshot::getGroup)
              .with("create_time", snapshot -> Volumes.instant(snapshot.getCreateTime())),
          "name");

  private final VolumeRecords records;
  private final Volumes volumes;
  private final Exports exports;
  private final InstantSource clock;

  public Snapshots(VolumeRecords records, Volumes volumes, Exports exports, InstantSource clock) {
    this.records = records;
    this.volumes = volumes;
    this.exports = exports;
    this.clock = clock;
  }

  /** ListSnapshots. */
  public ListSnapshotsResponse list(Caller caller, ListSnapshotsRequest request) {
    List<String> ids = ResourceName.parse("parent", VOLUME, request.getParent());
    List<VolumeRecord> of =
        ids.getLast().equals("-")
            ? volumes.visible(
                caller, ids.getFirst().equals("me") ? caller.account() : ids.getFirst())
            : List.of(volumes.find(caller, request.getParent()));
    List<Snapshot> all =
        of.stream()
            .flatMap(volume ->
                records.snapshots(volume).stream()
                    .filter(snapshot -> snapshot.state() == SnapshotRecord.State.READY)
                    .map(snapshot -> describe(volume, snapshot)))
            .toList();
    Listing.Page<Snapshot> page =
        LISTING.page(
            all,
            new Listing.Query(
                request.getParent(),
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListSnapshotsResponse.newBuilder()
        .addAllSnapshots(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** GetSnapshot. */
  public Snapshot get(Caller caller, GetSnapshotRequest request) {
    Found found = find(records, volumes, caller, "name", request.getName());
    return describe(found.volume(), found.snapshot());
  }

  /** CreateSnapshot. */
  public Snapshot create(Caller caller, CreateSnapshotRequest request) {
    return create(caller, List.of(request), request.getValidateOnly()).getFirst();
  }

  /** BatchCreateSnapshots. */
  public BatchCreateSnapshotsResponse createAll(
      Caller caller, BatchCreateSnapshotsRequest request) {
    int count = request.getRequestsCount();
    if (count < 1 || count > MOST_AT_ONCE) {
      throw Problem.invalid(
          "requests",
          count + " snapshots cannot be made at once (expected: 1 to " + MOST_AT_ONCE + ")",
          "Ask for fewer");
    }
    String account = ResourceName.parse("parent", VOLUME, request.getParent()).getFirst();
    for (CreateSnapshotRequest one : request.getRequestsList()) {
      if (!ResourceName.parse("parent", VOLUME, one.getParent()).getFirst().equals(account)) {
        throw Problem.invalid(
            "requests",
            "'" + Identifiers.printable(one.getParent()) + "' is not of " + request.getParent(),
            "Snapshots of one moment are of volumes of one account");
      }
    }
    return BatchCreateSnapshotsResponse.newBuilder()
        .addAllSnapshots(create(caller, request.getRequestsList(), request.getValidateOnly()))
        .build();
  }

  private List<Snapshot> create(
      Caller caller, List<CreateSnapshotRequest> requests, boolean validateOnly) {
    return records.transaction(() -> {
      Map<SnapshotRecord, VolumeRecord> planned = new LinkedHashMap<>();
      Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
      for (CreateSnapshotRequest request : requests) {
        VolumeRecord volume = volumes.find(caller, request.getParent());
        if (planned.containsValue(volume)) {
          throw Problem.invalid(
              "requests", "the volume '" + volume.id() + "' is there twice", "Name it once");
        }
        planned.put(plan(volume, request, now), volume);
      }
      if (validateOnly) {
        return describe(planned);
      }
      exports.snapshot(planned);
      planned.forEach(
          (snapshot, volume) -> records.ifUndone(() -> deleteUnrecorded(volume, snapshot)));
      planned.forEach((snapshot, volume) -> {
        records.insertSnapshot(snapshot);
        records.audit(
            caller, "snapshot.create", snapshot.name(), ByteSize.format(volume.sizeBytes()));
        exports.open(volume, snapshot);
      });
      return describe(planned);
    });
  }

  private void deleteUnrecorded(VolumeRecord volume, SnapshotRecord snapshot) {
    boolean recorded =
        records
            .findSnapshot(volume, snapshot.id())
            .filter(found -> found.uid().equals(snapshot.uid()))
            .isPresent();
    if (!recorded) {
      exports.delete(volume, snapshot);
    }
  }

  private List<Snapshot> describe(Map<SnapshotRecord, VolumeRecord> snapshots) {
    List<Snapshot> described = new ArrayList<>();
    snapshots.forEach((snapshot, volume) -> described.add(describe(volume, snapshot)));
    return described;
  }

  private SnapshotRecord plan(VolumeRecord volume, CreateSnapshotRequest request, Instant now) {
    String id = Identifiers.checkLabel("snapshot_id", request.getSnapshotId(), 63);
    String group = request.getSnapshot().getGroup();
    volumes.checkQuota(volume.account(), 0);
    SnapshotRecord snapshot =
        new SnapshotRecord(
            volume.account(),
            volume.id(),
            id,
            Identifiers.randomHex(16),
            volume.sizeBytes(),
            Volumes.checkDescription(request.getSnapshot().getDescription()),
            group.isEmpty() ? "" : Identifiers.checkLabel("group", group, 63),
            "",
            SnapshotRecord.State.READY,
            now);
    records
        .findSnapshot(volume, id)
        .ifPresent(existing -> {
          throw new Problem(
              Code.ALREADY_EXISTS,
              "SNAPSHOT_EXISTS",
              "The volume '" + volume.id() + "' has a snapshot '" + id + "' already",
              "Choose another name, or see: hearth snapshot list --volume " + volume.id(),
              Map.of("name", snapshot.name()));
        });
    exports.requireSnapshots(volume);
    return snapshot;
  }

  /** CheckSnapshot: finds the snapshot; {@link #check(Found)} does the work later. */
  public Found checkable(Caller caller, CheckSnapshotRequest request) {
    return find(records, volumes, caller, "name", request.getName());
  }

  /** Reads all that a snapshot holds, and compares or remembers the root of its Merkle tree. */
  public CheckSnapshotResponse check(Found found) {
    SnapshotRecord snapshot = found.snapshot();
    MerkleRoot.Result result = MerkleRoot.of(exports.data(found.volume(), snapshot));
    CheckSnapshotResponse.Builder response =
        CheckSnapshotResponse.newBuilder()
            .setCheckedBytes(result.readBytes())
            .setMerkleRoot(result.root());
    result
        .lost()
        .forEach(lost ->
            response.addFindings(
                CheckVolumeResponse.Finding.newBuilder()
                    .setResource(snapshot.name())
                    .setOffsetBytes(lost.offset())
                    .setLostBytes(lost.length())
                    .setMessage(lost.why())));
    if (!result.root().isEmpty()) {
      String before = remember(found, result.root());
      if (!before.equals(result.root())) {
        response.addFindings(
            CheckVolumeResponse.Finding.newBuilder()
                .setResource(snapshot.name())
                .setMessage("it does not hold what it held when its root was " + before));
      }
    }
    return response.build();
  }

  /** The root that was computed first, which may be this one. */
  private String remember(Found found, String root) {
    return records.transaction(() ->
        records
            .findSnapshot(found.volume(), found.snapshot().id())
            .filter(now -> now.uid().equals(found.snapshot().uid()))
            .map(now -> {
              if (now.merkleRoot().isEmpty()) {
                records.updateSnapshot(now.withMerkleRoot(root));
                return root;
              }
              return now.merkleRoot();
            })
            .orElse(root)); // deleted meanwhile
  }

  /** DeleteSnapshot. */
  public void delete(Caller caller, DeleteSnapshotRequest request) {
    Found _ =
        records.transaction(() -> {
          Found found = find(records, volumes, caller, "name", request.getName());
          List<String> initiators = exports.initiators(found.volume(), found.snapshot());
          if (!request.getForce() && !initiators.isEmpty()) {
            throw new Problem(
                Code.FAILED_PRECONDITION,
                "SNAPSHOT_IN_USE",
                "The snapshot '"
                    + found.snapshot().id()
                    + "' has sessions open from "
                    + String.join(", ", initiators)
                    + ", so it is not deleted",
                "Log the initiators out first, or delete with --force");
          }
          if (!request.getValidateOnly()) {
            SnapshotRecord deleting = found.snapshot().in(SnapshotRecord.State.DELETING);
            records.updateSnapshot(deleting);
            records.audit(caller, "snapshot.delete", deleting.name(), "");
            records.afterCommit(() -> {
              exports.delete(found.volume(), deleting);
              records.deleteSnapshot(deleting);
            });
          }
          return found;
        });
  }

  /** A snapshot with its volume. */
  public record Found(VolumeRecord volume, SnapshotRecord snapshot) {}

  /** The snapshot of a name that the caller may use. */
  static Found find(
      VolumeRecords records, Volumes volumes, Caller caller, String field, String name) {
    List<String> ids = ResourceName.parse(field, PATTERN, name);
    VolumeRecord volume = volumes.find(caller, "accounts/" + ids.get(0) + "/volumes/" + ids.get(1));
    return records
        .findSnapshot(volume, ids.get(2))
        .filter(snapshot -> snapshot.state() == SnapshotRecord.State.READY)
        .map(snapshot -> new Found(volume, snapshot))
        .orElseThrow(() ->
            Problem.notFound(
                "snapshot",
                Identifiers.printable(name),
                "See: hearth snapshot list --volume " + volume.id()));
  }

  private Snapshot describe(VolumeRecord volume, SnapshotRecord snapshot) {
    Exports.Status status = exports.status(volume, snapshot);
    return Snapshot.newBuilder()
        .setName(snapshot.name())
        .setUid(snapshot.uid())
        .setSizeBytes(snapshot.sizeBytes())
        .setUsedBytes(status.usedBytes())
        .setDescription(snapshot.description())
        .setGroup(snapshot.group())
        .setMerkleRoot(snapshot.merkleRoot())
        .setStateReason(status.problem())
        .setIscsi(
            Volume.Iscsi.newBuilder()
                .setIqn(exports.iqn(volume, snapshot))
                .setPortal(exports.portals().getFirst())
                .addAllPortals(exports.portals())
                .setLun(0)
                .setChapUser(volume.chapUser())
                .setSessionCount(exports.initiators(volume, snapshot).size()))
        .setCreateTime(Volumes.timestamp(snapshot.createTime()))
        .build();
  }
}
