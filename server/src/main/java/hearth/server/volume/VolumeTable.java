// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.volume;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import hearth.kit.access.Caller;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.database.Database;
import hearth.server.database.DatabaseException;
import hearth.server.database.Row;
import hearth.server.host.Audit;
import hearth.volume.PoolRecord;
import hearth.volume.SnapshotRecord;
import hearth.volume.VolumeRecord;
import hearth.volume.VolumeRecords;
import hearth.volume.engine.Engines;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** The records of volumes in the host's database. */
public final class VolumeTable implements VolumeRecords {
  private static final String COLUMNS =
      "account, id, uid, size_bytes, description, labels, read_only, options, device, engine, pool, state,"
          + " chap_user, chap_secret, target_secret, created, updated, version";
  private static final String SNAPSHOT_COLUMNS =
      "account, volume, id, uid, size_bytes, description, moment, merkle_root," + " state, created";

  private final Database database;
  private final Audit audit;

  public VolumeTable(Database database, Audit audit) {
    this.database = database;
    this.audit = audit;
  }

  @Override
  public List<VolumeRecord> list(Optional<String> account) {
    String sql = "SELECT " + COLUMNS + " FROM volumes";
    return account.isPresent()
        ? database.query(sql + " WHERE account = ?", VolumeTable::read, account.get())
        : database.query(sql, VolumeTable::read);
  }

  @Override
  public Optional<VolumeRecord> find(String account, String id) {
    return database.first(
        "SELECT " + COLUMNS + " FROM volumes WHERE account = ? AND id = ?",
        VolumeTable::read,
        account,
        id);
  }

  private static VolumeRecord read(Row row) {
    Map<String, String> labels = new LinkedHashMap<>();
    JsonParser.parseString(row.text("labels"))
        .getAsJsonObject()
        .entrySet()
        .forEach(entry -> labels.put(entry.getKey(), entry.getValue().getAsString()));
    UnitOptions options = UnitOptions.parse(row.text("options"));
    return new VolumeRecord(
        row.text("account"),
        row.text("id"),
        row.text("uid"),
        row.number("size_bytes"),
        row.text("description"),
        labels,
        options.traits(row.truth("read_only")),
        options.limits(),
        options.initiators(),
        options.served(),
        row.text("device"),
        Engines.Kind.valueOf(row.text("engine")),
        row.text("pool"),
        VolumeRecord.State.valueOf(row.text("state")),
        row.text("chap_user"),
        row.text("chap_secret"),
        row.text("target_secret"),
        row.time("created"),
        row.time("updated"),
        row.number("version"));
  }

  private static String labels(VolumeRecord volume) {
    JsonObject object = new JsonObject();
    volume.labels().forEach(object::addProperty);
    return new Gson().toJson(object);
  }

  @Override
  public void insert(VolumeRecord volume) {
    try {
      database.update(
          "INSERT INTO volumes ("
              + COLUMNS
              + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          volume.account(),
          volume.id(),
          volume.uid(),
          volume.sizeBytes(),
          volume.description(),
          labels(volume),
          volume.traits().readOnly(),
          UnitOptions.of(volume).text(),
          volume.device(),
          volume.engine().name(),
          volume.pool(),
          volume.state().name(),
          volume.chapUser(),
          volume.chapSecret(),
          volume.targetSecret(),
          volume.createTime(),
          volume.updateTime(),
          volume.version());
    } catch (DatabaseException e) {
      if (e.isDuplicate()) {
        throw new Problem(
            Code.ALREADY_EXISTS,
            "VOLUME_EXISTS",
            "There is already a volume '" + volume.id() + "'",
            "Choose another name");
      }
      throw e;
    }
  }

  @Override
  public void update(VolumeRecord volume) {
    int changed =
        database.update(
            "UPDATE volumes SET size_bytes = ?, description = ?, labels = ?, read_only = ?, options = ?,"
                + " state = ?, target_secret = ?, updated = ?, version = ? WHERE account = ? AND id = ? AND version = ?",
            volume.sizeBytes(),
            volume.description(),
            labels(volume),
            volume.traits().readOnly(),
            UnitOptions.of(volume).text(),
            volume.state().name(),
            volume.targetSecret(),
            volume.updateTime(),
            volume.version(),
            volume.account(),
            volume.id(),
            volume.version() - 1);
    if (changed == 0) {
      throw new Problem(
          Code.ABORTED,
          "CHANGED_MEANWHILE",
          "Somebody changed '" + volume.id() + "' at the same time",
          "Try again");
    }
  }

