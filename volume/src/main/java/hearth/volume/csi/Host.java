// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.volume.v1.BatchCreateSnapshotsRequest;
import hearth.contract.volume.v1.BatchCreateSnapshotsResponse;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.DeleteVolumeRequest;
import hearth.contract.volume.v1.GetExtentsRequest;
import hearth.contract.volume.v1.GetExtentsResponse;
import hearth.contract.volume.v1.GetSnapshotRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.ListSnapshotsResponse;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.ListVolumesResponse;
import hearth.contract.volume.v1.Snapshot;
import hearth.contract.volume.v1.UpdateVolumeRequest;
import hearth.contract.volume.v1.Volume;

/**
 * What the driver asks of a host: its API as the driver's account. Every method throws the {@link
 * hearth.kit.problem.Problem} that the host told, or UNAVAILABLE if it did not answer. Safe for any
 * thread.
 */
public interface Host {
  /** Bytes that the account's new volumes may have. */
  long availableBytes();

  ListVolumesResponse listVolumes(ListVolumesRequest request);

  Volume getVolume(GetVolumeRequest request);

  Volume createVolume(CreateVolumeRequest request);

  Volume updateVolume(UpdateVolumeRequest request);

  void deleteVolume(DeleteVolumeRequest request);

  ListSnapshotsResponse listSnapshots(ListSnapshotsRequest request);

  Snapshot getSnapshot(GetSnapshotRequest request);

  Snapshot createSnapshot(CreateSnapshotRequest request);

  BatchCreateSnapshotsResponse createSnapshots(BatchCreateSnapshotsRequest request);

  void deleteSnapshot(DeleteSnapshotRequest request);

  GetExtentsResponse getExtents(GetExtentsRequest request);
}
