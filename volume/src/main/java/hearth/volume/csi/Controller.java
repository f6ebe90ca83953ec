// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Int64Value;
import hearth.contract.csi.v1.CapacityRange;
import hearth.contract.csi.v1.ControllerExpandVolumeRequest;
import hearth.contract.csi.v1.ControllerExpandVolumeResponse;
import hearth.contract.csi.v1.ControllerGetCapabilitiesResponse;
import hearth.contract.csi.v1.ControllerGetVolumeHealthRequest;
import hearth.contract.csi.v1.ControllerGetVolumeHealthResponse;
import hearth.contract.csi.v1.ControllerGetVolumeRequest;
import hearth.contract.csi.v1.ControllerGetVolumeResponse;
import hearth.contract.csi.v1.ControllerListVolumeHealthRequest;
import hearth.contract.csi.v1.ControllerListVolumeHealthResponse;
import hearth.contract.csi.v1.ControllerModifyVolumeRequest;
import hearth.contract.csi.v1.ControllerModifyVolumeResponse;
import hearth.contract.csi.v1.ControllerPublishVolumeRequest;
import hearth.contract.csi.v1.ControllerPublishVolumeResponse;
import hearth.contract.csi.v1.ControllerServiceCapability;
import hearth.contract.csi.v1.ControllerUnpublishVolumeRequest;
import hearth.contract.csi.v1.ControllerUnpublishVolumeResponse;
import hearth.contract.csi.v1.CreateVolumeResponse;
import hearth.contract.csi.v1.DeleteVolumeResponse;
import hearth.contract.csi.v1.GetCapacityRequest;
import hearth.contract.csi.v1.GetCapacityResponse;
import hearth.contract.csi.v1.ListVolumesResponse;
import hearth.contract.csi.v1.ValidateVolumeCapabilitiesRequest;
import hearth.contract.csi.v1.ValidateVolumeCapabilitiesResponse;
import hearth.contract.csi.v1.VolumeCapability;
import hearth.contract.csi.v1.VolumeContentSource;
import hearth.contract.csi.v1.VolumeHealth;
import hearth.contract.csi.v1.VolumeHealthErrorType;
import hearth.contract.volume.v1.CreateSnapshotRequest;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.DeleteSnapshotRequest;
import hearth.contract.volume.v1.DeleteVolumeRequest;
import hearth.contract.volume.v1.GetSnapshotRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.Snapshot;
import hearth.contract.volume.v1.UpdateVolumeRequest;
import hearth.contract.volume.v1.Volume;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.volume.Volumes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * CSI's Controller service, but for snapshots. Every method may be repeated, and then does and says
 * the same again. Safe for any thread, and for several drivers at one host.
 */
public final class Controller {
  /**
   * An initiator that there is none of: the only one that may log in to a volume that is published
   * nowhere.
   */
  static final String NOBODY = "iqn.2026-11.hearth:nobody";

  private static final String SOURCE = "csi-source";
  private static final long USUAL_SIZE = ByteSize.GIB;
  private static final long BLOCK = 4096;
  private static final int MOST_ENTRIES = 1000;
  private static final int MOST_TRIES = 10;
  private static final List<ControllerServiceCapability.RPC.Type> CAPABILITIES =
      List.of(
          ControllerServiceCapability.RPC.Type.CREATE_DELETE_VOLUME,
          ControllerServiceCapability.RPC.Type.PUBLISH_UNPUBLISH_VOLUME,
          ControllerServiceCapability.RPC.Type.LIST_VOLUMES,
          ControllerServiceCapability.RPC.Type.GET_CAPACITY,
          ControllerServiceCapability.RPC.Type.CREATE_DELETE_SNAPSHOT,
          ControllerServiceCapability.RPC.Type.LIST_SNAPSHOTS,
          ControllerServiceCapability.RPC.Type.CLONE_VOLUME,
          ControllerServiceCapability.RPC.Type.PUBLISH_READONLY,
          ControllerServiceCapability.RPC.Type.EXPAND_VOLUME,
          ControllerServiceCapability.RPC.Type.LIST_VOLUMES_PUBLISHED_NODES,
          ControllerServiceCapability.RPC.Type.GET_VOLUME,
          ControllerServiceCapability.RPC.Type.SINGLE_NODE_MULTI_WRITER,
          ControllerServiceCapability.RPC.Type.MODIFY_VOLUME,
          ControllerServiceCapability.RPC.Type.GET_SNAPSHOT,
          ControllerServiceCapability.RPC.Type.GET_VOLUME_HEALTH,
          ControllerServiceCapability.RPC.Type.LIST_VOLUME_HEALTH);

