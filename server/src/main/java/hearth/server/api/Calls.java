// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Message;
import hearth.kit.access.Caller;
import io.grpc.stub.StreamObserver;
import java.util.function.Function;
import java.util.function.Supplier;

/** What every unary method does: find the caller, do the work, answer or tell the problem. */
final class Calls {
  private final Requests requests;

  Calls(Requests requests) {
    this.requests = requests;
  }

  <R> void answer(StreamObserver<R> observer, Function<Caller, R> work) {
    R response;
    try {
      response = work.apply(Authentication.caller());
    } catch (RuntimeException e) {
      observer.onError(ApiErrors.toGrpc(e));
      return;
    }
    observer.onNext(response);
    observer.onCompleted();
  }

  <R extends Message> R once(
      Caller caller, String requestId, Message request, R prototype, Supplier<R> work) {
    return requests.once(caller, requestId, request, prototype, work);
  }
}
