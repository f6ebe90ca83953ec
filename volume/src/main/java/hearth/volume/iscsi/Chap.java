// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.kit.id.Identifiers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * One challenge of CHAP (RFC 1994, RFC 7143 12.1.3): the target asks, the initiator proves that it
 * knows the secret.
 */
final class Chap {
  /** Algorithms of the IANA PPP registry, the strongest first. */
  enum Algorithm {
    SHA3_256(8, "SHA3-256"),
    SHA_256(7, "SHA-256"),
    SHA_1(6, "SHA-1"),
    MD5(5, "MD5");

    final int number;
    final String name;

    Algorithm(int number, String name) {
      this.number = number;
      this.name = name;
    }

    /**
     * The first that we know of a list such as {@code 5,7}, which the initiator orders by what it
     * prefers (RFC 7143 12.1.3).
     */
    static Optional<Algorithm> choose(String list) {
      return java.util.Arrays.stream(list.split(",", 32))
          .flatMap(offered ->
              java.util.Arrays.stream(values())
                  .filter(algorithm -> String.valueOf(algorithm.number).equals(offered)))
          .findFirst();
    }
  }

  private static final int LONGEST = 1024;

  private final Algorithm algorithm;
  private final byte identifier = Identifiers.randomBytes(1)[0];
  private final byte[] challenge = Identifiers.randomBytes(32);

  Chap(Algorithm algorithm) {
    this.algorithm = algorithm;
  }

  Algorithm algorithm() {
    return algorithm;
  }

  String identifier() {
    return String.valueOf(identifier & 0xFF);
  }

  String challenge() {
    return "0x" + HexFormat.of().formatHex(challenge);
  }

  /** Whether a response proves knowledge of the secret; takes the same time for every wrong one. */
  boolean verify(byte[] response, byte[] secret) {
    return MessageDigest.isEqual(digest(algorithm, identifier, secret, challenge), response);
  }

  /**
   * The response to a challenge of the other side, or nothing if it is the one that we sent (RFC
   * 7143 9.2.1: whoever sends that back wants us to do its work).
   */
  Optional<String> respond(int theirIdentifier, byte[] theirChallenge, byte[] secret) {
    if (MessageDigest.isEqual(challenge, theirChallenge)) {
      return Optional.empty();
    }
    byte[] response = digest(algorithm, (byte) theirIdentifier, secret, theirChallenge);
    return Optional.of("0x" + HexFormat.of().formatHex(response));
  }

  static byte[] digest(Algorithm algorithm, byte identifier, byte[] secret, byte[] challenge) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm.name);
      digest.update(identifier);
      digest.update(secret);
      return digest.digest(challenge);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads a large binary value (RFC 7143 6.1): {@code 0x} hexadecimal or {@code 0b} base64. */
  static Optional<byte[]> binary(String value) {
    String prefix = value.length() < 2 ? "" : value.substring(0, 2).toLowerCase(Locale.ROOT);
    String body = value.length() < 2 ? "" : value.substring(2);
    try {
      byte[] bytes =
          switch (prefix) {
            case "0x" -> HexFormat.of().parseHex(body.length() % 2 == 0 ? body : "0" + body);
            case "0b" -> Base64.getDecoder().decode(body);
            default -> new byte[0];
          };
      return bytes.length == 0 || bytes.length > LONGEST ? Optional.empty() : Optional.of(bytes);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
