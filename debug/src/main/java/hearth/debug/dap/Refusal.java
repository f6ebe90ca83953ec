// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import java.io.Serial;

/** A request that cannot be done, with the number and the words that Delve's clients know. */
final class Refusal extends Exception {
  @Serial private static final long serialVersionUID = 1;
  final int id;
  final String summary;
  final boolean show;

  Refusal(int id, String summary, String details) {
    this(id, summary, details, false);
  }

  /** With {@code show}, clients tell the user of it at once. */
  Refusal(int id, String summary, String details, boolean show) {
    super(details);
    this.id = id;
    this.summary = summary;
    this.show = show;
  }
}
