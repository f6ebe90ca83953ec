// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.csi.v1.CreateVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.CreateVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.DeleteVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.DeleteVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.GetVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.GetVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.GroupControllerGetCapabilitiesResponse;
import hearth.contract.csi.v1.GroupControllerServiceCapability;
import hearth.contract.csi.v1.VolumeGroupSnapshot;
import hearth.contract.volume.v1.BatchCreateSnapshotsRequest;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.Snapshot;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** CSI's GroupController service: snapshots of several volumes of one moment. */
public final class GroupController {
  private final Host host;

  public GroupController(Host host) {
    this.host = host;
  }

  /** GroupControllerGetCapabilities. */
  public GroupControllerGetCapabilitiesResponse capabilities() {
    GroupControllerGetCapabilitiesResponse.Builder response =
        GroupControllerGetCapabilitiesResponse.newBuilder();
    response
        .addCapabilitiesBuilder()
        .setRpc(
            GroupControllerServiceCapability.RPC
                .newBuilder()
                .setType(
                    GroupControllerServiceCapability.RPC
                        .Type
                        .CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT));
    return response.build();
  }

  /** CreateVolumeGroupSnapshot. */
  public CreateVolumeGroupSnapshotResponse create(CreateVolumeGroupSnapshotRequest request) {
    String id = Names.id("name", request.getName());
    Set<String> volumes = new TreeSet<>(request.getSourceVolumeIdsList());
    if (volumes.isEmpty()) {
      throw Problem.invalid("source_volume_ids", "is missing", "Name at least one volume");
    }
    Parameters.requireNone(request.getParametersMap());
    List<Snapshot> snapshots = members(id);
    if (snapshots.isEmpty()) {
      BatchCreateSnapshotsRequest.Builder batch =
          BatchCreateSnapshotsRequest.newBuilder().setParent("accounts/me/volumes/-");
      for (String volume : volumes) {
        batch.addRequests(
            CreateSnapshotRequest.newBuilder()
                .setParent(Names.volume(volume))
                .setSnapshotId(id)
                .setSnapshot(SnapshotController.description(request.getName(), id).setGroup(id)));
      }
      try {
        snapshots = host.createSnapshots(batch.build()).getSnapshotsList();
      } catch (Problem e) {
        if (e.code() != Code.ALREADY_EXISTS) {
          throw e;
        }
        snapshots = members(id); // somebody else was asked the same and was faster
      }
    }
    VolumeGroupSnapshot group = describe(id, snapshots);
    Set<String> sources =
        group.getSnapshotsList().stream()
            .map(snapshot -> snapshot.getSourceVolumeId())
            .collect(Collectors.toSet());
    if (!sources.equals(volumes)) {
      throw new Problem(
          Code.ALREADY_EXISTS,
          "GROUP_EXISTS",
          "There is a group of snapshots '" + id + "' of other volumes",
          "Choose another name");
    }
    return CreateVolumeGroupSnapshotResponse.newBuilder().setGroupSnapshot(group).build();
  }

  /** DeleteVolumeGroupSnapshot. */
  public DeleteVolumeGroupSnapshotResponse delete(DeleteVolumeGroupSnapshotRequest request) {
    String id = Names.required("group_snapshot_id", request.getGroupSnapshotId());
    List<Snapshot> snapshots = members(id);
    requireMembers(id, snapshots, request.getSnapshotIdsList());
    snapshots.forEach(snapshot -> SnapshotController.delete(host, snapshot.getName()));
    return DeleteVolumeGroupSnapshotResponse.getDefaultInstance();
  }

  /** GetVolumeGroupSnapshot. */
  public GetVolumeGroupSnapshotResponse get(GetVolumeGroupSnapshotRequest request) {
    String id = Names.required("group_snapshot_id", request.getGroupSnapshotId());
    List<Snapshot> snapshots = members(id);
    if (snapshots.isEmpty()) {
      throw Problem.notFound(
          "group of snapshots", Identifiers.printable(id), "See: hearth snapshot list");
    }
    requireMembers(id, snapshots, request.getSnapshotIdsList());
    return GetVolumeGroupSnapshotResponse.newBuilder()
        .setGroupSnapshot(describe(id, snapshots))
        .build();
  }

  /** Refuses identities that are not of the group; those deleted since are no mistake. */
  private static void requireMembers(String id, List<Snapshot> snapshots, List<String> named) {
    Set<String> there =
        snapshots.stream()
            .map(snapshot -> Names.snapshotId(snapshot.getName()))
            .collect(Collectors.toSet());
    for (String snapshot : named) {
      if (!there.isEmpty() && !there.contains(snapshot) && !snapshot.endsWith("/" + id)) {
        throw Problem.invalid(
            "snapshot_ids",
            "'" + Identifiers.printable(snapshot) + "' is not of the group",
            "Name those that it was made with");
      }
    }
  }

  private List<Snapshot> members(String id) {
    if (!Names.couldBeVolume(id)) {
      return List.of();
    }
    return host.listSnapshots(
            ListSnapshotsRequest.newBuilder()
                .setParent("accounts/me/volumes/-")
                .setFilter("group = \"" + id + "\"")
                .setPageSize(1000)
                .build())
        .getSnapshotsList();
  }

  private static VolumeGroupSnapshot describe(String id, List<Snapshot> snapshots) {
    VolumeGroupSnapshot.Builder group =
        VolumeGroupSnapshot.newBuilder().setGroupSnapshotId(id).setReadyToUse(true);
    for (Snapshot snapshot : snapshots) {
      group.addSnapshots(SnapshotController.describe(snapshot));
      group.setCreationTime(snapshot.getCreateTime());
    }
    return group.build();
  }
}
