// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import java.time.Instant;

/**
 * What the host remembers of a pool. The data folder is none of these.
 *
 * @param id unique on the host
 * @param group the LVM volume group
 * @param identity the group's UUID, which stays when it is renamed
 * @param loopback path of the file that the group is made of, or empty
 */
public record PoolRecord(
    String id, String group, String identity, String loopback, Instant createTime) {}
