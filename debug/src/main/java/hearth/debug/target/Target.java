// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Something with threads and memory: a process, or what is left of one. */
public interface Target extends Memory {
  /** The process's number. */
  int pid();

  /** Its threads. */
  Collection<? extends TargetThread> threads();

  /** A thread by its number, or null. */
  @Nullable TargetThread thread(int id);

  /** Address of the program's first instruction, as it was loaded. */
  long entryPoint();

  /** Whether it runs no more, and cannot be resumed. */
  boolean isGone();
}
