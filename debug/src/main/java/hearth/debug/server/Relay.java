// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.server;

import hearth.debug.session.SessionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;

/**
 * Lets clients that know neither tokens nor TLS reach a server that asks for them: they connect
 * here, on this machine, and all that they say goes there.
 */
public final class Relay {
  private final Address server;
  private final Guard guard;

  /** To a server. */
  public Relay(Address server, Guard guard) {
    this.server = server;
    this.guard = guard;
  }

  /** Carries what one client and the server say until one of them leaves. */
  public void serve(InputStream in, OutputStream out) throws IOException {
    try (SocketChannel channel = server.connect();
        Guard.Link link = guard.greet(channel)) {
      Thread back = Thread.ofVirtual().name("relay").start(() -> copy(link.in(), out));
      in.transferTo(new Flushed(link.out()));
      channel.shutdownInput(); // so that the other way ends too
      back.join();
    } catch (SessionException e) {
      throw new IOException(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(InputStream from, OutputStream to) {
    try (to) {
      from.transferTo(new Flushed(to));
    } catch (IOException e) {
      // one of them left
    }
  }

  /** Holds nothing back. */
  private static final class Flushed extends OutputStream {
    private final OutputStream out;

    Flushed(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      out.flush();
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      out.write(bytes, from, count);
      out.flush();
    }
  }
}