  private final Host host;
  private final int mostPerNode;

  /**
   * Serves a host's volumes.
   *
   * @param mostPerNode volumes that are published to one node at most; 0 for any number
   */
  public Controller(Host host, int mostPerNode) {
    this.host = host;
    this.mostPerNode = mostPerNode;
  }

  /** ControllerGetCapabilities. */
  public ControllerGetCapabilitiesResponse capabilities() {
    ControllerGetCapabilitiesResponse.Builder response =
        ControllerGetCapabilitiesResponse.newBuilder();
    for (ControllerServiceCapability.RPC.Type type : CAPABILITIES) {
      response
          .addCapabilitiesBuilder()
          .setRpc(ControllerServiceCapability.RPC.newBuilder().setType(type));
    }
    return response.build();
  }

  /** CreateVolume. */
  public CreateVolumeResponse create(hearth.contract.csi.v1.CreateVolumeRequest request) {
    String id = Names.id("name", request.getName());
    Access.check(request.getVolumeCapabilitiesList());
    VolumeContentSource from = request.getVolumeContentSource();
    Volume.Builder wanted = Volume.newBuilder().addAllowedInitiators(NOBODY);
    Parameters.apply(request.getParametersMap(), request.getModifiableParametersMap(), wanted);
    if (wanted.getDescription().isEmpty() && !id.equals(request.getName())) {
      wanted.setDescription("CSI volume " + Identifiers.printable(request.getName()));
    }
    if (request.hasVolumeContentSource()) {
      wanted.putLabels(SOURCE, sourceLabel(from));
    }
    Optional<Volume> existing = find(id);
    if (existing.isEmpty()) {
      try {
        existing = Optional.of(create(id, wanted, request));
      } catch (Problem e) {
        if (!e.reason().equals("VOLUME_EXISTS")) {
          throw e;
        }
        existing = find(id); // somebody else was asked the same and was faster
      }
    }
    Volume volume =
        existing.orElseThrow(() ->
            new Problem(
                Code.ABORTED,
                "DELETED_MEANWHILE",
                "The volume was deleted meanwhile",
                "Try again"));
    if (!volume.getLabelsOrDefault(SOURCE, "").equals(wanted.getLabelsOrDefault(SOURCE, ""))) {
      throw other(id, "was made from something else");
    }
    if (request.hasCapacityRange() && !fits(volume, request.getCapacityRange())) {
      throw other(id, "has " + ByteSize.format(volume.getSizeBytes()));
    }
    if (from.hasVolume()) {
      deleteSnapshot(Names.volume(from.getVolume().getVolumeId()), cloneSnapshot(id));
    }
    return CreateVolumeResponse.newBuilder().setVolume(describe(volume, from)).build();
  }

  private Volume create(
      String id, Volume.Builder wanted, hearth.contract.csi.v1.CreateVolumeRequest request) {
    CreateVolumeRequest.Builder create =
        CreateVolumeRequest.newBuilder().setParent("accounts/me").setVolumeId(id);
    long least = Volumes.SMALLEST;
    switch (request.getVolumeContentSource().getTypeCase()) {
      case SNAPSHOT -> {
        Snapshot source = snapshot(request.getVolumeContentSource().getSnapshot().getSnapshotId());
        create.setSourceSnapshot(source.getName());
        least = source.getSizeBytes();
      }
      case VOLUME -> {
        Volume source = get(request.getVolumeContentSource().getVolume().getVolumeId());
        create.setSourceSnapshot(cloned(source, id));
        least = source.getSizeBytes();
      }
      case TYPE_NOT_SET -> {}
    }
    long usual = least > Volumes.SMALLEST ? least : USUAL_SIZE;
    wanted.setSizeBytes(size(request.getCapacityRange(), least, usual));
    return host.createVolume(create.setVolume(wanted).build());
  }

