// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.server;

import hearth.debug.session.SessionException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import jdk.net.ExtendedSocketOptions;

/**
 * Takes connections and lets a face of the debugger serve each. Ends when it is told to, or with
 * the only client if it takes no more.
 */
public final class Server implements AutoCloseable {
  private final Address address;
  private final ServerSocketChannel channel;
  private final boolean severalClients;
  private final boolean sameUser;
  private final Guard guard;
  private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();
  private final CountDownLatch ended = new CountDownLatch(1);

  /** What clients speak: told by their first byte. */
  public enum Language {
    /** The Debug Adapter Protocol. */
    ADAPTER,
    /** Delve's interface of JSON-RPC. */
    RPC,
    /** Commands of the prompt. */
    TERMINAL
  }

  /** Serves one client until it leaves. */
  @FunctionalInterface
  public interface Face {
    /**
     * Serves it, on a thread of its own.
     *
     * @param language what it speaks
     */
    void serve(InputStream in, OutputStream out, Language language) throws IOException;
  }

  /**
   * Begins to listen.
   *
   * @param severalClients whether it takes more than one
   * @param sameUser whether others than the user that runs it are refused
   * @param guard what clients must prove beside that
   * @throws SessionException if it cannot listen there
   */
  public Server(Address address, boolean severalClients, boolean sameUser, Guard guard)
      throws SessionException {
    this.address = address;
    this.severalClients = severalClients;
    this.sameUser = sameUser;
    this.guard = guard;
    channel = address.listen();
  }

  /** Where it listens, with the port that the kernel chose if none was asked for. */
  public String where() throws SessionException {
    try {
      return Address.text(channel.getLocalAddress());
    } catch (IOException e) {
      throw new SessionException("couldn't start listener: " + e.getMessage());
    }
  }

  /** Takes connections, on a thread of its own. */
  public void start(Face face) {
    Thread.ofPlatform().name("connections").daemon().start(() -> accept(face));
  }

  private void accept(Face face) {
    try {
      do {
        SocketChannel client = channel.accept();
        if (sameUser && !isSameUser(client)) {
          client.close();
          continue;
        }
        clients.add(client);
        Thread.ofVirtual().name("client").start(() -> serve(client, face));
      } while (severalClients || guard.asksForToken() || clients.isEmpty());
    } catch (IOException e) {
      stop(); // most often it was closed: that is how it ends
    }
  }

  private void serve(SocketChannel client, Face face) {
    boolean admitted = false;
    try (client;
        Guard.Link link = guard.admit(client)) {
      admitted = true;
      InputStream in = new BufferedInputStream(link.in(), 1 << 13);
      in.mark(1);
      int first = in.read();
      in.reset();
      if (first >= 0) {
        face.serve(
            in,
            link.out(),
            switch (first) {
              case 'C' -> Language.ADAPTER;
              case 'H' -> Language.TERMINAL;
              default -> Language.RPC;
            });
      }
    } catch (IOException e) {
      // The client left, or was not let in.
    } finally {
      clients.remove(client);
      if (admitted && !severalClients) {
        stop();
      }
    }
  }

  /** Whether a connection comes from a process of the user that runs this one. */
  private static boolean isSameUser(SocketChannel client) throws IOException {
    if (!(client.getRemoteAddress() instanceof InetSocketAddress remote)) {
      // The file is its owner's alone, but for the moment between its making and that.
      return client
          .getOption(ExtendedSocketOptions.SO_PEERCRED)
          .user()
          .equals(Files.getOwner(Path.of("/proc/self")));
    }
    if (!remote.getAddress().isLoopbackAddress()) {
      return false;
    }
    long user = ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    String theirs = String.format(":%04X", remote.getPort());
    int local = client.getLocalAddress() instanceof InetSocketAddress own ? own.getPort() : 0;
    String ours = String.format(":%04X", local);
    for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
      if (!Files.exists(Path.of(table))) {
        continue;
      }
      for (String line : Files.readAllLines(Path.of(table))) {
        String[] parts = line.trim().split("\\s+", -1);
        // sl, local address, remote address, state, queues, timer, retransmits, user
        boolean theirEnd = parts.length > 7 && parts[1].endsWith(theirs) && parts[2].endsWith(ours);
        if (theirEnd) {
          return Long.parseLong(parts[7]) == user;
        }
      }
    }
    return false;
  }

  /** Waits for its end. */
  public void await() {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends it. From any thread. */
  public void stop() {
    ended.countDown();
  }

  @Override
  public void close() {
    stop();
    try {
      channel.close();
      for (SocketChannel client : clients) {
        client.close();
      }
      if (!address.file().toString().isEmpty()) {
        Files.deleteIfExists(address.file());
      }
    } catch (IOException e) {
      // It is closed as far as it can be.
    }
  }
}
