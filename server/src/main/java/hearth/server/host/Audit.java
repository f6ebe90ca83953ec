// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import hearth.contract.host.v1.AuditEntry;
import hearth.contract.host.v1.ListAuditEntriesRequest;
import hearth.contract.host.v1.ListAuditEntriesResponse;
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.server.Times;
import hearth.server.database.Database;
import hearth.server.database.Row;
import java.time.InstantSource;
import java.util.List;

/** Who changed what and when. Entries are only ever added. */
public final class Audit {
  private static final Listing<AuditEntry> LISTING =
      new Listing<>(
          new Fields<AuditEntry>()
              .with("name", AuditEntry::getName)
              .with("create_time", entry -> Times.instant(entry.getCreateTime()))
              .with("actor", AuditEntry::getActor)
              .with("action", AuditEntry::getAction)
              .with("target", AuditEntry::getTarget)
              .with("detail", AuditEntry::getDetail),
          "name");

  private final Database database;
  private final InstantSource clock;

  public Audit(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Notes a change, in the transaction of the change. */
  public void note(Caller caller, String action, String target, String detail) {
    long now = Row.micros(clock.instant());
    String id = String.format("%016x-%s", now, Identifiers.randomHex(4));
    database.update(
        "INSERT INTO audit (id, created, actor, action, target, detail) VALUES (?, ?, ?, ?, ?, ?)",
        id,
        now,
        caller.actor(),
        action,
        target,
        detail);
  }

  /** ListAuditEntries. */
  public ListAuditEntriesResponse list(Caller caller, ListAuditEntriesRequest request) {
    String sql = "SELECT id, created, actor, action, target, detail FROM audit";
    List<AuditEntry> entries =
        caller.administrator()
            ? database.query(sql, Audit::read)
            : database.query(sql + " WHERE actor = ?", Audit::read, caller.actor());
    String order = request.getOrderBy().isEmpty() ? "create_time desc" : request.getOrderBy();
    Listing.Page<AuditEntry> page =
        LISTING.page(
            entries,
            new Listing.Query(
                caller.actor(),
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                order));
    return ListAuditEntriesResponse.newBuilder()
        .addAllAuditEntries(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  private static AuditEntry read(Row row) {
    return AuditEntry.newBuilder()
        .setName("auditEntries/" + row.text("id"))
        .setCreateTime(Times.timestamp(row.time("created")))
        .setActor(row.text("actor"))
        .setAction(row.text("action"))
        .setTarget(row.text("target"))
        .setDetail(row.text("detail"))
        .build();
  }
}
