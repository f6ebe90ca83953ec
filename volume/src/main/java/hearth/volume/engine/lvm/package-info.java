// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Volumes as thin logical volumes of LVM, through its own commands and their JSON. What LVM knows
 * is always asked of LVM; all that we add are names ({@code hearth-UID}) and tags ({@code hearth},
 * {@code hearth-size=BYTES}), so that a person sees with {@code lvs -o +lv_tags} what is whose.
 */
@NullMarked
package hearth.volume.engine.lvm;

import org.jspecify.annotations.NullMarked;
