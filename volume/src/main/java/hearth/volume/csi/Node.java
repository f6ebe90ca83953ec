// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.csi.v1.NodeExpandVolumeRequest;
import hearth.contract.csi.v1.NodeExpandVolumeResponse;
import hearth.contract.csi.v1.NodeGetCapabilitiesResponse;
import hearth.contract.csi.v1.NodeGetInfoResponse;
import hearth.contract.csi.v1.NodeGetStorageHealthResponse;
import hearth.contract.csi.v1.NodeGetVolumeHealthRequest;
import hearth.contract.csi.v1.NodeGetVolumeHealthResponse;
import hearth.contract.csi.v1.NodeGetVolumeStatsRequest;
import hearth.contract.csi.v1.NodeGetVolumeStatsResponse;
import hearth.contract.csi.v1.NodePublishVolumeRequest;
import hearth.contract.csi.v1.NodePublishVolumeResponse;
import hearth.contract.csi.v1.NodeServiceCapability;
import hearth.contract.csi.v1.NodeStageVolumeRequest;
import hearth.contract.csi.v1.NodeStageVolumeResponse;
import hearth.contract.csi.v1.NodeUnpublishVolumeRequest;
import hearth.contract.csi.v1.NodeUnpublishVolumeResponse;
import hearth.contract.csi.v1.NodeUnstageVolumeRequest;
import hearth.contract.csi.v1.NodeUnstageVolumeResponse;
import hearth.contract.csi.v1.StorageHealthErrorType;
import hearth.contract.csi.v1.VolumeCapability;
import hearth.contract.csi.v1.VolumeHealth;
import hearth.contract.csi.v1.VolumeHealthErrorType;
import hearth.contract.csi.v1.VolumeUsage;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.Volume;
import hearth.kit.file.PrivateFiles;
import hearth.kit.id.Identifiers;
import hearth.kit.initiator.KernelInitiator;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * CSI's Node service: has the kernel log in to volumes, and mounts them. What is logged in and what
 * is mounted is read from the kernel each time. Safe for any thread; two calls for one volume at
 * once are refused (ABORTED) and repeated by the orchestrator.
 */
public final class Node {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<NodeServiceCapability.RPC.Type> CAPABILITIES =
      List.of(
          NodeServiceCapability.RPC.Type.STAGE_UNSTAGE_VOLUME,
          NodeServiceCapability.RPC.Type.GET_VOLUME_STATS,
          NodeServiceCapability.RPC.Type.EXPAND_VOLUME,
          NodeServiceCapability.RPC.Type.SINGLE_NODE_MULTI_WRITER,
          NodeServiceCapability.RPC.Type.GET_VOLUME_HEALTH,
          NodeServiceCapability.RPC.Type.GET_STORAGE_HEALTH);

  private final Host host;
  private final String id;
  private final int mostVolumes;
  private final Path state;
  private final KernelInitiator initiator = new KernelInitiator();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  /**
   * Serves this machine.
   *
   * @param id iSCSI name of its initiator
   * @param mostVolumes volumes that may be published here at most; 0 for any number
   * @param state folder for a small file for each volume that is staged
   */
  public Node(Host host, String id, int mostVolumes, Path state) throws IOException {
    this.host = host;
    this.id = Names.node(id);
    this.mostVolumes = mostVolumes;
    this.state = state;
    PrivateFiles.createFolder(state);
  }

  /** NodeGetCapabilities. */
  public NodeGetCapabilitiesResponse capabilities() {
    NodeGetCapabilitiesResponse.Builder response = NodeGetCapabilitiesResponse.newBuilder();
    for (NodeServiceCapability.RPC.Type type : CAPABILITIES) {
      response
          .addCapabilitiesBuilder()
          .setRpc(NodeServiceCapability.RPC.newBuilder().setType(type));
    }
    return response.build();
  }

  /** NodeGetInfo. */
  public NodeGetInfoResponse info() {
    return NodeGetInfoResponse.newBuilder().setNodeId(id).setMaxVolumesPerNode(mostVolumes).build();
  }

