// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.target.TargetThread;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine, as the runtime's structure g has it.
 *
 * @param address of its g
 * @param id number that Go gives it, from 1
 * @param status one of the constants here, without the bit that the collector sets
 * @param waitReason number of the reason that it waits for
 * @param waitSince when it began to wait, in nanoseconds of the runtime's clock, or 0
 * @param pc where it goes on when it runs again
 * @param sp stack pointer then
 * @param bp frame pointer then
 * @param goPc after the statement that started it
 * @param startPc first address of its function
 * @param stackLow lowest address of its stack
 * @param stackHigh first address after its stack
 * @param labels address of its profiler labels, or 0
 * @param thread that runs it, or null
 * @param systemStack whether that thread is on its own stack, for the runtime's work
 */
public record Goroutine(
    long address,
    long id,
    int status,
    int waitReason,
    long waitSince,
    long pc,
    long sp,
    long bp,
    long goPc,
    long startPc,
    long stackLow,
    long stackHigh,
    long labels,
    @Nullable TargetThread thread,
    boolean systemStack) {
  /** It runs. */
  public static final int RUNNING = 2;

  /** It is in a call of the kernel. */
  public static final int IN_SYSTEM_CALL = 3;

  /** It waits for something. */
  public static final int WAITING = 4;

  /** It has ended. */
  public static final int DEAD = 6;

  /** The same, on another thread. */
  Goroutine on(TargetThread runner, boolean onSystemStack) {
    return new Goroutine(
        address,
        id,
        status,
        waitReason,
        waitSince,
        pc,
        sp,
        bp,
        goPc,
        startPc,
        stackLow,
        stackHigh,
        labels,
        runner,
        onSystemStack);
  }
}
