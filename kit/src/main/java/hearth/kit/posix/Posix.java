// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Calls of the C library that Java does not offer, for Linux on 64-bit machines. Each may be called
 * from any thread.
 */
public final class Posix {
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final int POSIX_FADV_DONTNEED = 4;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int ENXIO = 6;
  private static final int EFBIG = 27;
  private static final int EOPNOTSUPP = 95;
  private static final int O_RDONLY = 0;
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final long BLKGETSIZE64 = 0x80081272L;
  private static final long BLKDISCARD = 0x1277;

  private static final int SIGINT = 2;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BLOCKS = 0x400;
  private static final long STATX_LENGTH = 256;
  private static final long STX_BLOCKS_OFFSET = 48;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private Posix() {}

  /**
   * An open file for the calls that need a descriptor of their own. Once closed, every call fails
   * with {@link ClosedChannelException}.
   */
  public static final class Descriptor implements AutoCloseable {
    private final ReadWriteLock closing = new ReentrantReadWriteLock();
    private final int number;
    private boolean closed;

    private Descriptor(int number) {
      this.number = number;
    }

    /** Opens an existing file or device for reading and writing. */
    public static Descriptor open(java.nio.file.Path path) throws IOException {
      return open(path, O_RDWR);
    }

    /** Opens an existing file or device for reading. */
    public static Descriptor openToRead(java.nio.file.Path path) throws IOException {
      return open(path, O_RDONLY);
    }

