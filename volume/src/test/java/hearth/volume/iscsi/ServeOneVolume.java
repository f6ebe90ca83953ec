// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.engine.Engine;
import hearth.volume.engine.RawEngine;
import hearth.volume.engine.VolumeData;
import hearth.volume.engine.chunk.ChunkEngine;
import hearth.volume.scsi.Identity;
import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.Traits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;

/**
 * Serves one volume until it is ended; for suites that need a target and nothing else: FOLDER SIZE
 * PORT[,PORT] [raw] [read-only] [removable] [sanitize] [512].
 */
public final class ServeOneVolume {
  private ServeOneVolume() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    Set<String> options = Set.of(java.util.Arrays.copyOfRange(arguments, 3, arguments.length));
    List<Integer> ports =
        java.util.stream.Stream.of(arguments[2].split(",", -1)).map(Integer::parseInt).toList();
    Engine engine =
        options.contains("raw")
            ? new RawEngine(folder)
            : new ChunkEngine(folder, 64 << 20, Executors.newScheduledThreadPool(1));
    String uid = "00112233445566778899aabbccddeeff";
    engine.delete(uid);
    engine.create(uid, Long.parseLong(arguments[1]));
    VolumeData data = engine.open(uid);
    String iqn = "iqn.2026-11.test.hearth:one";
    LogicalUnit unit =
        new LogicalUnit(
            new Identity(uid, iqn, "0.1", ports.size()),
            data,
            new Traits(
                options.contains("read-only"),
                options.contains("removable"),
                options.contains("sanitize"),
                options.contains("512") ? 512 : 4096));
    Target target =
        new Target(iqn, "user", "secretsecret", "targetsecret", java.util.Set.of(), unit);
    TargetDirectory directory =
        new TargetDirectory() {
          @Override
          public Optional<Target> find(String name) {
            return Optional.of(target).filter(known -> known.iqn().equals(name));
          }

          @Override
          public Optional<Target> findByChapUser(String user) {
            return Optional.of(target).filter(known -> known.chapUser().equals(user));
          }
        };
    IscsiTarget server =
        IscsiTarget.start(
            ports.stream()
                .map(port -> new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .toList(),
            directory,
            IscsiTarget.Limits.DEFAULT,
            java.time.InstantSource.system());
    System.out.println(server.addresses().stream().map(IscsiTarget::format).toList());
    Thread.currentThread().join();
  }
}
