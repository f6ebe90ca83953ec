// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/**
 * What can be told of Go programs without debugging them: {@link hearth.debug.snapshot.Processes}
 * lists those that run here, {@link hearth.debug.snapshot.Snapshot} groups the goroutines of one.
 */
@NullMarked
package hearth.debug.snapshot;

import org.jspecify.annotations.NullMarked;
