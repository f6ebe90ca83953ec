// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process that is looked at while it runs: it is not attached to and never stopped, so what is
 * read may change meanwhile. It has no threads here, and nothing of it can be changed.
 */
public final class RunningProcess implements Target {
  private static final long AT_ENTRY = 9;
  private final int pid;
  private final long entryPoint;

  /**
   * Of a process.
   *
   * @throws TargetException if there is none, or it is another user's
   */
  public RunningProcess(int pid) throws TargetException {
    this.pid = pid;
    try {
      entryPoint = entryPoint(Files.readAllBytes(Path.of("/proc/" + pid + "/auxv")));
    } catch (IOException e) {
      throw new TargetException(
          "cannot look at pid " + pid + ": is there such a process, and is it yours?");
    }
  }

  private static long entryPoint(byte[] auxiliary) {
    ByteBuffer values = ByteBuffer.wrap(auxiliary).order(ByteOrder.LITTLE_ENDIAN);
    while (values.remaining() >= 16) {
      long type = values.getLong();
      long value = values.getLong();
      if (type == AT_ENTRY) {
        return value;
      }
    }
    return 0;
  }

  @Override
  public int pid() {
    return pid;
  }

  @Override
  public Collection<? extends TargetThread> threads() {
    return List.of();
  }

  @Override
  public @Nullable TargetThread thread(int id) {
    return null;
  }

  @Override
  public long entryPoint() {
    return entryPoint;
  }

  @Override
  public boolean isGone() {
    return !Files.exists(Path.of("/proc/" + pid));
  }

  @Override
  public void read(long address, byte[] into, int offset, int count) {
    if (Linux.readMemory(pid, address, into, offset, count) != count) {
      throw new UnreadableException("input/output error");
    }
  }

  @Override
  public BitSet gather(long[] addresses, int size, byte[] into) {
    return Linux.gather(pid, addresses, size, into);
  }

  @Override
  public void write(long address, byte[] bytes) {
    throw new UnreadableException("a process that is not attached to is not changed");
  }
}
