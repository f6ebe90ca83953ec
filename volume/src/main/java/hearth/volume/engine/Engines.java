// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

/** The engines of a host. */
public record Engines(Engine chunks, Engine raw) {
  /** What keeps the bytes of a volume. */
  public enum Kind {
    /** A chunk store. */
    CHUNKS,
    /** A sparse file. */
    RAW,
    /** A block device of the host, which no engine makes or deletes. */
    DEVICE
  }

  /** The engine of a kind that has one. */
  public Engine of(Kind kind) {
    return switch (kind) {
      case CHUNKS -> chunks;
      case RAW -> raw;
      case DEVICE -> throw new IllegalArgumentException("a block device has no engine");
    };
  }
}
