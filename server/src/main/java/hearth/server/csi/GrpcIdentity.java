// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.contract.csi.v1.GetPluginCapabilitiesRequest;
import hearth.contract.csi.v1.GetPluginCapabilitiesResponse;
import hearth.contract.csi.v1.GetPluginInfoRequest;
import hearth.contract.csi.v1.GetPluginInfoResponse;
import hearth.contract.csi.v1.IdentityGrpc;
import hearth.contract.csi.v1.ProbeRequest;
import hearth.contract.csi.v1.ProbeResponse;
import hearth.volume.csi.Plugin;
import io.grpc.stub.StreamObserver;

/** CSI's Identity service. */
final class GrpcIdentity extends IdentityGrpc.IdentityImplBase {
  private final Plugin plugin;

  GrpcIdentity(Plugin plugin) {
    this.plugin = plugin;
  }

  @Override
  public void getPluginInfo(
      GetPluginInfoRequest request, StreamObserver<GetPluginInfoResponse> observer) {
    Answers.one(observer, () -> plugin.info());
  }

  @Override
  public void getPluginCapabilities(
      GetPluginCapabilitiesRequest request,
      StreamObserver<GetPluginCapabilitiesResponse> observer) {
    Answers.one(observer, () -> plugin.capabilities());
  }

  @Override
  public void probe(ProbeRequest request, StreamObserver<ProbeResponse> observer) {
    Answers.one(observer, () -> plugin.probe());
  }
}
