// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.daemon;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** A driver of the Container Storage Interface that can be started in this process. */
public interface Driver {
  /** Which parts of the interface are served. */
  enum Mode {
    /** All of them. */
    ALL,
    /** What is done once in a cluster. */
    CONTROLLER,
    /** What is done on each machine. */
    NODE
  }

  /**
   * How a driver runs.
   *
   * @param endpoint where its Unix socket shall be
   * @param server address of the host's API
   * @param token gives the token of the driver's account, asked for each call
   * @param nodeId iSCSI name of this machine's initiator; empty for what the machine says itself
   * @param maxVolumes volumes that a node may have at most; 0 for any number
   * @param stateFolder folder for what a node must not forget
   */
  record Options(
      Mode mode,
      Path endpoint,
      String server,
      Supplier<String> token,
      Optional<String> nodeId,
      int maxVolumes,
      Path stateFolder) {}

  /**
   * Starts a driver.
   *
   * @return what stops it, once what is in hand is done
   * @throws hearth.kit.problem.Problem if it cannot start
   */
  Runnable start(Options options);
}
