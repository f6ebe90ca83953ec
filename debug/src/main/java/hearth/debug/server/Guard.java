// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.server;

import hearth.debug.session.SessionException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a connection must prove and how it is kept from others: a token that both ends have in a
 * file, and TLS. Without either, connections are as Delve's are. The token goes before all else, on
 * a line of its own.
 *
 * @param token or null for none
 * @param tls or null for none
 */
public record Guard(@Nullable String token, @Nullable SSLContext tls) {
  /** No guard. */
  public static final Guard NONE = new Guard(null, null);

  private static final String TOKEN = "TOKEN ";
  private static final int MAX_TOKEN = 512;
  private static final int TOKEN_BYTES = 32;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");

  /** A connection that was let in. */
  public record Link(InputStream in, OutputStream out, AutoCloseable owner)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        owner.close();
      } catch (IOException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  /**
   * A server's guard.
   *
   * @param tokenFile holds the token, and is made with one if it is not there; empty for none
   * @param certificate file of a certificate chain (PEM); empty for no TLS
   * @param key file of its private key (PEM, PKCS #8)
   * @throws SessionException if one of them cannot be used
   */
  public static Guard ofServer(String tokenFile, String certificate, String key)
      throws SessionException {
    if (certificate.isEmpty() != key.isEmpty()) {
      throw new SessionException("--tls-cert and --tls-key belong together: give both or none");
    }
    return new Guard(
        tokenFile.isEmpty() ? null : serverToken(Path.of(tokenFile)),
        certificate.isEmpty() ? null : serverTls(Path.of(certificate), Path.of(key)));
  }

  /**
   * A client's guard.
   *
   * @param tokenFile holds the token; empty for none
   * @param authorities file of certificates that are trusted (PEM), the server's own among them;
   *     empty for no TLS
   * @throws SessionException if one of them cannot be used
   */
  public static Guard ofClient(String tokenFile, String authorities) throws SessionException {
    return new Guard(
        tokenFile.isEmpty() ? null : readToken(Path.of(tokenFile)),
        authorities.isEmpty() ? null : clientTls(Path.of(authorities)));
  }

  private static String serverToken(Path file) throws SessionException {
    if (Files.exists(file)) {
      return readToken(file);
    }
    byte[] random = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(random);
    String token = HexFormat.of().formatHex(random);
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, token + "\n", StandardOpenOption.WRITE);
      return token;
    } catch (IOException e) {
      throw new SessionException("cannot write a token to " + file + ": " + reason(e));
    }
  }

  private static String readToken(Path file) throws SessionException {
    try {
      boolean open =
          Files.getPosixFilePermissions(file).stream().anyMatch(p -> !p.name().startsWith("OWNER"));
      if (open) {
        throw new SessionException("others can read the token in " + file + ": chmod 600 " + file);
      }
      String token = Files.readString(file).strip();
      if (token.isEmpty() || token.length() > MAX_TOKEN - TOKEN.length() - 1) {
        throw new SessionException(file + " holds no token: remove it, and the server makes one");
      }
      return token;
    } catch (IOException e) {
      throw new SessionException("cannot read a token from " + file + ": " + reason(e));
    }
  }

  /** Of files that are not there or closed to us, Java's own message is the path alone. */
  private static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException gone -> gone.getFile() + " is not there; check the path";
      case AccessDeniedException closed ->
          closed.getFile() + " is closed to this user; check its owner and mode";
      default -> String.valueOf(e.getMessage());
    };
  }

  private static SSLContext serverTls(Path certificate, Path key) throws SessionException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      Collection<? extends Certificate> chain = certificates(certificate);
      store.setKeyEntry("server", privateKey(key), new char[0], chain.toArray(Certificate[]::new));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new SessionException("cannot use " + certificate + " with " + key + ": " + reason(e));
    }
  }

  private static SSLContext clientTls(Path authorities) throws SessionException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int i = 0;
      for (Certificate certificate : certificates(authorities)) {
        store.setCertificateEntry("authority" + i++, certificate);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new SessionException("cannot use " + authorities + ": " + reason(e));
    }
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    Collection<? extends Certificate> found =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
    if (found.isEmpty()) {
      throw new GeneralSecurityException(file + " has no certificate");
    }
    return found;
  }

  private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
    Matcher key = PRIVATE_KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!key.find()) {
      throw new GeneralSecurityException(
          file + " has no private key in PKCS #8; \"openssl pkcs8 -topk8 -nodes\" makes one");
    }
    byte[] encoded = Base64.getMimeDecoder().decode(key.group(1));
    for (String kind : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (GeneralSecurityException e) {
        // it may be of another kind
      }
    }
    throw new GeneralSecurityException(file + " has a key of a kind that is not known");
  }

  /** Whether who is let in proved something, and nobody else can read what is said. */
  public boolean isOpen() {
    return token == null || tls == null;
  }

  /** Whether a token is asked for. */
  public boolean asksForToken() {
    return token != null;
  }

  /**
   * Lets a client in that has what it must have.
   *
   * @throws IOException if it has not, or takes too long to show it
   */
  Link admit(SocketChannel channel) throws IOException {
    SSLContext secure = tls;
    String wanted = token;
    // Who says nothing does not stay for ever.
    Thread watch =
        secure == null && wanted == null
            ? null
            : Thread.ofVirtual().start(() -> closeAfter(channel));
    Link link = secure == null ? plain(channel) : encrypted(channel, secure, false, "");
    if (wanted != null) {
      String line = line(link.in);
      byte[] given = line.getBytes(StandardCharsets.UTF_8);
      byte[] right = (TOKEN + wanted).getBytes(StandardCharsets.UTF_8);
      if (!MessageDigest.isEqual(given, right)) {
        link.close();
        throw new IOException("a client has not the token");
      }
    }
    if (watch != null) {
      watch.interrupt();
    }
    return link;
  }

  private static void closeAfter(SocketChannel channel) {
    try {
      Thread.sleep(PATIENCE);
      channel.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it was let in
    } catch (IOException e) {
      // it is closed as far as it can be
    }
  }

  /** Greets a server. */
  public Link greet(SocketChannel channel) throws IOException {
    SSLContext secure = tls;
    String host =
        channel.getRemoteAddress() instanceof InetSocketAddress i ? i.getHostString() : "";
    Link link = secure == null ? plain(channel) : encrypted(channel, secure, true, host);
    if (token != null) {
      link.out.write((TOKEN + token + "\n").getBytes(StandardCharsets.UTF_8));
      link.out.flush();
    }
    return link;
  }

  private static Link plain(SocketChannel channel) {
    return new Link(Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
  }

  private static Link encrypted(
      SocketChannel channel, SSLContext context, boolean client, String host) throws IOException {
    if (!(channel.getLocalAddress() instanceof InetSocketAddress)) {
      throw new IOException("TLS is for TCP alone: leave it out with unix: addresses");
    }
    Socket socket = channel.socket();
    SSLSocket made =
        (SSLSocket) context.getSocketFactory().createSocket(socket, host, socket.getPort(), true);
    made.setUseClientMode(client);
    if (client) {
      SSLParameters parameters = made.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      made.setSSLParameters(parameters);
    }
    made.startHandshake();
    return new Link(made.getInputStream(), made.getOutputStream(), made);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    while (line.length() < MAX_TOKEN) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("a client left before it showed its token");
      }
      if (b == '\n') {
        return line.toString();
      }
      line.append((char) b);
    }
    throw new IOException("a token is longer than any is");
  }
}
