// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.csi;

import com.linecorp.armeria.common.util.DomainSocketAddress;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.grpc.GrpcServiceBuilder;
import hearth.kit.daemon.Driver;
import hearth.kit.initiator.KernelInitiator;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.volume.csi.ChangedBlocks;
import hearth.volume.csi.Controller;
import hearth.volume.csi.GroupController;
import hearth.volume.csi.Host;
import hearth.volume.csi.Node;
import hearth.volume.csi.Plugin;
import hearth.volume.csi.SnapshotController;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** The driver on its Unix socket. */
public final class CsiDriver implements Driver {
  /** Longer than it takes to give up on a host, a login or a check of a file system. */
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  /** Made by {@link java.util.ServiceLoader}. */
  public CsiDriver() {}

  @Override
  public Runnable start(Options options) {
    System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s %5$s%6$s%n");
    java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
    try {
      Host host = new ApiHost(options.server(), options.token());
      GrpcServiceBuilder grpc = GrpcService.builder().useBlockingTaskExecutor(true);
      boolean controller = options.mode() != Mode.NODE;
      String version = CsiDriver.class.getPackage().getImplementationVersion();
      grpc.addService(
          new GrpcIdentity(new Plugin(host, version == null ? "0.1.0" : version, controller)));
      if (controller) {
        grpc.addService(
            new GrpcController(
                new Controller(host, options.maxVolumes()), new SnapshotController(host)));
        grpc.addService(new GrpcGroupController(new GroupController(host)));
        grpc.addService(new GrpcSnapshotMetadata(new ChangedBlocks(host)));
      }
      if (options.mode() != Mode.CONTROLLER) {
        grpc.addService(
            new GrpcNode(
                new Node(host, nodeId(options), options.maxVolumes(), options.stateFolder())));
      }
      Path socket = free(options.endpoint());
      Server server =
          Server.builder()
              .defaultHostname("localhost") // else it asks the system, which may not know
              .http(DomainSocketAddress.of(socket))
              .requestTimeout(PATIENCE)
              .gracefulShutdownTimeout(Duration.ofMillis(200), Duration.ofSeconds(20))
              .service(grpc.build())
              .build();
      server.start().join();
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      return () -> {
        server.stop().join();
        try {
          Files.deleteIfExists(socket);
        } catch (IOException e) {
          // Starting again finds that nobody listens there.
        }
      };
    } catch (IOException | CompletionException e) {
      Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
      throw new Problem(
          Code.UNAVAILABLE,
          "CANNOT_START",
          "The driver cannot start: " + cause.getMessage(),
          "Mend that, then start it again");
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "server",
          "'" + options.server() + "' is no address of a host",
          "Write it as https://host.example.org");
    }
  }

  private static String nodeId(Options options) {
    return options
        .nodeId()
        .or(KernelInitiator::name)
        .orElseThrow(() ->
            new Problem(
                Code.FAILED_PRECONDITION,
                "NO_INITIATOR",
                "This machine has no /etc/iscsi/initiatorname.iscsi",
                "Install open-iscsi, or give --node-id"));
  }

  /** The place for the socket: one that nobody listens at, which is what a crash leaves, goes. */
  private static Path free(Path socket) throws IOException {
    if (Files.exists(socket)) {
      boolean used;
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        used = channel.connect(UnixDomainSocketAddress.of(socket));
      } catch (IOException e) {
        used = false;
      }
      if (used) {
        throw new IOException("another driver listens at " + socket);
      }
      Files.delete(socket);
    }
    Path folder = socket.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    return socket;
  }
}
