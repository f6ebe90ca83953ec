// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.csi.v1.CreateSnapshotResponse;
import hearth.contract.csi.v1.DeleteSnapshotResponse;
import hearth.contract.csi.v1.GetSnapshotResponse;
import hearth.contract.csi.v1.ListSnapshotsResponse;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.GetSnapshotRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.Snapshot;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.util.List;
import java.util.Optional;

/** The part of CSI's Controller service that makes snapshots. Safe for any thread. */
public final class SnapshotController {
  private static final String ALL = "accounts/me/volumes/-";

  private final Host host;

  public SnapshotController(Host host) {
    this.host = host;
  }

  /** CreateSnapshot. */
  public CreateSnapshotResponse create(hearth.contract.csi.v1.CreateSnapshotRequest request) {
    String id = Names.id("name", request.getName());
    String volume = Names.volume(Names.required("source_volume_id", request.getSourceVolumeId()));
    Parameters.requireNone(request.getParametersMap());
    Optional<Snapshot> existing = named(host, id).stream().findFirst();
    if (existing.isEmpty()) {
      try {
        existing =
            Optional.of(
                host.createSnapshot(
                    CreateSnapshotRequest.newBuilder()
                        .setParent(volume)
                        .setSnapshotId(id)
                        .setSnapshot(description(request.getName(), id))
                        .build()));
      } catch (Problem e) {
        if (e.code() != Code.ALREADY_EXISTS) {
          throw e;
        }
        existing = find(volume + "/snapshots/" + id);
      }
    }
    Snapshot snapshot =
        existing.orElseThrow(() ->
            new Problem(
                Code.ABORTED,
                "DELETED_MEANWHILE",
                "The snapshot was deleted meanwhile",
                "Try again"));
    if (!describe(snapshot).getSourceVolumeId().equals(request.getSourceVolumeId())) {
      throw new Problem(
          Code.ALREADY_EXISTS,
          "SNAPSHOT_EXISTS",
          "There is a snapshot '" + id + "' of another volume",
          "Choose another name");
    }
    return CreateSnapshotResponse.newBuilder().setSnapshot(describe(snapshot)).build();
  }

  static Snapshot.Builder description(String name, String id) {
    return Snapshot.newBuilder()
        .setDescription(id.equals(name) ? "" : "CSI snapshot " + Identifiers.printable(name));
  }

  /** Snapshots of any volume that end with an identity. */
  static List<Snapshot> named(Host host, String id) {
    return host.listSnapshots(
            ListSnapshotsRequest.newBuilder()
                .setParent(ALL)
                .setFilter("name = \"*/snapshots/" + id + "\"")
                .setPageSize(1000)
                .build())
        .getSnapshotsList();
  }

  /** DeleteSnapshot. */
  public DeleteSnapshotResponse delete(hearth.contract.csi.v1.DeleteSnapshotRequest request) {
    Optional<String> name = Names.snapshot(Names.required("snapshot_id", request.getSnapshotId()));
    name.ifPresent(found -> delete(host, found));
    return DeleteSnapshotResponse.getDefaultInstance();
  }

  static void delete(Host host, String name) {
    try {
      host.deleteSnapshot(DeleteSnapshotRequest.newBuilder().setName(name).build());
    } catch (Problem e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  /** ListSnapshots. */
  public ListSnapshotsResponse list(hearth.contract.csi.v1.ListSnapshotsRequest request) {
    ListSnapshotsResponse.Builder response = ListSnapshotsResponse.newBuilder();
    String volume = request.getSourceVolumeId();
    if (!request.getSnapshotId().isEmpty()) {
      Names.snapshot(request.getSnapshotId())
          .flatMap(this::find)
          .map(SnapshotController::describe)
          .filter(snapshot -> volume.isEmpty() || snapshot.getSourceVolumeId().equals(volume))
          .ifPresent(snapshot -> response.addEntriesBuilder().setSnapshot(snapshot));
      return response.build();
    }
    if (!volume.isEmpty() && !Names.couldBeVolume(volume)) {
      return response.build();
    }
    try {
      var page =
          Controller.paged(() ->
              host.listSnapshots(
                  ListSnapshotsRequest.newBuilder()
                      .setParent(volume.isEmpty() ? ALL : Names.volume(volume))
                      .setPageSize(Controller.pageSize(request.getMaxEntries()))
                      .setPageToken(request.getStartingToken())
                      .build()));
      page.getSnapshotsList()
          .forEach(snapshot -> response.addEntriesBuilder().setSnapshot(describe(snapshot)));
      return response.setNextToken(page.getNextPageToken()).build();
    } catch (Problem e) {
      if (e.code() == Code.NOT_FOUND) {
        return response.build();
      }
      throw e;
    }
  }

  /** GetSnapshot. */
  public GetSnapshotResponse get(hearth.contract.csi.v1.GetSnapshotRequest request) {
    String id = Names.required("snapshot_id", request.getSnapshotId());
    Snapshot snapshot =
        Names.snapshot(id)
            .flatMap(this::find)
            .orElseThrow(() ->
                Problem.notFound(
                    "snapshot", Identifiers.printable(id), "See: hearth snapshot list"));
    return GetSnapshotResponse.newBuilder().setSnapshot(describe(snapshot)).build();
  }

  private Optional<Snapshot> find(String name) {
    try {
      return Optional.of(host.getSnapshot(GetSnapshotRequest.newBuilder().setName(name).build()));
    } catch (Problem e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  static hearth.contract.csi.v1.Snapshot describe(Snapshot snapshot) {
    String id = Names.snapshotId(snapshot.getName());
    return hearth.contract.csi.v1.Snapshot.newBuilder()
        .setSnapshotId(id)
        .setSourceVolumeId(id.substring(0, id.indexOf('/')))
        .setSizeBytes(snapshot.getSizeBytes())
        .setCreationTime(snapshot.getCreateTime())
        .setReadyToUse(snapshot.getStateReason().isEmpty())
        .setGroupSnapshotId(snapshot.getGroup())
        .build();
  }
}
