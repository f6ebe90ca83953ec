// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import com.google.api.HttpBody;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.longrunning.Operation;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import hearth.contract.host.v1.Backup;
import hearth.contract.host.v1.BackupMetadata;
import hearth.contract.host.v1.CreateBackupRequest;
import hearth.contract.host.v1.DeleteBackupRequest;
import hearth.contract.host.v1.DownloadBackupRequest;
import hearth.contract.host.v1.GetBackupRequest;
import hearth.contract.host.v1.ListBackupsRequest;
import hearth.contract.host.v1.ListBackupsResponse;
import hearth.contract.host.v1.RestoreBackupRequest;
import hearth.kit.access.Caller;
import hearth.kit.file.PrivateFiles;
import hearth.kit.id.Identifiers;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.Times;
import hearth.server.database.Database;
import hearth.server.database.Row;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Copies of the host's records as gzip-compressed JSON lines, the same for every database. They
 * hold the hashes of tokens and passwords and the CHAP secrets: whoever has one can use the
 * volumes.
 */
public final class Backups {
  private static final int VERSION = 5;
  private static final long LARGEST = 1L << 30;
  private static final Map<String, List<String>> TABLES = tables();
  private static final Listing<Backup> LISTING =
      new Listing<>(
          new Fields<Backup>()
              .with("name", Backup::getName)
              .with("size_bytes", Backup::getSizeBytes)
              .with("create_time", backup -> Times.instant(backup.getCreateTime())),
          "name");

  private final Database database;
  private final Operations operations;
  private final Audit audit;
  private final Path folder;
  private final InstantSource clock;
  private final Runnable restored;

  /** Keeps backups in a folder; {@code restored} runs after a restore, to serve what came. */
  public Backups(
      Database database,
      Operations operations,
      Audit audit,
      Path folder,
      InstantSource clock,
      Runnable restored) {
    this.database = database;
    this.operations = operations;
    this.audit = audit;
    this.folder = folder;
    this.clock = clock;
    this.restored = restored;
  }

  /**
   * Tables in an order in which rows may be inserted, with their columns; numbers are marked by a
   * plus sign.
   */
  private static Map<String, List<String>> tables() {
    Map<String, List<String>> tables = new LinkedHashMap<>();
    tables.put(
        "accounts",
        List.of(
            "id",
            "display_name",
            "role",
            "+quota_bytes",
            "+disabled",
            "password_hash",
            "+created",
            "+updated",
            "+version"));
    tables.put(
        "tokens",
        List.of("account", "id", "description", "secret_hash", "+expires", "+used", "+created"));
    tables.put("pools", List.of("id", "volume_group", "identity", "loopback", "+created"));
    tables.put(
        "volumes",
        List.of(
            "account",
            "id",
            "uid",
            "+size_bytes",
            "description",
            "labels",
            "+read_only",
            "options",
            "device",
            "engine",
            "pool",
            "state",
            "chap_user",
            "chap_secret",
            "target_secret",
            "+created",
            "+updated",
            "+version"));
    tables.put(
        "snapshots",
        List.of(
            "account",
            "volume",
            "id",
            "uid",
            "+size_bytes",
            "description",
            "moment",
            "merkle_root",
            "state",
            "+created"));
    tables.put("audit", List.of("id", "+created", "actor", "action", "target", "detail"));
    return tables;
  }

  private static String plain(String column) {
    return column.startsWith("+") ? column.substring(1) : column;
  }

  /** CreateBackup. */
  public Operation create(Caller caller, CreateBackupRequest request) {
    caller.requireAdministrator("Backing the records up");
    if (request.getValidateOnly()) {
      return Operation.newBuilder().setDone(true).build();
    }
    return operations.begin(caller, BackupMetadata.getDefaultInstance(), () -> write(caller));
  }

