// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import java.util.List;

/**
 * A place of the source, and the addresses of its code in the target: several, where code was
 * copied or made for several types.
 *
 * @param addresses in ascending order, at least one
 * @param function name, or empty
 */
public record Location(List<Long> addresses, String file, int line, String function) {
  /** The first address. */
  public long address() {
    return addresses.getFirst();
  }
}
