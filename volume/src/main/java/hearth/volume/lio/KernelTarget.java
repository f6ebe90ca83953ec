// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.lio;

import java.nio.file.Path;
import java.util.List;

/**
 * A block device that LIO is to serve, and to whom.
 *
 * @param iqn name of the target
 * @param uid identity of the data, 32 hexadecimal digits; the disk's serial number
 * @param device the block device
 * @param readOnly whether nobody may write
 * @param chapUser name that initiators give, and that the target gives to those who ask it to prove
 *     itself
 * @param chapSecret secret that initiators prove
 * @param targetSecret secret that the target proves to those who ask
 * @param initiators names of the initiators that may log in; empty for all who know the secret
 * @param readers those of them that may only read
 */
public record KernelTarget(
    String iqn,
    String uid,
    Path device,
    boolean readOnly,
    String chapUser,
    String chapSecret,
    String targetSecret,
    List<String> initiators,
    List<String> readers) {
  @Override
  public String toString() {
    return "KernelTarget[" + iqn + "]";
  }
}
