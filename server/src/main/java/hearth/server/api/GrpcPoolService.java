// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Empty;
import hearth.contract.volume.v1.CreatePoolRequest;
import hearth.contract.volume.v1.DeletePoolRequest;
import hearth.contract.volume.v1.GetPoolRequest;
import hearth.contract.volume.v1.ListPoolsRequest;
import hearth.contract.volume.v1.ListPoolsResponse;
import hearth.contract.volume.v1.Pool;
import hearth.contract.volume.v1.PoolServiceGrpc;
import hearth.volume.Pools;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Pools}: hands requests on. */
final class GrpcPoolService extends PoolServiceGrpc.PoolServiceImplBase {
  private final Pools pools;
  private final Calls calls;

  GrpcPoolService(Pools pools, Calls calls) {
    this.pools = pools;
    this.calls = calls;
  }

  @Override
  public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> observer) {
    calls.answer(observer, caller -> pools.list(caller, request));
  }

  @Override
  public void getPool(GetPoolRequest request, StreamObserver<Pool> observer) {
    calls.answer(observer, caller -> pools.get(caller, request));
  }

  @Override
  public void createPool(CreatePoolRequest request, StreamObserver<Pool> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Pool.getDefaultInstance(),
        caller -> pools.create(caller, request));
  }

  @Override
  public void deletePool(DeletePoolRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> pools.delete(caller, request));
  }
}
