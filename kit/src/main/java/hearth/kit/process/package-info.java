// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/** Other programs, run and waited for. */
@NullMarked
package hearth.kit.process;

import org.jspecify.annotations.NullMarked;
