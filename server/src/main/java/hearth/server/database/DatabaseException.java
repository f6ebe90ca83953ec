// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import java.sql.SQLException;

/** The database failed; nothing of the transaction has happened. */
public final class DatabaseException extends RuntimeException {
  DatabaseException(SQLException cause) {
    super(cause);
  }

  /** Whether a row with the same key was there already. */
  public boolean isDuplicate() {
    for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("UNIQUE constraint")
          || message.contains("PRIMARY KEY constraint")
          || (cause instanceof SQLException sql && "23505".equals(sql.getSQLState()))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the disk that the database is on has no room left. */
  public boolean isFull() {
    for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("SQLITE_FULL")
          || (cause instanceof SQLException sql && "53100".equals(sql.getSQLState()))) {
        return true;
      }
    }
    return false;
  }
}