    private static Descriptor open(java.nio.file.Path path, int how) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment state = arena.allocate(CAPTURE);
        int number =
            (int)
                Calls.OPEN.invokeExact(state, arena.allocateFrom(path.toString()), how | O_CLOEXEC);
        if (number < 0) {
          throw new IOException("Cannot open " + path + ": error " + errno(state));
        }
        return new Descriptor(number);
      } catch (IOException e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    /** A call that gets memory for its arguments and for {@code errno}, and the descriptor. */
    private interface Use<T> {
      T on(Arena arena, MemorySegment state, int open) throws Throwable;
    }

    /**
     * Calls with the descriptor, which nobody closes meanwhile: its number may belong to another
     * file at once.
     */
    private <T> T use(Use<T> use) throws IOException {
      closing.readLock().lock();
      try (Arena arena = Arena.ofConfined()) {
        if (closed) {
          throw new ClosedChannelException();
        }
        return use.on(arena, arena.allocate(CAPTURE), number);
      } catch (IOException e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      } finally {
        closing.readLock().unlock();
      }
    }

    /**
     * Gives the space of a range back to the file system; it reads as zeros afterwards.
     *
     * @return false if the file system cannot do this
     */
    public boolean punchHole(long offset, long length) throws IOException {
      int how = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
      return use((arena, state, open) -> {
        int result = (int) Calls.FALLOCATE.invokeExact(state, open, how, offset, length);
        return check(result, state, "fallocate");
      });
    }

    /**
     * Gives the space of a range of a block device back ({@code BLKDISCARD}); whether it reads as
     * zeros afterwards is the device's affair.
     *
     * @return false if the device cannot do this
     */
    public boolean discardBlocks(long offset, long length) throws IOException {
      return use((arena, state, open) -> {
        MemorySegment range = arena.allocate(16, 8);
        range.set(JAVA_LONG, 0, offset);
        range.set(JAVA_LONG, 8, length);
        int result = (int) Calls.IOCTL.invokeExact(state, open, BLKDISCARD, range);
        return check(result, state, "BLKDISCARD");
      });
    }

    /** Forgets what the page cache holds of the file and is on its disk already. */
    public void dropCached() throws IOException {
      int errno =
          use((arena, state, open) ->
              (int) Calls.FADVISE.invokeExact(open, 0L, 0L, POSIX_FADV_DONTNEED));
      if (errno != 0) {
        throw new IOException("posix_fadvise failed with error " + errno);
      }
    }

    /** Sets the length of a file; what is added is a hole. */
    public void setLength(long length) throws IOException {
      int errno =
          use((arena, state, open) -> {
            int result = (int) Calls.FTRUNCATE.invokeExact(state, open, length);
            return result == 0 ? 0 : errno(state);
          });
      if (errno != 0) {
        throw new IOException(
            errno == EFBIG
                ? "the file system cannot hold a file of " + length + " bytes"
                : "ftruncate failed with error " + errno);
      }
    }

    /** Size of the block device in bytes. */
    public long deviceSize() throws IOException {
      return use((arena, state, open) -> {
        MemorySegment size = arena.allocate(8, 8);
        int result = (int) Calls.IOCTL.invokeExact(state, open, BLKGETSIZE64, size);
        if (result != 0) {
          throw new IOException("BLKGETSIZE64 failed with error " + errno(state));
        }
        return size.get(JAVA_LONG, 0);
      });
    }

    /** First offset from here on that holds data, or {@code end} if there is none before it. */
    public long nextData(long offset, long end) throws IOException {
      return Math.min(seek(offset, SEEK_DATA, end), end);
    }

    /** First offset from here on that is a hole, or {@code end} if there is none before it. */
    public long nextHole(long offset, long end) throws IOException {
      return Math.min(seek(offset, SEEK_HOLE, end), end);
    }

    /** Bytes that the file takes on its disk, by {@code statx}. */
    public long allocatedBytes() throws IOException {
      return use((arena, state, open) -> {
        MemorySegment found = arena.allocate(STATX_LENGTH, 8);
        MemorySegment itself = arena.allocateFrom("");
        int result =
            (int) Calls.STATX.invokeExact(state, open, itself, AT_EMPTY_PATH, STATX_BLOCKS, found);
        if (result != 0) {
          throw new IOException("statx failed with error " + errno(state));
        }
        return found.get(JAVA_LONG, STX_BLOCKS_OFFSET) * 512;
      });
    }

    private long seek(long offset, int whence, long end) throws IOException {
      return use((arena, state, open) -> {
        long result = (long) Calls.LSEEK.invokeExact(state, open, offset, whence);
        if (result >= 0) {
          return result;
        }
        int errno = errno(state);
        if (errno == ENXIO) {
          return end;
        }
        throw new IOException("lseek failed with error " + errno);
      });
    }

    private static boolean check(int result, MemorySegment state, String call) throws IOException {
      if (result == 0) {
        return true;
      }
      int errno = errno(state);
      if (errno == EOPNOTSUPP) {
        return false;
      }
      throw new IOException(call + " failed with error " + errno);
    }

    /** Closes it; what is closed already stays so. */
    @Override
    public void close() {
      closing.writeLock().lock();
      try {
        if (!closed) {
          closed = true;
          int _ = (int) Calls.CLOSE.invokeExact(number);
        }
      } catch (Throwable e) {
        throw new AssertionError(e);
      } finally {
        closing.writeLock().unlock();
      }
    }
  }

  /** Gives the interrupt of the keyboard back its default effect: the next ends the process. */
  public static void endOnInterrupt() {
    try {
      MemorySegment _ = (MemorySegment) Calls.SIGNAL.invokeExact(SIGINT, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /** Loaded on first use, so that a program which needs none of the calls does not pay for them. */
  private static final class Calls {
    static final MethodHandle CLOSE = plain("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    static final MethodHandle SIGNAL =
        plain("signal", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));
    static final MethodHandle IOCTL =
        capturing(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2));
    static final MethodHandle OPEN =
        capturing("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    static final MethodHandle FALLOCATE =
        capturing(
            "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    static final MethodHandle FADVISE =
        plain(
            "posix_fadvise",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    static final MethodHandle FTRUNCATE =
        capturing("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    static final MethodHandle STATX =
        capturing(
            "statx",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    static final MethodHandle LSEEK =
        capturing("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

    private static MethodHandle plain(String name, FunctionDescriptor type) {
      return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    private static MethodHandle capturing(
        String name, FunctionDescriptor type, Linker.Option... options) {
      Linker.Option[] all = java.util.Arrays.copyOf(options, options.length + 1);
      all[options.length] = Linker.Option.captureCallState("errno");
      return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, all);
    }
  }
}