  /** A snapshot to clone a volume by; it is deleted once the clone is there. */
  private String cloned(Volume source, String clone) {
    String id = cloneSnapshot(clone);
    try {
      return host.createSnapshot(
              CreateSnapshotRequest.newBuilder()
                  .setParent(source.getName())
                  .setSnapshotId(id)
                  .setSnapshot(
                      Snapshot.newBuilder()
                          .setDescription("For the clone " + clone + ", for a moment"))
                  .build())
          .getName();
    } catch (Problem e) {
      if (e.code() != Code.ALREADY_EXISTS) {
        throw e;
      }
      return source.getName() + "/snapshots/" + id; // an attempt before this one made it
    }
  }

  static String cloneSnapshot(String clone) {
    return "csi-clone-" + Names.hash(clone);
  }

  private void deleteSnapshot(String volume, String id) {
    try {
      host.deleteSnapshot(
          DeleteSnapshotRequest.newBuilder().setName(volume + "/snapshots/" + id).build());
    } catch (Problem e) {
      if (e.code() != Code.NOT_FOUND) {
        throw e;
      }
    }
  }

  private static String sourceLabel(VolumeContentSource source) {
    return switch (source.getTypeCase()) {
      case SNAPSHOT -> "snapshot:" + source.getSnapshot().getSnapshotId();
      case VOLUME -> "volume:" + source.getVolume().getVolumeId();
      case TYPE_NOT_SET ->
          throw Problem.invalid(
              "volume_content_source", "says neither snapshot nor volume", "Leave it out");
    };
  }

  private static Problem other(String id, String what) {
    return new Problem(
        Code.ALREADY_EXISTS,
        "VOLUME_EXISTS",
        "There is a volume '" + id + "' already, and it " + what,
        "Choose another name, or delete that one");
  }

  private static boolean fits(Volume volume, CapacityRange range) {
    return volume.getSizeBytes() >= range.getRequiredBytes()
        && (range.getLimitBytes() == 0 || volume.getSizeBytes() <= range.getLimitBytes());
  }

  /**
   * A size in a range: what is required, in whole blocks. Problem OUT_OF_RANGE if there is none.
   */
  private static long size(CapacityRange range, long least, long usual) {
    long required = range.getRequiredBytes();
    long limit = range.getLimitBytes();
    if (required < 0 || limit < 0 || (limit != 0 && limit < required)) {
      throw Problem.invalid(
          "capacity_range", required + " to " + limit + " is no range", "Ask for a size");
    }
    long size = required == 0 ? (limit == 0 ? usual : Math.min(limit, usual)) : required;
    size = Math.max(size, least);
    size = required > Volumes.LARGEST ? size : Math.ceilDiv(size, BLOCK) * BLOCK;
    if (limit != 0 && size > limit) {
      size = limit / BLOCK * BLOCK;
    }
    if (size < least || size < required || size > Volumes.LARGEST) {
      throw new Problem(
          Code.OUT_OF_RANGE,
          "SIZE_IMPOSSIBLE",
          "No volume has "
              + required
              + " to "
              + limit
              + " bytes here (expected: multiples of 4096 from "
              + least
              + " to "
              + Volumes.LARGEST
              + ")",
          "Ask for another size");
    }
    return size;
  }

  /** DeleteVolume. */
  public DeleteVolumeResponse delete(hearth.contract.csi.v1.DeleteVolumeRequest request) {
    Optional<Volume> volume = find(Names.required("volume_id", request.getVolumeId()));
    if (volume.isPresent()) {
      List<String> nodes = publishedNodes(volume.get());
      if (!nodes.isEmpty()) {
        throw new Problem(
            Code.FAILED_PRECONDITION,
            "VOLUME_PUBLISHED",
            "The volume is published to " + String.join(", ", nodes),
            "Unpublish it first");
      }
      try {
        host.deleteVolume(DeleteVolumeRequest.newBuilder().setName(volume.get().getName()).build());
      } catch (Problem e) {
        if (e.code() != Code.NOT_FOUND) {
          throw e;
        }
      }
    }
    return DeleteVolumeResponse.getDefaultInstance();
  }

