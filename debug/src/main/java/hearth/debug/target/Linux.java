// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
  static final int PTRACE_SETOPTIONS = 0x4200;
  static final int PTRACE_GETEVENTMSG = 0x4201;
  static final int PTRACE_SEIZE = 0x4206;
  static final int PTRACE_INTERRUPT = 0x4207;
  static final int PTRACE_LISTEN = 0x4208;
  static final int OPTION_TRACEFORK = 1 << 1;
  static final int OPTION_TRACEVFORK = 1 << 2;
  static final int OPTION_TRACECLONE = 1 << 3;
  static final int OPTION_TRACEEXEC = 1 << 4;
  static final int OPTION_EXITKILL = 1 << 20;

  /** Where in struct user of x86-64 the debug registers begin. */
  static final long DEBUG_REGISTERS_AT = 848;

  static final int EVENT_FORK = 1;
  static final int EVENT_VFORK = 2;
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

  /**
   * Calls a function with up to six numbers or addresses: one handle for all, as each shape of a
   * call costs the virtual machine ten milliseconds to prepare. What a function does not take it
   * does not look at (System V ABI, 3.2.3), and of a result that is an int the lower half counts.
   */
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  private static final MemorySegment PTRACE = function("ptrace");
  private static final MemorySegment WAITPID = function("waitpid");
  private static final MemorySegment KILL = function("kill");
  private static final MemorySegment READV = function("process_vm_readv");
  private static final MemorySegment WRITEV = function("process_vm_writev");

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment state = arena.allocate(CAPTURE);
  private final MemorySegment status = arena.allocate(JAVA_INT);
  private final MemorySegment scratch = arena.allocate(1024, 16);
  private final ByteBuffer scratchBytes = bytes(scratch);

  private static MemorySegment function(String name) {
    return LINKER.defaultLookup().find(name).orElseThrow();
  }

  private static long call(
      MemorySegment function, MemorySegment state, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(function, state, a, b, c, d, e, f);
    } catch (Throwable thrown) {
      throw new AssertionError(thrown);
    }
  }

  private static int errno(MemorySegment state) {
    return bytes(state).getInt(0); // all that is captured, see the linker's option
  }

  /**
   * Memory as a buffer. What segments offer themselves is handles of variables, which at the first
   * use take the virtual machine another ten milliseconds.
   */
  private static ByteBuffer bytes(MemorySegment memory) {
    return memory.asByteBuffer().order(ByteOrder.nativeOrder());
  }

  private long ptraceRaw(int request, int thread, long address, long data) {
    long result = call(PTRACE, state, request, thread, address, data, 0, 0);
    return result < 0 ? -errno(state) : result;
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
      scratchBytes.asLongBuffer().put(0, registers);
    }
    int result = ptrace(request, thread, 0, scratch.address());
    if (!set && result >= 0) {
      scratchBytes.asLongBuffer().get(0, registers);
    }
    return result;
  }

  /** The state that FXSAVE has, 512 bytes. */
  int floatingPoint(int request, int thread, byte[] fxsave) {
    boolean set = request == PTRACE_SETFPREGS;
    if (set) {
      scratchBytes.put(0, fxsave, 0, 512);
    }
    int result = ptrace(request, thread, 0, scratch.address());
    if (!set && result >= 0) {
      scratchBytes.get(0, fxsave, 0, 512);
    }
    return result;
  }

  /** What came with the event that a thread stopped for. */
  long eventMessage(int thread) {
    scratchBytes.putLong(0, 0);
    int result = ptrace(PTRACE_GETEVENTMSG, thread, 0, scratch.address());
    return result < 0 ? result : scratchBytes.getLong(0);
  }

  /**
   * Waits for a child or tracee of this thread, or for one of them. {@link #status()} tells what
   * happened.
   *
   * @return its id, 0 if nothing happened and {@code now} was asked, or an error
   */
  int waitFor(int id, boolean now) {
    int flags = WALL | WNOTHREAD | WUNTRACED | (now ? WNOHANG : 0);
    while (true) {
      int result = (int) call(WAITPID, state, id, status.address(), flags, 0, 0, 0);
      if (result >= 0) {
        return result;
      }
      if (errno(state) != EINTR) {
        return -errno(state);
      }
    }
  }

  /** Status of the last wait. */
  int status() {
    return bytes(status).getInt(0);
  }

  /** Sends a signal to a process, from any thread. */
  static int signal(int process, int signal) {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment captured = own.allocate(CAPTURE);
      int result = (int) call(KILL, captured, process, signal, 0, 0, 0, 0);
      return result < 0 ? -errno(captured) : result;
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
      ByteBuffer list = bytes(vectors).putLong(buffer.address()).putLong(length);
      for (int i = 0; i < count; i++) {
        list.putLong(addresses[from + i]).putLong(size);
      }
      long remote = vectors.address() + 16;
      long result = call(READV, captured, process, vectors.address(), 1, remote, count, 0);
      if (result < 0) {
        return -errno(captured);
      }
      bytes(buffer).get(0, into, offset, (int) result);
      return (int) (result / size);
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
      MemorySegment function,
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
      ByteBuffer list = bytes(vectors);
      list.putLong(buffer.address()).putLong(count).putLong(address).putLong(count);
      if (!read) {
        bytes(buffer).put(0, bytes, offset, count);
      }
      long remote = vectors.address() + 16;
      long result = call(function, captured, process, vectors.address(), 1, remote, 1, 0);
      if (result < 0) {
        return -errno(captured);
      }
      if (read) {
        bytes(buffer).get(0, bytes, offset, (int) result);
      }
      return (int) result;
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
      prepare("posix_spawnattr_init", attributes);
      prepare("posix_spawn_file_actions_init", actions);
      MemorySegment none = own.allocate(128, 8);
      MemorySegment all = own.allocate(128, 8);
      all.fill((byte) 0xff);
      prepare("posix_spawnattr_setsigmask", attributes, none.address());
      prepare("posix_spawnattr_setsigdefault", attributes, all.address());
      int flags = SPAWN_SETPGROUP | SPAWN_SETSIGDEF | SPAWN_SETSIGMASK;
      prepare("posix_spawnattr_setflags", attributes, flags);
      for (int i = 0; i < redirects.length; i++) {
        String path = redirects[i];
        if (path != null) {
          boolean device = path.startsWith("/dev/");
          int how = i == 0 ? 0 : device ? O_RDWR : O_CREAT_TRUNC_WRONLY;
          long name = string(own, path).address();
          prepare("posix_spawn_file_actions_addopen", actions, i, name, how, 0666);
        }
      }
      if (folder != null) {
        prepare("posix_spawn_file_actions_addchdir_np", actions, string(own, folder).address());
      }
      MemorySegment argv = strings(own, arguments);
      MemorySegment envp =
          strings(
              own,
              environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
      MemorySegment pid = own.allocate(JAVA_INT);
      int result =
          (int)
              call(
                  function("posix_spawn"),
                  state,
                  pid.address(),
                  string(own, arguments.getFirst()).address(),
                  actions.address(),
                  attributes.address(),
                  argv.address(),
                  envp.address());
      prepare("posix_spawnattr_destroy", attributes);
      prepare("posix_spawn_file_actions_destroy", actions);
      return result == 0 ? bytes(pid).getInt(0) : -result;
    }
  }

  private void prepare(String name, MemorySegment object, long... values) {
    long[] four = Arrays.copyOf(values, 4);
    long failure =
        call(function(name), state, object.address(), four[0], four[1], four[2], four[3], 0);
    if ((int) failure != 0) {
      throw new AssertionError(name + ": " + (int) failure);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> values) {
    MemorySegment array = arena.allocate(8L * (values.size() + 1), 8);
    ByteBuffer addresses = bytes(array);
    values.forEach(value -> addresses.putLong(string(arena, value).address()));
    return array;
  }

  /** A string of C, in UTF-8. */
  private static MemorySegment string(Arena arena, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    MemorySegment string = arena.allocate(bytes.length + 1L);
    bytes(string).put(bytes);
    return string;
  }

  @Override
  public void close() {
    arena.close();
  }
}
