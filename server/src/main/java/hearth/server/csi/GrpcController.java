// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.contract.csi.v1.ControllerExpandVolumeRequest;
import hearth.contract.csi.v1.ControllerExpandVolumeResponse;
import hearth.contract.csi.v1.ControllerGetCapabilitiesRequest;
import hearth.contract.csi.v1.ControllerGetCapabilitiesResponse;
import hearth.contract.csi.v1.ControllerGetVolumeHealthRequest;
import hearth.contract.csi.v1.ControllerGetVolumeHealthResponse;
import hearth.contract.csi.v1.ControllerGetVolumeRequest;
import hearth.contract.csi.v1.ControllerGetVolumeResponse;
import hearth.contract.csi.v1.ControllerGrpc;
import hearth.contract.csi.v1.ControllerListVolumeHealthRequest;
import hearth.contract.csi.v1.ControllerListVolumeHealthResponse;
import hearth.contract.csi.v1.ControllerModifyVolumeRequest;
import hearth.contract.csi.v1.ControllerModifyVolumeResponse;
import hearth.contract.csi.v1.ControllerPublishVolumeRequest;
import hearth.contract.csi.v1.ControllerPublishVolumeResponse;
import hearth.contract.csi.v1.ControllerUnpublishVolumeRequest;
import hearth.contract.csi.v1.ControllerUnpublishVolumeResponse;
import hearth.contract.csi.v1.CreateSnapshotRequest;
import hearth.contract.csi.v1.CreateSnapshotResponse;
import hearth.contract.csi.v1.CreateVolumeRequest;
import hearth.contract.csi.v1.CreateVolumeResponse;
import hearth.contract.csi.v1.DeleteSnapshotRequest;
import hearth.contract.csi.v1.DeleteSnapshotResponse;
import hearth.contract.csi.v1.DeleteVolumeRequest;
import hearth.contract.csi.v1.DeleteVolumeResponse;
import hearth.contract.csi.v1.GetCapacityRequest;
import hearth.contract.csi.v1.GetCapacityResponse;
import hearth.contract.csi.v1.GetSnapshotRequest;
import hearth.contract.csi.v1.GetSnapshotResponse;
import hearth.contract.csi.v1.ListSnapshotsRequest;
import hearth.contract.csi.v1.ListSnapshotsResponse;
import hearth.contract.csi.v1.ListVolumesRequest;
import hearth.contract.csi.v1.ListVolumesResponse;
import hearth.contract.csi.v1.ValidateVolumeCapabilitiesRequest;
import hearth.contract.csi.v1.ValidateVolumeCapabilitiesResponse;
import hearth.volume.csi.Controller;
import hearth.volume.csi.SnapshotController;
import io.grpc.stub.StreamObserver;

/** CSI's Controller service. */
final class GrpcController extends ControllerGrpc.ControllerImplBase {
  private final Controller controller;
  private final SnapshotController snapshots;

  GrpcController(Controller controller, SnapshotController snapshots) {
    this.controller = controller;
    this.snapshots = snapshots;
  }

  @Override
  public void controllerGetCapabilities(
      ControllerGetCapabilitiesRequest request,
      StreamObserver<ControllerGetCapabilitiesResponse> observer) {
    Answers.one(observer, () -> controller.capabilities());
  }

  @Override
  public void createVolume(
      CreateVolumeRequest request, StreamObserver<CreateVolumeResponse> observer) {
    Answers.one(observer, () -> controller.create(request));
  }

  @Override
  public void deleteVolume(
      DeleteVolumeRequest request, StreamObserver<DeleteVolumeResponse> observer) {
    Answers.one(observer, () -> controller.delete(request));
  }

  @Override
  public void controllerPublishVolume(
      ControllerPublishVolumeRequest request,
      StreamObserver<ControllerPublishVolumeResponse> observer) {
    Answers.one(observer, () -> controller.publish(request));
  }

  @Override
  public void controllerUnpublishVolume(
      ControllerUnpublishVolumeRequest request,
      StreamObserver<ControllerUnpublishVolumeResponse> observer) {
    Answers.one(observer, () -> controller.unpublish(request));
  }

  @Override
  public void validateVolumeCapabilities(
      ValidateVolumeCapabilitiesRequest request,
      StreamObserver<ValidateVolumeCapabilitiesResponse> observer) {
    Answers.one(observer, () -> controller.validate(request));
  }

  @Override
  public void listVolumes(
      ListVolumesRequest request, StreamObserver<ListVolumesResponse> observer) {
    Answers.one(observer, () -> controller.list(request));
  }

  @Override
  public void controllerGetVolume(
      ControllerGetVolumeRequest request, StreamObserver<ControllerGetVolumeResponse> observer) {
    Answers.one(observer, () -> controller.get(request));
  }

  @Override
  public void getCapacity(
      GetCapacityRequest request, StreamObserver<GetCapacityResponse> observer) {
    Answers.one(observer, () -> controller.capacity(request));
  }

  @Override
  public void controllerExpandVolume(
      ControllerExpandVolumeRequest request,
      StreamObserver<ControllerExpandVolumeResponse> observer) {
    Answers.one(observer, () -> controller.expand(request));
  }

  @Override
  public void controllerModifyVolume(
      ControllerModifyVolumeRequest request,
      StreamObserver<ControllerModifyVolumeResponse> observer) {
    Answers.one(observer, () -> controller.modify(request));
  }

  @Override
  public void controllerGetVolumeHealth(
      ControllerGetVolumeHealthRequest request,
      StreamObserver<ControllerGetVolumeHealthResponse> observer) {
    Answers.one(observer, () -> controller.health(request));
  }

  @Override
  public void controllerListVolumeHealth(
      ControllerListVolumeHealthRequest request,
      StreamObserver<ControllerListVolumeHealthResponse> observer) {
    Answers.one(observer, () -> controller.health(request));
  }

  @Override
  public void createSnapshot(
      CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> observer) {
    Answers.one(observer, () -> snapshots.create(request));
  }

  @Override
  public void deleteSnapshot(
      DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> observer) {
    Answers.one(observer, () -> snapshots.delete(request));
  }

  @Override
  public void listSnapshots(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    Answers.one(observer, () -> snapshots.list(request));
  }

  @Override
  public void getSnapshot(
      GetSnapshotRequest request, StreamObserver<GetSnapshotResponse> observer) {
    Answers.one(observer, () -> snapshots.get(request));
  }
}
