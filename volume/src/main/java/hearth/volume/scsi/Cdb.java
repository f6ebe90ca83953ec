// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.nio.ByteBuffer;

/**
 * Reads fields of a command descriptor block (SPC-4 4.2), always 16 bytes here, zeros behind a
 * shorter one.
 */
record Cdb(byte[] bytes) {
  int at(int index) {
    return bytes[index] & 0xFF;
  }

  boolean bit(int index, int mask) {
    return (bytes[index] & mask) != 0;
  }

  int int16(int index) {
    return Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(index));
  }

  int int24(int index) {
    return at(index) << 16 | int16(index + 1);
  }

  long int32(int index) {
    return Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt(index));
  }

  /** Eight bytes; negative for what no volume can hold. */
  long int64(int index) {
    return ByteBuffer.wrap(bytes).getLong(index);
  }

  /** Length of the CDB by its group code (SPC-4 4.2.5.1). */
  int length() {
    return switch (at(0) >> 5) {
      case 0 -> 6;
      case 1, 2 -> 10;
      case 5 -> 12;
      default -> 16;
    };
  }

  /** Logical block address of the commands of SBC-3 that have one in the usual place. */
  long lba() {
    return switch (length()) {
      case 6 -> (at(1) & 0x1FL) << 16 | int16(2);
      case 10, 12 -> int32(2);
      default -> int64(2);
    };
  }

  /** Number of blocks of the commands that have one in the usual place. */
  long blocks() {
    return switch (length()) {
      case 6 -> at(4) == 0 ? 256 : at(4);
      case 10 -> int16(7);
      case 12 -> int32(6);
      default -> int32(10);
    };
  }
}
