// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.grpc.HttpJsonTranscodingOptions;
import com.linecorp.armeria.server.grpc.HttpJsonTranscodingQueryParamMatchRule;
import hearth.contract.host.v1.Host;
import hearth.kit.access.Caller;
import hearth.server.account.Accounts;
import hearth.server.account.Credentials;
import hearth.server.database.Database;
import hearth.server.host.Audit;
import hearth.server.host.Backups;
import hearth.server.host.Operations;
import hearth.volume.Blocks;
import hearth.volume.Pools;
import hearth.volume.Sessions;
import hearth.volume.Snapshots;
import hearth.volume.Volumes;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.time.InstantSource;
import java.util.function.Function;

/**
 * The contract's services on one port: gRPC, gRPC-Web, reflection, and REST transcoded from the
 * same file.
 */
public final class Api {
  private static final int LARGEST_MESSAGE = 64 << 20;

  private Api() {}

  /** Adds the services to a server. */
  public static void addTo(
      ServerBuilder server,
      Credentials credentials,
      Volumes volumes,
      Pools pools,
      Snapshots snapshots,
      Blocks blocks,
      Sessions sessions,
      Accounts accounts,
      Function<Caller, Host> host,
      Audit audit,
      Backups backups,
      Operations operations,
      Database database,
      InstantSource clock) {
    Calls calls = new Calls(new Requests(database, clock));
    HttpJsonTranscodingOptions transcoding =
        HttpJsonTranscodingOptions.builder()
            .queryParamMatchRules(
                HttpJsonTranscodingQueryParamMatchRule.LOWER_CAMEL_CASE,
                HttpJsonTranscodingQueryParamMatchRule.ORIGINAL_FIELD)
            .errorHandler((context, status, response) -> ApiErrors.fromGrpc(status, response))
            .build();
    GrpcService grpc =
        GrpcService.builder()
            .addService(new GrpcVolumeService(volumes, operations, calls))
            .addService(new GrpcPoolService(pools, calls))
            .addService(new GrpcSnapshotService(snapshots, operations, calls))
            .addService(new GrpcBlockService(blocks, calls))
            .addService(new GrpcSessionService(sessions, calls))
            .addService(new GrpcAccountService(accounts, calls))
            .addService(new GrpcHostService(host, audit, backups, calls))
            .addService(new GrpcOperations(operations, calls))
            .addService(ProtoReflectionServiceV1.newInstance())
            .supportedSerializationFormats(
                com.linecorp.armeria.common.grpc.GrpcSerializationFormats.values())
            .jsonMarshallerFactory(service -> new Json())
            .enableHttpJsonTranscoding(transcoding)
            .exceptionHandler(
                (context, status, cause, metadata) -> ApiErrors.refined(status, cause))
            .maxRequestMessageLength(LARGEST_MESSAGE)
            .useBlockingTaskExecutor(true)
            .build();
    server.service(grpc, delegate -> new Authentication(delegate, credentials));
    server.errorHandler(new ApiErrors.Refusals().orElse(ServerErrorHandler.ofDefault()));
  }
}
