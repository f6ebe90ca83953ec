// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.util.Optional;

/** Finds targets; asked from any thread at each login. */
public interface TargetDirectory {
  /** The target of this name, if it is exported. */
  Optional<Target> find(String iqn);

  /**
   * The target whose initiators log in under this CHAP name; discovery shows it to those who prove
   * the secret.
   */
  Optional<Target> findByChapUser(String user);
}
