// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import hearth.contract.volume.v1.BatchCreateSnapshotsRequest;
import hearth.contract.volume.v1.BatchCreateSnapshotsResponse;
import hearth.contract.volume.v1.CheckSnapshotMetadata;
import hearth.contract.volume.v1.CheckSnapshotRequest;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.GetSnapshotRequest;
import hearth.contract.volume.v1.ListSnapshotsRequest;
import hearth.contract.volume.v1.ListSnapshotsResponse;
import hearth.contract.volume.v1.Snapshot;
import hearth.contract.volume.v1.SnapshotServiceGrpc;
import hearth.server.host.Operations;
import hearth.volume.Snapshots;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Snapshots}: hands requests on. */
final class GrpcSnapshotService extends SnapshotServiceGrpc.SnapshotServiceImplBase {
  private final Snapshots snapshots;
  private final Operations operations;
  private final Calls calls;

  GrpcSnapshotService(Snapshots snapshots, Operations operations, Calls calls) {
    this.snapshots = snapshots;
    this.operations = operations;
    this.calls = calls;
  }

  @Override
  public void listSnapshots(
      ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
    calls.answer(observer, caller -> snapshots.list(caller, request));
  }

  @Override
  public void getSnapshot(GetSnapshotRequest request, StreamObserver<Snapshot> observer) {
    calls.answer(observer, caller -> snapshots.get(caller, request));
  }

  @Override
  public void createSnapshot(CreateSnapshotRequest request, StreamObserver<Snapshot> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Snapshot.getDefaultInstance(),
        caller -> snapshots.create(caller, request));
  }

  @Override
  public void batchCreateSnapshots(
      BatchCreateSnapshotsRequest request, StreamObserver<BatchCreateSnapshotsResponse> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        BatchCreateSnapshotsResponse.getDefaultInstance(),
        caller -> snapshots.createAll(caller, request));
  }

  @Override
  public void checkSnapshot(CheckSnapshotRequest request, StreamObserver<Operation> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Operation.getDefaultInstance(),
        caller -> {
          Snapshots.Found found = snapshots.checkable(caller, request);
          return request.getValidateOnly()
              ? Operation.newBuilder().setDone(true).build()
              : operations.begin(
                  caller,
                  CheckSnapshotMetadata.newBuilder().setSnapshot(found.snapshot().name()).build(),
                  () -> snapshots.check(found));
        });
  }

  @Override
  public void deleteSnapshot(DeleteSnapshotRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> snapshots.delete(caller, request));
  }
}
