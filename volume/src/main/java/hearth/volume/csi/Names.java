// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.kit.id.Identifiers;
import hearth.kit.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names as the orchestrator and as the host knows them. */
final class Names {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  private static final Pattern INITIATOR = Pattern.compile("(iqn|eui|naa)\\.[!-@\\[-~]{1,219}");
  private static final int LONGEST = 128;

  private Names() {}

  /** A text that must be there. Problem INVALID_ARGUMENT if it is empty. */
  static String required(String field, String value) {
    if (value.isEmpty()) {
      throw Problem.invalid(field, "is missing", "Give it");
    }
    return value;
  }

  /**
   * What the host shall call something that the orchestrator calls by a name: the same if the host
   * takes it, else one that comes of the name and of nothing else.
   */
  static String id(String field, String name) {
    String text = required(field, name);
    if (text.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw Problem.invalid(field, "is longer than " + LONGEST + " bytes", "Choose a shorter one");
    }
    return LABEL.matcher(text).matches() ? text : "csi-" + hash(text);
  }

  /** Forty hexadecimal digits that come of a text. */
  static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the host could have a volume of this identity at all. */
  static boolean couldBeVolume(String id) {
    return LABEL.matcher(id).matches();
  }

  /** The host's name of a volume. Problem NOT_FOUND if it can be none. */
  static String volume(String id) {
    if (!couldBeVolume(id)) {
      throw Problem.notFound("volume", Identifiers.printable(id), "See: hearth volume list");
    }
    return "accounts/me/volumes/" + id;
  }

  /** The host's name of a snapshot, if it can have one of this identity. */
  static Optional<String> snapshot(String id) {
    int slash = id.indexOf('/');
    return slash > 0
            && couldBeVolume(id.substring(0, slash))
            && couldBeVolume(id.substring(slash + 1))
        ? Optional.of(volume(id.substring(0, slash)) + "/snapshots/" + id.substring(slash + 1))
        : Optional.empty();
  }

  /** The identity of a volume that the host calls so. */
  static String volumeId(String name) {
    return name.split("/", -1)[3];
  }

  /** The identity of a snapshot that the host calls so. */
  static String snapshotId(String name) {
    String[] parts = name.split("/", -1);
    return parts[3] + "/" + parts[5];
  }

  /** The initiator of a node. Problem NOT_FOUND if this is none's name. */
  static String node(String id) {
    if (!INITIATOR.matcher(id).matches()) {
      throw Problem.notFound(
          "node",
          Identifiers.printable(id),
          "A node's identity is what its /etc/iscsi/initiatorname.iscsi says");
    }
    return id;
  }
}
