// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.BitSet;

/** Memory with addresses of 64 bits, little-endian. */
public interface Memory {
  /** Reads and writes numbers in an array of bytes. */
  VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Reads and writes numbers of 32 bits in an array of bytes. */
  VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /**
   * Reads so many bytes into an array.
   *
   * @throws UnreadableException if not all of them can be read
   */
  void read(long address, byte[] into, int offset, int count);

  /**
   * Writes bytes.
   *
   * @throws UnreadableException if that cannot be done
   */
  void write(long address, byte[] bytes);

  /**
   * Reads a piece of the same size at each of many addresses, into an array one after the other.
   *
   * @param into {@code addresses.length * size} bytes
   * @return which of them could be read
   */
  default BitSet gather(long[] addresses, int size, byte[] into) {
    BitSet done = new BitSet(addresses.length);
    for (int i = 0; i < addresses.length; i++) {
      try {
        read(addresses[i], into, i * size, size);
        done.set(i);
      } catch (UnreadableException e) {
        // told by its bit
      }
    }
    return done;
  }

  /** So many bytes from an address on. */
  default byte[] bytes(long address, int count) {
    byte[] result = new byte[count];
    read(address, result, 0, count);
    return result;
  }

  /** A number of 64 bits. */
  default long u64(long address) {
    return (long) LONG.get(bytes(address, 8), 0);
  }

  /** An unsigned number of 32 bits. */
  default long u32(long address) {
    return (int) INT.get(bytes(address, 4), 0) & 0xffffffffL;
  }

  /** An unsigned number of 8 bits. */
  default int u8(long address) {
    return bytes(address, 1)[0] & 0xff;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  default long unsigned(long address, int size) {
    return number(bytes(address, size), 0, size);
  }

  /** An unsigned number of so many bytes in an array. */
  static long number(byte[] bytes, int at, int size) {
    long value = 0;
    for (int i = Math.min(size, 8) - 1; i >= 0; i--) {
      value = (value << 8) | (bytes[at + i] & 0xff);
    }
    return value;
  }

  /** A number as so many bytes. */
  static byte[] littleEndian(long value, int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < Math.min(size, 8); i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }
}
