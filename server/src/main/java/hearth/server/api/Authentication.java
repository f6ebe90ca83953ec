// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import hearth.kit.access.Caller;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.account.Credentials;
import io.netty.util.AttributeKey;
import java.util.Optional;

/** Lets only requests with a good bearer token through, and remembers whose it was. */
public final class Authentication extends SimpleDecoratingHttpService {
  private static final AttributeKey<Caller> CALLER =
      AttributeKey.valueOf(Authentication.class, "CALLER");

  private final Credentials credentials;

  public Authentication(HttpService delegate, Credentials credentials) {
    super(delegate);
    this.credentials = credentials;
  }

  /** Who sent the request that the current thread handles. */
  public static Caller caller() {
    Caller caller = ServiceRequestContext.current().attr(CALLER);
    if (caller == null) {
      throw unauthenticated();
    }
    return caller;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    String header = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
    if (!header.startsWith("Bearer ")) {
      return refuse(request);
    }
    return HttpResponse.of(
        java.util.concurrent.CompletableFuture.supplyAsync(
            () -> {
              try {
                Optional<Caller> caller = credentials.byToken(header.substring(7).strip());
                if (caller.isEmpty()) {
                  return refuse(request);
                }
                context.setAttr(CALLER, caller.get());
                return unwrap().serve(context, request);
              } catch (Exception e) {
                return ApiErrors.toHttp(ApiErrors.toProblem(e));
              }
            },
            context.blockingTaskExecutor()));
  }

  private static Problem unauthenticated() {
    return new Problem(
        Code.UNAUTHENTICATED,
        "NOT_LOGGED_IN",
        "This needs a token, and the one given, if any, is unknown, expired or revoked",
        "Send 'Authorization: Bearer TOKEN'; make a token with: hearth token create");
  }

  private static HttpResponse refuse(HttpRequest request) {
    String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
    if (type.startsWith("application/grpc")) {
      Problem problem = unauthenticated();
      return HttpResponse.of(
          ResponseHeaders.builder(HttpStatus.OK)
              .set(HttpHeaderNames.CONTENT_TYPE, type)
              .set("grpc-status", String.valueOf(problem.code().number()))
              .set("grpc-message", problem.what())
              .endOfStream(true)
              .build());
    }
    return ApiErrors.toHttp(unauthenticated());
  }
}
