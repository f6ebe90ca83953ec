// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.Nexus;
import hearth.volume.scsi.TaskSet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/** Task management functions (RFC 7143 11.5): what is asked, and how it is answered. */
final class TaskManagement {
  private static final int COMPLETE = 0;
  private static final int NO_SUCH_TASK = 1;
  private static final int NO_SUCH_UNIT = 2;
  private static final int NO_REASSIGNMENT = 4;
  private static final int NOT_SUPPORTED = 5;

  private final LogicalUnit unit;
  private final Nexus nexus;
  private final IntFunction<Optional<? extends TaskSet.Task>> tasksByTag;

  TaskManagement(
      LogicalUnit unit, Nexus nexus, IntFunction<Optional<? extends TaskSet.Task>> tasksByTag) {
    this.unit = unit;
    this.nexus = nexus;
    this.tasksByTag = tasksByTag;
  }

  /** Carries a request out; the response code, once all that it aborts has ended. */
  CompletableFuture<Integer> handle(Bhs request, boolean unitExists) {
    int function = request.flags() & 0x7F;
    TaskSet tasks = unit.tasks();
    if (function != 6 && function != 7 && !unitExists) {
      return CompletableFuture.completedFuture(NO_SUCH_UNIT);
    }
    return switch (function) {
      case 1 ->
          tasksByTag
              .apply(request.int32(20))
              .map(task -> tasks.abort(task).thenApply(done -> done ? COMPLETE : NO_SUCH_TASK))
              .orElse(CompletableFuture.completedFuture(NO_SUCH_TASK));
      case 2 -> tasks.abort(task -> task.nexus().equals(nexus)).thenApply(ignored -> COMPLETE);
      case 4 -> tasks.abort(task -> true).thenApply(ignored -> COMPLETE);
      case 5, 6, 7 ->
          tasks
              .abort(task -> true)
              .thenApply(ignored -> {
                unit.reset();
                return COMPLETE;
              });
      case 8 -> CompletableFuture.completedFuture(NO_REASSIGNMENT);
      default -> CompletableFuture.completedFuture(NOT_SUPPORTED);
    };
  }
}
