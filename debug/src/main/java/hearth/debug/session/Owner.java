// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The one platform thread on which a session does everything: the kernel takes calls about a traced
 * process from the thread that traces it only.
 */
final class Owner implements AutoCloseable {
  private volatile @Nullable Thread own;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(this::make);

  private Thread make(Runnable task) {
    Thread made = Thread.ofPlatform().name("debugger").daemon().unstarted(task);
    own = made;
    return made;
  }

  /** Runs something there and waits for its end; at once, if this is that thread already. */
  <T> T run(Callable<T> task) throws SessionException {
    if (Thread.currentThread() == own) {
      try {
        return task.call();
      } catch (SessionException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new SessionException(String.valueOf(e.getMessage()));
      }
    }
    Future<T> future;
    try {
      future = thread.submit(task);
    } catch (RejectedExecutionException e) {
      throw new SessionException("the debug session has ended");
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case SessionException s -> throw s;
            case RuntimeException r -> throw r;
            case Error error -> throw error;
            case null, default -> throw new SessionException(String.valueOf(e.getMessage()));
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
