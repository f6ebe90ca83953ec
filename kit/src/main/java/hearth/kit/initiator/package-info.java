// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/** This machine's iSCSI initiator, for those who use volumes here. */
@NullMarked
package hearth.kit.initiator;

import org.jspecify.annotations.NullMarked;
