// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import hearth.server.TestHost;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host does whose database refuses to commit, as it does on a full disk. */
class UncommittedTest {
  private static final String VOLUMES = "/v1/accounts/me/volumes";
  private static final String BODY = "{\"sizeBytes\": \"1048576\"}";

  @TempDir Path folder;
  private TestHost host;

  @BeforeEach
  void start() {
    host = new TestHost(folder);
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private void expect(int status, HttpMethod method, String path, String body) {
    AggregatedHttpResponse response = host.send(method, path, body);
    assertThat(response.status().code())
        .as("%s %s: %s", method, path, response.contentUtf8())
        .isEqualTo(status);
  }

  /** A foreign key that is looked at only when the transaction is to be committed. */
  private void sql(String... statements) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("records.db"));
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }

  private List<String> data() throws Exception {
    try (Stream<Path> files = Files.list(folder.resolve("volumes"))) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(".chunks"))
          .toList();
    }
  }

  @Test
  void whatIsNotRecordedLeavesNoDataAndCanBeMadeAgain() throws Exception {
    expect(200, HttpMethod.POST, VOLUMES + "?volumeId=kept", BODY);
    expect(200, HttpMethod.POST, VOLUMES + "/kept/snapshots?snapshotId=first", "{}");
    List<String> before = data();
    assertThat(before).hasSize(1);
    sql(
        "CREATE TABLE wanted (id INTEGER PRIMARY KEY)",
        "CREATE TABLE spoilt (id INTEGER REFERENCES wanted (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER volume AFTER INSERT ON volumes BEGIN INSERT INTO spoilt VALUES (1); END",
        "CREATE TRIGGER change AFTER UPDATE ON volumes BEGIN INSERT INTO spoilt VALUES (1); END",
        "CREATE TRIGGER snapshot AFTER INSERT ON snapshots BEGIN INSERT INTO spoilt VALUES (1); END");
    String clone = VOLUMES + "?volumeId=clone&sourceSnapshot=accounts/me/volumes/kept/snapshots/";
    for (int i = 0; i < 2; i++) {
      expect(503, HttpMethod.POST, VOLUMES + "?volumeId=new", BODY);
      expect(503, HttpMethod.POST, clone + "first", BODY);
      expect(503, HttpMethod.POST, VOLUMES + "/kept/snapshots?snapshotId=second", "{}");
      expect(503, HttpMethod.PATCH, VOLUMES + "/kept", "{\"readOnly\": true}");
      expect(503, HttpMethod.DELETE, VOLUMES + "/kept?force=true", "{}");
    }
    assertThat(data()).isEqualTo(before);
    sql("DROP TRIGGER volume", "DROP TRIGGER change", "DROP TRIGGER snapshot");
    expect(200, HttpMethod.POST, VOLUMES + "?volumeId=new", BODY);
    expect(200, HttpMethod.POST, clone + "first", BODY);
    expect(200, HttpMethod.POST, VOLUMES + "/kept/snapshots?snapshotId=second", "{}");
    assertThat(host.send(HttpMethod.GET, VOLUMES + "/kept", "").contentUtf8())
        .doesNotContain("\"readOnly\": true");
    for (String volume : List.of("kept", "new", "clone")) {
      expect(200, HttpMethod.DELETE, VOLUMES + "/" + volume + "?force=true", "{}");
    }
    // Nothing is in the stores that nobody can delete.
    assertThat(data()).isEmpty();
  }
}
