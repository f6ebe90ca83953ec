// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import java.util.List;

/**
 * Who may log in to a volume.
 *
 * @param allowed iSCSI names of those that may; empty for all that know the secret
 * @param readOnly those of them that may only read
 */
public record Initiators(List<String> allowed, List<String> readOnly) {
  /** All that know the secret. */
  public static final Initiators ALL = new Initiators(List.of(), List.of());

  public Initiators {
    allowed = List.copyOf(allowed);
    readOnly = List.copyOf(readOnly);
  }

  /** Whether an initiator of this name may log in, should it know the secret. */
  boolean admit(String name) {
    return allowed.isEmpty() || allowed.contains(name);
  }
}
