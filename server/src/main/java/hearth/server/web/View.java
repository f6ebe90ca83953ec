// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.web;

/**
 * What every page shows around its content.
 *
 * @param account who is logged in, or empty
 * @param csrf what forms must send back
 */
public record View(
    String title, String account, String csrf, String problem, String fix, String notice) {
  static View of(String title) {
    return new View(title, "", "", "", "", "");
  }

  /** Whether somebody is logged in. */
  public boolean loggedIn() {
    return !account.isEmpty();
  }

  View withProblem(String newProblem, String newFix) {
    return new View(title, account, csrf, newProblem, newFix, notice);
  }

  View withNotice(String newNotice) {
    return new View(title, account, csrf, problem, fix, newNotice);
  }
}
