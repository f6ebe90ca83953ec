// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.util.List;

/**
 * What reading everything of a volume and its snapshots found.
 *
 * @param findings what is not as it was written; none if all is well
 * @param checkedBytes read and compared with their checksums
 */
public record Check(List<Finding> findings, long checkedBytes) {
  /**
   * Something that is not as it was written.
   *
   * @param uid the volume or snapshot that lost something, or empty
   * @param offset where in it, in bytes
   * @param length how many bytes are lost, 0 if none
   * @param what for people
   */
  public record Finding(String uid, long offset, long length, String what) {}
}
