// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.account;

import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.database.Database;
import hearth.server.database.Row;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Proof of who asks: tokens, one-time login links, passwords, and the sessions of browsers. Secrets
 * are random, and only their SHA-256 is stored. Safe for any thread.
 */
public final class Credentials {
  static final String TOKEN_PREFIX = "hearth_";

  private static final Duration SESSION = Duration.ofDays(7);
  private static final Duration LINK = Duration.ofMinutes(15);
  private static final Duration USE_RESOLUTION = Duration.ofMinutes(1);
  private static final int FREE_ATTEMPTS = 5;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);

  private final Database database;
  private final InstantSource clock;
  private final Map<String, Attempts> attempts =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Attempts> eldest) {
          return size() > 10_000;
        }
      };

  private record Attempts(int failed, Instant next) {}

  /** A browser's session. */
  public record WebSession(Caller caller, String csrf) {}

  public Credentials(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  static String hash(String secret) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Who holds a token, if it is good. */
  public Optional<Caller> byToken(String token) {
    if (!token.startsWith(TOKEN_PREFIX) || token.length() > 100) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    record Found(Caller caller, String id, Optional<Instant> expires, Optional<Instant> used) {}
    Optional<Found> found =
        database.first(
            "SELECT t.account, t.id, t.expires, t.used, a.role FROM tokens t JOIN accounts a ON a.id = t.account"
                + " WHERE t.secret_hash = ? AND a.disabled = 0",
            row ->
                new Found(
                    new Caller(
                        row.text("account"),
                        row.text("role").equals("ADMIN"),
                        "token " + row.text("id")),
                    row.text("id"),
                    row.optionalTime("expires"),
                    row.optionalTime("used")),
            hash(token));
    return found
        .filter(token2 -> token2.expires().map(now::isBefore).orElse(true))
        .map(token2 -> {
          if (token2.used().map(used -> used.plus(USE_RESOLUTION).isBefore(now)).orElse(true)) {
            database.update(
                "UPDATE tokens SET used = ? WHERE account = ? AND id = ?",
                now,
                token2.caller().account(),
                token2.id());
          }
          return token2.caller();
        });
  }

  /** A secret that logs a browser in once; see {@link #useLink}. */
  public String createLink(String account) {
    String secret = Identifiers.randomBase64(32);
    Instant now = clock.instant();
    database.update("DELETE FROM login_links WHERE expires < ?", now);
    database.update(
        "INSERT INTO login_links (secret_hash, account, expires) VALUES (?, ?, ?)",
        hash(secret),
        account,
        now.plus(LINK));
    return secret;
  }

  /** When a link made now stops working. */
  Instant linkExpiry() {
    return clock.instant().plus(LINK);
  }

  /** Begins a session for the bearer of a link; the session's secret, if the link is good. */
  public Optional<String> useLink(String secret) {
    return database.transaction(() -> {
      Optional<String> account =
          database.first(
              "SELECT l.account FROM login_links l JOIN accounts a ON a.id = l.account"
                  + " WHERE l.secret_hash = ? AND l.expires > ? AND a.disabled = 0",
              row -> row.text("account"),
              hash(secret),
              clock.instant());
      return account
          .filter(ignored ->
              database.update("DELETE FROM login_links WHERE secret_hash = ?", hash(secret)) == 1)
          .map(this::begin);
    });
  }

  /**
   * Begins a session for whoever knows the password.
   *
   * @param address where the attempt comes from
   * @throws Problem RESOURCE_EXHAUSTED while too many attempts failed for this account or address
   */
  public Optional<String> login(String account, String password, String address) {
    refuseWhileWaiting("account " + account);
    refuseWhileWaiting("address " + address);
    Optional<String> hash =
        database.first(
            "SELECT password_hash FROM accounts WHERE id = ? AND disabled = 0",
            row -> row.text("password_hash"),
            account);
    // An unknown account costs the same work as a known one.
    boolean right =
        Passwords.verify(
            password.length() > 1024 ? "" : password,
            hash.filter(known -> !known.isEmpty()).orElse(Unknown.HASH));
    note("account " + account, right);
    note("address " + address, right);
    return right ? Optional.of(begin(account)) : Optional.empty();
  }

  /** Holds a hash that no password has. */
  private static final class Unknown {
    static final String HASH = Passwords.hash(Identifiers.randomHex(32));
  }

  private void refuseWhileWaiting(String key) {
    synchronized (attempts) {
      Attempts known = attempts.get(key);
      // A clock that was put back must not make a wait longer than the longest.
      Instant now = clock.instant();
      if (known != null
          && now.isBefore(known.next())
          && now.plus(LONGEST_WAIT).plusSeconds(1).isAfter(known.next())) {
        throw new Problem(
            Code.RESOURCE_EXHAUSTED,
            "TOO_MANY_LOGIN_ATTEMPTS",
            "Too many logins failed",
            "Wait "
                + Math.max(1, Duration.between(now, known.next()).toSeconds())
                + " seconds, then try again");
      }
    }
  }

  private void note(String key, boolean right) {
    synchronized (attempts) {
      if (right) {
        attempts.remove(key);
        return;
      }
      Attempts known = attempts.get(key);
      int failed = known == null ? 1 : known.failed() + 1;
      Duration wait =
          failed < FREE_ATTEMPTS
              ? Duration.ZERO
              : Duration.ofSeconds(1L << Math.min(failed - FREE_ATTEMPTS + 1, 10));
      Duration bounded = wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
      attempts.put(key, new Attempts(failed, clock.instant().plus(bounded)));
    }
  }

  private String begin(String account) {
    String secret = Identifiers.randomBase64(32);
    Instant now = clock.instant();
    database.update("DELETE FROM web_sessions WHERE expires < ?", now);
    database.update(
        "INSERT INTO web_sessions (secret_hash, account, csrf, expires) VALUES (?, ?, ?, ?)",
        hash(secret),
        account,
        Identifiers.randomBase64(24),
        now.plus(SESSION));
    return secret;
  }

  /** The session of a browser's cookie, if it is good. */
  public Optional<WebSession> bySession(String secret) {
    return database.first(
        "SELECT s.account, s.csrf, a.role FROM web_sessions s JOIN accounts a ON a.id = s.account"
            + " WHERE s.secret_hash = ? AND s.expires > ? AND a.disabled = 0",
        Credentials::session,
        hash(secret),
        clock.instant());
  }

  private static WebSession session(Row row) {
    return new WebSession(
        new Caller(row.text("account"), row.text("role").equals("ADMIN"), "browser"),
        row.text("csrf"));
  }

  /** Ends a browser's session. */
  public void endSession(String secret) {
    database.update("DELETE FROM web_sessions WHERE secret_hash = ?", hash(secret));
  }

  void endSessions(String account) {
    database.update("DELETE FROM web_sessions WHERE account = ?", account);
  }
}
