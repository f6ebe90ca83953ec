// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/**
 * The Debug Adapter Protocol, as Delve serves it and with what editors can use beyond: {@link
 * hearth.debug.dap.AdapterConnection} answers one client's requests, {@link
 * hearth.debug.dap.Channel} carries them, {@link hearth.debug.dap.Runner} lets the program run
 * while requests go on, {@link hearth.debug.dap.Values} shows values, {@link
 * hearth.debug.dap.Marks} keeps the client's breakpoints.
 */
@NullMarked
package hearth.debug.dap;

import org.jspecify.annotations.NullMarked;
