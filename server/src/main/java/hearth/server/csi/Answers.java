// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import hearth.kit.problem.Problem;
import hearth.server.api.ApiErrors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What every method of the driver does: the work, then the answer or the problem. */
final class Answers {
  private Answers() {}

  /** Orchestrators show the message and nothing else, so the next step is in it. */
  private static StatusRuntimeException status(RuntimeException e) {
    Problem problem = ApiErrors.toProblem(e);
    return Status.fromCodeValue(problem.code().number())
        .withDescription(problem.what() + ". " + problem.fix())
        .asRuntimeException();
  }

  static <R> void one(StreamObserver<R> observer, Supplier<R> work) {
    R response;
    try {
      response = work.get();
    } catch (RuntimeException e) {
      observer.onError(status(e));
      return;
    }
    observer.onNext(response);
    observer.onCompleted();
  }

  /** Several answers; only a stream that ends well is complete. */
  static <R> void many(StreamObserver<R> observer, Consumer<Consumer<R>> work) {
    try {
      work.accept(answer -> {
        if (observer instanceof ServerCallStreamObserver<R> call && call.isCancelled()) {
          throw new Gone();
        }
        observer.onNext(answer);
      });
    } catch (Gone e) {
      return;
    } catch (RuntimeException e) {
      observer.onError(status(e));
      return;
    }
    observer.onCompleted();
  }

  /** Nobody listens any more. */
  private static final class Gone extends RuntimeException {}
}
