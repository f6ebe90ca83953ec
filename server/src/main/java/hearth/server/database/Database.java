// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of connections to the host's records. Safe for any thread. Arguments of statements are
 * {@code String}, {@code Long}, {@code Boolean} (stored as 0 and 1), {@code java.time.Instant} (as
 * microseconds) or null.
 */
public final class Database implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final List<String> MIGRATIONS =
      List.of(
          "V1__records.sql",
          "V2__snapshots.sql",
          "V3__units.sql",
          "V4__groups.sql",
          "V5__pools.sql",
          "V6__merkle_roots.sql");

  private final HikariDataSource source;
  private final String kind;

  @SuppressWarnings("ThreadLocalUsage") // one database a process, and each its own transactions
  private final ThreadLocal<@Nullable Connection> current = new ThreadLocal<>();

  private final ThreadLocal<List<Runnable>> afterwards = ThreadLocal.withInitial(ArrayList::new);
  private final ThreadLocal<List<Runnable>> undoings = ThreadLocal.withInitial(ArrayList::new);

  private Database(HikariDataSource source, String kind) {
    this.source = source;
    this.kind = kind;
  }

  /** Opens a SQLite file, which is made with mode 0600 if it is missing, and migrates it. */
  public static Database sqlite(Path file) {
    try {
      if (!Files.exists(file)) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(
        "jdbc:sqlite:"
            + file
            + "?journal_mode=WAL&foreign_keys=true&busy_timeout=10000&synchronous=FULL&transaction_mode=IMMEDIATE");
    config.setMaximumPoolSize(4);
    return open(config, "sqlite");
  }

  /**
   * Opens a PostgreSQL database and migrates it. The password comes from {@code ~/.pgpass} (or the
   * file that PGPASSFILE names), never from the address.
   */
  public static Database postgresql(String address) {
    URI uri;
    try {
      uri = URI.create(address);
    } catch (IllegalArgumentException e) {
      throw badAddress(address);
    }
    String user = uri.getUserInfo();
    if (uri.getHost() == null || uri.getPath() == null || uri.getPath().length() < 2) {
      throw badAddress(address);
    }
    if (user != null && user.contains(":")) {
      throw new Problem(
          Code.INVALID_ARGUMENT,
          "PASSWORD_IN_ADDRESS",
          "The database address holds a password, which other users of this machine could see",
          "Put the password into ~/.pgpass and leave it out of --database");
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(
        "jdbc:postgresql://"
            + uri.getHost()
            + ":"
            + (uri.getPort() < 0 ? 5432 : uri.getPort())
            + uri.getPath());
    if (user != null) {
      config.setUsername(user);
    }
    config.setMaximumPoolSize(8);
    config.setConnectionTimeout(10_000);
    return open(config, "postgresql");
  }

  private static Problem badAddress(String address) {
    return new Problem(
        Code.INVALID_ARGUMENT,
        "BAD_DATABASE",
        "'" + address + "' is not the address of a database",
        "Write it as postgresql://USER@HOST:PORT/DATABASE, or leave it out for SQLite");
  }

  private static Database open(HikariConfig config, String kind) {
    config.setPoolName("records");
    config.setMinimumIdle(1);
    try {
      Database database = new Database(new HikariDataSource(config), kind);
      database.migrate();
      return database;
    } catch (com.zaxxer.hikari.pool.HikariPool.PoolInitializationException e) {
      throw new Problem(
          Code.UNAVAILABLE,
          "DATABASE_UNREACHABLE",
          "Cannot open the database: " + e.getMessage(),
          "Check that the database runs and that its address is right");
    }
  }

  /** {@code sqlite} or {@code postgresql}. */
  public String kind() {
    return kind;
  }

  private void migrate() {
    update("CREATE TABLE IF NOT EXISTS migrations (id BIGINT PRIMARY KEY, name TEXT NOT NULL)");
    transaction(() -> {
      List<String> done = query("SELECT name FROM migrations ORDER BY id", row -> row.text("name"));
      for (String name : done) {
        if (!MIGRATIONS.contains(name)) {
          throw new Problem(
              Code.FAILED_PRECONDITION,
              "RECORDS_TOO_NEW",
              "The records were written by a newer version of Hearth (" + name + ")",
              "Start that version, or restore a backup made with this one");
        }
      }
      for (int i = done.size(); i < MIGRATIONS.size(); i++) {
        for (String statement : script(MIGRATIONS.get(i)).split(";\\s*\\n", -1)) {
          if (!statement.isBlank()) {
            update(statement);
          }
        }
        update("INSERT INTO migrations (id, name) VALUES (?, ?)", (long) i, MIGRATIONS.get(i));
      }
      return true;
    });
  }

  private static String script(String name) {
    try (InputStream in = Database.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("migration: " + name + " (expected: on the class path)");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^--.*$", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs work whose changes all happen or none; inner transactions join the outer one. */
  public <T> T transaction(Supplier<T> work) {
    if (current.get() != null) {
      return work.get();
    }
    T result;
    try {
      result = outermost(work);
    } catch (RuntimeException | Error e) {
      takeAll(undoings).reversed().forEach(undoing -> undo(undoing, e));
      throw e;
    } finally {
      undoings.remove();
    }
    takeAll(afterwards).forEach(Runnable::run);
    return result;
  }

  private static List<Runnable> takeAll(ThreadLocal<List<Runnable>> from) {
    List<Runnable> all = List.copyOf(from.get());
    from.remove();
    return all;
  }

  /** What goes wrong on the way back must not hide why there was no way on. */
  private static void undo(Runnable undoing, Throwable reason) {
    try {
      undoing.run();
    } catch (RuntimeException e) {
      LOG.error("Undoing what was begun failed", e);
      reason.addSuppressed(e);
    }
  }

  private <T> T outermost(Supplier<T> work) {
    try (Connection connection = source.getConnection()) {
      connection.setAutoCommit(false);
      current.set(connection);
      try {
        T result = work.get();
        connection.commit();
        connection.setAutoCommit(true);
        return result;
      } catch (RuntimeException | SQLException | Error e) {
        afterwards.remove();
        rollBack(connection, e);
        throw e;
      } finally {
        current.remove();
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * Runs something once the transaction that this thread is in has been committed, outermost and
   * all, and not at all if it is undone; at once where there is no transaction.
   */
  public void afterCommit(Runnable work) {
    if (current.get() == null) {
      work.run();
    } else {
      afterwards.get().add(work);
    }
  }

  /**
   * Runs something once the transaction that this thread is in, outermost and all, was undone or
   * could not be committed, the last thing asked for first; never where there is no transaction. A
   * commit that failed may have come through all the same: what is run must look.
   */
  public void ifUndone(Runnable work) {
    if (current.get() != null) {
      undoings.get().add(work);
    }
  }

  /**
   * Undoes a transaction. A database that has undone it already, as SQLite does when the disk is
   * full, must not hide what went wrong; such a connection is not used again.
   */
  private void rollBack(Connection connection, Throwable reason) {
    try {
      connection.rollback();
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      reason.addSuppressed(e);
      source.evictConnection(connection);
    }
  }

  private <T> T with(SqlFunction<T> work) {
    try {
      Connection joined = current.get();
      if (joined != null) {
        return work.apply(joined);
      }
      try (Connection connection = source.getConnection()) {
        return work.apply(connection);
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private interface SqlFunction<T> {
    T apply(Connection connection) throws SQLException;
  }

  /** All rows of a query. */
  public <T> List<T> query(String sql, Function<Row, T> mapper, @Nullable Object... arguments) {
    return with(connection -> {
      try (PreparedStatement statement = prepare(connection, sql, arguments);
          ResultSet results = statement.executeQuery()) {
        List<T> rows = new ArrayList<>();
        Row row = new Row(results);
        while (results.next()) {
          rows.add(mapper.apply(row));
        }
        return rows;
      }
    });
  }

  /** The first row of a query, if there is one. */
  public <T> Optional<T> first(String sql, Function<Row, T> mapper, @Nullable Object... arguments) {
    return query(sql, mapper, arguments).stream().findFirst();
  }

  /** Runs a change; how many rows it touched. */
  public int update(String sql, @Nullable Object... arguments) {
    return with(connection -> {
      try (PreparedStatement statement = prepare(connection, sql, arguments)) {
        return statement.executeUpdate();
      }
    });
  }

  private static PreparedStatement prepare(
      Connection connection, String sql, @Nullable Object[] arguments) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case null -> statement.setObject(i + 1, null);
        case Boolean truth -> statement.setLong(i + 1, truth ? 1 : 0);
        case java.time.Instant time -> statement.setLong(i + 1, Row.micros(time));
        case Long number -> statement.setLong(i + 1, number);
        case String text -> statement.setString(i + 1, text);
        default -> throw new IllegalArgumentException("argument: " + arguments[i].getClass());
      }
    }
    return statement;
  }

  @Override
  public void close() {
    source.close();
  }
}
