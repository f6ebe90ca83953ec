// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/** The debugger's command line and its commands at a prompt. */
@NullMarked
package hearth.debug.terminal;

import org.jspecify.annotations.NullMarked;
