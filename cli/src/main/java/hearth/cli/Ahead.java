// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Does a few things at once whose results are wanted in the order in which they were begun. */
final class Ahead<T> implements AutoCloseable {
  private static final int MOST = 3;

  private final ExecutorService executor =
      Executors.newFixedThreadPool(MOST, Thread.ofPlatform().daemon().factory());
  private final Deque<Future<T>> begun = new ArrayDeque<>();

  /** Whether no more should be begun before a result was taken. */
  boolean isFull() {
    return begun.size() >= MOST;
  }

  boolean isEmpty() {
    return begun.isEmpty();
  }

  void begin(Callable<T> work) {
    begun.add(executor.submit(work));
  }

  /** The oldest result, waited for. */
  T take() {
    try {
      return begun.remove().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CliFailure failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure(ExitCode.INTERRUPTED, "Interrupted", "");
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
