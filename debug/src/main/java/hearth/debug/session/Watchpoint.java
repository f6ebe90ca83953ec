// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.target.Watch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a breakpoint watches that is no place of the code. For the session's thread. */
public final class Watchpoint {
  private final String expression;
  private final @Nullable OnStack onStack;
  private Watch watch;

  /**
   * Where on a goroutine's stack it is. A stack moves when it grows; then its end is what counts.
   *
   * @param goroutine number of it
   * @param offset of the memory, from the end of the stack
   * @param frameOffset of the frame that it belongs to
   * @param callerOffset of the frame that called that one
   * @param returnAddress where that frame goes on, and the memory is no more
   * @param moved the instructions at which the runtime has moved a stack
   */
  record OnStack(
      long goroutine,
      long offset,
      long frameOffset,
      long callerOffset,
      long returnAddress,
      List<Long> moved) {}

  Watchpoint(String expression, Watch watch, @Nullable OnStack onStack) {
    this.expression = expression;
    this.watch = watch;
    this.onStack = onStack;
  }

  /** What is watched, as people wrote it. */
  public String expression() {
    return expression;
  }

  /** The memory. */
  public Watch watch() {
    return watch;
  }

  void moveTo(long address) {
    watch = new Watch(address, watch.size(), watch.reads());
  }

  @Nullable OnStack onStack() {
    return onStack;
  }
}
