// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The driver by which Kubernetes, or whatever else speaks the Container Storage Interface 1.13 (and
 * so 1.12), uses a host's volumes. {@link hearth.volume.csi.Controller}, {@link
 * hearth.volume.csi.GroupController}, {@link hearth.volume.csi.ChangedBlocks} and {@link
 * hearth.volume.csi.Plugin} need nothing but a {@link hearth.volume.csi.Host}, whose API they call;
 * {@link hearth.volume.csi.Node} drives the kernel of the machine that it runs on. Messages in,
 * messages out; the server puts them behind a socket.
 *
 * <p>The driver keeps nothing of its own that the host or the kernel does not know, but for one
 * small file for each volume on a node, so that a volume can be let go when the host cannot be
 * asked.
 *
 * <p>A volume's CSI identity is the last part of its name at the host, a snapshot's is {@code
 * VOLUME/SNAPSHOT}; the account is that of the driver's token. A node's identity is the iSCSI name
 * of its initiator: publishing a volume to a node puts that name on the volume's list of those that
 * may log in, and taking it back cuts the node off.
 */
@NullMarked
package hearth.volume.csi;

import org.jspecify.annotations.NullMarked;
