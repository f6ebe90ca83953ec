// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.longrunning.DeleteOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.ListOperationsResponse;
import com.google.longrunning.Operation;
import com.google.longrunning.OperationsGrpc;
import com.google.protobuf.Empty;
import hearth.server.host.Operations;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Operations}: hands requests on. */
final class GrpcOperations extends OperationsGrpc.OperationsImplBase {
  private final Operations operations;
  private final Calls calls;

  GrpcOperations(Operations operations, Calls calls) {
    this.operations = operations;
    this.calls = calls;
  }

  @Override
  public void getOperation(GetOperationRequest request, StreamObserver<Operation> observer) {
    calls.answer(observer, caller -> operations.get(caller, request));
  }

  @Override
  public void listOperations(
      ListOperationsRequest request, StreamObserver<ListOperationsResponse> observer) {
    calls.answer(observer, caller -> operations.list(caller, request));
  }

  @Override
  public void deleteOperation(DeleteOperationRequest request, StreamObserver<Empty> observer) {
    calls.answer(
        observer,
        caller -> {
          operations.delete(caller, request);
          return Empty.getDefaultInstance();
        });
  }
}
