// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.List;

/**
 * A command: what it is called, takes and does.
 *
 * @param argument label of the one kind of positional argument, or empty for none; a label in
 *     square brackets may be left out
 * @param flags names in {@link Flag}, without the hyphens
 * @param examples lines of help: a comment, then a command, and so on
 */
record Verb(
    String name,
    String summary,
    String argument,
    List<String> flags,
    List<String> examples,
    Action action) {
  interface Action {
    void run(Invocation invocation);
  }

  boolean network() {
    return flags.contains("timeout");
  }

  boolean mutates() {
    return flags.contains("dry-run");
  }
}
