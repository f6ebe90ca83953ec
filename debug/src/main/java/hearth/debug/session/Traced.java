// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Goroutines;
import hearth.debug.goruntime.Stacks;
import hearth.debug.index.Program;
import hearth.debug.target.Inferior;
import hearth.debug.target.TargetThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One of the processes of a session, and what the session knows of it. For the session's thread.
 */
final class Traced {
  final Program program;
  final Inferior target;
  final GoProcess process;
  final Stacks stacks;
  final Goroutines goroutines;
  final Locations locations;
  final Places places;

  /** Addresses with breakpoints, and everything that wants them. */
  final Map<Long, Site> sites = new HashMap<>();

  /** Addresses of breakpoints in this process, by their numbers. */
  final Map<Integer, List<Long>> addresses = new HashMap<>();

  /** The thread that is looked at. */
  int currentThread;

  /** An address with a breakpoint, and everything that wants it. */
  static final class Site {
    final List<Breakpoint> breakpoints = new ArrayList<>();
    final List<Stepper.Point> points = new ArrayList<>();
    final List<Breakpoint> watchers = new ArrayList<>();

    boolean isUnused() {
      return points.isEmpty()
          && watchers.isEmpty()
          && breakpoints.stream().noneMatch(Breakpoint::isEnabled);
    }
  }

  Traced(Program program, Inferior target) {
    this.program = program;
    this.target = target;
    process = new GoProcess(program, target);
    stacks = new Stacks(process);
    goroutines = new Goroutines(process);
    locations = new Locations(process);
    places = new Places(process, stacks);
    lookAtFirstThread();
  }

  /** Looks at the first of its threads. */
  private void lookAtFirstThread() {
    for (TargetThread thread : target.threads()) {
      currentThread = currentThread == 0 ? thread.id() : currentThread;
    }
  }

  /** Puts a breakpoint into its code. */
  void insert(Breakpoint breakpoint, List<Long> there) {
    addresses.put(breakpoint.id(), there);
    for (long address : there) {
      Site site = sites.computeIfAbsent(address, a -> new Site());
      if (!site.breakpoints.contains(breakpoint)) {
        site.breakpoints.add(breakpoint);
      }
      if (breakpoint.enabled) {
        target.insertBreakpoint(address);
      }
    }
  }

  /** Takes a breakpoint out of its code. */
  void remove(Breakpoint breakpoint) {
    List<Long> there = addresses.remove(breakpoint.id());
    for (long address : there == null ? List.<Long>of() : there) {
      Site site = sites.get(address);
      if (site != null) {
        site.breakpoints.remove(breakpoint);
        forget(address, site);
      }
    }
  }

  /** Follows a breakpoint that was switched on or off. */
  void toggled(Breakpoint breakpoint) {
    for (long address : addresses.getOrDefault(breakpoint.id(), List.of())) {
      Site site = sites.get(address);
      if (site != null && breakpoint.enabled) {
        target.insertBreakpoint(address);
      } else if (site != null) {
        forget(address, site);
      }
    }
  }

  /** Forgets an address that nothing wants any more. */
  void forget(long address, Site site) {
    if (site.isUnused()) {
      target.removeBreakpoint(address);
    }
    if (site.breakpoints.isEmpty() && site.points.isEmpty() && site.watchers.isEmpty()) {
      sites.remove(address);
    }
  }
}
