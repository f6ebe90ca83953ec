// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.web;

import com.linecorp.armeria.server.ServerBuilder;
import hearth.contract.host.v1.Host;
import hearth.kit.access.Caller;
import hearth.server.account.Accounts;
import hearth.server.account.Credentials;
import hearth.server.host.Audit;
import hearth.volume.Volumes;
import java.util.function.Function;

/** Placeholder. */
public final class Pages {
  private Pages() {}

  public static void addTo(
      ServerBuilder server,
      Credentials credentials,
      Accounts accounts,
      Volumes volumes,
      Function<Caller, Host> host,
      Audit audit,
      boolean secure) {}
}
