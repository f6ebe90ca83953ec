// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.access;

import hearth.kit.problem.Problem;

/**
 * Who asks.
 *
 * @param account identifier of the account
 * @param administrator whether the account runs the host
 * @param credential which of the account's credentials was used, such as {@code token cli}
 */
public record Caller(String account, boolean administrator, String credential) {
  /** The host itself, for what it does unasked. */
  public static final Caller HOST = new Caller("", true, "host");

  /** The name under which the caller stands in the audit log. */
  public String actor() {
    return account.isEmpty() ? "host" : "accounts/" + account;
  }

  /** Whether the caller may see and touch what this account owns. */
  public boolean mayUse(String owner) {
    return administrator || account.equals(owner);
  }

  /** Refuses anybody but administrators. */
  public void requireAdministrator(String what) {
    if (!administrator) {
      throw Problem.forbidden(what + " is for administrators", "Ask an administrator of this host");
    }
  }
}
