// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.snapshot;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Goroutines;
import hearth.debug.goruntime.Stacks;
import hearth.debug.index.Program;
import hearth.debug.session.Places;
import hearth.debug.session.SessionException;
import hearth.debug.target.RunningProcess;
import hearth.debug.target.TargetException;
import hearth.debug.target.UnreadableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The goroutines of a process that runs on: it is not stopped, nor attached to. */
public final class Snapshot {
  private Snapshot() {}

  private record Group(String state, String place, String origin) {}

  /**
   * Tells the goroutines, those that are alike in one line, most first.
   *
   * @throws SessionException if there is no such process, or it is no Go program
   */
  public static void print(int pid, PrintStream out) throws SessionException {
    try (Program program = Program.open(Path.of("/proc/" + pid + "/exe"))) {
      GoProcess process = new GoProcess(program, new RunningProcess(pid));
      Goroutines goroutines = new Goroutines(process);
      List<Goroutine> all = goroutines.all();
      if (all.isEmpty()) {
        throw new SessionException("pid " + pid + " has no goroutines: is it a Go program?");
      }
      print(all, goroutines, Places.of(process, new Stacks(process)), out);
    } catch (TargetException | BadBinaryException | UnreadableException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new SessionException(
          "cannot look at pid " + pid + ": is there such a process, and is it yours?");
    }
  }

  private static void print(
      List<Goroutine> all, Goroutines goroutines, Places places, PrintStream out) {
    List<Places.Place> user = places.ofAll(all, Places.Which.USER);
    List<Places.Place> origins = places.ofAll(all, Places.Which.STATEMENT);
    Map<Group, Integer> groups = new HashMap<>();
    for (int i = 0; i < all.size(); i++) {
      Goroutine g = all.get(i);
      boolean runs = g.status() == Goroutine.RUNNING;
      // Where one is that runs stands in registers, which only a debugger may see.
      String place =
          runs ? text(places.of(g, Places.Which.START)) + " (began with)" : text(user.get(i));
      groups.merge(new Group(state(g, goroutines), place, text(origins.get(i))), 1, Integer::sum);
    }
    List<Map.Entry<Group, Integer>> sorted = new ArrayList<>(groups.entrySet());
    sorted.sort(
        Map.Entry.<Group, Integer>comparingByValue()
            .reversed()
            .thenComparing(e -> e.getKey().place()));
    for (Map.Entry<Group, Integer> entry : sorted) {
      Group group = entry.getKey();
      out.printf("%7d  %s  %s%n", entry.getValue(), group.state(), group.place());
      out.printf("%7s  started at %s%n", "", group.origin());
    }
    out.println(all.size() + " goroutines; the process ran on while they were read");
  }

  private static String state(Goroutine g, Goroutines goroutines) {
    return switch (g.status()) {
      case Goroutine.RUNNING -> "running";
      case Goroutine.IN_SYSTEM_CALL -> "in a system call";
      case Goroutine.WAITING -> goroutines.waitReason(g);
      default -> "runnable";
    };
  }

  private static String text(Places.Place place) {
    return place.function() + " " + place.file() + ":" + place.line();
  }
}
