// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.problem.Problem;
import hearth.server.database.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Links, sessions and passwords, under a clock that goes where it likes. */
class CredentialsTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path folder;
  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  private Database database;
  private Credentials credentials;

  @BeforeEach
  void open() {
    database = Database.sqlite(folder.resolve("records.db"));
    credentials = new Credentials(database, now::get);
    database.update(
        "INSERT INTO accounts (id, display_name, role, password_hash, disabled, created, updated, version)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        "ann",
        "Ann",
        "MEMBER",
        Passwords.hash("correct horse battery"),
        false,
        NOW,
        NOW);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void aLinkWorksOnceAndForAQuarterOfAnHour() {
    String link = credentials.createLink("ann");
    assertThat(credentials.useLink(link)).isPresent();
    assertThat(credentials.useLink(link)).isEmpty();
    String late = credentials.createLink("ann");
    now.set(NOW.plus(Duration.ofMinutes(16)));
    assertThat(credentials.useLink(late)).isEmpty();
    assertThat(credentials.useLink("made up")).isEmpty();
  }

  @Test
  void aClockThatJumpsAheadEndsSessionsAndOneThatIsPutBackLocksNobodyOut() {
    String session = credentials.useLink(credentials.createLink("ann")).orElseThrow();
    assertThat(credentials.bySession(session)).isPresent();
    now.set(NOW.plus(YEAR));
    assertThat(credentials.bySession(session)).isEmpty();
    now.set(NOW.minus(YEAR));
    assertThat(credentials.bySession(session)).isPresent();

    now.set(NOW);
    for (int i = 0; i < 5; i++) {
      assertThat(credentials.login("ann", "wrong", "127.0.0.1")).isEmpty();
    }
    assertThatThrownBy(() -> credentials.login("ann", "correct horse battery", "127.0.0.1"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("Too many logins failed");
    now.set(NOW.minus(YEAR));
    assertThat(credentials.login("ann", "correct horse battery", "127.0.0.1")).isPresent();
    now.set(NOW);
    assertThat(credentials.login("ann", "correct horse battery", "127.0.0.1")).isPresent();
  }

  @Test
  void waitsGrowWithFailuresAndNeverPastAQuarterOfAnHour() {
    for (int i = 0; i < 40; i++) {
      assertThat(credentials.login("ann", "wrong", "address " + i)).isEmpty();
      now.set(now.get().plus(Duration.ofMinutes(15)).plusSeconds(1));
    }
    assertThat(credentials.login("nobody", "wrong", "elsewhere")).isEmpty();
    assertThat(credentials.login("ann", "correct horse battery", "elsewhere")).isPresent();
  }
}
