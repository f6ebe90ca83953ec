// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A value that is in registers, or partly in registers and partly in memory: it gets an address of
 * its own, at which its bytes can be read. All other addresses are those of the target.
 */
public final class Pieces implements Memory {
  /** Where such values seem to be: nothing of a process is there. */
  public static final long ADDRESS = 0xbeef_0000_0000_0000L;

  private final Memory rest;
  private final byte[] bytes;
  private final @Nullable Consumer<byte[]> writer;

  /**
   * Puts bytes in front of memory.
   *
   * @param writer takes the bytes when they were changed, or null if they cannot be
   */
  public Pieces(Memory rest, byte[] bytes, @Nullable Consumer<byte[]> writer) {
    this.rest = rest;
    this.bytes = bytes;
    this.writer = writer;
  }

  @Override
  public void read(long address, byte[] into, int offset, int count) {
    long at = address - ADDRESS;
    if (at >= 0 && at <= bytes.length - count) {
      System.arraycopy(bytes, (int) at, into, offset, count);
    } else {
      rest.read(address, into, offset, count);
    }
  }

  @Override
  public void write(long address, byte[] written) {
    long at = address - ADDRESS;
    if (at < 0 || at > bytes.length - written.length) {
      rest.write(address, written);
      return;
    }
    if (writer == null) {
      throw new UnreadableException("can not set a value that is in no memory");
    }
    System.arraycopy(written, 0, bytes, (int) at, written.length);
    writer.accept(bytes);
  }
}
