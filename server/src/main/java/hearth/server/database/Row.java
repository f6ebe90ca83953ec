// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** One row of a result. */
public final class Row {
  private final ResultSet results;

  Row(ResultSet results) {
    this.results = results;
  }

  /** Text that is never null. */
  public String text(String column) {
    return optionalText(column).orElse("");
  }

  public Optional<String> optionalText(String column) {
    try {
      return Optional.ofNullable(results.getString(column));
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  public long number(String column) {
    return optionalNumber(column).orElse(0L);
  }

  public Optional<Long> optionalNumber(String column) {
    try {
      long value = results.getLong(column);
      return results.wasNull() ? Optional.empty() : Optional.of(value);
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  public boolean truth(String column) {
    return number(column) != 0;
  }

  public Instant time(String column) {
    return time(number(column));
  }

  public Optional<Instant> optionalTime(String column) {
    return optionalNumber(column).map(Row::time);
  }

  private static Instant time(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  /** Microseconds since 1970, as columns hold times. */
  public static long micros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }
}
