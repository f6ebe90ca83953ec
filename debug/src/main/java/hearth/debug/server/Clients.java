// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.server;

import hearth.debug.dap.AdapterConnection;
import hearth.debug.rpc.RpcConnection;
import hearth.debug.rpc.RpcServer;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.terminal.RemoteTerminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** All clients of one session, whatever they speak. */
public final class Clients implements Server.Face, AutoCloseable {
  private final Session session;
  private final boolean several;
  private final Runnable detached;
  private final RpcServer methods;

  /**
   * For a session.
   *
   * @param several whether there may be more than one
   * @param detached told when a client ended the session
   */
  public Clients(Session session, boolean several, Runnable detached) {
    this.session = session;
    this.several = several;
    this.detached = detached;
    methods = new RpcServer(session, several, detached);
  }

  @Override
  public void serve(InputStream in, OutputStream out, Server.Language language) throws IOException {
    switch (language) {
      case ADAPTER -> new AdapterConnection(in, out, session, several, detached).serve();
      case RPC -> new RpcConnection(methods, in, out).serve();
      case TERMINAL -> {
        try {
          if (new RemoteTerminal(session, in, out, several).serve()) {
            detached.run();
          }
        } catch (SessionException e) {
          throw new IOException(e.getMessage());
        }
      }
    }
  }

  /** Lets the program run before any client comes. */
  public void resume() {
    Thread.ofVirtual()
        .name("continue")
        .start(() -> {
          try {
            session.resume();
          } catch (SessionException e) {
            return; // clients are told by the state
          }
        });
  }

  /** Ends the session, if no client did. */
  @Override
  public void close() throws SessionException {
    if (!session.isDetached()) {
      session.close();
    }
  }
}
