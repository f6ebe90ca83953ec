// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

/** Something that happened to a target that runs. */
public sealed interface Stop {
  /** Number of the process that it happened to; of a child that is new, its own. */
  int process();

  /** Something that happened to one thread. */
  sealed interface OfThread extends Stop {
    TargetThread thread();

    @Override
    default int process() {
      return thread().process();
    }
  }

  /** A thread came to a breakpoint; its program counter is the breakpoint's address. */
  record AtBreakpoint(TargetThread thread, long address) implements OfThread {}

  /** A thread trapped by an instruction of the program's own; its counter is behind it. */
  record OwnTrap(TargetThread thread) implements OfThread {}

  /** A thread used memory that is watched; its counter is behind the instruction. */
  record Watched(TargetThread thread, Watch watch) implements OfThread {}

  /** A thread stopped because that was asked for. */
  record Halted(TargetThread thread) implements OfThread {}

  /** The process runs another program now. */
  record Executed(TargetThread thread) implements OfThread {}

  /** A process is gone. The signal that ended it is 0 if it ended by itself. */
  record Exited(int pid, int status, int signal) implements Stop {
    @Override
    public int process() {
      return pid;
    }
  }

  /** A child that is followed runs a program now; it has not run any instruction of it. */
  record Spawned(Inferior child) implements Stop {
    @Override
    public int process() {
      return child.pid();
    }
  }
}
