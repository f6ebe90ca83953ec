// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.State;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Lets the program run on a thread of its own, so that requests are answered meanwhile. What must
 * be done while the program stands is put in between: it is halted and goes on, and the client sees
 * nothing of it.
 */
final class Runner {
  private final Session session;
  private final Listener listener;
  private final Object lock = new Object();
  private final Queue<Interlude<?>> interludes = new ArrayDeque<>();
  private boolean running;
  private boolean pauseWanted;
  private boolean quiet;

  /** Takes what came of a run. */
  interface Listener {
    /**
     * The program stands, or is no more.
     *
     * @param paused whether that was asked for
     */
    void stopped(State state, boolean paused);

    /** It could not be let run, or a condition could not be evaluated. */
    void failed(String message);
  }

  private record Interlude<T>(Session.Task<T> task, CompletableFuture<T> done) {
    void run(Session session) {
      try {
        done.complete(session.run(task));
      } catch (SessionException | RuntimeException e) {
        done.completeExceptionally(e);
      }
    }
  }

  Runner(Session session, Listener listener) {
    this.session = session;
    this.listener = listener;
  }

  boolean isRunning() {
    synchronized (lock) {
      return running;
    }
  }

  /** Lets it run. */
  void start(Session.Task<State> move) {
    synchronized (lock) {
      running = true;
      pauseWanted = false;
      quiet = false;
    }
    Thread.ofPlatform().name("run").daemon().start(() -> run(move));
  }

  private void run(Session.Task<State> move) {
    Session.Task<State> next = move;
    while (true) {
      State state = null;
      String failure = null;
      try {
        state = next.run();
      } catch (SessionException e) {
        failure = String.valueOf(e.getMessage());
      }
      boolean paused;
      synchronized (lock) {
        Interlude<?> interlude = interludes.poll();
        while (interlude != null) {
          interlude.run(session);
          interlude = interludes.poll();
        }
        paused = pauseWanted;
        boolean manual = state != null && state.reason() == State.Reason.MANUAL;
        // A halt for something in between may also come late, when nothing is left to do.
        if (!paused && !quiet && manual) {
          next = session::resumeStep;
          continue;
        }
        running = false;
        lock.notifyAll();
        if (quiet) {
          return;
        }
      }
      if (failure != null) {
        listener.failed(failure);
      } else if (state != null) {
        listener.stopped(state, paused);
      }
      return;
    }
  }

  /** Makes it stop, as the user asked. */
  void pause() {
    synchronized (lock) {
      if (!running) {
        return;
      }
      pauseWanted = true;
    }
    session.halt();
  }

  /** Makes it stop and waits for that, without telling the client. */
  void halt() {
    synchronized (lock) {
      if (running) {
        quiet = true;
        session.halt();
      }
      boolean interrupted = false;
      while (running) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Does something while the program stands: at once, or in between. */
  <T> T whileStopped(Session.Task<T> task) throws SessionException {
    Interlude<T> interlude = new Interlude<>(task, new CompletableFuture<>());
    synchronized (lock) {
      if (!running) {
        interlude.run(session);
      } else {
        interludes.add(interlude);
        session.halt();
      }
    }
    try {
      return interlude.done.join();
    } catch (CompletionException e) {
      @Nullable Throwable cause = e.getCause();
      if (cause instanceof SessionException s) {
        throw s;
      }
      if (cause instanceof RuntimeException r) {
        throw r;
      }
      throw e;
    }
  }
}
