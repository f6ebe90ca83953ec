// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/** The CSI driver on its Unix socket, and its way to a host. */
@NullMarked
package hearth.server.csi;

import org.jspecify.annotations.NullMarked;
