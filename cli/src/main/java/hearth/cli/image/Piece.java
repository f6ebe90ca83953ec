// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Bytes of a disk.
 *
 * @param offset where they begin
 * @param data the bytes; not to be changed
 * @param sha256 their SHA-256 in hexadecimal
 */
@SuppressWarnings("ArrayRecordComponent")
public record Piece(long offset, byte[] data, String sha256) {
  /** A piece whose SHA-256 is yet to be computed. */
  public static Piece of(long offset, byte[] data) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(data);
      return new Piece(offset, data, HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether all bytes are zero. */
  public boolean isZero() {
    for (byte value : data) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }
}
