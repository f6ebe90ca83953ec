// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server;

import hearth.kit.daemon.Inspector;
import hearth.kit.file.FolderLock;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.volume.engine.Check;
import hearth.volume.engine.chunk.ClosedStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The data folder of a host that does not run. */
public final class ClosedHost implements Inspector {
  @Override
  public Report check(Path dataFolder) {
    Path volumes = dataFolder.resolve("volumes");
    if (!Files.isDirectory(volumes)) {
      throw new Problem(
          Code.NOT_FOUND,
          "NO_DATA_FOLDER",
          dataFolder + " is no data folder of a host: it has no folder 'volumes'",
          "Name the one that hearth up was given, or showed as Data: --data-folder FOLDER");
    }
    try {
      if (!Files.isWritable(dataFolder)) {
        return checkAll(dataFolder, volumes); // no host can run on it either
      }
      try (FolderLock _ =
          FolderLock.take(
              dataFolder, "hearth host check, process " + ProcessHandle.current().pid())) {
        return checkAll(dataFolder, volumes);
      } catch (Problem problem) {
        throw new Problem(
            problem.code(),
            problem.reason(),
            problem.what(),
            "Stop that host first; or, while it runs: hearth volume check NAME");
      }
    } catch (IOException e) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "DATA_FOLDER_UNUSABLE",
          "Cannot read the data folder " + dataFolder + ": " + e.getMessage(),
          "Run this as the user whose host it is");
    }
  }

  private static Report checkAll(Path dataFolder, Path volumes) throws IOException {
    Map<String, String> names = names(dataFolder.resolve("records.db"));
    List<Finding> findings = new ArrayList<>();
    List<Path> stores = ClosedStore.list(volumes);
    long bytes = 0;
    for (Path store : stores) {
      try {
        Check check = ClosedStore.check(store);
        bytes += check.checkedBytes();
        for (Check.Finding finding : check.findings()) {
          String whose = names.getOrDefault(finding.uid(), finding.uid());
          findings.add(
              new Finding(
                  whose.isEmpty() ? store.toString() : whose,
                  finding.offset(),
                  finding.length(),
                  finding.what()));
        }
      } catch (IOException e) {
        findings.add(new Finding(store.toString(), 0, 0, "cannot be read: " + e.getMessage()));
      }
    }
    return new Report(findings, stores.size(), bytes);
  }

  /** Names by uid, as far as the records are there and can be read: they only help. */
  private static Map<String, String> names(Path records) {
    Map<String, String> names = new HashMap<>();
    if (!Files.exists(records)) {
      return names;
    }
    String sql =
        "SELECT uid, account || '/' || id AS name FROM volumes"
            + " UNION SELECT uid, account || '/' || volume || '/' || id AS name FROM snapshots";
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:file:" + records + "?mode=ro");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        names.put(rows.getString("uid"), rows.getString("name"));
      }
    } catch (SQLException e) {
      names.clear(); // damaged as well, or on a disk that is read-only: the uids must do
    }
    return names;
  }
}
