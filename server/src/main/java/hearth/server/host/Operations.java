// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import com.google.longrunning.DeleteOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.ListOperationsResponse;
import com.google.longrunning.Operation;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.database.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that outlasts a request (AIP-151). Records of it are kept for a week. Safe for any thread.
 */
public final class Operations implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);
  private static final Duration KEPT = Duration.ofDays(7);
  private static final Listing<Operation> LISTING =
      new Listing<>(
          new Fields<Operation>().with("name", Operation::getName).with("done", Operation::getDone),
          "name");

  private final Database database;
  private final InstantSource clock;
  private final ExecutorService executor =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("operations").factory());

  public Operations(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Marks what a stop of the host interrupted as failed. */
  public void start() {
    for (Operation operation :
        database.query("SELECT body FROM operations", row -> parse(row.text("body")))) {
      if (!operation.getDone()) {
        save(
            operation.toBuilder()
                .setDone(true)
                .setError(
                    com.google.rpc.Status.newBuilder()
                        .setCode(Code.ABORTED.number())
                        .setMessage("The host was stopped meanwhile. Start it again."))
                .build());
      }
    }
  }

  /** Starts work; what it returns becomes the operation's response. */
  public Operation begin(Caller caller, Message metadata, Supplier<Message> work) {
    Operation operation =
        Operation.newBuilder()
            .setName("operations/" + Identifiers.randomHex(8))
            .setMetadata(Any.pack(metadata))
            .build();
    database.update("DELETE FROM operations WHERE created < ?", clock.instant().minus(KEPT));
    database.update(
        "INSERT INTO operations (id, account, body, created) VALUES (?, ?, ?, ?)",
        operation.getName(),
        caller.account(),
        encode(operation),
        clock.instant());
    executor.execute(() -> save(finish(operation, work)));
    return operation;
  }

  private static Operation finish(Operation operation, Supplier<Message> work) {
    try {
      return operation.toBuilder().setDone(true).setResponse(Any.pack(work.get())).build();
    } catch (Problem problem) {
      return operation.toBuilder()
          .setDone(true)
          .setError(
              com.google.rpc.Status.newBuilder()
                  .setCode(problem.code().number())
                  .setMessage(problem.what() + ". " + problem.fix() + "."))
          .build();
    } catch (RuntimeException e) {
      LOG.error("The operation {} failed", operation.getName(), e);
      return operation.toBuilder()
          .setDone(true)
          .setError(
              com.google.rpc.Status.newBuilder()
                  .setCode(Code.INTERNAL.number())
                  .setMessage("The operation failed; the host's log says why."))
          .build();
    }
  }

  private void save(Operation operation) {
    database.update(
        "UPDATE operations SET body = ? WHERE id = ?", encode(operation), operation.getName());
  }

  private static String encode(Operation operation) {
    return Base64.getEncoder().encodeToString(operation.toByteArray());
  }

  private static Operation parse(String body) {
    try {
      return Operation.parseFrom(Base64.getDecoder().decode(body));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  /** GetOperation. */
  public Operation get(Caller caller, GetOperationRequest request) {
    return database
        .first(
            "SELECT body FROM operations WHERE id = ? AND (account = ? OR ? = 1)",
            row -> parse(row.text("body")),
            request.getName(),
            caller.account(),
            caller.administrator())
        .orElseThrow(() ->
            Problem.notFound(
                "operation", Identifiers.printable(request.getName()), "Begin it again"));
  }

  /** ListOperations. */
  public ListOperationsResponse list(Caller caller, ListOperationsRequest request) {
    List<Operation> all =
        database.query(
            "SELECT body FROM operations WHERE account = ? OR ? = 1",
            row -> parse(row.text("body")),
            caller.account(),
            caller.administrator());
    Listing.Page<Operation> page =
        LISTING.page(
            all,
            new Listing.Query(
                "", request.getPageSize(), request.getPageToken(), request.getFilter(), ""));
    return ListOperationsResponse.newBuilder()
        .addAllOperations(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** DeleteOperation: forgets the record, not the work. */
  public void delete(Caller caller, DeleteOperationRequest request) {
    get(caller, GetOperationRequest.newBuilder().setName(request.getName()).build());
    database.update("DELETE FROM operations WHERE id = ?", request.getName());
  }

  @Override
  public void close() {
    executor.close();
  }
}
