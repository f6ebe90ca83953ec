// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.daemon;

import java.nio.file.Path;
import java.util.List;

/** Looks at what a host that does not run left in its data folder, and changes nothing there. */
public interface Inspector {
  /**
   * Something that is not as it was written.
   *
   * @param what the volume or snapshot that lost something, or the folder of a store
   * @param offset where in it, in bytes
   * @param length bytes that are lost; 0 if none
   * @param message for people
   */
  record Finding(String what, long offset, long length, String message) {}

  /**
   * What was found.
   *
   * @param findings what is not as it was written; none if all is well
   * @param stores folders of volumes with checksums that were read
   * @param checkedBytes read and compared with their checksums
   */
  record Report(List<Finding> findings, int stores, long checkedBytes) {}

  /**
   * Compares everything with its checksums.
   *
   * @throws hearth.kit.problem.Problem if the folder cannot be read, or a host uses it
   */
  Report check(Path dataFolder);
}
