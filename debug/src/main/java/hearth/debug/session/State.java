// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Variable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a session stands while its target is stopped.
 *
 * @param pid of the process
 * @param exited whether it is gone
 * @param exitStatus what it ended with; negated, the signal that ended it
 * @param threads those it has
 * @param thread number of the one that is looked at, 0 if there is none
 * @param goroutine the one that is looked at, or null
 * @param reason why it stopped
 * @param returned what the function returned that a step left, or null if it left none
 * @param stepping whether a step was interrupted and can go on
 * @param outOfScope watchpoints that ended because their memory is no more
 */
public record State(
    int pid,
    boolean exited,
    int exitStatus,
    List<ThreadState> threads,
    int thread,
    @Nullable Goroutine goroutine,
    Reason reason,
    @Nullable List<Variable> returned,
    boolean stepping,
    List<Breakpoint> outOfScope) {
  /** Why a target stopped. */
  public enum Reason {
    LAUNCHED("launched"),
    ATTACHED("attached"),
    EXITED("exited"),
    BREAKPOINT("breakpoint"),
    WATCHPOINT("watchpoint"),
    HARDCODED_BREAKPOINT("hardcoded breakpoint"),
    MANUAL("manual"),
    STEP("next finished"),
    CALL("call returned");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    /** In Delve's words. */
    public String text() {
      return text;
    }
  }

  /**
   * A thread.
   *
   * @param frame where it is, or null if that cannot be told
   * @param breakpoint that it came to, or null
   * @param goroutine number of the one that it runs, or 0
   */
  public record ThreadState(
      int id, @Nullable Frame frame, @Nullable Breakpoint breakpoint, long goroutine) {}

  /** The thread that is looked at, or null. */
  public @Nullable ThreadState current() {
    return threads.stream().filter(t -> t.id() == thread).findFirst().orElse(null);
  }
}
