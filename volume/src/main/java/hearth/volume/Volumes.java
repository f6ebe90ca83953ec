// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import com.google.protobuf.Timestamp;
import hearth.contract.volume.v1.CheckVolumeRequest;
import hearth.contract.volume.v1.CheckVolumeResponse;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.DeleteVolumeRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.ListVolumesResponse;
import hearth.contract.volume.v1.RestoreVolumeRequest;
import hearth.contract.volume.v1.UpdateVolumeRequest;
import hearth.contract.volume.v1.Volume;
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.volume.engine.Check;
import hearth.volume.engine.Engine;
import hearth.volume.engine.Engines;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes of a host: who may do what with them, and in which order records and data change so
 * that a crash between the two is mended at the next start. Safe for any thread; changes of one
 * volume run one after the other.
 */
public final class Volumes {
  /** Smallest volume in bytes. */
  public static final long SMALLEST = ByteSize.MIB;

  /** Largest volume in bytes. */
  public static final long LARGEST = 64L << 40;

  private static final String PATTERN = "accounts/{account}/volumes/{volume}";
  private static final int LONGEST_DESCRIPTION = 1000;
  private static final int MOST_LABELS = 64;
  private static final Listing<Volume> LISTING =
      new Listing<>(
          new Fields<Volume>()
              .with("name", Volume::getName)
              .with("uid", Volume::getUid)
              .with("size_bytes", Volume::getSizeBytes)
              .with("used_bytes", Volume::getUsedBytes)
              .with("description", Volume::getDescription)
              .with("labels", Volume::getLabelsMap)
              .with("read_only", Volume::getReadOnly)
              .with("removable", Volume::getRemovable)
              .with("sanitize_allowed", Volume::getSanitizeAllowed)
              .with("device", Volume::getDevice)
              .with("pool", Volume::getPool)
              .with("target", volume -> volume.getTarget().name())
              .with("engine", volume -> volume.getEngine().name())
              .with("snapshot_bytes", Volume::getSnapshotBytes)
              .with("state", volume -> volume.getState().name())
              .with("create_time", volume -> instant(volume.getCreateTime()))
              .with("update_time", volume -> instant(volume.getUpdateTime())),
          "name");

  private static final Logger LOG = LoggerFactory.getLogger(Volumes.class);

  private final VolumeRecords records;
  private final Exports exports;
  private final InstantSource clock;

  /** Serves what the exports hold. */
  public Volumes(VolumeRecords records, Exports exports, InstantSource clock) {
    this.records = records;
    this.exports = exports;
    this.clock = clock;
  }

  /** Mends what a crash left half done, and exports every volume. */
  public void start() {
    List<VolumeRecord> all = records.list(Optional.empty());
    exports.reconcile(all);
    exports.reportStrays(
        all, all.stream().flatMap(volume -> records.snapshots(volume).stream()).toList());
    for (VolumeRecord volume : all) {
      switch (volume.state()) {
        case READY -> {
          exports.open(withTargetSecret(volume));
          records.snapshots(volume).forEach(snapshot -> start(volume, snapshot));
        }
        case DELETING -> endDelete(volume);
      }
    }
  }

  /** What cannot be deleted now, as on a full disk, keeps no host from starting. */
  private void endDelete(VolumeRecord volume) {
    try {
      remove(volume);
    } catch (RuntimeException e) {
      LOG.error(
          "The volume {} cannot be deleted now; the next start tries again: {}",
          volume.name(),
          e.getMessage());
    }
  }

  /** Volumes made before targets could prove themselves get a secret for it. */
  private VolumeRecord withTargetSecret(VolumeRecord volume) {
    if (!volume.targetSecret().isEmpty()) {
      return volume;
    }
    VolumeRecord changed = volume.withTargetSecret(secret(), now());
    records.update(changed);
    return changed;
  }

  private void start(VolumeRecord volume, SnapshotRecord snapshot) {
    switch (snapshot.state()) {
      case READY -> exports.open(volume, snapshot);
      case DELETING -> {
        try {
          exports.delete(volume, snapshot);
          records.deleteSnapshot(snapshot);
        } catch (RuntimeException e) {
          LOG.error(
              "The snapshot {} cannot be deleted now; the next start tries again: {}",
              snapshot.name(),
              e.getMessage());
        }
      }
    }
  }

