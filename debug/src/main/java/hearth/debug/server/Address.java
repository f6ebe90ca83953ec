// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.server;

import hearth.debug.session.SessionException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where a server listens: {@code host:port}, or {@code unix:} and a path. */
public record Address(SocketAddress address) {
  private static final String UNIX = "unix:";

  /**
   * Reads one. Without a host, it is every address of this machine.
   *
   * @throws SessionException if it is none
   */
  public static Address of(String text) throws SessionException {
    if (text.startsWith(UNIX)) {
      return new Address(UnixDomainSocketAddress.of(text.substring(UNIX.length())));
    }
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (colon >= 0 && port >= 0 && port < 1 << 16) {
        return new Address(
            host.isEmpty()
                ? new InetSocketAddress(port)
                : new InetSocketAddress(
                    InetAddress.getByName(host.replace("[", "").replace("]", "")), port));
      }
    } catch (NumberFormatException | UnknownHostException e) {
      // told below
    }
    throw new SessionException(
        "couldn't start listener: address "
            + text
            + ": expected host:port, as in 127.0.0.1:2345, or unix: and a path");
  }

  /** Whether only this machine reaches it. */
  public boolean isLocal() {
    return !(address instanceof InetSocketAddress i) || i.getAddress().isLoopbackAddress();
  }

  /**
   * Listens there. A socket in the file system is for its owner alone.
   *
   * @throws SessionException if that cannot be done
   */
  ServerSocketChannel listen() throws SessionException {
    try {
      if (address instanceof UnixDomainSocketAddress u) {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        channel.bind(u);
        Files.setPosixFilePermissions(u.getPath(), PosixFilePermissions.fromString("rw-------"));
        return channel;
      }
      ServerSocketChannel channel = ServerSocketChannel.open();
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address);
      return channel;
    } catch (IOException e) {
      throw new SessionException(
          "couldn't start listener: "
              + this
              + ": "
              + e.getMessage()
              + (file().toString().isEmpty()
                  ? "; choose another port, or 0 for any that is free"
                  : "; choose another path, or remove what a server left there"));
    }
  }

  /**
   * Connects to it.
   *
   * @throws SessionException if nobody listens there
   */
  public SocketChannel connect() throws SessionException {
    try {
      return SocketChannel.open(address);
    } catch (IOException e) {
      throw new SessionException(
          "could not connect to " + this + ": " + e.getMessage() + "; does anybody listen there?");
    }
  }

  static String text(SocketAddress address) {
    return switch (address) {
      case UnixDomainSocketAddress u -> u.getPath().toString();
      case InetSocketAddress i -> {
        String host = i.getAddress().getHostAddress();
        boolean any = i.getAddress().isAnyLocalAddress();
        yield (any ? "[::]" : host.contains(":") ? "[" + host + "]" : host) + ":" + i.getPort();
      }
      default -> address.toString();
    };
  }

  Path file() {
    return address instanceof UnixDomainSocketAddress u ? u.getPath() : Path.of("");
  }

  @Override
  public String toString() {
    return text(address);
  }
}
