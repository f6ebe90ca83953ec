// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import hearth.contract.volume.v1.CheckVolumeMetadata;
import hearth.contract.volume.v1.CheckVolumeRequest;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.DeleteVolumeRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.ListVolumesResponse;
import hearth.contract.volume.v1.RestoreVolumeRequest;
import hearth.contract.volume.v1.UpdateVolumeRequest;
import hearth.contract.volume.v1.Volume;
import hearth.contract.volume.v1.VolumeServiceGrpc;
import hearth.server.host.Operations;
import hearth.volume.VolumeRecord;
import hearth.volume.Volumes;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Volumes}: hands requests on. */
final class GrpcVolumeService extends VolumeServiceGrpc.VolumeServiceImplBase {
  private final Volumes volumes;
  private final Operations operations;
  private final Calls calls;

  GrpcVolumeService(Volumes volumes, Operations operations, Calls calls) {
    this.volumes = volumes;
    this.operations = operations;
    this.calls = calls;
  }

  @Override
  public void restoreVolume(RestoreVolumeRequest request, StreamObserver<Volume> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Volume.getDefaultInstance(),
        caller -> volumes.restore(caller, request));
  }

  @Override
  public void checkVolume(CheckVolumeRequest request, StreamObserver<Operation> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Operation.getDefaultInstance(),
        caller -> {
          VolumeRecord volume = volumes.checkable(caller, request);
          return request.getValidateOnly()
              ? Operation.newBuilder().setDone(true).build()
              : operations.begin(
                  caller,
                  CheckVolumeMetadata.newBuilder().setVolume(volume.name()).build(),
                  () -> volumes.check(volume));
        });
  }

  @Override
  public void listVolumes(
      ListVolumesRequest request, StreamObserver<ListVolumesResponse> observer) {
    calls.answer(observer, caller -> volumes.list(caller, request));
  }

  @Override
  public void getVolume(GetVolumeRequest request, StreamObserver<Volume> observer) {
    calls.answer(observer, caller -> volumes.get(caller, request));
  }

  @Override
  public void createVolume(CreateVolumeRequest request, StreamObserver<Volume> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Volume.getDefaultInstance(),
        caller -> volumes.create(caller, request));
  }

  @Override
  public void updateVolume(UpdateVolumeRequest request, StreamObserver<Volume> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Volume.getDefaultInstance(),
        caller -> volumes.update(caller, request));
  }

  @Override
  public void deleteVolume(DeleteVolumeRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> volumes.delete(caller, request));
  }
}
