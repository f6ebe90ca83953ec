// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.volume.engine.Check;
import hearth.volume.engine.Engine;
import hearth.volume.engine.Engines;
import hearth.volume.engine.PausableData;
import hearth.volume.engine.RawEngine;
import hearth.volume.engine.VolumeData;
import hearth.volume.iscsi.IscsiTarget;
import hearth.volume.iscsi.SessionInfo;
import hearth.volume.iscsi.Target;
import hearth.volume.iscsi.TargetDirectory;
import hearth.volume.lio.Lio;
import hearth.volume.scsi.Identity;
import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.Statistics;
import hearth.volume.scsi.Traits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes that are open at present, as targets of the iSCSI server. Problems of one volume stay
 * with that volume: it is listed as failed, the others are served. Safe for any thread.
 */
public final class Exports implements TargetDirectory, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Exports.class);

  private final Engines engines;
  private final Path folder;
  private final String iqnPrefix;
  private final String revision;
  private final IscsiTarget server;
  private final Optional<Lio> lio;
  private final Map<String, PoolWatch> watches = new ConcurrentHashMap<>();
  private final Map<String, Open> open = new ConcurrentHashMap<>();
  private final Map<String, String> failed = new ConcurrentHashMap<>();

  private record Open(
      String name, String uid, String pool, PausableData data, Export export, boolean snapshot) {}

  /** Bytes held, and what is wrong, or nothing. */
  record Status(long usedBytes, String problem) {}

  /**
   * Starts the iSCSI server, at first without any target.
   *
   * @param folder where the engines keep their data, for the capacity of the pool
   * @param addresses where to listen; each is a portal by which initiators reach every target
   * @param iqnPrefix for example {@code iqn.2026-11.org.example}
   * @param lio the kernel's target, if volumes may be served by it
   */
  public Exports(
      Engines engines,
      Path folder,
      String iqnPrefix,
      String revision,
      List<InetSocketAddress> addresses,
      Optional<Lio> lio,
      InstantSource clock)
      throws IOException {
    this.lio = lio;
    this.engines = engines;
    this.folder = folder;
    this.iqnPrefix = iqnPrefix;
    this.revision = revision;
    this.server = IscsiTarget.start(addresses, this, IscsiTarget.Limits.DEFAULT, clock);
  }

  /** Addresses and ports of the portals of our own target. */
  public List<String> portals() {
    return server.addresses().stream().map(IscsiTarget::format).toList();
  }

  /** Addresses and ports where a volume is served. */
  List<String> portals(VolumeRecord volume) {
    return switch (volume.served()) {
      case HEARTH -> portals();
      case LIO -> lio.map(Lio::portals).filter(all -> !all.isEmpty()).orElseGet(this::portals);
    };
  }

  /** Refuses to serve volumes by the kernel's target on a host that does not. */
  void requireLio() {
    if (lio.isEmpty()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "LIO_NOT_OFFERED",
          "This host serves no volumes by the kernel's target",
          "Start it with --lio-listen ADDRESS:PORT, as root");
    }
  }

  private UnitFile memory(String uid) {
    return new UnitFile(folder.resolve("units"), uid);
  }

  private LogicalUnit unit(VolumeRecord volume, VolumeData data) throws IOException {
    LogicalUnit unit =
        new LogicalUnit(
            new Identity(volume.uid(), iqn(volume), revision, server.addresses().size()),
            data,
            volume.traits(),
            memory(volume.uid()));
    unit.throttle().limit(volume.limits());
    unit.readers(Set.copyOf(volume.initiators().readOnly()));
    return unit;
  }

  String iqn(VolumeRecord volume) {
    return iqnPrefix + ":" + volume.account() + "." + volume.id();
  }

  /** From now on looks every few seconds how full the pools are, and tells when one gets full. */
  public void watchPools(ScheduledExecutorService timer) {
    var _ = timer.scheduleWithFixedDelay(this::lookAtPools, 0, 5, TimeUnit.SECONDS);
  }

  private void lookAtPools() {
    look("", engines.chunks());
    engines
        .pools()
        .forEach((id, engine) -> {
          if (engines.problem(id).isEmpty()) {
            look(id, engine);
          }
        });
  }

  private void look(String id, Engine engine) {
    PoolWatch watch = watches.computeIfAbsent(id, key -> new PoolWatch());
    try {
      Engine.Space space = engine.space();
      if (watch.look(space.capacityBytes(), space.freeBytes())) {
        LOG.warn(
            "The pool {} is more than {} % full; when it is full, writing fails",
            id.isEmpty() ? folder : id, watch.percent());
        open.values().stream()
            .filter(entry -> entry.pool().equals(id))
            .forEach(entry -> entry.export().announceThreshold());
      }
    } catch (IOException e) {
      LOG.warn(
          "Cannot see how full the pool {} is: {}", id.isEmpty() ? folder : id, e.getMessage());
    }
  }

  /** How large the data folder's file system is, unless that cannot be seen. */
  public Optional<Engine.Space> pool() {
    try {
      return Optional.of(engines.chunks().space());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What is counted and measured of a volume that is served. */
  public record Measured(
      String name,
      long sizeBytes,
      long usedBytes,
      int sessions,
      Map<Statistics.Kind, Statistics.Counts> commands) {}

  /** Counts and measures of all volumes that are served, without snapshots. */
  public List<Measured> measure() {
    return open.entrySet().stream()
        .filter(entry -> !entry.getValue().snapshot())
        .map(entry ->
            new Measured(
                entry.getValue().name(),
                entry.getValue().data().size(),
                used(entry.getValue()),
                entry.getValue().export().sessions().size(),
                entry.getValue().export().counts()))
        .sorted(Comparator.comparing(Measured::name))
        .toList();
  }

  /** What is counted of the commands of each volume that is served, by its name. */
  public Map<String, Map<Statistics.Kind, Statistics.Counts>> commands() {
    Map<String, Map<Statistics.Kind, Statistics.Counts>> commands = new HashMap<>();
    for (Open entry : open.values()) {
      if (!entry.snapshot()) {
        commands.put(entry.name(), entry.export().counts());
      }
    }
    return commands;
  }

  private static long used(Open entry) {
    try {
      return entry.data().usedBytes();
    } catch (IOException e) {
      return 0; // a volume that fails tells so elsewhere
    }
  }

  /** What the administrator should know of the pool at present. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    watches.forEach((id, watch) -> {
      if (watch.percent() > 0) {
        warnings.add(
            (id.isEmpty() ? "The pool" : "The pool '" + id + "'")
                + " is more than "
                + watch.percent()
                + " % full; when it is full, writing to volumes fails. "
                + (id.isEmpty() ? "Free space in " + folder : "Make its volume group larger")
                + ", or delete volumes or snapshots");
      }
    });
    engines
        .pools()
        .keySet()
        .forEach(id -> {
          if (!engines.problem(id).isEmpty()) {
            warnings.add("The pool '" + id + "' cannot be used: " + engines.problem(id));
          }
        });
    return warnings;
  }

  long capacity() {
    try {
      return Files.getFileStore(folder).getTotalSpace();
    } catch (IOException e) {
      throw cannot("see the size of the pool", e);
    }
  }

  long deviceSize(String device, long wanted) {
    try (VolumeData data = RawEngine.openDevice(Path.of(device))) {
      long size = data.size() / 4096 * 4096;
      if (wanted != 0 && wanted != size) {
        throw Problem.invalid(
            "size_bytes",
            wanted + " is not the size of " + device + ", which is " + size,
            "Leave the size out; the device decides it");
      }
      return size;
    } catch (IOException | java.nio.file.InvalidPathException e) {
      throw Problem.invalid(
          "device",
          "cannot open it: " + reason(e),
          "Give the path of a block device that the host may write");
    }
  }

  void create(VolumeRecord volume) {
    if (!volume.device().isEmpty()) {
      return;
    }
    try {
      engines.of(volume.engine(), volume.pool()).create(volume.uid(), volume.sizeBytes());
    } catch (IOException e) {
      throw cannot("create the volume's data", e);
    }
  }

  /** Tells in the log which data belongs to no record; nothing deletes it but a person. */
  void reportStrays(List<VolumeRecord> volumes, List<SnapshotRecord> snapshots) {
    try {
      Set<String> strays = new TreeSet<>(engines.chunks().list());
      strays.addAll(engines.raw().list());
      for (Map.Entry<String, Engine> pool : engines.pools().entrySet()) {
        if (engines.problem(pool.getKey()).isEmpty()) {
          strays.addAll(pool.getValue().list());
        }
      }
      volumes.forEach(volume -> strays.remove(volume.uid()));
      snapshots.forEach(snapshot -> strays.remove(snapshot.uid()));
      for (String uid : strays) {
        LOG.warn(
            "The data {} in {} or another pool belongs to no volume or snapshot; delete it if you do not miss it",
            uid,
            folder);
      }
    } catch (IOException e) {
      throw cannot("list the data of its volumes", e);
    }
  }

  /** Opens and exports a volume, or notes why that fails. */
  void open(VolumeRecord volume) {
    failed.remove(volume.uid());
    try {
      PausableData data =
          new PausableData(
              volume.device().isEmpty()
                  ? engines.of(volume.engine(), volume.pool()).open(volume.uid())
                  : RawEngine.openDevice(Path.of(volume.device())));
      if (data.size() < volume.sizeBytes() && volume.device().isEmpty()) {
        data.grow(volume.sizeBytes()); // a crash came between record and data
      }
      try {
        Export export = export(volume, data);
        put(iqn(volume), new Open(volume.name(), volume.uid(), volume.pool(), data, export, false));
      } catch (IOException e) {
        data.close();
        throw e;
      }
    } catch (IOException e) {
      String why = e instanceof NoSuchFileException ? "its data is not there" : reason(e);
      failed.put(volume.uid(), why);
      LOG.error("The volume {} is not served: {}", volume.name(), why);
    }
  }

  private Export export(VolumeRecord volume, VolumeData data) throws IOException {
    return switch (volume.served()) {
      case HEARTH -> new TargetExport(server, iqn(volume), volume, record -> unit(record, data));
      case LIO ->
          new KernelExport(
              lio.orElseThrow(() ->
                  new IOException(
                      "the kernel's target serves it, and this host was started without"
                          + " --lio-listen")),
              iqn(volume),
              data.device().orElseThrow(() -> new IOException("it lies on no block device")),
              volume);
    };
  }

  /** Takes back what LIO still serves from before a crash and should not any more. */
  void reconcile(List<VolumeRecord> volumes) {
    if (lio.isEmpty()) {
      return;
    }
    Set<String> wanted =
        volumes.stream()
            .filter(volume -> volume.served() == VolumeRecord.Served.LIO)
            .filter(volume -> volume.state() == VolumeRecord.State.READY)
            .map(volume -> iqn(volume) + " " + volume.uid())
            .collect(Collectors.toSet());
    try {
      for (Lio.Left left : lio.get().left()) {
        if (!wanted.contains(left.iqn() + " " + left.uid())) {
          LOG.warn("LIO still served {}, which is no volume of it; it no longer does", left.iqn());
          lio.get().remove(left.iqn(), left.uid());
        }
      }
    } catch (IOException e) {
      LOG.error("Cannot see what LIO serves: {}", reason(e));
    }
  }

  /** Opens and exports a snapshot, or notes why that fails. */
  void open(VolumeRecord volume, SnapshotRecord snapshot) {
    failed.remove(snapshot.uid());
    try {
      PausableData data =
          new PausableData(engines.of(volume.engine(), volume.pool()).open(snapshot.uid()));
      String iqn = iqn(volume, snapshot);
      TargetExport.Units units =
          record -> {
            LogicalUnit unit =
                new LogicalUnit(
                    new Identity(snapshot.uid(), iqn, revision, server.addresses().size()),
                    data,
                    Traits.READ_ONLY);
            unit.throttle().limit(record.limits());
            return unit;
          };
      Export export = new TargetExport(server, iqn, volume, units);
      put(iqn, new Open(snapshot.name(), snapshot.uid(), volume.pool(), data, export, true));
    } catch (IOException e) {
      failed.put(snapshot.uid(), reason(e));
      LOG.error("The snapshot {} is not served: {}", snapshot.name(), reason(e));
    }
  }

  String iqn(VolumeRecord volume, SnapshotRecord snapshot) {
    return iqn(volume) + "." + snapshot.id();
  }

  List<String> initiators(VolumeRecord volume, SnapshotRecord snapshot) {
    return initiators(iqn(volume, snapshot));
  }

  private List<String> initiators(String iqn) {
    return sessions(iqn).stream().map(SessionInfo::initiator).sorted().toList();
  }

  private List<SessionInfo> sessions(String iqn) {
    Open entry = open.get(iqn);
    return entry == null ? List.of() : entry.export().sessions();
  }

  /** Refuses what only engines with checksums can do. */
  void requireChecksums(VolumeRecord volume) {
    if (volume.engine() == Engines.Kind.DEVICE
        || !engines.of(volume.engine(), volume.pool()).hasChecksums()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "ENGINE_CANNOT",
          "The volume '"
              + volume.id()
              + "' is kept by the engine "
              + volume.engine()
              + ", which has no checksums",
          "Create a volume without --engine, --pool and --device, and copy the data there");
    }
  }

  /** Refuses what only engines with snapshots can do. */
  void requireSnapshots(VolumeRecord volume) {
    if (volume.engine() == Engines.Kind.DEVICE
        || !engines.of(volume.engine(), volume.pool()).hasSnapshots()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "ENGINE_CANNOT",
          "The volume '"
              + volume.id()
              + "' is kept by the engine "
              + volume.engine()
              + ", which has no snapshots",
          "Create a volume without --engine and --device, and copy the data there");
    }
  }

  private void snapshot(VolumeRecord volume, SnapshotRecord snapshot) {
    change("create the snapshot", volume, engine -> engine.snapshot(volume.uid(), snapshot.uid()));
  }

  /**
   * Makes snapshots of one moment: while there are several to make, nothing is written to any of
   * the volumes. All are made, or none.
   */
  void snapshot(Map<SnapshotRecord, VolumeRecord> snapshots) {
    // Always in the same order, so that no two wait for each other.
    List<Open> several =
        snapshots.size() == 1
            ? List.of()
            : snapshots.values().stream()
                .map(volume -> iqn(volume))
                .sorted()
                .map(open::get)
                .flatMap(Stream::ofNullable)
                .toList();
    for (Open entry : several) {
      if (!entry.export().pausable()) {
        throw new Problem(
            Code.FAILED_PRECONDITION,
            "CANNOT_PAUSE",
            entry.name() + " is served by LIO, which cannot be told to wait for the others",
            "Make its snapshot alone, or let Hearth's own target serve it: hearth volume update NAME"
                + " --target hearth");
      }
    }
    List<PausableData> paused = several.stream().map(Open::data).toList();
    Map<SnapshotRecord, VolumeRecord> made = new HashMap<>();
    paused.forEach(PausableData::pause);
    try {
      snapshots.forEach((snapshot, volume) -> {
        snapshot(volume, snapshot);
        made.put(snapshot, volume);
      });
    } catch (RuntimeException e) {
      made.forEach((snapshot, volume) -> delete(volume, snapshot));
      throw e;
    } finally {
      paused.forEach(PausableData::resume);
    }
  }

  void copy(SnapshotRecord snapshot, VolumeRecord volume) {
    change("copy the snapshot", volume, engine -> engine.copy(snapshot.uid(), volume.uid()));
  }

  void restore(VolumeRecord volume, SnapshotRecord snapshot) {
    Open entry = open.get(iqn(volume));
    Runnable restore =
        () ->
            change(
                "restore the volume",
                volume,
                engine -> engine.restore(volume.uid(), snapshot.uid()));
    if (entry == null) {
      restore.run();
      return;
    }
    try {
      entry.export().exchange(restore::run);
    } catch (IOException e) {
      throw cannot("serve the restored volume", e);
    }
  }

  /** The open data of a volume. Problem UNAVAILABLE if it is not open. */
  VolumeData data(VolumeRecord volume) {
    return data(iqn(volume), volume.uid());
  }

  VolumeData data(VolumeRecord volume, SnapshotRecord snapshot) {
    return data(iqn(volume, snapshot), snapshot.uid());
  }

  private VolumeData data(String iqn, String uid) {
    Open entry = open.get(iqn);
    if (entry == null) {
      throw new Problem(
          Code.UNAVAILABLE,
          "VOLUME_FAILED",
          "Its data cannot be reached: " + failed.getOrDefault(uid, "it is not open"),
          "Look at the host's log");
    }
    try {
      if (!entry.export().pausable()) {
        entry.data().forgetCached();
      }
    } catch (IOException e) {
      throw cannot("read the volume", e);
    }
    return entry.data();
  }

  /** Cuts sessions off, closes, and deletes the snapshot's data. */
  void delete(VolumeRecord volume, SnapshotRecord snapshot) {
    close(iqn(volume, snapshot), snapshot.uid());
    failed.remove(snapshot.uid());
    change("delete the snapshot's data", volume, engine -> engine.delete(snapshot.uid()));
  }

  Check check(VolumeRecord volume) {
    try {
      return engines.of(volume.engine(), volume.pool()).check(volume.uid(), bytes -> {});
    } catch (IOException e) {
      throw cannot("check the volume", e);
    }
  }

  /** Bytes that only snapshots hold; 0 if that cannot be told. */
  long snapshotBytes(VolumeRecord volume) {
    if (!open.containsKey(iqn(volume)) || volume.engine() == Engines.Kind.DEVICE) {
      return 0;
    }
    try {
      return engines.of(volume.engine(), volume.pool()).snapshotBytes(volume.uid());
    } catch (IOException e) {
      LOG.error("Cannot tell what the snapshots of {} hold: {}", volume.name(), reason(e));
      return 0;
    }
  }

  private interface Change {
    void on(Engine engine) throws IOException;
  }

  private static final String FULL = "POOL_FULL";

  private void change(String what, VolumeRecord volume, Change change) {
    try {
      change.on(engines.of(volume.engine(), volume.pool()));
    } catch (IOException e) {
      throw cannot(what, e);
    }
  }

  Problem full() {
    return new Problem(
        Code.RESOURCE_EXHAUSTED,
        FULL,
        "The pool is full",
        "Free space in " + folder + ", or delete a volume");
  }

  private static String reason(Exception e) {
    return e instanceof NoSuchFileException missing && missing.getReason() != null
        ? missing.getFile() + ": " + missing.getReason()
        : String.valueOf(e.getMessage());
  }

  Status status(VolumeRecord volume) {
    return status(iqn(volume), volume.uid());
  }

  Status status(VolumeRecord volume, SnapshotRecord snapshot) {
    return status(iqn(volume, snapshot), snapshot.uid());
  }

  private Status status(String iqn, String uid) {
    Open entry = open.get(iqn);
    if (entry == null) {
      return new Status(0, failed.getOrDefault(uid, ""));
    }
    try {
      return new Status(entry.data().usedBytes(), "");
    } catch (IOException e) {
      return new Status(0, reason(e));
    }
  }

  List<String> initiators(VolumeRecord volume) {
    return initiators(iqn(volume));
  }

  List<SessionInfo> sessions(VolumeRecord volume) {
    return sessions(iqn(volume));
  }

  void dismiss(VolumeRecord volume, SessionInfo session, Duration wait) {
    Open entry = open.get(iqn(volume));
    if (entry != null) {
      try {
        entry.export().dismiss(session, wait);
      } catch (IOException e) {
        throw cannot("end the session", e);
      }
    }
  }

  /** Carries a change of the record over to what is served. */
  void change(VolumeRecord before, VolumeRecord after) {
    Open entry = open.get(iqn(before));
    if (entry == null) {
      return;
    }
    if (after.sizeBytes() > before.sizeBytes()) {
      try {
        entry.data().grow(after.sizeBytes());
      } catch (IOException e) {
        throw cannot("grow the volume", e);
      }
    }
    try {
      if (before.served() == after.served()) {
        entry.export().change(before, after);
      } else {
        close(iqn(before), before.uid());
        open(after);
      }
    } catch (IOException e) {
      throw cannot("serve the changed volume", e);
    }
  }

  /** Cuts sessions off, closes, and deletes the data, but for that of a block device. */
  void delete(VolumeRecord volume) {
    close(iqn(volume), volume.uid());
    failed.remove(volume.uid());
    if (volume.device().isEmpty()) {
      try {
        engines.of(volume.engine(), volume.pool()).delete(volume.uid());
        memory(volume.uid()).delete();
      } catch (IOException e) {
        throw cannot("delete the volume's data", e);
      }
    }
  }

  /** Serves it; what was begun under the same name and never recorded gives way. */
  private void put(String iqn, Open entry) {
    @Nullable Open before = open.put(iqn, entry);
    if (before != null) {
      close(before);
    }
  }

  /** Closes what is served under a name if it is still that one. */
  private void close(String iqn, String uid) {
    @Nullable Open entry = open.get(iqn);
    if (entry != null && entry.uid().equals(uid) && open.remove(iqn, entry)) {
      close(entry);
    }
  }

  private static void close(Open entry) {
    try (entry.data) {
      entry.export().close();
    } catch (IOException e) {
      LOG.error("Closing {} failed: {}", entry.name(), e.getMessage());
    }
  }

  private Problem cannot(String what, IOException e) {
    if (e instanceof VolumeData.NoSpaceException) {
      return full();
    }
    LOG.error("Cannot {}", what, e);
    return new Problem(
        Code.INTERNAL,
        "STORAGE_FAILED",
        "The host cannot " + what + ": " + reason(e),
        "Check the disk below the data folder, then try again");
  }

  @Override
  public Optional<Target> find(String iqn) {
    return Optional.ofNullable(open.get(iqn)).flatMap(entry -> entry.export().target());
  }

  @Override
  public Optional<Target> findByChapUser(String user) {
    return open.values().stream()
        .filter(entry -> !entry.snapshot())
        .flatMap(entry -> entry.export().target().stream())
        .filter(target -> target.chapUser().equals(user))
        .findFirst();
  }

  /** Ends all sessions, then flushes and closes every volume. */
  @Override
  public void close() {
    server.close();
    for (Open entry : open.values()) {
      try {
        entry.data().flush();
      } catch (IOException e) {
        LOG.error("Flushing {} failed: {}", entry.name(), e.getMessage());
      }
      close(entry);
    }
    open.clear();
  }
}
