// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Finds the goroutines of a process. For the owner of the target. */
public final class Goroutines {
  private static final int SCAN_BIT = 0x1000;
  private static final int MAX_GOROUTINES = 1 << 26;
  private static final int MAX_LABELS = 1000;
  private static final int BATCH = 4096;
  private final GoProcess process;
  private final Memory memory;
  private @Nullable Layout layout;
  private @Nullable List<String> waitReasons;

  /** For the goroutines of one process. */
  public Goroutines(GoProcess process) {
    this.process = process;
    memory = process.memory();
  }

  /** Where the fields of a g are; looked up when the first is read. */
  private record Layout(Map<String, Integer> fields, int size) {}

  private Layout layout() {
    Layout known = layout;
    if (known == null) {
      Map<String, Integer> fields = new HashMap<>();
      long end = 0;
      for (String field :
          new String[] {
            "goid", "atomicstatus", "waitreason", "waitsince", "sched.pc", "sched.sp", "sched.bp",
            "gopc", "startpc", "stack.lo", "stack.hi", "labels", "m", "stktopsp"
          }) {
        long offset = process.offset("runtime.g", field);
        fields.put(field, (int) offset);
        end = Math.max(end, offset + 8);
      }
      known = new Layout(fields, (int) end);
      layout = known;
    }
    return known;
  }

  private long number(byte[] g, int from, String field) {
    int at = layout().fields.getOrDefault(field, -1);
    return at < 0 ? 0 : (long) Memory.LONG.get(g, from + at);
  }

  /** Reads a goroutine from its g; null if that cannot be read. */
  public @Nullable Goroutine read(long address) {
    byte[] g = new byte[layout().size];
    try {
      memory.read(address, g, 0, g.length);
    } catch (UnreadableException e) {
      return null;
    }
    return parse(address, g, 0);
  }

  private Goroutine parse(long address, byte[] g, int from) {
    int statusAt = layout().fields.getOrDefault("atomicstatus", 0);
    int reasonAt = layout().fields.getOrDefault("waitreason", 0);
    return new Goroutine(
        address,
        number(g, from, "goid"),
        (int) Memory.INT.get(g, from + statusAt) & ~SCAN_BIT,
        g[from + reasonAt] & 0xff,
        number(g, from, "waitsince"),
        number(g, from, "sched.pc"),
        number(g, from, "sched.sp"),
        number(g, from, "sched.bp"),
        number(g, from, "gopc"),
        number(g, from, "startpc"),
        number(g, from, "stack.lo"),
        number(g, from, "stack.hi"),
        number(g, from, "labels"),
        null,
        false);
  }

  /** The goroutine that a thread runs, or works for; null if there is none. */
  public @Nullable Goroutine of(TargetThread thread) {
    if (!isKnown()) {
      return null;
    }
    long address = process.goroutineOf(thread);
    if (address == 0) {
      return null;
    }
    Goroutine found = read(address);
    if (found == null) {
      return null;
    }
    if (found.id() != 0) {
      return found.on(thread, false);
    }
    // A thread's own goroutine, which does the runtime's work for another.
    long m = process.offset("runtime.g", "m");
    long current = process.offset("runtime.m", "curg");
    try {
      long machine = memory.u64(address + m);
      long other = machine == 0 ? 0 : memory.u64(machine + current);
      Goroutine user = other == 0 ? null : read(other);
      return user == null ? null : user.on(thread, true);
    } catch (UnreadableException e) {
      return null;
    }
  }

  /** Whether the program tells how the runtime keeps goroutines. */
  public boolean isKnown() {
    return layout().fields.getOrDefault("goid", -1) >= 0;
  }

