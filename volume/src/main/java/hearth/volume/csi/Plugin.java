// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import com.google.protobuf.BoolValue;
import hearth.contract.csi.v1.GetPluginCapabilitiesResponse;
import hearth.contract.csi.v1.GetPluginInfoResponse;
import hearth.contract.csi.v1.PluginCapability;
import hearth.contract.csi.v1.ProbeResponse;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.util.List;

/**
 * CSI's Identity service.
 *
 * @param version of the driver
 * @param controller whether this process serves the controller's part
 */
public record Plugin(Host host, String version, boolean controller) {
  /** The driver's name, by which storage classes refer to it. */
  public static final String NAME = "csi.hearth";

  /** GetPluginInfo. */
  public GetPluginInfoResponse info() {
    return GetPluginInfoResponse.newBuilder().setName(NAME).setVendorVersion(version).build();
  }

  /** GetPluginCapabilities. */
  public GetPluginCapabilitiesResponse capabilities() {
    GetPluginCapabilitiesResponse.Builder response = GetPluginCapabilitiesResponse.newBuilder();
    if (controller) {
      for (PluginCapability.Service.Type type :
          List.of(
              PluginCapability.Service.Type.CONTROLLER_SERVICE,
              PluginCapability.Service.Type.GROUP_CONTROLLER_SERVICE,
              PluginCapability.Service.Type.SNAPSHOT_METADATA_SERVICE)) {
        response
            .addCapabilitiesBuilder()
            .setService(PluginCapability.Service.newBuilder().setType(type));
      }
    }
    response
        .addCapabilitiesBuilder()
        .setVolumeExpansion(
            PluginCapability.VolumeExpansion.newBuilder()
                .setType(PluginCapability.VolumeExpansion.Type.ONLINE));
    return response.build();
  }

  /** Probe: whether the host answers, and knows the token. */
  public ProbeResponse probe() {
    boolean ready;
    try {
      ready = host.availableBytes() >= 0;
    } catch (Problem e) {
      if (e.code() == Code.UNAUTHENTICATED || e.code() == Code.PERMISSION_DENIED) {
        throw new Problem(Code.FAILED_PRECONDITION, e.reason(), e.what(), e.fix());
      }
      ready = false; // it may come back
    }
    return ProbeResponse.newBuilder().setReady(BoolValue.of(ready)).build();
  }
}
