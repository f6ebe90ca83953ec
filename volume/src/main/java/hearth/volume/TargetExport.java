// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.iscsi.IscsiTarget;
import hearth.volume.iscsi.SessionInfo;
import hearth.volume.iscsi.Target;
import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.Statistics;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Serves a volume or a snapshot by our own target, which finds it in {@link Exports}. */
final class TargetExport implements Export {
  static final Duration GONE = Duration.ofHours(18);

  /** Makes units of a volume's data. */
  interface Units {
    LogicalUnit make(VolumeRecord volume) throws IOException;
  }

  private final IscsiTarget server;
  private final Units units;
  private volatile Target target;

  /**
   * @param iqn name of the target, which never changes
   * @param units what makes a unit now and whenever the volume becomes another kind of disk
   */
  TargetExport(IscsiTarget server, String iqn, VolumeRecord volume, Units units)
      throws IOException {
    this.server = server;
    this.units = units;
    this.target = target(iqn, volume, units.make(volume));
  }

  private static Target target(String iqn, VolumeRecord volume, LogicalUnit unit) {
    return new Target(
        iqn,
        volume.chapUser(),
        volume.chapSecret(),
        volume.targetSecret(),
        Set.copyOf(volume.initiators().allowed()),
        unit);
  }

  @Override
  public Optional<Target> target() {
    return Optional.of(target);
  }

  @Override
  public List<SessionInfo> sessions() {
    return server.sessions(target.iqn());
  }

  @Override
  public void dismiss(SessionInfo session, Duration wait) {
    server.dismiss(session.id(), wait);
  }

  @Override
  public void change(VolumeRecord before, VolumeRecord after) throws IOException {
    LogicalUnit unit = target.unit();
    if (after.sizeBytes() > before.sizeBytes()) {
      unit.announceGrowth();
    }
    if (!before.traits().equals(after.traits())) {
      unit.close();
      unit = units.make(after);
    }
    unit.throttle().limit(after.limits());
    unit.readers(Set.copyOf(after.initiators().readOnly()));
    target = target(target.iqn(), after, unit);
    for (SessionInfo session : sessions()) {
      if (!after.initiators().admit(session.initiator())) {
        dismiss(session, GONE);
      }
    }
  }

  @Override
  public void exchange(Work work) {
    work.run();
  }

  @Override
  public void announceThreshold() {
    target.unit().announceThreshold();
  }

  @Override
  public Map<Statistics.Kind, Statistics.Counts> counts() {
    return target.unit().statistics().counts();
  }

  @Override
  public boolean pausable() {
    return true;
  }

  @Override
  public void close() {
    server.dismiss(target.iqn(), GONE);
    target.unit().tasks().abort(task -> true).orTimeout(10, TimeUnit.SECONDS).join();
    target.unit().close();
  }
}