  /** ControllerPublishVolume: lets a node's initiator log in. */
  public ControllerPublishVolumeResponse publish(ControllerPublishVolumeRequest request) {
    String id = Names.required("volume_id", request.getVolumeId());
    String nodeId = Names.required("node_id", request.getNodeId());
    VolumeCapability capability = Access.check(request.getVolumeCapability());
    Volume _ =
        change(
            id,
            volume -> {
              String node = Names.node(nodeId);
              boolean readOnly =
                  request.getReadonly() || Access.isReadOnly(capability.getAccessMode().getMode());
              List<String> nodes = publishedNodes(volume);
              if (nodes.contains(node)) {
                if (volume.getReadOnlyInitiatorsList().contains(node) != readOnly) {
                  throw new Problem(
                      Code.ALREADY_EXISTS,
                      "PUBLISHED_OTHERWISE",
                      "The volume is published to "
                          + node
                          + (readOnly ? " for writing" : " to read only"),
                      "Unpublish it first");
                }
                return volume;
              }
              if (!nodes.isEmpty() && Access.isSingleNode(capability.getAccessMode().getMode())) {
                throw new Problem(
                    Code.FAILED_PRECONDITION,
                    "PUBLISHED_ELSEWHERE",
                    "The volume is published to "
                        + String.join(", ", nodes)
                        + ", and one node at a time may have it",
                    "Unpublish it there first");
              }
              requireRoom(node);
              return with(
                  volume,
                  added(nodes, node),
                  readOnly
                      ? added(volume.getReadOnlyInitiatorsList(), node)
                      : volume.getReadOnlyInitiatorsList());
            });
    return ControllerPublishVolumeResponse.getDefaultInstance();
  }

  private void requireRoom(String node) {
    int published = 0;
    String token = "";
    while (mostPerNode > 0) {
      var page = page(0, token);
      for (Volume volume : page.getVolumesList()) {
        published += volume.getAllowedInitiatorsList().contains(node) ? 1 : 0;
      }
      token = page.getNextPageToken();
      if (published >= mostPerNode) {
        throw new Problem(
            Code.RESOURCE_EXHAUSTED,
            "NODE_FULL",
            "The node " + node + " has " + published + " volumes, and may have " + mostPerNode,
            "Unpublish one, or start the driver with a larger --max-volumes");
      }
      if (token.isEmpty()) {
        return;
      }
    }
  }

  /** ControllerUnpublishVolume: lets a node's initiator, or with no node none, log in any more. */
  public ControllerUnpublishVolumeResponse unpublish(ControllerUnpublishVolumeRequest request) {
    String id = Names.required("volume_id", request.getVolumeId());
    String node = request.getNodeId();
    if (find(id).isPresent()) {
      try {
        Volume _ =
            change(
                id,
                volume -> {
                  List<String> nodes = new ArrayList<>(publishedNodes(volume));
                  List<String> readers = new ArrayList<>(volume.getReadOnlyInitiatorsList());
                  if (nodes.isEmpty() || (!node.isEmpty() && !nodes.contains(node))) {
                    return volume;
                  }
                  nodes.removeIf(name -> node.isEmpty() || name.equals(node));
                  readers.removeIf(name -> !nodes.contains(name));
                  return with(volume, nodes.isEmpty() ? List.of(NOBODY) : nodes, readers);
                });
      } catch (Problem e) {
        if (e.code() != Code.NOT_FOUND) {
          throw e;
        }
      }
    }
    return ControllerUnpublishVolumeResponse.getDefaultInstance();
  }

  private static List<String> added(List<String> names, String name) {
    List<String> all = new ArrayList<>(names);
    all.add(name);
    return all;
  }

  private static Volume with(Volume volume, List<String> allowed, List<String> readers) {
    return volume.toBuilder()
        .clearAllowedInitiators()
        .addAllAllowedInitiators(allowed)
        .clearReadOnlyInitiators()
        .addAllReadOnlyInitiators(readers)
        .build();
  }

  /** Changes who may log in; again, if somebody else changed the volume meanwhile. */
  private Volume change(String id, UnaryOperator<Volume> change) {
    for (int tries = 1; ; tries++) {
      Volume volume = get(id);
      Volume changed = change.apply(volume);
      if (changed.equals(volume)) {
        return volume;
      }
      try {
        return host.updateVolume(
            UpdateVolumeRequest.newBuilder()
                .setVolume(changed)
                .setUpdateMask(
                    FieldMask.newBuilder()
                        .addPaths("allowed_initiators")
                        .addPaths("read_only_initiators"))
                .build());
      } catch (Problem e) {
        if (e.code() != Code.ABORTED || tries == MOST_TRIES) {
          throw e;
        }
      }
    }
  }

  /** Nodes that a volume is published to. */
  static List<String> publishedNodes(Volume volume) {
    return volume.getAllowedInitiatorsList().stream().filter(name -> !name.equals(NOBODY)).toList();
  }

