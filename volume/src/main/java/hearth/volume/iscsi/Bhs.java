// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.nio.ByteBuffer;

/**
 * A basic header segment (RFC 7143 11.2.1): 48 bytes, with accessors for the fields that PDUs
 * share.
 */
final class Bhs {
  static final int LENGTH = 48;

  static final int NOP_OUT = 0x00;
  static final int SCSI_COMMAND = 0x01;
  static final int TASK_MANAGEMENT = 0x02;
  static final int LOGIN = 0x03;
  static final int TEXT = 0x04;
  static final int DATA_OUT = 0x05;
  static final int LOGOUT = 0x06;
  static final int NOP_IN = 0x20;
  static final int SCSI_RESPONSE = 0x21;
  static final int TASK_MANAGEMENT_RESPONSE = 0x22;
  static final int LOGIN_RESPONSE = 0x23;
  static final int TEXT_RESPONSE = 0x24;
  static final int DATA_IN = 0x25;
  static final int LOGOUT_RESPONSE = 0x26;
  static final int R2T = 0x31;
  static final int ASYNC_MESSAGE = 0x32;
  static final int REJECT = 0x3F;

  static final int FINAL = 0x80;
  static final int NO_TAG = 0xFFFFFFFF;

  private final ByteBuffer bytes;

  /** Wraps 48 bytes. */
  Bhs(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("length: " + bytes.length + " (expected: 48)");
    }
    this.bytes = ByteBuffer.wrap(bytes);
  }

  /** A header for the initiator. */
  static Bhs of(int opcode, int flags) {
    return new Bhs(new byte[LENGTH]).set(0, opcode).set(1, flags);
  }

  byte[] array() {
    return bytes.array();
  }

  int opcode() {
    return bytes.get(0) & 0x3F;
  }

  boolean immediate() {
    return (bytes.get(0) & 0x40) != 0;
  }

  int flags() {
    return bytes.get(1) & 0xFF;
  }

  boolean isFinal() {
    return (flags() & FINAL) != 0;
  }

  /** Length of the additional header segments in bytes. */
  int additionalLength() {
    return (bytes.get(4) & 0xFF) * 4;
  }

  /** Length of the data segment in bytes, without padding. */
  int dataLength() {
    return bytes.getInt(4) & 0xFFFFFF;
  }

  Bhs dataLength(int length) {
    bytes.putInt(4, (bytes.get(4) << 24) | length);
    return this;
  }

  long lun() {
    return bytes.getLong(8);
  }

  int initiatorTaskTag() {
    return bytes.getInt(16);
  }

  Bhs initiatorTaskTag(int tag) {
    bytes.putInt(16, tag);
    return this;
  }

  int at(int index) {
    return bytes.get(index) & 0xFF;
  }

  Bhs set(int index, int value) {
    bytes.put(index, (byte) value);
    return this;
  }

  int int16(int index) {
    return Short.toUnsignedInt(bytes.getShort(index));
  }

  Bhs set16(int index, int value) {
    bytes.putShort(index, (short) value);
    return this;
  }

  int int32(int index) {
    return bytes.getInt(index);
  }

  Bhs set32(int index, int value) {
    bytes.putInt(index, value);
    return this;
  }

  Bhs set64(int index, long value) {
    bytes.putLong(index, value);
    return this;
  }

  long int64(int index) {
    return bytes.getLong(index);
  }

  /** The first 16 bytes of the CDB of a SCSI command. */
  byte[] cdb() {
    return java.util.Arrays.copyOfRange(bytes.array(), 32, 48);
  }
}
