// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import hearth.kit.access.Caller;
import hearth.kit.problem.Problem;
import hearth.server.database.Database;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Remembers requests by their {@code request_id} for a day, so that a repeated one is answered, not
 * repeated (AIP-155).
 */
final class Requests {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private final Database database;
  private final InstantSource clock;

  Requests(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Runs the work, unless the same caller's request with that id was answered before. */
  <R extends Message> R once(
      Caller caller, String id, Message request, R prototype, Supplier<R> work) {
    if (id.isEmpty()) {
      return work.get();
    }
    if (!UUID.matcher(id).matches()) {
      throw Problem.invalid("request_id", "is not a UUID", "Use a UUID, or leave it out");
    }
    String fingerprint = fingerprint(request);
    return database.transaction(() -> {
      record Known(String fingerprint, String response) {}
      Optional<Known> known =
          database.first(
              "SELECT fingerprint, response FROM requests WHERE caller = ? AND id = ?",
              row -> new Known(row.text("fingerprint"), row.text("response")),
              caller.account(),
              id);
      if (known.isPresent()) {
        if (!known.get().fingerprint().equals(fingerprint)) {
          throw Problem.invalid(
              "request_id", "was used for another request", "Use a new UUID for each new request");
        }
        return parse(prototype, known.get().response());
      }
      R response = work.get();
      database.update("DELETE FROM requests WHERE created < ?", clock.instant().minus(KEPT));
      database.update(
          "INSERT INTO requests (caller, id, fingerprint, response, created) VALUES (?, ?, ?, ?, ?)",
          caller.account(),
          id,
          fingerprint,
          Base64.getEncoder().encodeToString(response.toByteArray()),
          clock.instant());
      return response;
    });
  }

  private static String fingerprint(Message request) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(request.toByteArray());
      return request.getDescriptorForType().getName() + " " + HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <R extends Message> R parse(R prototype, String response) {
    try {
      return (R) prototype.getParserForType().parseFrom(Base64.getDecoder().decode(response));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
