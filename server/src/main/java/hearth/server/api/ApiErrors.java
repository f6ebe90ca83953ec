// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.Status;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.database.DatabaseException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Problems as {@code google.rpc.Status} (AIP-193): ErrorInfo for programs, the next step as a
 * localised message.
 */
public final class ApiErrors {
  /** Domain of ErrorInfo. */
  public static final String DOMAIN = "hearth";

  private static final Logger LOG = LoggerFactory.getLogger(ApiErrors.class);
  private static final JsonFormat.Printer JSON =
      JsonFormat.printer()
          .omittingInsignificantWhitespace()
          .usingTypeRegistry(
              JsonFormat.TypeRegistry.newBuilder()
                  .add(ErrorInfo.getDescriptor())
                  .add(BadRequest.getDescriptor())
                  .add(Help.getDescriptor())
                  .add(LocalizedMessage.getDescriptor())
                  .build());

  private ApiErrors() {}

  /**
   * The status of whatever a method threw; unexpected errors are logged under a number and not
   * told.
   */
  static StatusRuntimeException toGrpc(Throwable error) {
    return StatusProto.toStatusRuntimeException(toStatus(toProblem(error)));
  }

  /** The status of a request that could not even be read: it is the caller's mistake, not ours. */
  static io.grpc.Status refined(io.grpc.Status status, Throwable cause) {
    for (Throwable link = cause; link != null; link = link.getCause()) {
      if (link instanceof InvalidProtocolBufferException) {
        String what = String.valueOf(link.getMessage()).lines().findFirst().orElse("");
        return io.grpc.Status.INVALID_ARGUMENT.withDescription(
            "The request cannot be read: " + what);
      }
    }
    return status;
  }

  /** What a person should read of an error. */
  public static Problem toProblem(Throwable error) {
    if (error instanceof Problem problem) {
      return problem;
    }
    if (error instanceof DatabaseException database && database.isFull()) {
      LOG.warn("The disk of the records is full: {}", error.getMessage());
      return new Problem(
          Code.RESOURCE_EXHAUSTED,
          "DISK_FULL",
          "The disk of the host's records is full",
          "Free space in the host's data folder, then try again");
    }
    String number = Identifiers.randomHex(4);
    LOG.error("Unexpected error {}", number, error);
    if (error instanceof DatabaseException) {
      return new Problem(
          Code.UNAVAILABLE,
          "DATABASE_FAILED",
          "The host's database does not work at present (error " + number + ")",
          "Try again later; an administrator finds more in the host's log");
    }
    return new Problem(
        Code.INTERNAL,
        "UNEXPECTED_ERROR",
        "Something unexpected went wrong (error " + number + ")",
        "Tell an administrator, who finds more in the host's log");
  }

  static Status toStatus(Problem problem) {
    Status.Builder status =
        Status.newBuilder()
            .setCode(problem.code().number())
            .setMessage(problem.what())
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setReason(problem.reason())
                        .setDomain(DOMAIN)
                        .putAllMetadata(problem.metadata())
                        .build()))
            .addDetails(
                Any.pack(
                    LocalizedMessage.newBuilder()
                        .setLocale("en")
                        .setMessage(problem.fix())
                        .build()));
    String field = problem.metadata().get("field");
    if (field != null) {
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setField(field)
                          .setDescription(problem.what()))
                  .build()));
    }
    return status.build();
  }

  /** A problem as the JSON body of AIP-193. */
  public static HttpResponse toHttp(Problem problem) {
    return json(toStatus(problem), problem.code().httpStatus());
  }

  /** What the server itself refuses, such as a body that is no JSON, in the form of all errors. */
  static final class Refusals implements ServerErrorHandler {
    @Override
    public @Nullable HttpResponse onServiceException(
        ServiceRequestContext context, Throwable cause) {
      return null;
    }

    @Override
    public @Nullable AggregatedHttpResponse renderStatus(
        @Nullable ServiceRequestContext context,
        ServiceConfig config,
        @Nullable RequestHeaders headers,
        HttpStatus status,
        @Nullable String description,
        @Nullable Throwable cause) {
      if (headers == null || !headers.path().startsWith("/v1/")) {
        return null;
      }
      Code code =
          switch (status.code()) {
            case 401 -> Code.UNAUTHENTICATED;
            case 404, 405 -> Code.NOT_FOUND;
            case 503 -> Code.UNAVAILABLE;
            default -> status.isServerError() ? Code.INTERNAL : Code.INVALID_ARGUMENT;
          };
      String what =
          cause != null && cause.getCause() != null
              ? String.valueOf(cause.getCause().getMessage())
              : description == null ? status.reasonPhrase() : description;
      Problem problem =
          new Problem(
              code,
              "BAD_REQUEST",
              "The request cannot be understood: " + what.lines().findFirst().orElse(""),
              "Compare the request with the description at /api");
      return json(toStatus(problem), status.code()).aggregate().join();
    }
  }

  /** Turns the answer of gRPC to a REST request that failed into the JSON body of AIP-193. */
  static HttpResponse fromGrpc(io.grpc.Status status, AggregatedHttpResponse response) {
    Code code =
        Code.valueOf(
            status.getCode() == io.grpc.Status.Code.OK ? "UNKNOWN" : status.getCode().name());
    String details = response.headers().get("grpc-status-details-bin");
    if (details == null) {
      details = response.trailers().get("grpc-status-details-bin");
    }
    if (details != null) {
      try {
        return json(Status.parseFrom(Base64.getDecoder().decode(details)), code.httpStatus());
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        LOG.warn("Malformed error details", e);
      }
    }
    String message = status.getDescription() == null ? code.name() : status.getDescription();
    return toHttp(
        new Problem(
            code, "BAD_REQUEST", message, "Compare the request with the description at /api"));
  }

  private static HttpResponse json(Status status, int httpStatus) {
    try {
      String details = JSON.print(status);
      Code code =
          java.util.Arrays.stream(Code.values())
              .filter(known -> known.number() == status.getCode())
              .findFirst()
              .orElse(Code.UNKNOWN);
      String body =
          "{\"error\":"
              + details.replaceFirst(
                  "\\{\"code\":\\d+",
                  "{\"code\":" + httpStatus + ",\"status\":\"" + code.name() + "\"")
              + "}";
      return HttpResponse.of(HttpStatus.valueOf(httpStatus), MediaType.JSON_UTF_8, body);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
