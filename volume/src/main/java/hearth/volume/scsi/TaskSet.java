// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The commands that a unit has in hand, and the rules by which they start (SAM-5 8): a simple one
 * waits for older ordered ones, an ordered one for all older ones, one at the head of the queue for
 * none. Safe for any thread.
 */
public final class TaskSet {
  /**
   * Task attributes of SAM-5 8.9; ACA is treated as simple, since the unit never establishes it.
   */
  public enum Attribute {
    SIMPLE,
    ORDERED,
    HEAD_OF_QUEUE
  }

  /** A command in hand. */
  public abstract static class Task {
    private final Nexus nexus;
    private final Attribute attribute;
    private boolean ready;
    private boolean started;
    private boolean aborted;
    private boolean parked;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    protected Task(Nexus nexus, Attribute attribute) {
      this.nexus = nexus;
      this.attribute = attribute;
    }

    /** The nexus that sent the command. */
    public final Nexus nexus() {
      return nexus;
    }

    /** Begins to carry the command out, on another thread; called once at most. */
    protected abstract void start();

    /**
     * Frees what the command holds; called once instead of {@link #start} if it is aborted before.
     */
    protected abstract void discard();
  }

  private final LinkedHashSet<Task> tasks = new LinkedHashSet<>();

  /** Ordered commands in hand, and commands that could start but for older ones. */
  private int ordered;

  private int waiting;

  /** Takes a command in, in order of arrival. It does not start before it is {@link #ready}. */
  public synchronized void add(Task task) {
    tasks.add(task);
    ordered += task.attribute == Attribute.ORDERED ? 1 : 0;
  }

  private boolean remove(Task task) {
    if (!tasks.remove(task)) {
      return false;
    }
    ordered -= task.attribute == Attribute.ORDERED ? 1 : 0;
    waiting -= task.ready && !task.started ? 1 : 0;
    return true;
  }

  /** All of the command's data has come. */
  public void ready(Task task) {
    boolean starts;
    synchronized (this) {
      if (!tasks.contains(task)) {
        return;
      }
      task.ready = true;
      waiting++;
      starts = ordered == 0;
      if (starts) {
        markStarted(task); // nothing can hold it up: there is no need to look at the others
      }
    }
    if (starts) {
      task.start();
    } else {
      startEnabled();
    }
  }

  /**
   * The command is done.
   *
   * @return false if it was aborted meanwhile and must not be answered
   */
  public boolean finish(Task task) {
    boolean answer;
    synchronized (this) {
      boolean _ = remove(task);
      answer = !task.aborted;
    }
    startEnabled();
    return answer;
  }

  /**
   * A command that started does nothing more but wait for something: aborting it need not wait for
   * it.
   */
  public void park(Task task) {
    synchronized (this) {
      if (!task.aborted) {
        task.parked = true;
        return;
      }
      boolean _ = remove(task);
    }
    task.discard();
    settled(task);
  }

  /**
   * Tells those who wait for the end of an aborted command that it can no longer touch anything.
   */
  public void settled(Task task) {
    task.gone.complete(null);
  }

  /**
   * Aborts one command without an answer, if it is still in hand.
   *
   * @return completes, when the command can no longer touch the medium or be answered, with whether
   *     it was aborted rather than done before
   */
  public CompletableFuture<Boolean> abort(Task task) {
    boolean inHand;
    synchronized (this) {
      inHand = tasks.contains(task);
    }
    var unused = abort(other -> other.equals(task));
    return task.gone.thenApply(ignored -> inHand && task.aborted);
  }

  /**
   * Aborts commands without an answer.
   *
   * @return completes when none of them can touch the medium any more
   */
  public CompletableFuture<Void> abort(Predicate<Task> which) {
    List<Task> discarded = new ArrayList<>();
    List<CompletableFuture<Void>> running = new ArrayList<>();
    synchronized (this) {
      for (Task task : List.copyOf(tasks)) {
        if (which.test(task)) {
          task.aborted = true;
          if (task.started && !task.parked) {
            running.add(task.gone);
          } else {
            boolean _ = remove(task);
            discarded.add(task);
          }
        }
      }
    }
    discarded.forEach(Task::discard);
    discarded.forEach(this::settled);
    startEnabled();
    return CompletableFuture.allOf(running.toArray(CompletableFuture[]::new));
  }

  private void markStarted(Task task) {
    task.started = true;
    waiting--;
  }

  private void startEnabled() {
    List<Task> enabled = new ArrayList<>(1);
    synchronized (this) {
      if (waiting == 0) {
        return;
      }
      boolean orderedSeen = false;
      boolean anySeen = false;
      for (Task task : tasks) {
        boolean mayStart =
            switch (task.attribute) {
              case HEAD_OF_QUEUE -> true;
              case SIMPLE -> !orderedSeen;
              case ORDERED -> !anySeen;
            };
        if (mayStart && task.ready && !task.started) {
          markStarted(task);
          enabled.add(task);
        }
        orderedSeen |= task.attribute == Attribute.ORDERED;
        anySeen = true;
      }
    }
    enabled.forEach(Task::start);
  }
}