  /** NodeStageVolume: logs in, and mounts what is to be used as a file system. */
  public NodeStageVolumeResponse stage(NodeStageVolumeRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path point = path("staging_target_path", request.getStagingTargetPath());
    VolumeCapability capability = Access.check(request.getVolumeCapability());
    return alone(
        volumeId,
        () -> {
          Volume volume =
              host.getVolume(GetVolumeRequest.newBuilder().setName(Names.volume(volumeId)).build());
          Path device = attach(volumeId, volume);
          if (capability.hasMount()) {
            mount(device, point, capability);
          }
          return NodeStageVolumeResponse.getDefaultInstance();
        });
  }

  /** Logs in. What is to be let go is written down before, so that a crash leaves no session. */
  private Path attach(String volumeId, Volume volume) {
    Volume.Iscsi iscsi = volume.getIscsi();
    Optional<String> before = staged(volumeId);
    if (before.isPresent() && !before.get().equals(iscsi.getIqn())) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "STAGED_FROM_ELSEWHERE",
          "The volume is staged here as " + before.get(),
          "Unstage it first");
    }
    try {
      PrivateFiles.write(
          state.resolve(volumeId), (iscsi.getIqn() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new Problem(
          Code.INTERNAL,
          "STATE_UNWRITABLE",
          "Cannot write to " + state + ": " + e.getMessage(),
          "Give the driver a folder that it may write");
    }
    Path device =
        initiator.login(
            new KernelInitiator.Login(
                iscsi.getIqn(),
                iscsi.getPortalsList(),
                iscsi.getChapUser(),
                iscsi.getChapSecret(),
                iscsi.getTargetChapSecret()),
            PATIENCE);
    if (initiator.size(device) < volume.getSizeBytes()) {
      initiator.rescan(device);
    }
    return device;
  }

  private void mount(Path device, Path point, VolumeCapability capability) {
    Optional<Mounts.Mount> there = Mounts.at(point);
    if (there.isPresent() && there.get().device().equals(Mounts.number(device))) {
      return;
    }
    // Whatever is mounted there is left over from a disk that is gone: never mount over it.
    Mounts.unmount(point);
    createFolder(point);
    String wanted = capability.getMount().getFsType();
    boolean readOnly =
        initiator.isReadOnly(device) || Access.isReadOnly(capability.getAccessMode().getMode());
    Optional<String> found = FileSystem.typeOf(device);
    if (found.isPresent() && !wanted.isEmpty() && !found.get().equals(wanted)) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "OTHER_FILE_SYSTEM",
          "The volume holds " + found.get() + ", and " + wanted + " is asked for",
          "Ask for " + found.get() + ", or use another volume");
    }
    if (found.isEmpty() && readOnly) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "NO_FILE_SYSTEM",
          "The volume holds no file system, and none can be made, since it is only read",
          "Let a node write to it first");
    }
    String type = found.orElse(wanted.isEmpty() ? Access.FILE_SYSTEMS.getFirst() : wanted);
    if (found.isEmpty()) {
      FileSystem.make(device, type);
    } else if (!readOnly) {
      FileSystem.check(device, type);
    }
    List<String> options = new ArrayList<>(capability.getMount().getMountFlagsList());
    options.addAll(FileSystem.options(type));
    if (readOnly) {
      options.add("ro");
    }
    Mounts.mount(device, point, type, options);
    if (found.isPresent() && !readOnly) {
      FileSystem.grow(device, point, type); // a clone may be larger than what it was cloned from
    }
  }

  /** NodeUnstageVolume: unmounts and logs out, also when host or disk are gone. */
  public NodeUnstageVolumeResponse unstage(NodeUnstageVolumeRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path point = path("staging_target_path", request.getStagingTargetPath());
    return alone(
        volumeId,
        () -> {
          Mounts.unmount(point);
          Optional<String> iqn = staged(volumeId);
          if (iqn.isPresent()) {
            initiator.logout(iqn.get());
            Mounts.remove(state.resolve(volumeId));
          }
          return NodeUnstageVolumeResponse.getDefaultInstance();
        });
  }

  /** NodePublishVolume: shows a staged volume where a workload expects it. */
  public NodePublishVolumeResponse publish(NodePublishVolumeRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path target = path("target_path", request.getTargetPath());
    VolumeCapability capability = Access.check(request.getVolumeCapability());
    Path staging = path("staging_target_path", request.getStagingTargetPath());
    return alone(
        volumeId,
        () -> {
          Path device = device(volumeId);
          boolean readOnly =
              request.getReadonly() || Access.isReadOnly(capability.getAccessMode().getMode());
          List<Path> elsewhere = published(device, staging);
          Optional<Mounts.Mount> there = Mounts.at(target);
          if (there.isPresent() && isOf(there.get(), device)) {
            if (there.get().readOnly() != readOnly && capability.hasMount()) {
              throw new Problem(
                  Code.ALREADY_EXISTS,
                  "PUBLISHED_OTHERWISE",
                  "The volume is published there " + (readOnly ? "for writing" : "to read only"),
                  "Unpublish it first");
            }
            return NodePublishVolumeResponse.getDefaultInstance();
          }
          if (capability.getAccessMode().getMode()
                  == VolumeCapability.AccessMode.Mode.SINGLE_NODE_SINGLE_WRITER
              && !elsewhere.isEmpty()) {
            throw new Problem(
                Code.FAILED_PRECONDITION,
                "PUBLISHED_ELSEWHERE",
                "The volume is published at " + elsewhere.getFirst() + ", and one may write it",
                "Unpublish it there first");
          }
          Mounts.unmount(target);
          if (capability.hasBlock()) {
            createFile(target);
            Mounts.bind(device, target, readOnly);
          } else {
            Mounts.Mount staged =
                Mounts.at(staging)
                    .filter(mount -> isOf(mount, device))
                    .orElseThrow(() -> notStaged(volumeId));
            createFolder(target);
            Mounts.bind(staged.point(), target, readOnly || staged.readOnly());
          }
          return NodePublishVolumeResponse.getDefaultInstance();
        });
  }

  /** Whether a mount shows a disk: its file system, or the disk itself. */
  private static boolean isOf(Mounts.Mount mount, Path device) {
    return mount.device().equals(Mounts.number(device))
        || (mount.type().equals("devtmpfs") && mount.root().equals("/" + device.getFileName()));
  }

  private static List<Path> published(Path device, Path staging) {
    Optional<Path> staged = Mounts.at(staging).map(Mounts.Mount::point);
    return Mounts.all().stream()
        .filter(mount -> isOf(mount, device))
        .map(Mounts.Mount::point)
        .filter(point -> staged.isEmpty() || !point.equals(staged.get()))
        .distinct()
        .toList();
  }

  /** NodeUnpublishVolume. */
  public NodeUnpublishVolumeResponse unpublish(NodeUnpublishVolumeRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path target = path("target_path", request.getTargetPath());
    return alone(
        volumeId,
        () -> {
          Mounts.unmount(target);
          Mounts.remove(target);
          return NodeUnpublishVolumeResponse.getDefaultInstance();
        });
  }

  /** NodeGetVolumeStats. */
  public NodeGetVolumeStatsResponse stats(NodeGetVolumeStatsRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path point = path("volume_path", request.getVolumePath());
    Path device = device(volumeId);
    Mounts.Mount mount =
        Mounts.at(point)
            .filter(found -> isOf(found, device))
            .orElseThrow(() ->
                Problem.notFound("mount of the volume", point.toString(), "Publish it there"));
    if (mount.type().equals("devtmpfs")) {
      return NodeGetVolumeStatsResponse.newBuilder()
          .addUsage(
              VolumeUsage.newBuilder()
                  .setUnit(VolumeUsage.Unit.BYTES)
                  .setTotal(initiator.size(device)))
          .build();
    }
    FileSystem.Usage usage = FileSystem.usage(point);
    return NodeGetVolumeStatsResponse.newBuilder()
        .addUsage(
            VolumeUsage.newBuilder()
                .setUnit(VolumeUsage.Unit.BYTES)
                .setTotal(usage.total())
                .setUsed(usage.used())
                .setAvailable(usage.available()))
        .addUsage(
            VolumeUsage.newBuilder()
                .setUnit(VolumeUsage.Unit.INODES)
                .setTotal(usage.inodes())
                .setUsed(usage.usedInodes())
                .setAvailable(usage.freeInodes()))
        .build();
  }

  /** NodeExpandVolume: has the kernel see the new size, and the file system use it. */
  public NodeExpandVolumeResponse expand(NodeExpandVolumeRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    Path point = path("volume_path", request.getVolumePath());
    return alone(
        volumeId,
        () -> {
          Path device = device(volumeId);
          initiator.rescan(device);
          long size = initiator.size(device);
          long required = request.getCapacityRange().getRequiredBytes();
          if (size < required) {
            throw new Problem(
                Code.FAILED_PRECONDITION,
                "NOT_YET_LARGER",
                "The volume has " + size + " bytes, and " + required + " are asked for",
                "Expand it at the controller first");
          }
          Mounts.Mount mount =
              Mounts.at(point)
                  .filter(found -> isOf(found, device))
                  .orElseThrow(() ->
                      Problem.notFound(
                          "mount of the volume", point.toString(), "Publish it there"));
          if (!mount.type().equals("devtmpfs") && !initiator.isReadOnly(device)) {
            FileSystem.grow(device, point, mount.type());
          }
          return NodeExpandVolumeResponse.newBuilder().setCapacityBytes(size).build();
        });
  }

  /** NodeGetVolumeHealth. */
  public NodeGetVolumeHealthResponse health(NodeGetVolumeHealthRequest request) {
    String volumeId = Names.required("volume_id", request.getVolumeId());
    String iqn = staged(volumeId).orElseThrow(() -> notHere(volumeId));
    VolumeHealth.Builder health = VolumeHealth.newBuilder().setVolumeId(volumeId);
    if (initiator.device(iqn).isEmpty()) {
      health
          .addHealthStatusesBuilder()
          .setStatus(VolumeHealthErrorType.INACCESSIBLE)
          .setReason("DiskGone")
          .setMessage("The kernel has no disk of " + iqn);
    }
    return NodeGetVolumeHealthResponse.newBuilder().setVolumeHealth(health).build();
  }

  /** NodeGetStorageHealth: whether the host answers from here. */
  public NodeGetStorageHealthResponse storageHealth() {
    NodeGetStorageHealthResponse.Builder response = NodeGetStorageHealthResponse.newBuilder();
    try {
      long _ = host.availableBytes();
    } catch (Problem e) {
      response
          .addBackendHealthBuilder()
          .setStatus(StorageHealthErrorType.STORAGE_UNREACHABLE)
          .setReason("HostSilent")
          .setMessage(e.what());
    }
    return response.build();
  }

  /** The target that a volume was staged from, if it is staged here. */
  private Optional<String> staged(String volumeId) {
    if (!Names.couldBeVolume(volumeId)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readString(state.resolve(volumeId)).strip());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new Problem(
          Code.INTERNAL,
          "STATE_UNREADABLE",
          "Cannot read " + state.resolve(volumeId) + ": " + e.getMessage(),
          "Mend that, then try again");
    }
  }

  /** The disk of a staged volume. Problem NOT_FOUND or FAILED_PRECONDITION if there is none. */
  private Path device(String volumeId) {
    String iqn = staged(volumeId).orElseThrow(() -> notHere(volumeId));
    return initiator.device(iqn).orElseThrow(() -> notStaged(volumeId));
  }

  private static Problem notHere(String volumeId) {
    return Problem.notFound(
        "volume on this node", Identifiers.printable(volumeId), "Stage it first");
  }

  private static Problem notStaged(String volumeId) {
    return new Problem(
        Code.FAILED_PRECONDITION,
        "NOT_STAGED",
        "The volume '" + volumeId + "' is not staged there",
        "Stage it first");
  }

  private static Path path(String field, String text) {
    try {
      return Path.of(Names.required(field, text));
    } catch (java.nio.file.InvalidPathException e) {
      throw Problem.invalid(field, "is no path", "Give one");
    }
  }

  private static void createFolder(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw cannotCreate(path, e);
    }
  }

  private static void createFile(Path path) {
    try {
      Path parent = path.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      if (!Files.exists(path)) {
        Files.createFile(path);
      }
    } catch (IOException e) {
      throw cannotCreate(path, e);
    }
  }

  private static Problem cannotCreate(Path path, IOException e) {
    return new Problem(
        Code.INTERNAL,
        "CANNOT_CREATE",
        "Cannot create " + path + ": " + e.getMessage(),
        "Check the mounts of the driver's container");
  }

  private <T> T alone(String volumeId, Supplier<T> work) {
    if (!busy.add(volumeId)) {
      throw new Problem(
          Code.ABORTED,
          "IN_PROGRESS",
          "Something else is done with the volume '" + Identifiers.printable(volumeId) + "'",
          "Try again");
    }
    try {
      return work.get();
    } finally {
      busy.remove(volumeId);
    }
  }
}
