// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls of Linux that a debugger needs. Results below zero are errors, negated. An instance
 * belongs to the thread that traces, since the kernel knows the tracer as a thread and not as a
 * process; {@link #signal} and {@link #readMemory} may be called from any.
 */
final class Linux implements AutoCloseable {
  /** What one call reads at most (IOV_MAX). */
  static final int MAX_PIECES = 1024;

  static final int SIGKILL = 9;
  static final int SIGTRAP = 5;
  static final int SIGCONT = 18;
  static final int SIGSTOP = 19;
  static final int SIGURG = 23;
  static final int EPERM = 1;
  static final int ESRCH = 3;
  static final int EINTR = 4;
  static final int EINVAL = 22;

  static final int PTRACE_PEEKUSER = 3;
  static final int PTRACE_POKEDATA = 5;
  static final int PTRACE_POKEUSER = 6;
  static final int PTRACE_CONT = 7;
  static final int PTRACE_SINGLESTEP = 9;
  static final int PTRACE_GETREGS = 12;
  static final int PTRACE_SETREGS = 13;
  static final int PTRACE_GETFPREGS = 14;
  static final int PTRACE_SETFPREGS = 15;
  static final int PTRACE_DETACH = 17;
  static final int PTRACE_GETEVENTMSG = 0x4201;
  static final int PTRACE_SEIZE = 0x4206;
  static final int PTRACE_INTERRUPT = 0x4207;
  static final int PTRACE_LISTEN = 0x4208;
  static final int OPTION_TRACECLONE = 1 << 3;
  static final int OPTION_TRACEEXEC = 1 << 4;
  static final int OPTION_EXITKILL = 1 << 20;

  /** Where in struct user of x86-64 the debug registers begin. */
  static final long DEBUG_REGISTERS_AT = 848;

  static final int EVENT_CLONE = 3;
  static final int EVENT_EXEC = 4;
  static final int EVENT_STOP = 128;

  private static final int WUNTRACED = 2;
  private static final int WALL = 0x40000000;
  private static final int WNOTHREAD = 0x20000000;
  private static final int WNOHANG = 1;
  private static final int SPAWN_SETPGROUP = 2;
  private static final int SPAWN_SETSIGDEF = 4;
  private static final int SPAWN_SETSIGMASK = 8;
  private static final int O_CREAT_TRUNC_WRONLY = 0x40 | 0x200 | 1;
  private static final int O_RDWR = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle PTRACE =
      captured("ptrace", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WAITPID =
      captured("waitpid", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle KILL = captured("kill", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle READV =
      captured(
          "process_vm_readv",
          JAVA_LONG,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          JAVA_LONG);
  private static final MethodHandle WRITEV =
      captured(
          "process_vm_writev",
          JAVA_LONG,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          JAVA_LONG);

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment state = arena.allocate(CAPTURE);
  private final MemorySegment status = arena.allocate(JAVA_INT);
  private final MemorySegment scratch = arena.allocate(1024, 16);

  private static MethodHandle captured(
      String name, java.lang.foreign.ValueLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"));
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  private long ptraceRaw(int request, int thread, long address, long data) {
    try {
      long result = (long) PTRACE.invokeExact(state, (long) request, (long) thread, address, data);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** A request that takes numbers. */
  int ptrace(int request, int thread, long address, long data) {
    return (int) ptraceRaw(request, thread, address, data);
  }

  /** A word of what the kernel keeps of a thread (struct user), or an error. */
  long peekUser(int thread, long offset) {
    return ptraceRaw(PTRACE_PEEKUSER, thread, offset, 0);
  }

  /** A request that fills memory: of general registers, 27 numbers. */
  int registers(int request, int thread, long[] registers) {
    boolean set = request == PTRACE_SETREGS;
    if (set) {
      MemorySegment.copy(registers, 0, scratch, JAVA_LONG, 0, registers.length);
    }
    int result = ptrace(request, thread, 0, scratch.address());
    if (!set && result >= 0) {
      MemorySegment.copy(scratch, JAVA_LONG, 0, registers, 0, registers.length);
    }
    return result;
  }

  /** The state that FXSAVE has, 512 bytes. */
  int floatingPoint(int request, int thread, byte[] fxsave) {
    boolean set = request == PTRACE_SETFPREGS;
    if (set) {
      MemorySegment.copy(fxsave, 0, scratch, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, 512);
    }
    int result = ptrace(request, thread, 0, scratch.address());
    if (!set && result >= 0) {
      MemorySegment.copy(scratch, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, fxsave, 0, 512);
    }
    return result;
  }

  /** What came with the event that a thread stopped for. */
  long eventMessage(int thread) {
    scratch.set(JAVA_LONG, 0, 0);
    int result = ptrace(PTRACE_GETEVENTMSG, thread, 0, scratch.address());
    return result < 0 ? result : scratch.get(JAVA_LONG, 0);
  }

  /**
   * Waits for a child or tracee of this thread, or for one of them. {@link #status()} tells what
   * happened.
   *
   * @return its id, 0 if nothing happened and {@code now} was asked, or an error
   */
  int waitFor(int id, boolean now) {
    try {
      while (true) {
        int flags = WALL | WNOTHREAD | WUNTRACED | (now ? WNOHANG : 0);
        int result = (int) WAITPID.invokeExact(state, id, status, flags);
        if (result >= 0) {
          return result;
        }
        if (errno(state) != EINTR) {
          return -errno(state);
        }
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Status of the last wait. */
  int status() {
    return status.get(JAVA_INT, 0);
  }

  /** Sends a signal to a process, from any thread. */
  static int signal(int process, int signal) {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment captured = own.allocate(CAPTURE);
      int result = (int) KILL.invokeExact(captured, process, signal);
      return result < 0 ? -errno(captured) : result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Reads memory of a process, from any thread: bytes read, or an error. */
  static int readMemory(int process, long address, byte[] into, int offset, int count) {
    return transfer(READV, process, address, into, offset, count, true);
  }

  /**
   * Reads pieces of one size, of at most {@link #MAX_PIECES} addresses, one after the other.
   *
   * @return how many were read before one could not be, or an error
   */
  static int readPieces(
      int process, long[] addresses, int from, int count, int size, byte[] into, int offset) {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment captured = own.allocate(CAPTURE);
      long length = (long) count * size;
      MemorySegment buffer = own.allocate(length, 8);
      MemorySegment vectors = own.allocate(16L * (count + 1), 8);
      vectors.set(JAVA_LONG, 0, buffer.address());
      vectors.set(JAVA_LONG, 8, length);
      for (int i = 0; i < count; i++) {
        vectors.set(JAVA_LONG, 16L * (i + 1), addresses[from + i]);
        vectors.set(JAVA_LONG, 16L * (i + 1) + 8, size);
      }
      long result =
          (long)
              READV.invokeExact(
                  captured, process, vectors, 1L, vectors.asSlice(16), (long) count, 0L);
      if (result < 0) {
        return -errno(captured);
      }
      MemorySegment.copy(
          buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, into, offset, (int) result);
      return (int) (result / size);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Reads pieces of one size of any number of addresses: which of them could be read. */
  static BitSet gather(int process, long[] addresses, int size, byte[] into) {
    BitSet done = new BitSet(addresses.length);
    int at = 0;
    while (at < addresses.length) {
      int count = Math.min(MAX_PIECES, addresses.length - at);
      int read = readPieces(process, addresses, at, count, size, into, at * size);
      if (read > 0) {
        done.set(at, at + read);
      }
      at += Math.max(read, 0) + (read < count ? 1 : 0); // one that cannot be read is left out
    }
    return done;
  }

  /** Writes memory of a process that it may write itself: bytes written, or an error. */
  static int writeMemory(int process, long address, byte[] from) {
    return transfer(WRITEV, process, address, from, 0, from.length, false);
  }

  private static int transfer(
      MethodHandle call,
      int process,
      long address,
      byte[] bytes,
      int offset,
      int count,
      boolean read) {
    if (count == 0) {
      return 0;
    }
    try (Arena own = Arena.ofConfined()) {
      MemorySegment captured = own.allocate(CAPTURE);
      MemorySegment buffer = own.allocate(count, 8);
      MemorySegment vectors = own.allocate(32, 8);
      vectors.set(JAVA_LONG, 0, buffer.address());
      vectors.set(JAVA_LONG, 8, count);
      vectors.set(JAVA_LONG, 16, address);
      vectors.set(JAVA_LONG, 24, count);
      if (!read) {
        MemorySegment.copy(
            bytes, offset, buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, count);
      }
      long result =
          (long) call.invokeExact(captured, process, vectors, 1L, vectors.asSlice(16), 1L, 0L);
      if (result < 0) {
        return -errno(captured);
      }
      if (read) {
        MemorySegment.copy(
            buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes, offset, (int) result);
      }
      return (int) result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Starts a program as a child of this thread, with a process group of its own and no signal
   * blocked or ignored.
   *
   * @param redirects for the descriptors 0, 1 and 2; null leaves one as it is here
   * @return its id, or an error
   */
  int spawn(
      List<String> arguments,
      Map<String, String> environment,
      @Nullable String folder,
      @Nullable String[] redirects) {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment attributes = own.allocate(512, 16);
      MemorySegment actions = own.allocate(256, 16);
      call("posix_spawnattr_init", attributes);
      call("posix_spawn_file_actions_init", actions);
      MemorySegment none = own.allocate(128, 8);
      MemorySegment all = own.allocate(128, 8);
      all.fill((byte) 0xff);
      call("posix_spawnattr_setsigmask", attributes, none);
      call("posix_spawnattr_setsigdefault", attributes, all);
      int flags = SPAWN_SETPGROUP | SPAWN_SETSIGDEF | SPAWN_SETSIGMASK;
      MethodHandle setFlags =
          plain("posix_spawnattr_setflags", ADDRESS, java.lang.foreign.ValueLayout.JAVA_SHORT);
      int ignored = (int) setFlags.invokeExact(attributes, (short) flags);
      MethodHandle open =
          plain("posix_spawn_file_actions_addopen", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
      for (int i = 0; i < redirects.length; i++) {
        String path = redirects[i];
        if (path != null) {
          boolean device = path.startsWith("/dev/");
          int how = i == 0 ? 0 : device ? O_RDWR : O_CREAT_TRUNC_WRONLY;
          ignored = (int) open.invokeExact(actions, i, own.allocateFrom(path), how, 0666);
        }
      }
      if (folder != null) {
        call("posix_spawn_file_actions_addchdir_np", actions, own.allocateFrom(folder));
      }
      MemorySegment argv = strings(own, arguments);
      MemorySegment envp =
          strings(
              own,
              environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
      MemorySegment pid = own.allocate(JAVA_INT);
      MethodHandle spawn =
          plain("posix_spawn", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
      int result =
          (int)
              spawn.invokeExact(
                  pid, own.allocateFrom(arguments.getFirst()), actions, attributes, argv, envp);
      call("posix_spawnattr_destroy", attributes);
      call("posix_spawn_file_actions_destroy", actions);
      return result == 0 ? pid.get(JAVA_INT, 0) : -result;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> values) {
    MemorySegment array = arena.allocate(8L * (values.size() + 1), 8);
    for (int i = 0; i < values.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(values.get(i)));
    }
    return array;
  }

  private static MethodHandle plain(String name, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static void call(String name, MemorySegment argument) throws Throwable {
    int ignored = (int) plain(name, ADDRESS).invokeExact(argument);
  }

  private static void call(String name, MemorySegment first, MemorySegment second)
      throws Throwable {
    int ignored = (int) plain(name, ADDRESS, ADDRESS).invokeExact(first, second);
  }

  @Override
  public void close() {
    arena.close();
  }
}
