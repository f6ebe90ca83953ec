// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.Nexus;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The iSCSI server: listens, logs initiators in, and keeps their sessions. Every method may be
 * called from any thread.
 */
public final class IscsiTarget implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IscsiTarget.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private final List<ServerSocketChannel> listeners;
  private final TargetDirectory directory;
  private final Limits limits;
  private final InstantSource clock;
  private final BufferPool pool;
  private final ExecutorService executor;
  private final ScheduledExecutorService timer;
  private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

  /** How often it is seen to that no reader is held up by a command. */
  private static final Duration READERS = Duration.ofMillis(50);

  private final AtomicBoolean watching = new AtomicBoolean();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger handles = new AtomicInteger();
  private final AtomicLong sessionIds = new AtomicLong();
  private volatile boolean closed;

  /**
   * Bounds.
   *
   * @param connections connections at once, those that are still logging in included
   * @param loginTime longest time of a login
   * @param memory bytes that commands in hand may hold
   */
  public record Limits(int connections, Duration loginTime, long memory) {
    /** Fit for a small host. */
    public static final Limits DEFAULT = new Limits(1024, Duration.ofSeconds(15), 256L << 20);
  }

  private IscsiTarget(
      List<ServerSocketChannel> listeners,
      TargetDirectory directory,
      Limits limits,
      InstantSource clock) {
    this.listeners = listeners;
    this.directory = directory;
    this.limits = limits;
    this.clock = clock;
    this.pool = new BufferPool(limits.memory());
    int threads = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
    this.executor =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("scsi-", 0).factory());
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("iscsi-timer").factory());
  }

  /**
   * Starts to listen. Each address is a portal in a portal group of its own, so that an initiator
   * has a path by each; their tags count from 1 in the order given. Port 0 picks a free one.
   */
  public static IscsiTarget start(
      List<InetSocketAddress> addresses,
      TargetDirectory directory,
      Limits limits,
      InstantSource clock)
      throws IOException {
    List<ServerSocketChannel> listeners = new ArrayList<>();
    try {
      for (InetSocketAddress address : addresses) {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listeners.add(listener);
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(address, 256);
      }
    } catch (IOException e) {
      listeners.forEach(IscsiTarget::closeQuietly);
      throw e;
    }
    IscsiTarget target = new IscsiTarget(List.copyOf(listeners), directory, limits, clock);
    for (int i = 0; i < listeners.size(); i++) {
      int portalGroup = i + 1;
      Thread.ofPlatform()
          .daemon()
          .name("iscsi-listener-", portalGroup)
          .start(() -> target.listen(listeners.get(portalGroup - 1), portalGroup));
    }
    var _ =
        target.timer.scheduleAtFixedRate(
            () -> target.sessions.forEach(session -> session.ping(SILENCE)),
            5,
            5,
            TimeUnit.SECONDS);
    return target;
  }

  /** Where it listens, portal group by portal group. */
  public List<InetSocketAddress> addresses() {
    List<InetSocketAddress> addresses = new ArrayList<>();
    try {
      for (ServerSocketChannel listener : listeners) {
        addresses.add((InetSocketAddress) listener.getLocalAddress());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return addresses;
  }

  /**
   * The portals as an initiator reaches them that has a connection to one: where we listen on all
   * addresses, that is the one by which it came.
   */
  private List<String> portals(InetSocketAddress local) {
    return addresses().stream()
        .map(address ->
            address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(local.getAddress(), address.getPort())
                : address)
        .map(IscsiTarget::format)
        .toList();
  }

  /** How many connections there are now, logged in or not. */
  public int connections() {
    return connections.get();
  }

  /** Bytes that commands in hand hold now. */
  public long heldBytes() {
    return pool.held();
  }

  /** The sessions on a target, oldest first. */
  public List<SessionInfo> sessions(String iqn) {
    return sessions.stream()
        .filter(session -> !session.discovery() && session.target().iqn().equals(iqn))
        .map(Session::info)
        .sorted(Comparator.comparingLong(SessionInfo::id))
        .toList();
  }

  /** Cuts one session off, if it is still there. */
  public void dismiss(long id, Duration wait) {
    dismiss(session -> session.id() == id, wait);
  }

  /** Names of the initiators that have sessions on a target. */
  public List<String> initiators(String iqn) {
    return sessions.stream()
        .filter(session -> !session.discovery() && session.target().iqn().equals(iqn))
        .map(session -> session.nexus().initiator())
        .sorted()
        .toList();
  }

  /**
   * Cuts off all sessions on a target, telling initiators to wait so long before they try again.
   */
  public void dismiss(String iqn, Duration wait) {
    dismiss(session -> session.target().iqn().equals(iqn), wait);
  }

  private void dismiss(Predicate<Session> which, Duration wait) {
    List<Thread> threads =
        sessions.stream()
            .filter(which)
            .map(
                session -> Thread.startVirtualThread(() -> session.dismiss((int) wait.toSeconds())))
            .toList();
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void listen(ServerSocketChannel listener, int portalGroup) {
    while (!closed) {
      try {
        SocketChannel channel = listener.accept();
        if (connections.incrementAndGet() > limits.connections()) {
          connections.decrementAndGet();
          channel.close();
          continue;
        }
        Thread connection =
            Thread.ofPlatform()
                .daemon()
                .name("iscsi-connection")
                .stackSize(Session.STACK)
                .unstarted(() -> serve(channel, portalGroup));
        // Starting one takes longer than accepting the next connection of a crowd.
        Thread.startVirtualThread(connection::start);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.warn("Cannot accept an iSCSI connection: {}", e.getMessage());
        pause();
      }
    }
  }

  /** Out of descriptors, say: give others the time to close theirs. */
  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(SocketChannel channel, int portalGroup) {
    Wire wire = new Wire(channel);
    var deadline =
        timer.schedule(
            () -> closeQuietly(wire), limits.loginTime().toMillis(), TimeUnit.MILLISECONDS);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      Session session = login(channel, wire, portalGroup);
      deadline.cancel(false);
      if (session != null) {
        try {
          session.run();
        } finally {
          sessions.remove(session);
        }
      }
    } catch (IOException e) {
      LOG.debug("An iSCSI login ended: {}", e.getMessage());
    } finally {
      deadline.cancel(false);
      closeQuietly(wire);
      connections.decrementAndGet();
    }
  }

  private @Nullable Session login(SocketChannel channel, Wire wire, int portalGroup)
      throws IOException {
    LoginNegotiation login = new LoginNegotiation(directory, portalGroup);
    int statSn = 0;
    while (true) {
      Bhs request = wire.readHeader();
      if (request.opcode() != Bhs.LOGIN) {
        throw new ProtocolException("a PDU " + request.opcode() + " before login");
      }
      if (request.dataLength() > Parameters.LOGIN_DATA_SEGMENT_LENGTH) {
        throw new ProtocolException("a login request of " + request.dataLength() + " bytes");
      }
      byte[] data = new byte[request.dataLength()];
      wire.readData(ByteBuffer.wrap(data));
      LoginNegotiation.Response response = login.accept(request, data);
      int commandNumber = request.int32(24);
      response.header().set32(24, statSn++).set32(28, commandNumber).set32(32, commandNumber + 127);
      if (!response.complete()) {
        wire.write(response.header(), ByteBuffer.wrap(response.data()));
        if (response.status() != 0) {
          return null;
        }
        continue;
      }
      Nexus nexus = new Nexus(login.initiator(), request.int64(8) >>> 16, portalGroup);
      InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
      Session session =
          new Session(
              sessionIds.incrementAndGet(),
              format((InetSocketAddress) channel.getRemoteAddress()),
              clock.instant(),
              wire,
              login,
              nexus,
              portals(local),
              statSn,
              commandNumber,
              executor,
              timer,
              pool);
      reinstate(session);
      int handle = handles.updateAndGet(last -> last == 0xFFFF ? 1 : last + 1);
      response.header().set16(14, handle);
      sessions.add(session);
      watchReaders();
      wire.write(response.header(), ByteBuffer.wrap(response.data()));
      wire.useDigests(login.parameters().headerDigest(), login.parameters().dataDigest());
      return session;
    }
  }

  /** Looks after the readers of all sessions, as long as there are any. */
  private void watchReaders() {
    if (watching.compareAndSet(false, true)) {
      var _ = timer.schedule(this::relieveReaders, READERS.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void relieveReaders() {
    sessions.forEach(Session::relieveReader);
    watching.set(false);
    if (!sessions.isEmpty()) {
      watchReaders();
    }
  }

  /** A session of the same initiator port on the same target gives way (RFC 7143 6.3.5). */
  private void reinstate(Session fresh) {
    for (Session old : List.copyOf(sessions)) {
      if (!fresh.discovery()
          && !old.discovery()
          && old.nexus().equals(fresh.nexus())
          && old.target().iqn().equals(fresh.target().iqn())) {
        old.drop();
        sessions.remove(old);
      }
    }
  }

  /** Address and port as in TargetAddress; IPv6 in brackets. */
  public static String format(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private static void closeQuietly(Closeable open) {
    try {
      open.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  /** Stops listening, dismisses all sessions, and waits for commands in hand. */
  @Override
  public void close() {
    closed = true;
    listeners.forEach(IscsiTarget::closeQuietly);
    dismiss(session -> true, Duration.ofSeconds(2));
    timer.shutdownNow();
    executor.shutdown();
    try {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      boolean ended = executor.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      // Some commands run on the threads of their connections.
      while (connections.get() > 0 && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
      if (!ended || connections.get() > 0) {
        LOG.warn("SCSI commands were still running when the target stopped");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
