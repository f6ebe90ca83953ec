// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.contract.volume.v1.CreatePoolRequest;
import hearth.contract.volume.v1.DeletePoolRequest;
import hearth.contract.volume.v1.GetPoolRequest;
import hearth.contract.volume.v1.ListPoolsRequest;
import hearth.contract.volume.v1.ListPoolsResponse;
import hearth.contract.volume.v1.Pool;
import hearth.contract.volume.v1.Volume;
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.kit.unit.ByteSize;
import hearth.volume.engine.Engine;
import hearth.volume.engine.Engines;
import hearth.volume.engine.lvm.LvmPools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where volumes take their space from. Safe for any thread. */
public final class Pools {
  /** The pool that is the host's data folder. */
  public static final String DEFAULT = "default";

  private static final Logger LOG = LoggerFactory.getLogger(Pools.class);
  private static final String PATTERN = "pools/{pool}";
  private static final Pattern GROUP = Pattern.compile("[a-zA-Z0-9+_.][a-zA-Z0-9+_.-]{0,62}");
  private static final long LEAST_LOOPBACK = 64 * ByteSize.MIB;
  private static final Listing<Pool> LISTING =
      new Listing<>(
          new Fields<Pool>()
              .with("name", Pool::getName)
              .with("engine", pool -> pool.getEngine().name())
              .with("volume_group", Pool::getVolumeGroup)
              .with("capacity_bytes", Pool::getCapacityBytes)
              .with("free_bytes", Pool::getFreeBytes)
              .with("create_time", pool -> Volumes.instant(pool.getCreateTime())),
          "name");

  private final VolumeRecords records;
  private final Engines engines;
  private final InstantSource clock;

  /** Serves the pools of the records, and the data folder. */
  public Pools(VolumeRecords records, Engines engines, InstantSource clock) {
    this.records = records;
    this.engines = engines;
    this.clock = clock;
  }

  /** Gets all pools ready; before the volumes. One that fails fails alone. */
  public void start() {
    for (PoolRecord pool : records.pools()) {
      open(pool);
    }
  }

  private void open(PoolRecord pool) {
    try {
      engines.add(pool.id(), LvmPools.open(pool.group(), pool.identity(), loopback(pool)));
    } catch (IOException e) {
      LOG.error("The pool {} cannot be used: {}", pool.id(), e.getMessage());
      engines.addUnusable(pool.id(), String.valueOf(e.getMessage()));
    }
  }

  private static Optional<Path> loopback(PoolRecord pool) {
    return pool.loopback().isEmpty() ? Optional.empty() : Optional.of(Path.of(pool.loopback()));
  }

