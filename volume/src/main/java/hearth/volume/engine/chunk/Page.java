// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The frame of every block that is not people's data: 4096 bytes of which the first 64 say what it
 * is, whose, where it belongs and when it was made, under one CRC32C. A page that was lost, torn,
 * misplaced or taken from another store does not pass {@link #check}. All numbers are big-endian.
 */
final class Page {
  /** Bytes of a block, and of a page. */
  static final int BLOCK = 4096;

  static final int HEADER = 64;

  static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

  private static final int CRC_AT = 4;
  private static final int STORE_AT = 8;
  private static final int ADDRESS_AT = 16;
  private static final int EPOCH_AT = 24;
  private static final int LEVEL_AT = 32;
  private static final int BASE_AT = 40;

  /** What a page is for; its first four bytes. */
  enum Kind {
    SUPERBLOCK(0x48435355, "superblock"), // HCSU
    MEMBERS(0x48434d45, "list of members"), // HCME
    NODE(0x48434e4f, "map node"), // HCNO
    BITMAP(0x48434249, "space bitmap"), // HCBI
    TABLE(0x48435441, "space table"), // HCTA
    LOG(0x48434c4f, "log header"); // HCLO

    final int magic;
    final String words;

    Kind(int magic, String words) {
      this.magic = magic;
      this.words = words;
    }
  }

  private Page() {}

  /**
   * Completes a page whose contents are in place.
   *
   * @param address number of the block that it is written to
   * @param base what the page stands for: a first block, a segment, a position in a list
   */
  static void seal(
      byte[] page, Kind kind, long store, long address, long epoch, int level, long base) {
    INT.set(page, 0, kind.magic);
    LONG.set(page, STORE_AT, store);
    LONG.set(page, ADDRESS_AT, address);
    LONG.set(page, EPOCH_AT, epoch);
    INT.set(page, LEVEL_AT, level);
    LONG.set(page, BASE_AT, base);
    INT.set(page, CRC_AT, 0);
    INT.set(page, CRC_AT, crc(page));
  }

  /** What is wrong with a page, or nothing. */
  static String check(byte[] page, Kind kind, long store, long address) {
    if ((int) INT.get(page, 0) != kind.magic) {
      return "is no " + kind.words;
    }
    int stored = (int) INT.get(page, CRC_AT);
    byte[] copy = page.clone();
    INT.set(copy, CRC_AT, 0);
    if (crc(copy) != stored) {
      return "does not match its checksum";
    }
    if ((long) LONG.get(page, STORE_AT) != store) {
      return "belongs to another store";
    }
    if ((long) LONG.get(page, ADDRESS_AT) != address) {
      return "belongs elsewhere, to block " + (long) LONG.get(page, ADDRESS_AT);
    }
    return "";
  }

  static long epoch(byte[] page) {
    return (long) LONG.get(page, EPOCH_AT);
  }

  static int level(byte[] page) {
    return (int) INT.get(page, LEVEL_AT);
  }

  static long base(byte[] page) {
    return (long) LONG.get(page, BASE_AT);
  }

  static long store(byte[] page) {
    return (long) LONG.get(page, STORE_AT);
  }

  private static int crc(byte[] page) {
    CRC32C crc = new CRC32C();
    crc.update(page);
    return (int) crc.getValue();
  }
}
