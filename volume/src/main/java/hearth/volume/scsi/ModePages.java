// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Mode pages (SPC-4 7.5, SBC-3 6.5): read-write error recovery, caching, control, and informational
 * exceptions. D_SENSE and SWP of the control page can be changed. Not safe for several threads; the
 * unit calls it under its own lock.
 */
final class ModePages {
  private static final byte[] ERROR_RECOVERY = {0x01, 0x0A, (byte) 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final byte[] CACHING = {
    0x08,
    0x12,
    0x04,
    0,
    (byte) 0xFF,
    (byte) 0xFF,
    0,
    0,
    (byte) 0xFF,
    (byte) 0xFF,
    (byte) 0xFF,
    (byte) 0xFF,
    0x20,
    0,
    0,
    0,
    0,
    0,
    0,
    0
  };
  private static final byte[] CONTROL = {0x0A, 0x0A, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final byte[] EXCEPTIONS = {0x1C, 0x0A, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  private static final int D_SENSE = 0x04;
  private static final int SWP = 0x08;

  private boolean descriptorSense;
  private boolean softwareWriteProtect;

  boolean descriptorSense() {
    return descriptorSense;
  }

  boolean softwareWriteProtect() {
    return softwareWriteProtect;
  }

  private byte[] control() {
    byte[] page = CONTROL.clone();
    page[2] = (byte) (descriptorSense ? D_SENSE : 0);
    page[4] = (byte) (softwareWriteProtect ? SWP : 0);
    return page;
  }

  /** The parameter data of MODE SENSE. */
  byte[] sense(Cdb cdb, boolean ten, boolean writeProtected, long blocks) throws ScsiException {
    int control = cdb.at(2) >> 6;
    int wanted = cdb.at(2) & 0x3F;
    int subpage = cdb.at(3);
    if (control == 3) {
      throw new ScsiException(Sense.SAVING_NOT_SUPPORTED);
    }
    if (subpage != 0 && subpage != 0xFF) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    ByteArrayOutputStream pages = new ByteArrayOutputStream();
    for (byte[] page : List.of(ERROR_RECOVERY, CACHING, control(), EXCEPTIONS)) {
      if (wanted == 0x3F || wanted == page[0]) {
        pages.writeBytes(view(page, control));
      }
    }
    if (pages.size() == 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    boolean describes = !cdb.bit(1, 0x08);
    boolean longLba = ten && cdb.bit(1, 0x10);
    int descriptor = !describes ? 0 : longLba ? 16 : 8;
    int header = ten ? 8 : 4;
    ByteBuffer out = ByteBuffer.allocate(header + descriptor + pages.size());
    byte device = (byte) (0x10 | (writeProtected ? 0x80 : 0)); // DPOFUA, WP
    if (ten) {
      out.putShort(0, (short) (out.capacity() - 2))
          .put(3, device)
          .put(4, (byte) (longLba ? 1 : 0))
          .putShort(6, (short) descriptor);
    } else {
      out.put(0, (byte) (out.capacity() - 1)).put(2, device).put(3, (byte) descriptor);
    }
    if (descriptor == 16) {
      out.putLong(header, blocks).putInt(header + 12, LogicalUnit.BLOCK);
    } else if (descriptor == 8) {
      out.putInt(header, (int) Math.min(blocks, 0xFFFFFFFFL)).putInt(header + 4, LogicalUnit.BLOCK);
    }
    out.position(header + descriptor).put(pages.toByteArray());
    return out.array();
  }

  private static byte[] view(byte[] page, int control) {
    if (control == 0) {
      return page;
    }
    byte[] shown = control == 2 ? page.clone() : new byte[page.length];
    shown[0] = page[0];
    shown[1] = page[1];
    if (page[0] == 0x0A) {
      shown[2] = (byte) (control == 1 ? D_SENSE : 0);
      shown[4] = (byte) (control == 1 ? SWP : 0);
    }
    return shown;
  }

  /**
   * Carries MODE SELECT out: all pages are checked before any is changed.
   *
   * @return whether anything changed
   */
  boolean select(Cdb cdb, boolean ten, ByteBuffer parameters) throws ScsiException {
    if (!cdb.bit(1, 0x10) || cdb.bit(1, 0x01)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    int announced = ten ? cdb.int16(7) : cdb.at(4);
    if (announced == 0) {
      return false;
    }
    int header = ten ? 8 : 4;
    ByteBuffer list = parameters.slice();
    if (announced < header || list.remaining() < announced) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    list.limit(announced);
    int descriptor = ten ? Short.toUnsignedInt(list.getShort(6)) : list.get(3) & 0xFF;
    if (header + descriptor > announced
        || (descriptor != 0 && descriptor != 8 && descriptor != 16)) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    boolean newDescriptorSense = descriptorSense;
    boolean newProtect = softwareWriteProtect;
    list.position(header + descriptor);
    while (list.hasRemaining()) {
      if (list.remaining() < 2) {
        throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
      }
      int code = list.get(list.position()) & 0x3F;
      int length = 2 + (list.get(list.position() + 1) & 0xFF);
      if (list.remaining() < length) {
        throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
      }
      byte[] page = new byte[length];
      list.get(page);
      page[0] = (byte) code;
      if (code == 0x0A && length == CONTROL.length) {
        newDescriptorSense = (page[2] & D_SENSE) != 0;
        newProtect = (page[4] & SWP) != 0;
        page[2] = (byte) (page[2] & ~D_SENSE);
        page[4] = (byte) (page[4] & ~SWP);
        requireSame(page, CONTROL);
      } else {
        requireSame(
            page,
            switch (code) {
              case 0x01 -> ERROR_RECOVERY;
              case 0x08 -> CACHING;
              case 0x1C -> EXCEPTIONS;
              default -> throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
            });
      }
    }
    boolean changed = newDescriptorSense != descriptorSense || newProtect != softwareWriteProtect;
    descriptorSense = newDescriptorSense;
    softwareWriteProtect = newProtect;
    return changed;
  }

  private static void requireSame(byte[] page, byte[] expected) throws ScsiException {
    if (!java.util.Arrays.equals(page, expected)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
  }
}
