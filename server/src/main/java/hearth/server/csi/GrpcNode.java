// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.contract.csi.v1.NodeExpandVolumeRequest;
import hearth.contract.csi.v1.NodeExpandVolumeResponse;
import hearth.contract.csi.v1.NodeGetCapabilitiesRequest;
import hearth.contract.csi.v1.NodeGetCapabilitiesResponse;
import hearth.contract.csi.v1.NodeGetInfoRequest;
import hearth.contract.csi.v1.NodeGetInfoResponse;
import hearth.contract.csi.v1.NodeGetStorageHealthRequest;
import hearth.contract.csi.v1.NodeGetStorageHealthResponse;
import hearth.contract.csi.v1.NodeGetVolumeHealthRequest;
import hearth.contract.csi.v1.NodeGetVolumeHealthResponse;
import hearth.contract.csi.v1.NodeGetVolumeStatsRequest;
import hearth.contract.csi.v1.NodeGetVolumeStatsResponse;
import hearth.contract.csi.v1.NodeGrpc;
import hearth.contract.csi.v1.NodePublishVolumeRequest;
import hearth.contract.csi.v1.NodePublishVolumeResponse;
import hearth.contract.csi.v1.NodeStageVolumeRequest;
import hearth.contract.csi.v1.NodeStageVolumeResponse;
import hearth.contract.csi.v1.NodeUnpublishVolumeRequest;
import hearth.contract.csi.v1.NodeUnpublishVolumeResponse;
import hearth.contract.csi.v1.NodeUnstageVolumeRequest;
import hearth.contract.csi.v1.NodeUnstageVolumeResponse;
import hearth.volume.csi.Node;
import io.grpc.stub.StreamObserver;

/** CSI's Node service. */
final class GrpcNode extends NodeGrpc.NodeImplBase {
  private final Node node;

  GrpcNode(Node node) {
    this.node = node;
  }

  @Override
  public void nodeGetCapabilities(
      NodeGetCapabilitiesRequest request, StreamObserver<NodeGetCapabilitiesResponse> observer) {
    Answers.one(observer, () -> node.capabilities());
  }

  @Override
  public void nodeGetInfo(
      NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> observer) {
    Answers.one(observer, () -> node.info());
  }

  @Override
  public void nodeStageVolume(
      NodeStageVolumeRequest request, StreamObserver<NodeStageVolumeResponse> observer) {
    Answers.one(observer, () -> node.stage(request));
  }

  @Override
  public void nodeUnstageVolume(
      NodeUnstageVolumeRequest request, StreamObserver<NodeUnstageVolumeResponse> observer) {
    Answers.one(observer, () -> node.unstage(request));
  }

  @Override
  public void nodePublishVolume(
      NodePublishVolumeRequest request, StreamObserver<NodePublishVolumeResponse> observer) {
    Answers.one(observer, () -> node.publish(request));
  }

  @Override
  public void nodeUnpublishVolume(
      NodeUnpublishVolumeRequest request, StreamObserver<NodeUnpublishVolumeResponse> observer) {
    Answers.one(observer, () -> node.unpublish(request));
  }

  @Override
  public void nodeGetVolumeStats(
      NodeGetVolumeStatsRequest request, StreamObserver<NodeGetVolumeStatsResponse> observer) {
    Answers.one(observer, () -> node.stats(request));
  }

  @Override
  public void nodeExpandVolume(
      NodeExpandVolumeRequest request, StreamObserver<NodeExpandVolumeResponse> observer) {
    Answers.one(observer, () -> node.expand(request));
  }

  @Override
  public void nodeGetVolumeHealth(
      NodeGetVolumeHealthRequest request, StreamObserver<NodeGetVolumeHealthResponse> observer) {
    Answers.one(observer, () -> node.health(request));
  }

  @Override
  public void nodeGetStorageHealth(
      NodeGetStorageHealthRequest request, StreamObserver<NodeGetStorageHealthResponse> observer) {
    Answers.one(observer, () -> node.storageHealth());
  }
}
