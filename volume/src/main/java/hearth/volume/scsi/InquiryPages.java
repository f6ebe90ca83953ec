// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The data of INQUIRY: the standard data (SPC-4 6.6.2) and the vital product data pages (7.8, SBC-3
 * 6.6).
 */
final class InquiryPages {
  /** Blocks of 512 bytes that one command may transfer. */
  static final int MOST_BLOCKS = 65536;

  /** Blocks that one UNMAP descriptor list may name altogether. */
  static final long MOST_UNMAP_BLOCKS = 0xFFFFFFFFL;

  static final int MOST_UNMAP_DESCRIPTORS = 256;

  /** Blocks that one COMPARE AND WRITE may compare. */
  static final int MOST_COMPARE_BLOCKS = 1;

  private InquiryPages() {}

  static byte[] standard(Identity identity, Traits traits) {
    ByteBuffer out = ByteBuffer.allocate(96);
    out.put(1, (byte) (traits.removable() ? 0x80 : 0))
        .put(2, (byte) 0x06) // SPC-4
        .put(3, (byte) 0x12) // HISUP, response data format 2
        .put(4, (byte) (96 - 5))
        .put(5, (byte) 0x18) // TPGS: implicit asymmetric access; 3PC
        .put(7, (byte) 0x02); // CMDQUE
    out.put(8, padded(Identity.VENDOR, 8));
    out.put(16, padded(Identity.PRODUCT, 16));
    out.put(32, padded(identity.revision(), 4));
    short[] versions = {0x00A0, 0x0960, 0x0460, 0x04C0}; // SAM-5, iSCSI, SPC-4, SBC-3
    for (int i = 0; i < versions.length; i++) {
      out.putShort(58 + 2 * i, versions[i]);
    }
    return out.array();
  }

  /** A vital product data page, if the unit has it. */
  static Optional<byte[]> vitalProductData(
      int page, Identity identity, int port, Traits traits, int atomicBytes) {
    return switch (page) {
      case 0x00 ->
          Optional.of(
              page(
                  page,
                  new byte[] {
                    0x00,
                    (byte) 0x80,
                    (byte) 0x83,
                    (byte) 0x86,
                    (byte) 0x8F,
                    (byte) 0xB0,
                    (byte) 0xB1,
                    (byte) 0xB2
                  }));
      case 0x80 -> Optional.of(page(page, identity.serial().getBytes(StandardCharsets.US_ASCII)));
      case 0x83 -> Optional.of(page(page, identification(identity, port)));
      case 0x86 -> Optional.of(page(page, extendedInquiry()));
      case 0x8F -> Optional.of(page(page, ExtendedCopy.page()));
      case 0xB0 -> Optional.of(page(page, blockLimits(traits, atomicBytes)));
      case 0xB1 -> Optional.of(page(page, characteristics(traits)));
      case 0xB2 -> Optional.of(page(page, provisioning()));
      default -> Optional.empty();
    };
  }

  private static byte[] page(int code, byte[] body) {
    return ByteBuffer.allocate(4 + body.length)
        .put((byte) 0)
        .put((byte) code)
        .putShort((short) body.length)
        .put(body)
        .array();
  }

  private static byte[] identification(Identity identity, int targetPort) {
    byte[] vendor =
        (new String(padded(Identity.VENDOR, 8), StandardCharsets.US_ASCII) + identity.serial())
            .getBytes(StandardCharsets.US_ASCII);
    byte[] port = (identity.portName(targetPort) + "\0").getBytes(StandardCharsets.UTF_8);
    byte[] device = (identity.targetName() + "\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(64 + vendor.length + port.length + device.length + 16);
    designator(out, 0x01, 0x03, ByteBuffer.allocate(8).putLong(identity.naa()).array());
    designator(out, 0x02, 0x01, vendor);
    designator(out, 0x51, 0x94, new byte[] {0, 0, 0, (byte) targetPort}); // relative target port
    designator(out, 0x51, 0x95, new byte[] {0, 0, 0, 1}); // target port group 1
    designator(out, 0x53, 0x98, Arrays.copyOf(port, (port.length + 3) / 4 * 4));
    designator(out, 0x53, 0xA8, Arrays.copyOf(device, (device.length + 3) / 4 * 4));
    return Arrays.copyOf(out.array(), out.position());
  }

  /** Whether a designator of the unit's identification page has this type and value. */
  static boolean designates(Identity identity, int type, byte[] value) {
    ByteBuffer list = ByteBuffer.wrap(identification(identity, 1));
    while (list.remaining() >= 4) {
      int association = list.get(list.position() + 1) >> 4 & 3;
      int known = list.get(list.position() + 1) & 0x0F;
      byte[] designator = new byte[list.get(list.position() + 3) & 0xFF];
      list.get(list.position() + 4, designator);
      if (association == 0 && known == type && Arrays.equals(designator, value)) {
        return true;
      }
      list.position(list.position() + 4 + designator.length);
    }
    return false;
  }

  private static void designator(ByteBuffer out, int codes, int type, byte[] value) {
    out.put((byte) codes).put((byte) type).put((byte) 0).put((byte) value.length).put(value);
  }

  private static byte[] extendedInquiry() {
    byte[] body = new byte[60];
    body[1] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
    body[2] = 0x01; // V_SUP: a volatile cache
    return body;
  }

  /** Blocks that WRITE ATOMIC may write; 0 if there is no such command. */
  static int mostAtomicBlocks(int atomicBytes) {
    return Math.min(atomicBytes / LogicalUnit.BLOCK, 65535) / 8 * 8;
  }

  private static byte[] blockLimits(Traits traits, int atomicBytes) {
    int atomic = mostAtomicBlocks(atomicBytes);
    int step = atomic == 0 ? 0 : traits.blocksInPhysical();
    return ByteBuffer.allocate(60)
        .put(0, (byte) 0x00) // WSNZ=0: WRITE SAME of 0 blocks goes to the end
        .put(1, (byte) MOST_COMPARE_BLOCKS)
        .putShort(2, (short) 8) // optimal granularity: 4 KiB, whatever the physical block
        .putInt(4, MOST_BLOCKS)
        .putInt(8, 2048)
        .putInt(12, 0)
        .putInt(16, (int) MOST_UNMAP_BLOCKS)
        .putInt(20, MOST_UNMAP_DESCRIPTORS)
        .putInt(24, 8) // optimal unmap granularity: 4 KiB
        .putInt(28, 0x80000000) // UGAVALID, alignment 0
        .putLong(32, 0) // no limit on WRITE SAME
        .putInt(40, atomic)
        .putInt(44, step == 1 ? 0 : step) // alignment and granularity of atomic writes
        .putInt(48, step == 1 ? 0 : step)
        .putLong(52, 0) // no atomic boundaries
        .array();
  }

  private static byte[] characteristics(Traits traits) {
    byte[] body = new byte[60];
    body[1] = 0x01; // non-rotating
    if (traits.sanitizable()) {
      body[3] = 0x50; // WABEREQ and WACEREQ: what was erased can be read
    }
    return body;
  }

  private static byte[] provisioning() {
    // LBPU, LBPWS, LBPWS10, LBPRZ; thin.
    return new byte[] {0, (byte) 0xE4, 0x02, 0};
  }

  private static byte[] padded(String text, int length) {
    byte[] out = new byte[length];
    Arrays.fill(out, (byte) ' ');
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, out, 0, Math.min(bytes.length, length));
    return out;
  }
}