  /** All goroutines that have not ended, in the order of the runtime's list. */
  public List<Goroutine> all() {
    long slice = process.variableAddress("runtime.allgs");
    if (slice == 0) {
      return List.of();
    }
    long base = memory.u64(slice);
    long count = memory.u64(slice + 8);
    if (count < 0 || count > MAX_GOROUTINES) {
      throw new UnreadableException("the list of goroutines claims " + count);
    }
    Map<Long, Goroutine> running = new HashMap<>();
    for (TargetThread thread : process.target().threads()) {
      Goroutine g = of(thread);
      if (g != null) {
        running.put(g.address(), g);
      }
    }
    List<Goroutine> result = new ArrayList<>((int) count);
    byte[] pointers = memory.bytes(base, (int) (count * 8));
    int size = layout().size;
    byte[] content = new byte[size * (int) Math.min(count, BATCH)];
    for (int from = 0; from < count; from += BATCH) {
      long[] addresses = new long[(int) Math.min(count - from, BATCH)];
      for (int i = 0; i < addresses.length; i++) {
        addresses[i] = (long) Memory.LONG.get(pointers, (from + i) * 8);
      }
      BitSet done = memory.gather(addresses, size, content);
      for (int i = 0; i < addresses.length; i++) {
        Goroutine g = running.get(addresses[i]);
        if (g == null && done.get(i)) {
          g = parse(addresses[i], content, i * size);
        }
        if (g != null && g.status() != Goroutine.DEAD && g.id() != 0) {
          result.add(g);
        }
      }
    }
    return result;
  }

  /**
   * Goroutines that wait to receive from a channel or to send to it, those that came first first.
   */
  public List<Goroutine> waitingAt(long channel) {
    long next = process.offset("runtime.sudog", "next");
    long goroutine = process.offset("runtime.sudog", "g");
    List<Goroutine> result = new ArrayList<>();
    Map<Long, Goroutine> known = new HashMap<>();
    all().forEach(g -> known.put(g.address(), g));
    for (String queue : List.of("recvq.first", "sendq.first")) {
      long first = process.offset("runtime.hchan", queue);
      if (first < 0 || next < 0 || goroutine < 0 || channel == 0) {
        continue;
      }
      long queued = memory.u64(channel + first);
      for (int i = 0; queued != 0 && i < MAX_GOROUTINES; i++) {
        Goroutine g = known.get(memory.u64(queued + goroutine));
        if (g != null) {
          result.add(g);
        }
        queued = memory.u64(queued + next);
      }
    }
    return result;
  }

  /** Why a goroutine waits, in Go's words. */
  public String waitReason(Goroutine g) {
    List<String> known = waitReasons;
    if (known == null) {
      known = new ArrayList<>();
      Variable names = process.variable("runtime.waitReasonStrings");
      if (names != null) {
        Loader loader = new Loader(process);
        loader.prepare(names);
        loader.load(names, new LoadLimits(false, 1, 100, 256, 0));
        for (Variable name : names.children) {
          known.add(name.value instanceof String s ? s : "");
        }
      }
      waitReasons = known;
    }
    return g.waitReason() < known.size() ? known.get(g.waitReason()) : "unknown";
  }

  /** Whether the runtime started it for its own work. */
  public boolean isSystem(Goroutine g) {
    Function start = process.functionAt(g.startPc());
    if (start == null) {
      return false;
    }
    return switch (start.name()) {
      case "runtime.main", "runtime.handleAsyncEvent" -> false;
      default -> start.isRuntimePrivate();
    };
  }

  /** Its profiler labels, sorted. */
  public Map<String, String> labels(Goroutine g) {
    Map<String, String> result = new TreeMap<>();
    if (g.labels() == 0) {
      return result;
    }
    try {
      // runtime/pprof.labelMap: a list of pairs of strings.
      long base = memory.u64(g.labels());
      long count = memory.u64(g.labels() + 8);
      for (int i = 0; i < Math.min(count, MAX_LABELS); i++) {
        long pair = base + 32L * i;
        result.put(string(pair), string(pair + 16));
      }
    } catch (UnreadableException e) {
      return result;
    }
    return result;
  }

  private String string(long address) {
    long length = Math.clamp(memory.u64(address + 8), 0, 1 << 16);
    return new String(
        memory.bytes(memory.u64(address), (int) length), java.nio.charset.StandardCharsets.UTF_8);
  }
}
