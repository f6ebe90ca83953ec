// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Images of disks: raw files, qcow2 (QEMU's docs/interop/qcow2.txt, versions 2 and 3) and block
 * streams (docs/block-stream.md). An image is read at any place or written from front to back; a
 * {@link hearth.cli.image.Manifest} beside it tells what was written and proves that it still is.
 */
@org.jspecify.annotations.NullMarked
package hearth.cli.image;
