// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import hearth.kit.access.Caller;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import java.util.function.Function;

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

  /** Answers a request that changes something, only once for each {@code request_id}. */
  <R extends Message> void answerOnce(
      StreamObserver<R> observer,
      Message request,
      String requestId,
      R prototype,
      Function<Caller, R> work) {
    answer(
        observer,
        caller -> requests.once(caller, requestId, request, prototype, () -> work.apply(caller)));
  }

  /** The same for one that answers with nothing. */
  void doOnce(
      StreamObserver<Empty> observer, Message request, String requestId, Consumer<Caller> work) {
    answerOnce(
        observer,
        request,
        requestId,
        Empty.getDefaultInstance(),
        caller -> {
          work.accept(caller);
          return Empty.getDefaultInstance();
        });
  }
}