  @Override
  public void delete(VolumeRecord volume) {
    database.update("DELETE FROM volumes WHERE uid = ?", volume.uid());
  }

  @Override
  public List<SnapshotRecord> snapshots(VolumeRecord volume) {
    return database.query(
        "SELECT " + SNAPSHOT_COLUMNS + " FROM snapshots WHERE account = ? AND volume = ?",
        VolumeTable::readSnapshot,
        volume.account(),
        volume.id());
  }

  @Override
  public Optional<SnapshotRecord> findSnapshot(VolumeRecord volume, String id) {
    return database.first(
        "SELECT "
            + SNAPSHOT_COLUMNS
            + " FROM snapshots WHERE account = ? AND volume = ? AND id = ?",
        VolumeTable::readSnapshot,
        volume.account(),
        volume.id(),
        id);
  }

  private static SnapshotRecord readSnapshot(Row row) {
    return new SnapshotRecord(
        row.text("account"),
        row.text("volume"),
        row.text("id"),
        row.text("uid"),
        row.number("size_bytes"),
        row.text("description"),
        row.text("moment"),
        row.text("merkle_root"),
        SnapshotRecord.State.valueOf(row.text("state")),
        row.time("created"));
  }

  @Override
  public void insertSnapshot(SnapshotRecord snapshot) {
    try {
      database.update(
          "INSERT INTO snapshots (" + SNAPSHOT_COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          snapshot.account(),
          snapshot.volume(),
          snapshot.id(),
          snapshot.uid(),
          snapshot.sizeBytes(),
          snapshot.description(),
          snapshot.group(),
          snapshot.merkleRoot(),
          snapshot.state().name(),
          snapshot.createTime());
    } catch (DatabaseException e) {
      if (e.isDuplicate()) {
        throw new Problem(
            Code.ALREADY_EXISTS,
            "SNAPSHOT_EXISTS",
            "There is already a snapshot '" + snapshot.id() + "'",
            "Choose another name");
      }
      throw e;
    }
  }

  @Override
  public void updateSnapshot(SnapshotRecord snapshot) {
    database.update(
        "UPDATE snapshots SET state = ?, merkle_root = ? WHERE uid = ?",
        snapshot.state().name(),
        snapshot.merkleRoot(),
        snapshot.uid());
  }

  @Override
  public void deleteSnapshot(SnapshotRecord snapshot) {
    database.update("DELETE FROM snapshots WHERE uid = ?", snapshot.uid());
  }

  @Override
  public List<PoolRecord> pools() {
    return database.query(
        "SELECT id, volume_group, identity, loopback, created FROM pools",
        row ->
            new PoolRecord(
                row.text("id"),
                row.text("volume_group"),
                row.text("identity"),
                row.text("loopback"),
                row.time("created")));
  }

  @Override
  public void insertPool(PoolRecord pool) {
    database.update(
        "INSERT INTO pools (id, volume_group, identity, loopback, created) VALUES (?, ?, ?, ?, ?)",
        pool.id(),
        pool.group(),
        pool.identity(),
        pool.loopback(),
        pool.createTime());
  }

  @Override
  public void deletePool(PoolRecord pool) {
    database.update("DELETE FROM pools WHERE id = ?", pool.id());
  }

  @Override
  public OptionalLong lockQuota(String account) {
    // Touching the row keeps other reservations of the account out until the transaction ends.
    if (database.update("UPDATE accounts SET version = version WHERE id = ?", account) == 0) {
      throw Problem.notFound("account", "accounts/" + account, "See: hearth account list");
    }
    return quota(account);
  }

  @Override
  public OptionalLong quota(String account) {
    return database
        .first(
            "SELECT quota_bytes FROM accounts WHERE id = ?",
            row -> row.optionalNumber("quota_bytes"),
            account)
        .flatMap(quota -> quota)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  @Override
  public <T> T transaction(Supplier<T> work) {
    return database.transaction(work);
  }

  @Override
  public void afterCommit(Runnable work) {
    database.afterCommit(work);
  }

  @Override
  public void ifUndone(Runnable work) {
    database.ifUndone(work);
  }

  @Override
  public void audit(Caller caller, String action, String target, String detail) {
    audit.note(caller, action, target, detail);
  }
}
