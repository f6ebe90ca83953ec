// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.iscsi.SessionInfo;
import hearth.volume.iscsi.Target;
import hearth.volume.lio.KernelTarget;
import hearth.volume.lio.Lio;
import hearth.volume.scsi.Statistics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves a volume that lies on a block device by the target in Linux. */
final class KernelExport implements Export {
  private static final Logger LOG = LoggerFactory.getLogger(KernelExport.class);

  private final Lio lio;
  private final String iqn;
  private final Path device;
  private volatile KernelTarget target;

  KernelExport(Lio lio, String iqn, Path device, VolumeRecord volume) throws IOException {
    this.lio = lio;
    this.iqn = iqn;
    this.device = device;
    this.target = target(volume);
    lio.serve(target);
  }

  private KernelTarget target(VolumeRecord volume) {
    return new KernelTarget(
        iqn,
        volume.uid(),
        device,
        volume.traits().readOnly(),
        volume.chapUser(),
        volume.chapSecret(),
        volume.targetSecret(),
        volume.initiators().allowed(),
        volume.initiators().readOnly());
  }

  @Override
  public Optional<Target> target() {
    return Optional.empty();
  }

  @Override
  public List<SessionInfo> sessions() {
    try {
      return lio.sessions(iqn);
    } catch (IOException e) {
      LOG.error("Cannot see the sessions of {}: {}", iqn, e.getMessage());
      return List.of();
    }
  }

  /** LIO cannot ask initiators to stay away. */
  @Override
  public void dismiss(SessionInfo session, Duration wait) throws IOException {
    lio.dismiss(target, session.initiator());
  }

  /** What has grown the kernel sees for itself. */
  @Override
  public void change(VolumeRecord before, VolumeRecord after) throws IOException {
    target = target(after);
    lio.serve(target);
  }

  @Override
  public void exchange(Work work) throws IOException {
    lio.remove(iqn, target.uid());
    try {
      work.run();
    } finally {
      lio.serve(target);
    }
  }

  @Override
  public void announceThreshold() {}

  @Override
  public Map<Statistics.Kind, Statistics.Counts> counts() {
    return Map.of();
  }

  @Override
  public boolean pausable() {
    return false;
  }

  @Override
  public void close() throws IOException {
    lio.remove(iqn, target.uid());
  }
}
