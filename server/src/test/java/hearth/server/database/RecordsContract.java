// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.access.Caller;
import hearth.kit.problem.Problem;
import hearth.server.host.Audit;
import hearth.server.volume.VolumeTable;
import hearth.volume.Initiators;
import hearth.volume.VolumeRecord;
import hearth.volume.scsi.Limits;
import hearth.volume.scsi.Traits;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the records promise on every database; each database's test extends it. */
abstract class RecordsContract {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123456Z");

  private Database database;
  private VolumeTable volumes;

  /** An empty database, migrated. */
  abstract Database open() throws Exception;

  @BeforeEach
  void prepare() throws Exception {
    database = open();
    volumes = new VolumeTable(database, new Audit(database, InstantSource.fixed(NOW)));
    database.update(
        "INSERT INTO accounts (id, display_name, role, quota_bytes, disabled, created, updated, version)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        "ann",
        "Ann",
        "MEMBER",
        1000L,
        false,
        NOW,
        NOW);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static VolumeRecord record(String id, String uid) {
    return new VolumeRecord(
        "ann",
        id,
        uid,
        4096,
        "it's \"quoted\" ä",
        Map.of("k", "v"),
        new Traits(true, true, true, 512),
        new Limits(1, 2, 3, 4),
        new Initiators(
            List.of("iqn.2026-11.test:one", "iqn.2026-11.test:two"),
            List.of("iqn.2026-11.test:two")),
        VolumeRecord.Served.LIO,
        "",
        hearth.volume.engine.Engines.Kind.CHUNKS,
        "",
        VolumeRecord.State.READY,
        "user-" + uid,
        "secret",
        "another",
        NOW,
        NOW,
        1);
  }

  @Test
  void whatWasInsertedIsFoundAsItWas() {
    volumes.insert(record("data", "u1"));
    assertThat(volumes.find("ann", "data")).contains(record("data", "u1"));
    assertThat(volumes.find("ben", "data")).isEmpty();
    assertThat(volumes.list(Optional.of("ann"))).hasSize(1);
    volumes.delete(record("data", "u1"));
    assertThat(volumes.list(Optional.empty())).isEmpty();
  }

  @Test
  void aNameIsTakenOnce() {
    volumes.insert(record("data", "u1"));
    assertThatThrownBy(() -> volumes.insert(record("data", "u2"))).isInstanceOf(Problem.class);
  }

  @Test
  void aLostUpdateIsNoticed() {
    volumes.insert(record("data", "u1"));
    VolumeRecord next =
        new VolumeRecord(
            "ann",
            "data",
            "u1",
            8192,
            "",
            Map.of(),
            Traits.DISK,
            Limits.NONE,
            Initiators.ALL,
            VolumeRecord.Served.HEARTH,
            "",
            hearth.volume.engine.Engines.Kind.CHUNKS,
            "",
            VolumeRecord.State.READY,
            "user-u1",
            "secret",
            "a new one",
            NOW,
            NOW,
            2);
    volumes.update(next);
    assertThat(volumes.find("ann", "data")).contains(next);
    assertThatThrownBy(() -> volumes.update(next)).isInstanceOf(Problem.class);
  }

  @Test
  void aTransactionHappensWhollyOrNotAtAll() {
    assertThatThrownBy(() ->
            volumes.transaction(() -> {
              volumes.insert(record("data", "u1"));
              volumes.audit(Caller.HOST, "volume.create", "x", "");
              throw new IllegalStateException("in the middle");
            }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(volumes.list(Optional.empty())).isEmpty();
    assertThat(database.query("SELECT id FROM audit", row -> row.text("id"))).isEmpty();
  }

  @Test
  void quotasAreReadAndUnknownAccountsTold() {
    assertThat(volumes.lockQuota("ann")).isEqualTo(OptionalLong.of(1000));
    assertThatThrownBy(() -> volumes.lockQuota("nobody")).isInstanceOf(Problem.class);
  }

  @Test
  void twoReservationsOfOneAccountRunOneAfterTheOther() throws Exception {
    int[] most = new int[2];
    Runnable work =
        () ->
            volumes.transaction(() -> {
              volumes.lockQuota("ann");
              most[0]++;
              most[1] = Math.max(most[1], most[0]);
              java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
              most[0]--;
              return true;
            });
    Thread first = Thread.ofPlatform().start(work);
    Thread second = Thread.ofPlatform().start(work);
    first.join();
    second.join();
    assertThat(most[1]).isEqualTo(1);
  }

  @Test
  void whatWaitsForACommitRunsOnceItIsThereAndNotWithoutIt() {
    java.util.List<String> ran = new java.util.ArrayList<>();
    database.transaction(() -> {
      database.transaction(() -> {
        database.afterCommit(() -> ran.add("committed"));
        return 1;
      });
      assertThat(ran).isEmpty();
      return 1;
    });
    assertThat(ran).containsExactly("committed");
    assertThatThrownBy(() ->
            database.transaction(() -> {
              database.afterCommit(() -> ran.add("undone"));
              throw new IllegalStateException("no");
            }))
        .isInstanceOf(IllegalStateException.class);
    database.transaction(() -> 1);
    assertThat(ran).containsExactly("committed");
    database.afterCommit(() -> ran.add("at once"));
    assertThat(ran).containsExactly("committed", "at once");
  }

  @Test
  void whatMakesUpForATransactionRunsIfItIsUndoneTheLastFirst() {
    java.util.List<String> ran = new java.util.ArrayList<>();
    database.transaction(() -> {
      database.ifUndone(() -> ran.add("not undone"));
      return 1;
    });
    database.ifUndone(() -> ran.add("no transaction"));
    IllegalStateException no = new IllegalStateException("no");
    assertThatThrownBy(() ->
            database.transaction(() -> {
              database.ifUndone(() -> ran.add("first"));
              return database.transaction(() -> {
                database.ifUndone(() -> {
                  throw new IllegalArgumentException("cannot");
                });
                database.ifUndone(() -> ran.add("last"));
                throw no;
              });
            }))
        .isSameAs(no)
        .hasSuppressedException(new IllegalArgumentException("cannot"));
    assertThat(ran).containsExactly("last", "first");
  }
}
