// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A target that a session holds: a process that it lets run and stops again, or what is left of one
 * in a core file, which nothing moves. Where {@link #canRun} says no, methods that let it run or
 * change it throw. For the thread that opened it, but for {@link #requestHalt}.
 */
public interface Inferior extends Target {
  /** Whether it can run and be changed. */
  boolean canRun();

  /** How it ended, or null while it has not. */
  Stop.@Nullable Exited exit();

  /** Words that the process was started with, joined by spaces; empty if that is not known. */
  String commandLine();

  /** Lets all threads run. */
  void resume();

  /** Lets one thread run that is stopped. */
  void resume(TargetThread stopped);

  /**
   * Runs one instruction of a thread while all are stopped.
   *
   * @return false if the thread died of it
   */
  boolean step(TargetThread stopped);

  /**
   * Waits until something happens to a thread. That thread is stopped then, others that ran go on.
   */
  Stop next();

  /**
   * The same for this process and those that it started and that are followed: what happened to any
   * of them, {@link Stop#process} tells to which.
   */
  Stop nextOfAll();

  /** Children that are followed and that {@link #nextOfAll} has not told of; forgotten here. */
  List<Inferior> newChildren();

  /** Whether children are traced that run a program; all threads must be stopped. */
  void followChildren(boolean on);

  /**
   * Stops all threads. What happened to others meanwhile is kept, and {@link #pendingStops} tells
   * it.
   */
  void stopAll();

  /** What happened to other threads until all were stopped; it is forgotten here. */
  List<Stop> pendingStops();

  /**
   * Told when all are stopped and nothing is done until a user asks: the program is left as if
   * nobody debugged it, so that it runs on should the debugger be killed.
   */
  void rest();

  /** Makes the thread that waits in {@link #next} come back. From any thread. */
  void requestHalt();

  /** Forgets that a halt was asked for. */
  void clearHalt();

  /**
   * Sets a breakpoint; all threads must be stopped.
   *
   * @throws UnreadableException if there is no memory, or it cannot be changed
   */
  void insertBreakpoint(long address);

  /** Takes a breakpoint out. */
  void removeBreakpoint(long address);

  /**
   * Watches memory; all threads must be stopped.
   *
   * @throws UnreadableException if the processor cannot
   */
  void insertWatch(Watch watch);

  /** Watches memory no more; threads that run are told when they stop. */
  void removeWatch(Watch watch);

  /** Lets the process go; it runs on, or ends. */
  void detach(boolean kill);
}