  private Backup write(Caller caller) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      database.transaction(() -> dump(bytes));
      String id = "b" + Identifiers.randomHex(8);
      PrivateFiles.write(file(id), bytes.toByteArray());
      String digest =
          HexFormat.of()
              .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
      database.transaction(() -> {
        audit.note(caller, "backup.create", "backups/" + id, "");
        return database.update(
            "INSERT INTO backups (id, size_bytes, sha256, created) VALUES (?, ?, ?, ?)",
            id,
            (long) bytes.size(),
            digest,
            clock.instant());
      });
      return find("backups/" + id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Boolean dump(ByteArrayOutputStream bytes) {
    Gson gson = new Gson();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      JsonObject header = new JsonObject();
      header.addProperty("hearth-backup", VERSION);
      out.write((gson.toJson(header) + "\n").getBytes(StandardCharsets.UTF_8));
      for (Map.Entry<String, List<String>> table : TABLES.entrySet()) {
        String columns = String.join(", ", table.getValue().stream().map(Backups::plain).toList());
        List<String> lines =
            database.query(
                "SELECT " + columns + " FROM " + table.getKey(),
                row -> line(table.getKey(), table.getValue(), row));
        for (String line : lines) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String line(String table, List<String> columns, Row row) {
    JsonObject object = new JsonObject();
    object.addProperty("table", table);
    JsonObject values = new JsonObject();
    for (String column : columns) {
      Optional<JsonElement> value =
          column.startsWith("+")
              ? row.optionalNumber(plain(column)).map(JsonPrimitive::new)
              : row.optionalText(column).map(JsonPrimitive::new);
      values.add(plain(column), value.orElse(JsonNull.INSTANCE));
    }
    object.add("row", values);
    return object.toString();
  }

  private Path file(String id) {
    return folder.resolve(id + ".jsonl.gz");
  }

  private Backup find(String name) {
    String id = ResourceName.parse("name", "backups/{backup}", name).getFirst();
    return database
        .first(
            "SELECT id, size_bytes, sha256, created FROM backups WHERE id = ?", Backups::read, id)
        .orElseThrow(() ->
            Problem.notFound("backup", Identifiers.printable(name), "See: hearth backup list"));
  }

  private static Backup read(Row row) {
    return Backup.newBuilder()
        .setName("backups/" + row.text("id"))
        .setSizeBytes(row.number("size_bytes"))
        .setSha256(row.text("sha256"))
        .setCreateTime(Times.timestamp(row.time("created")))
        .build();
  }

  /** GetBackup. */
  public Backup get(Caller caller, GetBackupRequest request) {
    caller.requireAdministrator("Reading backups");
    return find(request.getName());
  }

  /** ListBackups. */
  public ListBackupsResponse list(Caller caller, ListBackupsRequest request) {
    caller.requireAdministrator("Reading backups");
    Listing.Page<Backup> page =
        LISTING.page(
            database.query("SELECT id, size_bytes, sha256, created FROM backups", Backups::read),
            new Listing.Query(
                "",
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListBackupsResponse.newBuilder()
        .addAllBackups(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** DeleteBackup. */
  public void delete(Caller caller, DeleteBackupRequest request) {
    caller.requireAdministrator("Deleting backups");
    Backup backup = find(request.getName());
    if (request.getValidateOnly()) {
      return;
    }
    String id = ResourceName.parse("name", "backups/{backup}", backup.getName()).getFirst();
    try {
      Files.deleteIfExists(file(id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    database.update("DELETE FROM backups WHERE id = ?", id);
    audit.note(caller, "backup.delete", backup.getName(), "");
  }

  /** DownloadBackup. */
  public HttpBody download(Caller caller, DownloadBackupRequest request) {
    caller.requireAdministrator("Reading backups");
    Backup backup = find(request.getName());
    String id = ResourceName.parse("name", "backups/{backup}", backup.getName()).getFirst();
    try {
      return HttpBody.newBuilder()
          .setContentType("application/gzip")
          .setData(ByteString.copyFrom(Files.readAllBytes(file(id))))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** RestoreBackup. */
  public Operation restore(Caller caller, RestoreBackupRequest request) {
    caller.requireAdministrator("Restoring records");
    List<Line> lines = parse(request.getContents().toByteArray());
    if (!database.query("SELECT id FROM volumes LIMIT 1", row -> row.text("id")).isEmpty()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "HOST_NOT_EMPTY",
          "This host already has volumes; restoring would forget them",
          "Restore into a host with an empty data folder");
    }
    boolean keepsCaller =
        lines.stream()
            .anyMatch(line ->
                line.table().equals("accounts")
                    && caller.account().equals(line.values().getFirst()));
    if (!keepsCaller) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "CALLER_NOT_IN_BACKUP",
          "The backup has no account '" + caller.account() + "', so you would lock yourself out",
          "Use a token of an account that is in the backup");
    }
    if (request.getValidateOnly()) {
      return Operation.newBuilder().setDone(true).build();
    }
    return operations.begin(
        caller, BackupMetadata.getDefaultInstance(), () -> replace(caller, lines));
  }

  private record Line(String table, List<@Nullable Object> values) {}

  private static List<Line> parse(byte[] contents) {
    List<Line> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(new ByteArrayInputStream(contents)), StandardCharsets.UTF_8))) {
      String header = reader.readLine();
      int version =
          header == null
              ? 0
              : JsonParser.parseString(header).getAsJsonObject().get("hearth-backup").getAsInt();
      if (version < 1 || version > VERSION) {
        throw notABackup("its first line is not that of a backup of version 1 to " + VERSION);
      }
      long total = 0;
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        total += text.length();
        if (total > LARGEST) {
          throw notABackup("it unpacks to more than 1 GiB");
        }
        JsonObject object = JsonParser.parseString(text).getAsJsonObject();
        List<String> columns = TABLES.get(object.get("table").getAsString());
        if (columns == null) {
          throw notABackup("it holds an unknown table");
        }
        JsonObject row = object.getAsJsonObject("row");
        complete(object.get("table").getAsString(), row, version);
        lines.add(new Line(object.get("table").getAsString(), values(columns, row)));
      }
      return lines;
    } catch (IOException
        | JsonParseException
        | IllegalStateException
        | NullPointerException
        | NumberFormatException e) {
      throw notABackup("it is damaged (" + e.getClass().getSimpleName() + ")");
    }
  }

  /** Adds to a row what backups of older versions do not say. */
  private static void complete(String table, JsonObject row, int version) {
    if (table.equals("volumes") && version < 2) {
      row.addProperty("engine", row.get("device").getAsString().isEmpty() ? "RAW" : "DEVICE");
    }
    if (table.equals("volumes") && version < 3) {
      row.addProperty("options", "{}");
      row.addProperty("target_secret", "");
    }
    if (table.equals("volumes") && version < 4) {
      row.addProperty("pool", "");
    }
    if (table.equals("snapshots") && version < 4) {
      row.addProperty("moment", "");
    }
    if (table.equals("snapshots") && version < 5) {
      row.addProperty("merkle_root", "");
    }
  }

  private static List<@Nullable Object> values(List<String> columns, JsonObject row) {
    List<@Nullable Object> values = new ArrayList<>();
    for (String column : columns) {
      JsonElement value = row.get(plain(column));
      if (value.isJsonNull()) {
        values.add(null);
      } else {
        values.add(column.startsWith("+") ? (Object) value.getAsLong() : value.getAsString());
      }
    }
    return values;
  }

  private static Problem notABackup(String why) {
    return Problem.invalid(
        "contents", "is not a backup: " + why, "Use a file made by: hearth backup create FILE");
  }

  private Empty replace(Caller caller, List<Line> lines) {
    database.transaction(() -> {
      // The caller's own token stays, so that the one who restores is not locked out.
      Optional<Line> token =
          database.first(
              "SELECT account, id, description, secret_hash, expires, used, created FROM tokens"
                  + " WHERE account = ? AND id = ?",
              row -> tokenLine(row),
              caller.account(),
              caller.credential().replaceFirst("^token ", ""));
      for (String table :
          List.of(
              "audit",
              "snapshots",
              "volumes",
              "pools",
              "tokens",
              "login_links",
              "web_sessions",
              "accounts")) {
        database.update("DELETE FROM " + table);
      }
      lines.forEach(this::insert);
      token.ifPresent(kept -> {
        database.update(
            "DELETE FROM tokens WHERE account = ? AND id = ?",
            kept.values().get(0),
            kept.values().get(1));
        insert(kept);
      });
      audit.note(caller, "backup.restore", "host", lines.size() + " records");
      return true;
    });
    restored.run();
    return Empty.getDefaultInstance();
  }

  private static Line tokenLine(Row row) {
    List<@Nullable Object> values = new ArrayList<>();
    for (String column : List.of("account", "id", "description", "secret_hash")) {
      values.add(row.text(column));
    }
    values.add(row.optionalNumber("expires").orElse(null));
    values.add(row.optionalNumber("used").orElse(null));
    values.add(row.number("created"));
    return new Line("tokens", values);
  }

  private void insert(Line line) {
    List<String> columns = java.util.Objects.requireNonNull(TABLES.get(line.table()));
    database.update(
        "INSERT INTO "
            + line.table()
            + " ("
            + String.join(", ", columns.stream().map(Backups::plain).toList())
            + ") VALUES ("
            + String.join(", ", columns.stream().map(column -> "?").toList())
            + ")",
        line.values().toArray());
  }
}
