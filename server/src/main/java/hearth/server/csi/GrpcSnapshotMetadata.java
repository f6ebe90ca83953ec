// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.contract.csi.v1.GetMetadataAllocatedRequest;
import hearth.contract.csi.v1.GetMetadataAllocatedResponse;
import hearth.contract.csi.v1.GetMetadataDeltaRequest;
import hearth.contract.csi.v1.GetMetadataDeltaResponse;
import hearth.contract.csi.v1.SnapshotMetadataGrpc;
import hearth.volume.csi.ChangedBlocks;
import io.grpc.stub.StreamObserver;

/** CSI's SnapshotMetadata service. */
final class GrpcSnapshotMetadata extends SnapshotMetadataGrpc.SnapshotMetadataImplBase {
  private final ChangedBlocks blocks;

  GrpcSnapshotMetadata(ChangedBlocks blocks) {
    this.blocks = blocks;
  }

  @Override
  public void getMetadataAllocated(
      GetMetadataAllocatedRequest request, StreamObserver<GetMetadataAllocatedResponse> observer) {
    Answers.many(observer, answers -> blocks.allocated(request, answers));
  }

  @Override
  public void getMetadataDelta(
      GetMetadataDeltaRequest request, StreamObserver<GetMetadataDeltaResponse> observer) {
    Answers.many(observer, answers -> blocks.delta(request, answers));
  }
}