  /** ValidateVolumeCapabilities. */
  public ValidateVolumeCapabilitiesResponse validate(ValidateVolumeCapabilitiesRequest request) {
    String id = Names.required("volume_id", request.getVolumeId());
    if (request.getVolumeCapabilitiesCount() == 0) {
      throw Problem.invalid("volume_capabilities", "is missing", "Give one");
    }
    Volume _ = get(id);
    for (VolumeCapability capability : request.getVolumeCapabilitiesList()) {
      Optional<String> obstacle = Access.obstacle(capability);
      if (obstacle.isPresent()) {
        return ValidateVolumeCapabilitiesResponse.newBuilder().setMessage(obstacle.get()).build();
      }
    }
    return ValidateVolumeCapabilitiesResponse.newBuilder()
        .setConfirmed(
            ValidateVolumeCapabilitiesResponse.Confirmed.newBuilder()
                .addAllVolumeCapabilities(request.getVolumeCapabilitiesList())
                .putAllVolumeContext(request.getVolumeContextMap())
                .putAllParameters(request.getParametersMap())
                .putAllModifiableParameters(request.getModifiableParametersMap()))
        .build();
  }

  /** ListVolumes. */
  public ListVolumesResponse list(hearth.contract.csi.v1.ListVolumesRequest request) {
    var page = page(request.getMaxEntries(), request.getStartingToken());
    ListVolumesResponse.Builder response =
        ListVolumesResponse.newBuilder().setNextToken(page.getNextPageToken());
    for (Volume volume : page.getVolumesList()) {
      response
          .addEntriesBuilder()
          .setVolume(describe(volume, source(volume)))
          .setStatus(
              ListVolumesResponse.VolumeStatus.newBuilder()
                  .addAllPublishedNodeIds(publishedNodes(volume)));
    }
    return response.build();
  }

  private hearth.contract.volume.v1.ListVolumesResponse page(int most, String token) {
    return paged(() ->
        host.listVolumes(
            ListVolumesRequest.newBuilder()
                .setParent("accounts/me")
                .setPageSize(pageSize(most))
                .setPageToken(token)
                .build()));
  }

  /** Entries of a page, of which CSI's 0 stands for no limit. */
  static int pageSize(int most) {
    if (most < 0) {
      throw Problem.invalid("max_entries", "is negative", "Leave it out for all");
    }
    return most == 0 ? MOST_ENTRIES : Math.min(most, MOST_ENTRIES);
  }

  /** Asks for a page. Problem ABORTED if the token is no good. */
  static <T> T paged(java.util.function.Supplier<T> page) {
    try {
      return page.get();
    } catch (Problem e) {
      if (e.metadata().getOrDefault("field", "").equals("page_token")) {
        throw new Problem(Code.ABORTED, "TOKEN_UNKNOWN", e.what(), "Begin with the first page");
      }
      throw e;
    }
  }

  /** ControllerGetVolume. */
  public ControllerGetVolumeResponse get(ControllerGetVolumeRequest request) {
    Volume volume = get(Names.required("volume_id", request.getVolumeId()));
    return ControllerGetVolumeResponse.newBuilder()
        .setVolume(describe(volume, source(volume)))
        .setStatus(
            ControllerGetVolumeResponse.VolumeStatus.newBuilder()
                .addAllPublishedNodeIds(publishedNodes(volume)))
        .build();
  }

  /** GetCapacity. */
  public GetCapacityResponse capacity(GetCapacityRequest request) {
    boolean possible =
        request.getVolumeCapabilitiesList().stream().allMatch(c -> Access.obstacle(c).isEmpty());
    return GetCapacityResponse.newBuilder()
        .setAvailableCapacity(possible ? host.availableBytes() : 0)
        .setMinimumVolumeSize(Int64Value.of(Volumes.SMALLEST))
        .setMaximumVolumeSize(Int64Value.of(Volumes.LARGEST))
        .build();
  }

