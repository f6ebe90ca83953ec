// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.LocalizedMessage;
import com.linecorp.armeria.client.grpc.GrpcClients;
import com.linecorp.armeria.common.HttpHeaderNames;
import hearth.contract.host.v1.GetHostRequest;
import hearth.contract.host.v1.HostServiceGrpc.HostServiceBlockingStub;
import hearth.contract.volume.v1.BatchCreateSnapshotsRequest;
import hearth.contract.volume.v1.BatchCreateSnapshotsResponse;
import hearth.contract.volume.v1.BlockServiceGrpc.BlockServiceBlockingStub;
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
import hearth.contract.volume.v1.SnapshotServiceGrpc.SnapshotServiceBlockingStub;
import hearth.contract.volume.v1.UpdateVolumeRequest;
import hearth.contract.volume.v1.Volume;
import hearth.contract.volume.v1.VolumeServiceGrpc.VolumeServiceBlockingStub;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.volume.csi.Host;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;

/** A host by its gRPC API. Safe for any thread. */
final class ApiHost implements Host {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String server;
  private final HostServiceBlockingStub hosts;
  private final VolumeServiceBlockingStub volumes;
  private final SnapshotServiceBlockingStub snapshots;
  private final BlockServiceBlockingStub blocks;

  ApiHost(String server, Supplier<String> token) {
    this.server = server;
    this.hosts = stub(HostServiceBlockingStub.class, token);
    this.volumes = stub(VolumeServiceBlockingStub.class, token);
    this.snapshots = stub(SnapshotServiceBlockingStub.class, token);
    this.blocks = stub(BlockServiceBlockingStub.class, token);
  }

  private <T> T stub(Class<T> type, Supplier<String> token) {
    return GrpcClients.builder(URI.create("gproto+" + server))
        .responseTimeout(PATIENCE)
        .decorator((delegate, context, request) -> {
          context.setAdditionalRequestHeader(
              HttpHeaderNames.AUTHORIZATION, "Bearer " + token.get());
          return delegate.execute(context, request);
        })
        .build(type);
  }

  @Override
  public long availableBytes() {
    return call(() ->
        hosts.getHost(GetHostRequest.newBuilder().setName("host").build()).getAvailableBytes());
  }

  @Override
  public ListVolumesResponse listVolumes(ListVolumesRequest request) {
    return call(() -> volumes.listVolumes(request));
  }

  @Override
  public Volume getVolume(GetVolumeRequest request) {
    return call(() -> volumes.getVolume(request));
  }

  @Override
  public Volume createVolume(CreateVolumeRequest request) {
    return call(() -> volumes.createVolume(request));
  }

  @Override
  public Volume updateVolume(UpdateVolumeRequest request) {
    return call(() -> volumes.updateVolume(request));
  }

  @Override
  public void deleteVolume(DeleteVolumeRequest request) {
    var _ = call(() -> volumes.deleteVolume(request));
  }

  @Override
  public ListSnapshotsResponse listSnapshots(ListSnapshotsRequest request) {
    return call(() -> snapshots.listSnapshots(request));
  }

  @Override
  public Snapshot getSnapshot(GetSnapshotRequest request) {
    return call(() -> snapshots.getSnapshot(request));
  }

  @Override
  public Snapshot createSnapshot(CreateSnapshotRequest request) {
    return call(() -> snapshots.createSnapshot(request));
  }

  @Override
  public BatchCreateSnapshotsResponse createSnapshots(BatchCreateSnapshotsRequest request) {
    return call(() -> snapshots.batchCreateSnapshots(request));
  }

  @Override
  public void deleteSnapshot(DeleteSnapshotRequest request) {
    var _ = call(() -> snapshots.deleteSnapshot(request));
  }

  @Override
  public GetExtentsResponse getExtents(GetExtentsRequest request) {
    return call(() -> blocks.getExtents(request));
  }

  private <T> T call(Supplier<T> work) {
    try {
      return work.get();
    } catch (StatusRuntimeException e) {
      throw problem(e);
    }
  }

  /** The problem that the host told, or that it told nothing. */
  private Problem problem(StatusRuntimeException e) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    Code code = code(e.getStatus().getCode().value());
    String reason = code.name();
    String fix = "Look at the host's log";
    Map<String, String> metadata = Map.of();
    if (status != null) {
      for (Any detail : status.getDetailsList()) {
        try {
          if (detail.is(ErrorInfo.class)) {
            ErrorInfo info = detail.unpack(ErrorInfo.class);
            reason = info.getReason();
            metadata = info.getMetadataMap();
          } else if (detail.is(LocalizedMessage.class)) {
            fix = detail.unpack(LocalizedMessage.class).getMessage();
          }
        } catch (InvalidProtocolBufferException ignored) {
          // What else was told is still worth telling.
        }
      }
    }
    String what = e.getStatus().getDescription();
    if (code == Code.UNKNOWN || (code == Code.UNAVAILABLE && reason.equals("UNAVAILABLE"))) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return new Problem(
          Code.UNAVAILABLE,
          "HOST_SILENT",
          "The host " + server + " does not answer: " + cause.getMessage(),
          "Start it, or check the address");
    }
    return new Problem(code, reason, what == null ? code.name() : what, fix, metadata);
  }

  private static Code code(int number) {
    for (Code code : Code.values()) {
      if (code.number() == number) {
        return code;
      }
    }
    return Code.UNKNOWN;
  }
}
