/**
 * The host's records in SQLite or PostgreSQL: one SQL text for both, plain JDBC, migrations in
 * Flyway's naming.
 */
@NullMarked
package hearth.server.database;

import org.jspecify.annotations.NullMarked;
