// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.account;

import hearth.kit.id.Identifiers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/** Password hashes: Argon2id (RFC 9106) with 19 MiB, 2 passes, 1 lane, in the usual text form. */
final class Passwords {
  private static final int MEMORY_KIB = 19_456;
  private static final int PASSES = 2;
  private static final int LENGTH = 32;

  private Passwords() {}

  static String hash(String password) {
    byte[] salt = Identifiers.randomBytes(16);
    return String.join(
        "$",
        "",
        "argon2id",
        "v=19",
        "m=" + MEMORY_KIB + ",t=" + PASSES + ",p=1",
        encode(salt),
        encode(derive(password, salt)));
  }

  /** Whether a password is right; a malformed hash never is. */
  static boolean verify(String password, String hash) {
    String[] parts = hash.split("\\$", -1);
    return parts.length == 6
        && MessageDigest.isEqual(
            derive(password, Base64.getDecoder().decode(parts[4])),
            Base64.getDecoder().decode(parts[5]));
  }

  private static byte[] derive(String password, byte[] salt) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(MEMORY_KIB)
            .withIterations(PASSES)
            .withParallelism(1)
            .withSalt(salt)
            .build());
    byte[] out = new byte[LENGTH];
    generator.generateBytes(password.getBytes(StandardCharsets.UTF_8), out);
    return out;
  }

  private static String encode(byte[] bytes) {
    return Base64.getEncoder().withoutPadding().encodeToString(bytes);
  }
}
