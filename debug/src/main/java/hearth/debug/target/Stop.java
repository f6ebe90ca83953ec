// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

/** Something that happened to a target that runs. */
public sealed interface Stop {
  /** Number of the process that it happened to; of a child that is new, its own. */
  default int process() {
    return switch (this) {
      case AtBreakpoint s -> s.thread.process();
      case OwnTrap s -> s.thread.process();
      case Watched s -> s.thread.process();
      case Halted s -> s.thread.process();
      case Executed s -> s.thread.process();
      case Exited s -> s.pid;
      case Spawned s -> s.child.pid();
    };
  }

  /** A thread came to a breakpoint; its program counter is the breakpoint's address. */
  record AtBreakpoint(TargetThread thread, long address) implements Stop {}

  /** A thread trapped by an instruction of the program's own; its counter is behind it. */
  record OwnTrap(TargetThread thread) implements Stop {}

  /** A thread used memory that is watched; its counter is behind the instruction. */
  record Watched(TargetThread thread, Watch watch) implements Stop {}

  /** A thread stopped because that was asked for. */
  record Halted(TargetThread thread) implements Stop {}

  /** The process runs another program now. */
  record Executed(TargetThread thread) implements Stop {}

  /** A process is gone. The signal that ended it is 0 if it ended by itself. */
  record Exited(int pid, int status, int signal) implements Stop {}

  /** A child that is followed runs a program now; it has not run any instruction of it. */
  record Spawned(Inferior child) implements Stop {}
}
