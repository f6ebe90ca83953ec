// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The processes that one thread traces: the one that it started or attached to, and those that
 * these start, where that is asked for. The kernel tells one thread of all of them; this finds
 * whose news it is.
 *
 * <p>A child is of no interest before it runs a program of its own: until then it shares its
 * parent's memory (vfork(2), as Go does it) or has a copy of it (fork(2)), with its breakpoints. In
 * a copy they are taken out, also where children are not followed; in shared memory they are
 * stepped over.
 */
final class Family {
  final Linux linux = new Linux();
  private final List<LiveProcess> members = new ArrayList<>();
  private final Map<Integer, Fork> forks = new HashMap<>();
  private final ArrayDeque<Stop.Spawned> spawned = new ArrayDeque<>();
  private boolean follows;

  /** A child that does not yet run a program of its own. */
  private static final class Fork {
    private final int id;
    private @Nullable LiveProcess parent;
    private boolean shared;

    /** Whether it waits for its parent's news of it, which may come after its own. */
    private boolean waiting;

    Fork(int id) {
      this.id = id;
    }
  }

  /** Those that are traced. */
  List<LiveProcess> members() {
    return List.copyOf(members);
  }

  void add(LiveProcess member) {
    members.add(member);
  }

  /** One is traced no more. */
  void remove(LiveProcess member) {
    members.remove(member);
    if (members.isEmpty()) {
      linux.close();
    }
  }

  /** Says whether children are traced from now on; all threads must be stopped. */
  void follow(boolean on) {
    follows = on;
    members.forEach(LiveProcess::setOptions);
  }

  /** The options by which the kernel tells of children: of those with a copy of the code always. */
  int options() {
    return Linux.OPTION_TRACEFORK | (follows ? Linux.OPTION_TRACEVFORK : 0);
  }

  /** Something that happened and was not told, or null. */
  @Nullable Stop known() {
    for (LiveProcess member : members) {
      Stop stop = member.poll();
      if (stop != null) {
        return stop;
      }
    }
    return spawned.poll();
  }

  /** Takes what a wait told: whose it is, and what that means for its process. */
  @Nullable Stop take(int id, int status) {
    for (LiveProcess member : members) {
      if (member.has(id)) {
        return member.handle(id, status);
      }
    }
    Fork fork = forks.get(id);
    if (fork == null) {
      int process = processOf(id);
      for (LiveProcess member : members) {
        if (member.pid() == process || (process == 0 && members.size() == 1 && !follows)) {
          return member.handle(id, status);
        }
      }
      if (process == 0) {
        return null; // it is gone already
      }
      fork = new Fork(id);
      forks.put(id, fork);
    }
    return take(fork, status);
  }

  private static int processOf(int thread) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + thread + "/status"))) {
        if (line.startsWith("Tgid:")) {
          return Integer.parseInt(line.substring(5).trim());
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }

  /** Whether an event is that of a parent. */
  static boolean isFork(int event) {
    return event == Linux.EVENT_FORK || event == Linux.EVENT_VFORK;
  }

  /** A parent tells of its child, which shares the memory of a process or has a copy of it. */
  void forked(@Nullable LiveProcess parent, int child, boolean shared) {
    Fork fork = forks.computeIfAbsent(child, Fork::new);
    fork.parent = parent;
    fork.shared = shared;
    if (fork.waiting) {
      fork.waiting = false;
      begin(fork);
    }
  }

  /** Lets a child run for the first time. */
  private void begin(Fork fork) {
    LiveProcess parent = fork.parent;
    if (parent != null && !fork.shared) {
      parent.restoreIn(fork.id);
    }
    if (!follows) {
      forks.remove(fork.id);
      linux.ptrace(Linux.PTRACE_DETACH, fork.id, 0, 0);
      return;
    }
    linux.ptrace(Linux.PTRACE_CONT, fork.id, 0, 0);
  }

  private @Nullable Stop take(Fork fork, int status) {
    if ((status & 0x7f) != 0x7f) {
      forks.remove(fork.id);
      return null;
    }
    int signal = (status >> 8) & 0xff;
    int event = status >> 16;
    if (event == Linux.EVENT_EXEC) {
      forks.remove(fork.id);
      return executed(fork);
    }
    if (isFork(event) || event == Linux.EVENT_CLONE) {
      boolean shares = event != Linux.EVENT_FORK || fork.shared;
      forked(fork.parent, (int) linux.eventMessage(fork.id), shares);
      linux.ptrace(Linux.PTRACE_CONT, fork.id, 0, 0);
      return null;
    }
    LiveProcess parent = fork.parent;
    if (parent == null) {
      fork.waiting = true;
      return null;
    }
    if (event == Linux.EVENT_STOP) {
      begin(fork);
      return null;
    }
    boolean passed = signal == Linux.SIGTRAP && parent.passTrap(fork.id);
    linux.ptrace(Linux.PTRACE_CONT, fork.id, 0, passed ? 0 : signal);
    return null;
  }

  private @Nullable Stop executed(Fork fork) {
    LiveProcess parent = fork.parent;
    if (parent != null && follows) {
      try {
        LiveProcess child = LiveProcess.spawned(this, fork.id, parent.isChild());
        members.add(child);
        return new Stop.Spawned(child);
      } catch (TargetException e) {
        // it is gone, or of no kind that is known: it runs on by itself
      }
    }
    linux.ptrace(Linux.PTRACE_DETACH, fork.id, 0, 0);
    return null;
  }

  /** Children that were not told of; they are forgotten here. */
  List<Inferior> untold() {
    List<Inferior> result = new ArrayList<>();
    spawned.forEach(s -> result.add(s.child()));
    spawned.clear();
    return result;
  }

  /** A child that was told of while nobody could take it. */
  void keep(Stop.Spawned stop) {
    spawned.add(stop);
  }
}
