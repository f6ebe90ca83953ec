// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.iscsi.SessionInfo;
import hearth.volume.iscsi.Target;
import hearth.volume.scsi.Statistics;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What serves one volume or snapshot to initiators. Any thread may call it. */
interface Export {
  /** Something to do while nobody is served. */
  interface Work {
    void run();
  }

  /** The target, if it is one of ours. */
  Optional<Target> target();

  List<SessionInfo> sessions();

  /**
   * Ends a session.
   *
   * @param wait how long the initiator is asked to stay away
   */
  void dismiss(SessionInfo session, Duration wait) throws IOException;

  /** Serves it as the changed record says; the data has grown already. */
  void change(VolumeRecord before, VolumeRecord after) throws IOException;

  /** Does something that changes the data below; nobody has a session. */
  void exchange(Work work) throws IOException;

  /** Tells initiators that space gets scarce. */
  void announceThreshold();

  /** What was counted of commands, or nothing where nobody counts. */
  Map<Statistics.Kind, Statistics.Counts> counts();

  /** Whether writing can be held up for a moment by holding up the data. */
  boolean pausable();

  /** Ends all sessions, waits for commands in hand, and serves it no longer. */
  void close() throws IOException;
}