  /** ListPools. */
  public ListPoolsResponse list(Caller caller, ListPoolsRequest request) {
    List<Pool> all =
        Stream.concat(
                Stream.of(describeDefault(caller)),
                records.pools().stream().map(pool -> describe(caller, pool)))
            .toList();
    Listing.Page<Pool> page =
        LISTING.page(
            all,
            new Listing.Query(
                "pools",
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListPoolsResponse.newBuilder()
        .addAllPools(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** GetPool. */
  public Pool get(Caller caller, GetPoolRequest request) {
    String id = ResourceName.parse("name", PATTERN, request.getName()).getFirst();
    return id.equals(DEFAULT) ? describeDefault(caller) : describe(caller, find(id));
  }

  private PoolRecord find(String id) {
    return records.pools().stream()
        .filter(pool -> pool.id().equals(id))
        .findFirst()
        .orElseThrow(() ->
            Problem.notFound(
                "pool", "pools/" + Identifiers.printable(id), "See: hearth pool list"));
  }

  /** The identifier of the pool that a new volume wants; empty for the data folder. */
  static String wanted(VolumeRecords records, String name) {
    if (name.isEmpty()) {
      return "";
    }
    String id = ResourceName.parse("pool", PATTERN, name).getFirst();
    if (id.equals(DEFAULT)) {
      return "";
    }
    if (records.pools().stream().noneMatch(pool -> pool.id().equals(id))) {
      throw Problem.notFound("pool", Identifiers.printable(name), "See: hearth pool list");
    }
    return id;
  }

  /** CreatePool. */
  public Pool create(Caller caller, CreatePoolRequest request) {
    caller.requireAdministrator("Making a pool");
    String id = Identifiers.checkLabel("pool_id", request.getPoolId(), 63);
    Pool wanted = request.getPool();
    if (wanted.getEngine() != Volume.Engine.LVM) {
      throw Problem.invalid(
          "engine", "must be LVM; there is one pool for the others", "Add --engine lvm");
    }
    String group = wanted.getVolumeGroup().isEmpty() ? "hearth-" + id : wanted.getVolumeGroup();
    if (!GROUP.matcher(group).matches()) {
      throw Problem.invalid(
          "volume_group",
          "'" + Identifiers.printable(group) + "' is no name of a volume group",
          "Use one that vgs shows");
    }
    Optional<Path> loopback = checkLoopback(wanted);
    if (loopback.isEmpty() && wanted.getVolumeGroup().isEmpty()) {
      throw Problem.invalid(
          "volume_group",
          "is missing",
          "Name one that vgs shows, or have one made: --loopback FILE --size SIZE");
    }
    return records.transaction(() -> {
      boolean taken =
          id.equals(DEFAULT)
              || records.pools().stream()
                  .anyMatch(pool -> pool.id().equals(id) || pool.group().equals(group));
      if (taken) {
        throw new Problem(
            Code.ALREADY_EXISTS,
            "POOL_EXISTS",
            "There is a pool '" + id + "' already, or one of the volume group " + group,
            "Choose another name, or see: hearth pool list");
      }
      return make(
          caller, id, group, loopback, wanted.getLoopbackBytes(), request.getValidateOnly());
    });
  }

  private static Optional<Path> checkLoopback(Pool wanted) {
    if (wanted.getLoopbackFile().isEmpty()) {
      if (wanted.getLoopbackBytes() != 0) {
        throw Problem.invalid(
            "loopback_bytes", "says how large a file that is not named", "Add --loopback FILE");
      }
      return Optional.empty();
    }
    if (wanted.getLoopbackBytes() < LEAST_LOOPBACK) {
      throw Problem.invalid(
          "loopback_bytes",
          wanted.getLoopbackBytes() + " is too little (expected: >= " + LEAST_LOOPBACK + ")",
          "Add for example --size 10GiB");
    }
    try {
      Path file = Path.of(wanted.getLoopbackFile());
      if (!file.isAbsolute() || !file.normalize().equals(file)) {
        throw Problem.invalid(
            "loopback_file", "'" + file + "' is no whole path", "Begin it with a slash");
      }
      if (Files.exists(file)) {
        throw Problem.invalid(
            "loopback_file", file + " exists already", "Name a file that does not exist yet");
      }
      return Optional.of(file);
    } catch (InvalidPathException e) {
      throw Problem.invalid("loopback_file", "is no path", "Begin it with a slash");
    }
  }

  private Pool make(
      Caller caller,
      String id,
      String group,
      Optional<Path> loopback,
      long loopbackBytes,
      boolean validateOnly) {
    try {
      if (loopback.isEmpty() && LvmPools.identity(group).isEmpty()) {
        throw Problem.invalid(
            "volume_group",
            "there is no volume group " + group,
            "See: vgs; or have one made: --loopback FILE --size SIZE");
      }
      PoolRecord pool =
          new PoolRecord(
              id,
              group,
              LvmPools.identity(group).orElse(""),
              loopback.map(Path::toString).orElse(""),
              clock.instant().truncatedTo(ChronoUnit.MICROS));
      if (validateOnly) {
        return describe(caller, pool);
      }
      if (loopback.isPresent()) {
        LvmPools.createLoopback(loopback.get(), loopbackBytes, group);
      }
      records.ifUndone(() -> undo(id, group, loopback));
      LvmPools.createThinPool(group);
      PoolRecord made =
          new PoolRecord(
              id, group, LvmPools.identity(group).orElse(""), pool.loopback(), pool.createTime());
      records.insertPool(made);
      records.audit(caller, "pool.create", "pools/" + id, "volume group " + group);
      engines.add(id, LvmPools.open(group, made.identity(), loopback));
      return describe(caller, made);
    } catch (IOException e) {
      throw cannot("make the pool", e);
    }
  }

  private void undo(String id, String group, Optional<Path> loopback) {
    if (records.pools().stream().anyMatch(pool -> pool.group().equals(group))) {
      return;
    }
    engines.remove(id);
    try {
      LvmPools.deleteThinPool(group);
      if (loopback.isPresent()) {
        LvmPools.deleteLoopback(loopback.get(), group);
      }
    } catch (IOException e) {
      LOG.error("What was made of the volume group {} stays: {}", group, e.getMessage());
    }
  }

  /** DeletePool. */
  public void delete(Caller caller, DeletePoolRequest request) {
    caller.requireAdministrator("Deleting a pool");
    String id = ResourceName.parse("name", PATTERN, request.getName()).getFirst();
    if (id.equals(DEFAULT)) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "POOL_NEEDED",
          "The pool 'default' is the host's data folder, which it cannot do without",
          "Delete volumes in it instead");
    }
    PoolRecord _ =
        records.transaction(() -> {
          PoolRecord pool = find(id);
          List<String> volumes =
              records.list(Optional.empty()).stream()
                  .filter(volume -> volume.pool().equals(id))
                  .map(VolumeRecord::name)
                  .toList();
          if (!volumes.isEmpty()) {
            throw new Problem(
                Code.FAILED_PRECONDITION,
                "POOL_IN_USE",
                "The pool '"
                    + id
                    + "' holds "
                    + volumes.size()
                    + " volumes, such as "
                    + volumes.getFirst(),
                "Delete them first");
          }
          if (!request.getValidateOnly()) {
            try {
              if (engines.problem(id).isEmpty()) {
                LvmPools.deleteThinPool(pool.group());
                if (loopback(pool).isPresent()) {
                  LvmPools.deleteLoopback(loopback(pool).get(), pool.group());
                }
              }
            } catch (IOException e) {
              throw cannot("delete the pool", e);
            }
            records.deletePool(pool);
            records.audit(caller, "pool.delete", "pools/" + id, "volume group " + pool.group());
            engines.remove(id);
          }
          return pool;
        });
  }

  private static Problem cannot(String what, IOException e) {
    return new Problem(
        Code.FAILED_PRECONDITION,
        "LVM_FAILED",
        "The host cannot " + what + ": " + e.getMessage(),
        "LVM pools need a host that runs as root, and the Debian package lvm2");
  }

  private Pool describe(Caller caller, PoolRecord pool) {
    Pool.Builder described =
        Pool.newBuilder()
            .setName("pools/" + pool.id())
            .setEngine(Volume.Engine.LVM)
            .setVolumeGroup(pool.group())
            .setLoopbackFile(caller.administrator() ? pool.loopback() : "")
            .setStateReason(engines.problem(pool.id()))
            .setCreateTime(Volumes.timestamp(pool.createTime()));
    Engine engine = engines.pools().get(pool.id());
    if (engine != null) {
      measure(caller, engine, described);
    }
    return described.build();
  }

  private Pool describeDefault(Caller caller) {
    Pool.Builder described =
        Pool.newBuilder().setName("pools/" + DEFAULT).setEngine(Volume.Engine.CHUNKS);
    measure(caller, engines.chunks(), described);
    return described.build();
  }

  private static void measure(Caller caller, Engine engine, Pool.Builder described) {
    try {
      Engine.Space space = engine.space();
      if (caller.administrator()) {
        described.setCapacityBytes(space.capacityBytes()).setFreeBytes(space.freeBytes());
      }
    } catch (IOException e) {
      described.setStateReason(String.valueOf(e.getMessage()));
    }
  }
}