  /** Deletes the data of a volume and its snapshots, then what the host remembers of them. */
  private void remove(VolumeRecord volume) {
    for (SnapshotRecord snapshot : records.snapshots(volume)) {
      exports.delete(volume, snapshot);
      records.deleteSnapshot(snapshot);
    }
    exports.delete(volume);
    records.delete(volume);
  }

  /** Volumes that a caller may see. */
  public int count(Caller caller) {
    return visible(caller, "-").size();
  }

  /** Sessions on volumes that a caller may see. */
  public int sessionCount(Caller caller) {
    return visible(caller, "-").stream()
        .mapToInt(volume -> exports.initiators(volume).size())
        .sum();
  }

  List<VolumeRecord> visible(Caller caller, String account) {
    if (account.equals("-")) {
      return records.list(
          caller.administrator() ? Optional.empty() : Optional.of(caller.account()));
    }
    if (!caller.mayUse(account)) {
      throw Problem.notFound("account", "accounts/" + account, "See: hearth account list");
    }
    return records.list(Optional.of(account));
  }

  /** ListVolumes. */
  public ListVolumesResponse list(Caller caller, ListVolumesRequest request) {
    String account = account(caller, request.getParent());
    List<Volume> all =
        visible(caller, account).stream().map(volume -> describe(volume, false)).toList();
    Listing.Page<Volume> page =
        LISTING.page(
            all,
            new Listing.Query(
                request.getParent(),
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListVolumesResponse.newBuilder()
        .addAllVolumes(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** GetVolume. */
  public Volume get(Caller caller, GetVolumeRequest request) {
    return describe(find(caller, request.getName()), true);
  }

  /** CreateVolume. */
  public Volume create(Caller caller, CreateVolumeRequest request) {
    String account = account(caller, request.getParent());
    if (!caller.mayUse(account) || account.equals("-")) {
      throw Problem.notFound("account", request.getParent(), "See: hearth account list");
    }
    String id = Identifiers.checkLabel("volume_id", request.getVolumeId(), 63);
    Volume wanted = request.getVolume();
    if (!wanted.getDevice().isEmpty()) {
      caller.requireAdministrator("Serving a block device of the host");
    }
    Instant now = now();
    Optional<Snapshots.Found> source =
        request.getSourceSnapshot().isEmpty()
            ? Optional.empty()
            : Optional.of(
                Snapshots.find(
                    records, this, caller, "source_snapshot", request.getSourceSnapshot()));
    VolumeRecord volume =
        new VolumeRecord(
            account,
            id,
            Identifiers.randomHex(16),
            wanted.getDevice().isEmpty()
                ? checkSize(
                    engine(wanted, source),
                    source.isPresent() ? sizeOf(wanted, source.get()) : wanted.getSizeBytes())
                : exports.deviceSize(wanted.getDevice(), wanted.getSizeBytes()),
            checkDescription(wanted.getDescription()),
            checkLabels(wanted.getLabelsMap()),
            VolumeOptions.traits(wanted),
            VolumeOptions.limits(wanted),
            VolumeOptions.initiators(wanted),
            VolumeOptions.served(wanted),
            wanted.getDevice(),
            engine(wanted, source),
            pool(wanted, source),
            VolumeRecord.State.READY,
            "hearth-" + Identifiers.randomHex(6),
            secret(),
            secret(),
            now,
            now,
            1);
    return records.transaction(() -> create(caller, volume, source, request.getValidateOnly()));
  }

  private static long sizeOf(Volume wanted, Snapshots.Found source) {
    long least = source.snapshot().sizeBytes();
    if (wanted.getSizeBytes() != 0 && wanted.getSizeBytes() < least) {
      throw Problem.invalid(
          "size_bytes",
          ByteSize.format(wanted.getSizeBytes())
              + " is less than the snapshot's "
              + ByteSize.format(least),
          "Leave the size out, or choose a larger one");
    }
    return Math.max(wanted.getSizeBytes(), least);
  }

  private String pool(Volume wanted, Optional<Snapshots.Found> source) {
    String pool = Pools.wanted(records, wanted.getPool());
    if (source.isEmpty()) {
      return pool;
    }
    if (!wanted.getPool().isEmpty() && !pool.equals(source.get().volume().pool())) {
      throw Problem.invalid("pool", "is not that of the snapshot's volume", "Leave the pool out");
    }
    return source.get().volume().pool();
  }

  private static Engines.Kind engine(Volume wanted, Optional<Snapshots.Found> source) {
    Engines.Kind kind =
        switch (wanted.getEngine()) {
          case CHUNKS -> Engines.Kind.CHUNKS;
          case RAW -> Engines.Kind.RAW;
          case DEVICE -> Engines.Kind.DEVICE;
          case LVM -> Engines.Kind.LVM;
          case ENGINE_UNSPECIFIED ->
              source.isPresent() && wanted.getDevice().isEmpty()
                  ? source.get().volume().engine()
                  : usual(wanted);
          case UNRECOGNIZED ->
              throw Problem.invalid("engine", "is unknown", "Use CHUNKS, RAW, DEVICE or LVM");
        };
    boolean another = !wanted.getPool().isEmpty() && !wanted.getPool().equals("pools/default");
    if (source.isEmpty() && (kind == Engines.Kind.LVM) != another) {
      throw Problem.invalid(
          "pool",
          another ? "its volumes are of the engine LVM" : "is missing, since the engine is LVM",
          another ? "Leave the engine out" : "Name one of: hearth pool list");
    }
    if ((kind == Engines.Kind.DEVICE) == wanted.getDevice().isEmpty()) {
      throw Problem.invalid(
          "engine",
          kind + " does not go with " + (wanted.getDevice().isEmpty() ? "no device" : "a device"),
          "Leave the engine out");
    }
    if (source.isPresent() && kind != source.get().volume().engine()) {
      throw Problem.invalid(
          "engine", "is not that of the snapshot's volume", "Leave the engine and device out");
    }
    return kind;
  }

  private static Engines.Kind usual(Volume wanted) {
    if (!wanted.getDevice().isEmpty()) {
      return Engines.Kind.DEVICE;
    }
    return wanted.getPool().isEmpty() || wanted.getPool().equals("pools/" + Pools.DEFAULT)
        ? Engines.Kind.CHUNKS
        : Engines.Kind.LVM;
  }

  private Volume create(
      Caller caller, VolumeRecord volume, Optional<Snapshots.Found> source, boolean validateOnly) {
    checkServed(volume);
    checkQuota(volume.account(), volume.sizeBytes());
    records
        .find(volume.account(), volume.id())
        .ifPresent(existing -> {
          throw new Problem(
              Code.ALREADY_EXISTS,
              "VOLUME_EXISTS",
              "There is already a volume '"
                  + volume.id()
                  + "' in account '"
                  + volume.account()
                  + "'",
              "Choose another name, or see: hearth volume show " + volume.id(),
              Map.of("name", volume.name()));
        });
    if (!volume.device().isEmpty()) {
      for (VolumeRecord other : records.list(Optional.empty())) {
        if (other.device().equals(volume.device())) {
          throw new Problem(
              Code.FAILED_PRECONDITION,
              "DEVICE_IN_USE",
              "The device " + volume.device() + " is already served as " + other.name(),
              "Delete that volume first; the device keeps its data");
        }
      }
    }
    if (validateOnly) {
      return describe(volume, false);
    }
    // The data is made before the record is committed, under a random identity that nothing else
    // has; what a
    // crash leaves behind is data without a record, which start-up reports and never touches.
    if (source.isPresent()) {
      exports.copy(source.get().snapshot(), volume);
    } else {
      exports.create(volume);
    }
    records.ifUndone(() -> deleteUnrecorded(volume));
    records.insert(volume);
    records.audit(caller, "volume.create", volume.name(), ByteSize.format(volume.sizeBytes()));
    exports.open(volume);
    return describe(volume, true);
  }

  private void deleteUnrecorded(VolumeRecord volume) {
    boolean recorded =
        records
            .find(volume.account(), volume.id())
            .filter(found -> found.uid().equals(volume.uid()))
            .isPresent();
    if (!recorded) {
      exports.delete(volume);
    }
  }

  private void checkServed(VolumeRecord volume) {
    VolumeOptions.checkServed(volume);
    if (volume.served() == VolumeRecord.Served.LIO) {
      exports.requireLio();
    }
  }

  /** UpdateVolume. */
  public Volume update(Caller caller, UpdateVolumeRequest request) {
    Volume wanted = request.getVolume();
    Set<String> mask = mask(request);
    return records.transaction(() -> {
      VolumeRecord volume = find(caller, wanted.getName());
      checkEtag(volume, wanted.getEtag());
      long size = volume.sizeBytes();
      if (mask.contains("size_bytes") && wanted.getSizeBytes() != size) {
        size = checkSize(volume.engine(), wanted.getSizeBytes());
        if (size < volume.sizeBytes()) {
          throw new Problem(
              Code.FAILED_PRECONDITION,
              "CANNOT_SHRINK",
              "size_bytes: "
                  + size
                  + " is less than the volume's "
                  + volume.sizeBytes()
                  + "; volumes only grow, since a file system on it would lose data",
              "Create a smaller volume and copy the data");
        }
        checkQuota(volume.account(), size - volume.sizeBytes());
      }
      VolumeRecord changed =
          volume.changed(
              size,
              mask.contains("description")
                  ? checkDescription(wanted.getDescription())
                  : volume.description(),
              mask.contains("labels") ? checkLabels(wanted.getLabelsMap()) : volume.labels(),
              VolumeOptions.traits(volume.traits(), wanted, mask),
              VolumeOptions.limits(volume.limits(), wanted, mask),
              VolumeOptions.initiators(volume.initiators(), wanted, mask),
              mask.contains("target") ? VolumeOptions.served(wanted) : volume.served(),
              now());
      checkServed(changed);
      boolean another =
          !changed.traits().equals(volume.traits()) || changed.served() != volume.served();
      if (another && !exports.initiators(volume).isEmpty()) {
        throw sessionsOpen(volume, "it cannot change into another kind of disk");
      }
      if (request.getValidateOnly()) {
        return describe(changed, false);
      }
      records.update(changed);
      records.audit(caller, "volume.update", volume.name(), String.join(", ", mask));
      records.ifUndone(() ->
          records
              .find(volume.account(), volume.id())
              .filter(found -> found.uid().equals(volume.uid()))
              .ifPresent(found -> exports.change(changed, found)));
      exports.change(volume, changed);
      return describe(changed, true);
    });
  }

  private static Set<String> mask(UpdateVolumeRequest request) {
    Set<String> known =
        new java.util.TreeSet<>(
            Set.of(
                "size_bytes",
                "description",
                "labels",
                "read_only",
                "removable",
                "sanitize_allowed",
                "physical_block_bytes",
                "allowed_initiators",
                "read_only_initiators",
                "target",
                "limits",
                "limits.operations_per_second",
                "limits.operations_burst",
                "limits.bytes_per_second",
                "limits.bytes_burst"));
    if (request.hasUpdateMask() && request.getUpdateMask().getPathsCount() > 0) {
      Set<String> mask = new java.util.TreeSet<>(request.getUpdateMask().getPathsList());
      if (mask.equals(Set.of("*"))) {
        return known;
      }
      for (String path : mask) {
        if (!known.contains(path)) {
          throw Problem.invalid(
              "update_mask",
              "'" + path + "' cannot be changed",
              "Use some of " + String.join(", ", known));
        }
      }
      return mask;
    }
    Set<String> mask = new java.util.TreeSet<>();
    Volume wanted = request.getVolume();
    if (wanted.getSizeBytes() != 0) {
      mask.add("size_bytes");
    }
    if (!wanted.getDescription().isEmpty()) {
      mask.add("description");
    }
    if (wanted.getLabelsCount() > 0) {
      mask.add("labels");
    }
    if (wanted.getReadOnly()) {
      mask.add("read_only");
    }
    if (wanted.getRemovable()) {
      mask.add("removable");
    }
    if (wanted.getSanitizeAllowed()) {
      mask.add("sanitize_allowed");
    }
    if (wanted.getPhysicalBlockBytes() != 0) {
      mask.add("physical_block_bytes");
    }
    if (wanted.getAllowedInitiatorsCount() > 0) {
      mask.add("allowed_initiators");
    }
    if (wanted.getReadOnlyInitiatorsCount() > 0) {
      mask.add("read_only_initiators");
    }
    if (wanted.getTarget() != Volume.Target.TARGET_UNSPECIFIED) {
      mask.add("target");
    }
    if (wanted.hasLimits()) {
      mask.add("limits");
    }
    return mask;
  }

  /** DeleteVolume. */
  public void delete(Caller caller, DeleteVolumeRequest request) {
    records.transaction(() -> {
      VolumeRecord volume = find(caller, request.getName());
      checkEtag(volume, request.getEtag());
      if (!request.getForce() && !exports.initiators(volume).isEmpty()) {
        throw sessionsOpen(volume, "it is not deleted");
      }
      List<SnapshotRecord> snapshots = records.snapshots(volume);
      if (!request.getForce() && !snapshots.isEmpty()) {
        throw new Problem(
            Code.FAILED_PRECONDITION,
            "VOLUME_HAS_SNAPSHOTS",
            "The volume '" + volume.id() + "' has " + snapshots.size() + " snapshots",
            "Delete them first (hearth snapshot list --volume "
                + volume.id()
                + "), or delete all with --force");
      }
      if (!request.getValidateOnly()) {
        VolumeRecord deleting = volume.in(VolumeRecord.State.DELETING, now());
        records.update(deleting);
        records.audit(caller, "volume.delete", volume.name(), ByteSize.format(volume.sizeBytes()));
        // Only now may the data go; what a crash leaves undone here, the next start does.
        records.afterCommit(() -> remove(deleting));
      }
      return volume;
    });
  }

  /** RestoreVolume. */
  public Volume restore(Caller caller, RestoreVolumeRequest request) {
    return records.transaction(() -> {
      VolumeRecord volume = find(caller, request.getName());
      checkEtag(volume, request.getEtag());
      Snapshots.Found found =
          Snapshots.find(records, this, caller, "snapshot", request.getSnapshot());
      if (!found.volume().uid().equals(volume.uid())) {
        throw Problem.invalid(
            "snapshot",
            "is of the volume '" + found.volume().id() + "'",
            "Use one of: hearth snapshot list --volume " + volume.id());
      }
      if (!exports.initiators(volume).isEmpty()) {
        throw sessionsOpen(volume, "its contents are not exchanged");
      }
      if (!request.getValidateOnly()) {
        records.audit(caller, "volume.restore", volume.name(), found.snapshot().id());
        exports.restore(volume, found.snapshot());
      }
      return describe(volume, true);
    });
  }

  /** CheckVolume: finds the volume; {@link #check(VolumeRecord)} does the work later. */
  public VolumeRecord checkable(Caller caller, CheckVolumeRequest request) {
    VolumeRecord volume = find(caller, request.getName());
    exports.requireChecksums(volume);
    return volume;
  }

  /** Reads everything that a volume and its snapshots hold. */
  public CheckVolumeResponse check(VolumeRecord volume) {
    Check check = exports.check(volume);
    Map<String, String> names = new java.util.HashMap<>();
    for (VolumeRecord other : records.list(Optional.of(volume.account()))) {
      names.put(other.uid(), other.name());
      records.snapshots(other).forEach(snapshot -> names.put(snapshot.uid(), snapshot.name()));
    }
    CheckVolumeResponse.Builder response =
        CheckVolumeResponse.newBuilder().setCheckedBytes(check.checkedBytes());
    for (Check.Finding finding : check.findings()) {
      response.addFindings(
          CheckVolumeResponse.Finding.newBuilder()
              .setResource(names.getOrDefault(finding.uid(), finding.uid()))
              .setOffsetBytes(finding.offset())
              .setLostBytes(finding.length())
              .setMessage(finding.what()));
    }
    return response.build();
  }

  void requireNoSessions(VolumeRecord volume, String consequence) {
    if (!exports.initiators(volume).isEmpty()) {
      throw sessionsOpen(volume, consequence);
    }
  }

  private Problem sessionsOpen(VolumeRecord volume, String consequence) {
    return new Problem(
        Code.FAILED_PRECONDITION,
        "VOLUME_IN_USE",
        "The volume '"
            + volume.id()
            + "' has sessions open from "
            + String.join(", ", exports.initiators(volume))
            + ", so "
            + consequence,
        "Log the initiators out first (hearth volume detach "
            + volume.id()
            + "), or delete with --force");
  }

  VolumeRecord find(Caller caller, String name) {
    List<String> ids = ResourceName.parse("name", PATTERN, name);
    String account = ids.getFirst().equals("me") ? caller.account() : ids.getFirst();
    Optional<VolumeRecord> volume =
        caller.mayUse(account) ? records.find(account, ids.getLast()) : Optional.empty();
    return volume
        .filter(found -> found.state() == VolumeRecord.State.READY)
        .orElseThrow(() ->
            Problem.notFound("volume", Identifiers.printable(name), "See: hearth volume list"));
  }

  private static String account(Caller caller, String parent) {
    String account = ResourceName.parse("parent", "accounts/{account}", parent).getFirst();
    return account.equals("me") ? caller.account() : account;
  }

  /** Bytes that an account's new volumes may have. */
  public long available(Caller caller) {
    long free = exports.pool().map(Engine.Space::freeBytes).orElse(0L);
    OptionalLong quota = records.quota(caller.account());
    return quota.isEmpty()
        ? free
        : Math.clamp(quota.getAsLong() - reserved(caller.account()), 0, Long.MAX_VALUE);
  }

  private long reserved(String account) {
    return records.list(Optional.of(account)).stream()
        .mapToLong(volume -> volume.sizeBytes() + exports.snapshotBytes(volume))
        .sum();
  }

  /** Refuses what an account may not reserve; snapshots count with what only they hold. */
  void checkQuota(String account, long bytes) {
    OptionalLong quota = records.lockQuota(account);
    if (quota.isEmpty()) {
      return;
    }
    long reserved = reserved(account);
    if (bytes > quota.getAsLong() - reserved) {
      throw new Problem(
          Code.RESOURCE_EXHAUSTED,
          "QUOTA_EXCEEDED",
          "The account '"
              + account
              + "' may reserve "
              + ByteSize.format(quota.getAsLong())
              + ", has reserved "
              + ByteSize.format(reserved)
              + ", and this needs "
              + ByteSize.format(bytes),
          "Choose a smaller size, delete a volume, or ask an administrator for a larger quota",
          Map.of(
              "quota_bytes",
              String.valueOf(quota.getAsLong()),
              "reserved_bytes",
              String.valueOf(reserved)));
    }
  }

  private long checkSize(Engines.Kind engine, long size) {
    if (size < SMALLEST || size % 4096 != 0) {
      throw Problem.invalid(
          "size_bytes",
          size
              + " bytes is no size of a volume (expected: a multiple of 4096 from "
              + SMALLEST
              + " on)",
          "Use a size such as 10GiB");
    }
    // Thin pools may promise more than the disk has, and say so in time.
    boolean thin = engine == Engines.Kind.CHUNKS || engine == Engines.Kind.LVM;
    long most = thin ? LARGEST : Math.min(exports.capacity(), LARGEST);
    if (size > most) {
      throw Problem.invalid(
          "size_bytes",
          ByteSize.format(size) + " is more than a volume can have here",
          "Use a size up to " + ByteSize.format(most));
    }
    return size;
  }

  static String checkDescription(String description) {
    if (description.length() > LONGEST_DESCRIPTION) {
      throw Problem.invalid(
          "description",
          "has " + description.length() + " characters (expected: <= " + LONGEST_DESCRIPTION + ")",
          "Shorten it");
    }
    return description;
  }

  private static Map<String, String> checkLabels(Map<String, String> labels) {
    if (labels.size() > MOST_LABELS) {
      throw Problem.invalid(
          "labels",
          "has " + labels.size() + " entries (expected: <= " + MOST_LABELS + ")",
          "Use fewer labels");
    }
    labels.forEach((key, value) -> {
      Identifiers.checkLabel("labels", key, 63);
      if (value.length() > 255) {
        throw Problem.invalid(
            "labels", "the value of '" + key + "' is too long", "Use at most 255 characters");
      }
    });
    return Map.copyOf(labels);
  }

  private static void checkEtag(VolumeRecord volume, String etag) {
    if (!etag.isEmpty() && !etag.equals(etag(volume))) {
      throw new Problem(
          Code.ABORTED,
          "ETAG_MISMATCH",
          "The volume '" + volume.id() + "' was changed since you read it",
          "Read it again, then repeat the change");
    }
  }

  private static String etag(VolumeRecord volume) {
    return volume.uid().substring(0, 8) + "-" + volume.version();
  }

  /** Sixteen characters: what Windows takes at most, and 95 bits. */
  private static String secret() {
    String letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    StringBuilder secret = new StringBuilder();
    while (secret.length() < 16) {
      int index = Identifiers.randomBytes(1)[0] & 0x3F;
      if (index < letters.length()) {
        secret.append(letters.charAt(index));
      }
    }
    return secret.toString();
  }

  private Volume describe(VolumeRecord volume, boolean withSecret) {
    Exports.Status status = exports.status(volume);
    String iqn = exports.iqn(volume);
    List<String> portals = exports.portals(volume);
    Volume.Iscsi.Builder iscsi =
        Volume.Iscsi.newBuilder()
            .setIqn(iqn)
            .setPortal(portals.getFirst())
            .addAllPortals(portals)
            .setLun(0)
            .setChapUser(volume.chapUser())
            .setSessionCount(exports.initiators(volume).size());
    if (withSecret) {
      iscsi.setChapSecret(volume.chapSecret());
      iscsi.setTargetChapSecret(volume.targetSecret());
      iscsi.setUrl(
          "iscsi://"
              + volume.chapUser()
              + "%"
              + volume.chapSecret()
              + "@"
              + portals.getFirst()
              + "/"
              + iqn
              + "/0");
    }
    return Volume.newBuilder()
        .setName(volume.name())
        .setUid(volume.uid())
        .setSizeBytes(volume.sizeBytes())
        .setUsedBytes(status.usedBytes())
        .setDescription(volume.description())
        .putAllLabels(volume.labels())
        .setReadOnly(volume.traits().readOnly())
        .setRemovable(volume.traits().removable())
        .setSanitizeAllowed(volume.traits().sanitizable())
        .setPhysicalBlockBytes(volume.traits().physicalBlock())
        .addAllAllowedInitiators(volume.initiators().allowed())
        .addAllReadOnlyInitiators(volume.initiators().readOnly())
        .setLimits(VolumeOptions.describe(volume.limits()))
        .setDevice(volume.device())
        .setEngine(
            switch (volume.engine()) {
              case CHUNKS -> Volume.Engine.CHUNKS;
              case RAW -> Volume.Engine.RAW;
              case DEVICE -> Volume.Engine.DEVICE;
              case LVM -> Volume.Engine.LVM;
            })
        .setTarget(
            switch (volume.served()) {
              case HEARTH -> Volume.Target.HEARTH;
              case LIO -> Volume.Target.LIO;
            })
        .setPool("pools/" + (volume.pool().isEmpty() ? Pools.DEFAULT : volume.pool()))
        .setSnapshotBytes(exports.snapshotBytes(volume))
        .setState(status.problem().isEmpty() ? Volume.State.READY : Volume.State.FAILED)
        .setStateReason(status.problem())
        .setIscsi(iscsi)
        .setCreateTime(timestamp(volume.createTime()))
        .setUpdateTime(timestamp(volume.updateTime()))
        .setEtag(etag(volume))
        .build();
  }

  private Instant now() {
    return clock.instant().truncatedTo(java.time.temporal.ChronoUnit.MICROS);
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
