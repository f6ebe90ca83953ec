// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.contract.csi.v1.CreateVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.CreateVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.DeleteVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.DeleteVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.GetVolumeGroupSnapshotRequest;
import hearth.contract.csi.v1.GetVolumeGroupSnapshotResponse;
import hearth.contract.csi.v1.GroupControllerGetCapabilitiesRequest;
import hearth.contract.csi.v1.GroupControllerGetCapabilitiesResponse;
import hearth.contract.csi.v1.GroupControllerGrpc;
import hearth.volume.csi.GroupController;
import io.grpc.stub.StreamObserver;

/** CSI's GroupController service. */
final class GrpcGroupController extends GroupControllerGrpc.GroupControllerImplBase {
  private final GroupController controller;

  GrpcGroupController(GroupController controller) {
    this.controller = controller;
  }

  @Override
  public void groupControllerGetCapabilities(
      GroupControllerGetCapabilitiesRequest request,
      StreamObserver<GroupControllerGetCapabilitiesResponse> observer) {
    Answers.one(observer, () -> controller.capabilities());
  }

  @Override
  public void createVolumeGroupSnapshot(
      CreateVolumeGroupSnapshotRequest request,
      StreamObserver<CreateVolumeGroupSnapshotResponse> observer) {
    Answers.one(observer, () -> controller.create(request));
  }

  @Override
  public void deleteVolumeGroupSnapshot(
      DeleteVolumeGroupSnapshotRequest request,
      StreamObserver<DeleteVolumeGroupSnapshotResponse> observer) {
    Answers.one(observer, () -> controller.delete(request));
  }

  @Override
  public void getVolumeGroupSnapshot(
      GetVolumeGroupSnapshotRequest request,
      StreamObserver<GetVolumeGroupSnapshotResponse> observer) {
    Answers.one(observer, () -> controller.get(request));
  }
}
