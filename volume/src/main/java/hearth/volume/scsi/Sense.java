// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.nio.ByteBuffer;

/**
 * Sense data (SPC-4 4.5): why a command ended as it did.
 *
 * @param key sense key, 0 to 15
 * @param code additional sense code and its qualifier, as in 0x2400
 * @param information the INFORMATION field, or -1 for none
 * @param specific the three bytes specific to the sense key (SPC-4 4.5.2.4), or -1 for none
 */
public record Sense(int key, int code, long information, int specific) {
  public static final Sense NONE = of(0x0, 0x0000);
  public static final Sense SANITIZE_IN_PROGRESS = of(0x2, 0x041B);
  public static final Sense NO_MEDIUM = of(0x2, 0x3A00);
  public static final Sense SANITIZE_FAILED = of(0x3, 0x3103);
  public static final Sense MEDIUM_WRITE_ERROR = of(0x3, 0x0C00);
  public static final Sense MEDIUM_READ_ERROR = of(0x3, 0x1100);
  public static final Sense INTERNAL_FAILURE = of(0x4, 0x4400);
  public static final Sense PARAMETER_LIST_LENGTH = of(0x5, 0x1A00);
  public static final Sense INVALID_OPCODE = of(0x5, 0x2000);
  public static final Sense OUT_OF_RANGE = of(0x5, 0x2100);
  public static final Sense INVALID_FIELD_IN_CDB = of(0x5, 0x2400);
  public static final Sense NO_SUCH_UNIT = of(0x5, 0x2500);
  public static final Sense INVALID_FIELD_IN_PARAMETERS = of(0x5, 0x2600);
  public static final Sense TOO_MANY_TARGET_DESCRIPTORS = of(0x5, 0x2606);
  public static final Sense UNSUPPORTED_TARGET_DESCRIPTOR = of(0x5, 0x2607);
  public static final Sense TOO_MANY_SEGMENT_DESCRIPTORS = of(0x5, 0x2608);
  public static final Sense UNSUPPORTED_SEGMENT_DESCRIPTOR = of(0x5, 0x2609);
  public static final Sense INLINE_DATA_LENGTH_EXCEEDED = of(0x5, 0x260B);
  public static final Sense COPY_ABORTED = of(0xA, 0x0000);
  public static final Sense UNREACHABLE_COPY_TARGET = of(0xA, 0x0804);
  public static final Sense INVALID_RELEASE = of(0x5, 0x2604);
  public static final Sense COMMAND_SEQUENCE = of(0x5, 0x2C00);
  public static final Sense REMOVAL_PREVENTED = of(0x5, 0x5302);
  public static final Sense SAVING_NOT_SUPPORTED = of(0x5, 0x3900);
  public static final Sense INSUFFICIENT_REGISTRATIONS = of(0x5, 0x5504);
  public static final Sense MEDIUM_MAY_HAVE_CHANGED = of(0x6, 0x2800);
  public static final Sense THIN_THRESHOLD_REACHED = of(0x6, 0x3807);
  public static final Sense UNIT_RESET = of(0x6, 0x2903);
  public static final Sense MODE_CHANGED = of(0x6, 0x2A01);
  public static final Sense RESERVATIONS_PREEMPTED = of(0x6, 0x2A03);
  public static final Sense RESERVATIONS_RELEASED = of(0x6, 0x2A04);
  public static final Sense REGISTRATIONS_PREEMPTED = of(0x6, 0x2A05);
  public static final Sense CAPACITY_CHANGED = of(0x6, 0x2A09);
  public static final Sense WRITE_PROTECTED = of(0x7, 0x2700);
  public static final Sense SOFTWARE_WRITE_PROTECTED = of(0x7, 0x2702);
  public static final Sense SPACE_ALLOCATION_FAILED = of(0x7, 0x2707);
  public static final Sense UNEXPECTED_UNSOLICITED_DATA = of(0xB, 0x0C0C);
  public static final Sense NOT_ENOUGH_UNSOLICITED_DATA = of(0xB, 0x0C0D);
  public static final Sense CRC_ERROR = of(0xB, 0x4705);
  public static final Sense DATA_OFFSET_ERROR = of(0xB, 0x4B05);
  public static final Sense MISCOMPARE = of(0xE, 0x1D00);

  private static Sense of(int key, int code) {
    return new Sense(key, code, -1, -1);
  }

  /** The same sense with an INFORMATION field. */
  public Sense withInformation(long value) {
    return new Sense(key, code, value, specific);
  }

  /** The same sense with a progress, from 0 to 1. */
  public Sense withProgress(double part) {
    return new Sense(key, code, information, 0x800000 | Math.clamp((int) (part * 65536), 0, 65535));
  }

  /** The same sense, saying which byte of the CDB is wrong. */
  public Sense withField(int index) {
    return new Sense(key, code, information, 0xC00000 | index);
  }

  /** Fixed format (SPC-4 4.5.3), 18 bytes, or descriptor format (4.5.2). */
  public byte[] encode(boolean descriptorFormat) {
    if (descriptorFormat) {
      boolean informed = information >= 0;
      int length = (informed ? 12 : 0) + (specific >= 0 ? 8 : 0);
      ByteBuffer sense = ByteBuffer.allocate(8 + length);
      sense.put((byte) 0x72).put((byte) key).putShort((short) code).put(7, (byte) length);
      if (informed) {
        sense.put(8, (byte) 0).put(9, (byte) 10).put(10, (byte) 0x80).putLong(12, information);
      }
      if (specific >= 0) {
        sense.put(length, (byte) 0x02).put(length + 1, (byte) 6).putInt(length + 4, specific << 8);
      }
      return sense.array();
    }
    boolean informed = information >= 0 && information <= 0xFFFFFFFFL;
    ByteBuffer sense = ByteBuffer.allocate(18);
    sense.put((byte) (informed ? 0xF0 : 0x70)).put(2, (byte) key).put(7, (byte) 10);
    if (informed) {
      sense.putInt(3, (int) information);
    }
    sense.putShort(12, (short) code);
    if (specific >= 0) {
      sense.put(15, (byte) (specific >> 16)).putShort(16, (short) specific);
    }
    return sense.array();
  }
}
