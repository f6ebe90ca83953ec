// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.binary;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads little-endian values one after the other from a range of bytes. What lies outside of the
 * range cannot be read: {@link BadBinaryException} tells where. For one thread.
 */
public final class Cursor {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes;
  private final int end;
  private int at;

  /** All of the bytes. */
  public Cursor(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  /** The bytes from {@code start} up to {@code end}; positions count from the array's start. */
  public Cursor(byte[] bytes, long start, long end) {
    if (start < 0 || end > bytes.length || start > end) {
      throw new BadBinaryException(
          "range " + start + " to " + end + " of a section of " + bytes.length + " bytes");
    }
    this.bytes = bytes;
    this.at = (int) start;
    this.end = (int) end;
  }

  /** Position, from the start of the array. */
  public int at() {
    return at;
  }

  /** Where the range ends. */
  public int end() {
    return end;
  }

  /** Goes to a position of the range. */
  public void seek(long position) {
    if (position < 0 || position > end) {
      throw new BadBinaryException("position " + position + " beyond the end " + end);
    }
    at = (int) position;
  }

  /** Whether bytes are left. */
  public boolean more() {
    return at < end;
  }

  /** Bytes left. */
  public int left() {
    return end - at;
  }

  private int take(int count) {
    int from = at;
    if (count < 0 || end - from < count) {
      throw new BadBinaryException("data ends at " + end + ", within a value at " + from);
    }
    at = from + count;
    return from;
  }

  /** Leaves bytes out. */
  public void skip(long count) {
    if (count < 0 || count > end - at) {
      throw new BadBinaryException(count + " bytes at " + at + " reach beyond the end " + end);
    }
    at += (int) count;
  }

  /** An unsigned byte. */
  public int u8() {
    return bytes[take(1)] & 0xff;
  }

  /** A signed byte. */
  public int s8() {
    return bytes[take(1)];
  }

  /** An unsigned number of two bytes. */
  public int u16() {
    return (short) SHORT.get(bytes, take(2)) & 0xffff;
  }

  /** A signed number of four bytes. */
  public int s32() {
    return (int) INT.get(bytes, take(4));
  }

  /** An unsigned number of four bytes. */
  public long u32() {
    return s32() & 0xffffffffL;
  }

  /** A number of eight bytes. */
  public long u64() {
    return (long) LONG.get(bytes, take(8));
  }

  /** An unsigned number of 1, 2, 3, 4 or 8 bytes. */
  public long unsigned(int size) {
    return switch (size) {
      case 1 -> u8();
      case 2 -> u16();
      case 3 -> u16() | (long) u8() << 16;
      case 4 -> u32();
      case 8 -> u64();
      default -> throw new BadBinaryException("a number of " + size + " bytes");
    };
  }

  /** A signed number of 1, 2, 4 or 8 bytes. */
  public long signed(int size) {
    return switch (size) {
      case 1 -> s8();
      case 2 -> (short) u16();
      case 4 -> s32();
      case 8 -> u64();
      default -> throw new BadBinaryException("a number of " + size + " bytes");
    };
  }

  /** An unsigned LEB128 number; bits beyond 64 are lost (DWARF 5 §7.6). */
  public long uleb() {
    long result = 0;
    int shift = 0;
    while (true) {
      int b = u8();
      if (shift < 64) {
        result |= (long) (b & 0x7f) << shift;
      }
      if (b < 0x80) {
        return result;
      }
      shift += 7;
    }
  }

  /** An unsigned LEB128 number that fits an {@code int}. */
  public int uleb32() {
    long value = uleb();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new BadBinaryException("number " + Long.toUnsignedString(value) + " is too large");
    }
    return (int) value;
  }

  /** A signed LEB128 number (DWARF 5 §7.6). */
  public long sleb() {
    long result = 0;
    int shift = 0;
    while (true) {
      int b = u8();
      if (shift < 64) {
        result |= (long) (b & 0x7f) << shift;
      }
      shift += 7;
      if (b < 0x80) {
        return shift < 64 && (b & 0x40) != 0 ? result | -1L << shift : result;
      }
    }
  }

  /** Leaves a LEB128 number out. */
  public void skipLeb() {
    while (u8() >= 0x80) {}
  }

  /** A string up to its zero byte. */
  public String string() {
    int from = at;
    skipString();
    return new String(bytes, from, at - 1 - from, StandardCharsets.UTF_8);
  }

  /** Leaves a string and its zero byte out. */
  public void skipString() {
    int i = at;
    while (i < end && bytes[i] != 0) {
      i++;
    }
    if (i >= end) {
      throw new BadBinaryException("a string at " + at + " does not end");
    }
    at = i + 1;
  }

  /** A copy of the next bytes. */
  public byte[] bytes(long count) {
    if (count < 0 || count > end - at) {
      throw new BadBinaryException(count + " bytes at " + at + " reach beyond the end " + end);
    }
    int from = take((int) count);
    return Arrays.copyOfRange(bytes, from, at);
  }

  /** The number of eight bytes at an offset, which must be there. */
  public static long longAt(byte[] section, int offset) {
    return (long) LONG.get(section, offset);
  }

  /** The string at an offset of a section of strings. */
  public static String stringAt(byte[] section, long offset) {
    return new Cursor(section, offset, section.length).string();
  }
}
