// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What clients send: objects whose fields are checked when they are read. */
@NullMarked
package hearth.debug.json;

import org.jspecify.annotations.NullMarked;