  /** ControllerExpandVolume. */
  public ControllerExpandVolumeResponse expand(ControllerExpandVolumeRequest request) {
    String id = Names.required("volume_id", request.getVolumeId());
    CapacityRange range = request.getCapacityRange();
    if (range.getRequiredBytes() == 0 && range.getLimitBytes() == 0) {
      throw Problem.invalid("capacity_range", "is missing", "Ask for a size");
    }
    Volume volume = get(id);
    long size = volume.getSizeBytes();
    if (!fits(volume, range)) {
      size = size(range, size, size);
      volume =
          host.updateVolume(
              UpdateVolumeRequest.newBuilder()
                  .setVolume(Volume.newBuilder().setName(volume.getName()).setSizeBytes(size))
                  .setUpdateMask(FieldMask.newBuilder().addPaths("size_bytes"))
                  .build());
    }
    return ControllerExpandVolumeResponse.newBuilder()
        .setCapacityBytes(volume.getSizeBytes())
        .setNodeExpansionRequired(true)
        .build();
  }

  /** ControllerModifyVolume: changes limits while the volume is in use. */
  public ControllerModifyVolumeResponse modify(ControllerModifyVolumeRequest request) {
    Volume volume = get(Names.required("volume_id", request.getVolumeId()));
    Volume.Limits limits =
        Parameters.change(volume.getLimits(), request.getModifiableParametersMap());
    if (!limits.equals(volume.getLimits())) {
      Volume _ =
          host.updateVolume(
              UpdateVolumeRequest.newBuilder()
                  .setVolume(Volume.newBuilder().setName(volume.getName()).setLimits(limits))
                  .setUpdateMask(FieldMask.newBuilder().addPaths("limits"))
                  .build());
    }
    return ControllerModifyVolumeResponse.getDefaultInstance();
  }

  /** ControllerGetVolumeHealth. */
  public ControllerGetVolumeHealthResponse health(ControllerGetVolumeHealthRequest request) {
    return ControllerGetVolumeHealthResponse.newBuilder()
        .setVolumeHealth(health(get(Names.required("volume_id", request.getVolumeId()))))
        .build();
  }

  /** ControllerListVolumeHealth: only of volumes that are not well. */
  public ControllerListVolumeHealthResponse health(ControllerListVolumeHealthRequest request) {
    var page = page(request.getMaxEntries(), request.getStartingToken());
    ControllerListVolumeHealthResponse.Builder response =
        ControllerListVolumeHealthResponse.newBuilder().setNextToken(page.getNextPageToken());
    page.getVolumesList().stream()
        .map(Controller::health)
        .filter(health -> health.getHealthStatusesCount() > 0)
        .forEach(response::addEntries);
    return response.build();
  }

  private static VolumeHealth health(Volume volume) {
    VolumeHealth.Builder health =
        VolumeHealth.newBuilder().setVolumeId(Names.volumeId(volume.getName()));
    if (volume.getState() == Volume.State.FAILED) {
      health
          .addHealthStatusesBuilder()
          .setStatus(VolumeHealthErrorType.INACCESSIBLE)
          .setReason("VolumeFailed")
          .setMessage(volume.getStateReason());
    }
    return health.build();
  }

  private Volume get(String id) {
    return host.getVolume(GetVolumeRequest.newBuilder().setName(Names.volume(id)).build());
  }

  private Optional<Volume> find(String id) {
    if (!Names.couldBeVolume(id)) {
      return Optional.empty();
    }
    try {
      return Optional.of(get(id));
    } catch (Problem e) {
      if (e.code() == Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private Snapshot snapshot(String id) {
    String name =
        Names.snapshot(id)
            .orElseThrow(() ->
                Problem.notFound(
                    "snapshot", Identifiers.printable(id), "See: hearth snapshot list"));
    return host.getSnapshot(GetSnapshotRequest.newBuilder().setName(name).build());
  }

  private static VolumeContentSource source(Volume volume) {
    String label = volume.getLabelsOrDefault(SOURCE, "");
    String id = label.substring(label.indexOf(':') + 1);
    VolumeContentSource.Builder source = VolumeContentSource.newBuilder();
    if (label.startsWith("snapshot:")) {
      source.getSnapshotBuilder().setSnapshotId(id);
    } else if (label.startsWith("volume:")) {
      source.getVolumeBuilder().setVolumeId(id);
    }
    return source.build();
  }

  private static hearth.contract.csi.v1.Volume describe(Volume volume, VolumeContentSource source) {
    hearth.contract.csi.v1.Volume.Builder described =
        hearth.contract.csi.v1.Volume.newBuilder()
            .setVolumeId(Names.volumeId(volume.getName()))
            .setCapacityBytes(volume.getSizeBytes());
    if (source.getTypeCase() != VolumeContentSource.TypeCase.TYPE_NOT_SET) {
      described.setContentSource(source);
    }
    return described.build();
  }
}
