// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.database;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteTest extends RecordsContract {
  @TempDir Path folder;

  @Override
  Database open() {
    return Database.sqlite(folder.resolve("records.db"));
  }
}
