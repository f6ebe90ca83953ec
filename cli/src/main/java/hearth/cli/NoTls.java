// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.security.Provider;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Stands where the JDK's client wants TLS although the address is plain http. The real one reads
 * the trust store and all of the JDK's cryptography at each start; this one refuses whatever is
 * asked of it.
 */
final class NoTls extends SSLContextSpi {
  private static final class Context extends SSLContext {
    Context() {
      super(new NoTls(), new Provider("none", "1", "no TLS") {}, "none");
    }
  }

  static SSLContext context() {
    return new Context();
  }

  private static UnsupportedOperationException refuse() {
    return new UnsupportedOperationException("TLS on a plain http address");
  }

  @Override
  protected void engineInit(
      KeyManager @Nullable [] keys,
      TrustManager @Nullable [] trust,
      @Nullable SecureRandom random) {
    throw refuse();
  }

  @Override
  protected SSLSocketFactory engineGetSocketFactory() {
    throw refuse();
  }

  @Override
  protected SSLServerSocketFactory engineGetServerSocketFactory() {
    throw refuse();
  }

  @Override
  protected SSLEngine engineCreateSSLEngine() {
    throw refuse();
  }

  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    throw refuse();
  }

  @Override
  protected SSLSessionContext engineGetServerSessionContext() {
    throw refuse();
  }

  @Override
  protected SSLSessionContext engineGetClientSessionContext() {
    throw refuse();
  }

  @Override
  protected javax.net.ssl.SSLParameters engineGetDefaultSSLParameters() {
    return new javax.net.ssl.SSLParameters();
  }

  @Override
  protected javax.net.ssl.SSLParameters engineGetSupportedSSLParameters() {
    return new javax.net.ssl.SSLParameters();
  }
}
