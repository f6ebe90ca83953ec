// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.api.HttpBody;
import hearth.contract.volume.v1.BlockServiceGrpc;
import hearth.contract.volume.v1.DownloadBlocksRequest;
import hearth.contract.volume.v1.GetExtentsRequest;
import hearth.contract.volume.v1.GetExtentsResponse;
import hearth.contract.volume.v1.UploadBlocksRequest;
import hearth.contract.volume.v1.UploadBlocksResponse;
import hearth.volume.Blocks;
import io.grpc.stub.StreamObserver;

/** BlockService of the contract. */
final class GrpcBlockService extends BlockServiceGrpc.BlockServiceImplBase {
  private final Blocks blocks;
  private final Calls calls;

  GrpcBlockService(Blocks blocks, Calls calls) {
    this.blocks = blocks;
    this.calls = calls;
  }

  @Override
  public void getExtents(GetExtentsRequest request, StreamObserver<GetExtentsResponse> observer) {
    calls.answer(observer, caller -> blocks.extents(caller, request));
  }

  @Override
  public void downloadBlocks(DownloadBlocksRequest request, StreamObserver<HttpBody> observer) {
    calls.answer(observer, caller -> blocks.download(caller, request));
  }

  @Override
  public void uploadBlocks(
      UploadBlocksRequest request, StreamObserver<UploadBlocksResponse> observer) {
    calls.answer(observer, caller -> blocks.upload(caller, request));
  }
}
