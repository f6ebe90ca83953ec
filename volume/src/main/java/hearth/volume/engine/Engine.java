// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Makes, opens and deletes the data of volumes. Identities are the host's own (never a person's
 * words), so they are safe as file names. Every method may be called from any thread; for one
 * identity the caller makes no two calls at once.
 */
public interface Engine {
  /**
   * How large the pool is that the engine takes space from, and what is free of it.
   *
   * @throws IOException if that cannot be seen
   */
  Space space() throws IOException;

  /** Size of a pool and what is free of it, in bytes. */
  record Space(long capacityBytes, long freeBytes) {
    /** That of the file system which a folder is on. */
    public static Space of(Path folder) throws IOException {
      FileStore store = Files.getFileStore(folder);
      return new Space(store.getTotalSpace(), store.getUsableSpace());
    }
  }

  /**
   * Makes the data of a volume, all zeros, and makes its existence durable.
   *
   * @param uid identity, 32 hexadecimal digits
   * @param sizeBytes a positive multiple of 4096
   * @throws java.nio.file.FileAlreadyExistsException if there is data under this identity
   */
  void create(String uid, long sizeBytes) throws IOException;

  /**
   * Opens the data of a volume for reading and writing.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  VolumeData open(String uid) throws IOException;

  /** Deletes the data of a volume that is not open. Without data it does nothing. */
  void delete(String uid) throws IOException;

  /** Identities of all volumes and snapshots whose data is there. */
  Set<String> list() throws IOException;

  /**
   * Keeps the present contents of a volume under an identity of their own, at once and whatever the
   * size. Durable on return. A snapshot is opened and deleted like a volume, but never changes.
   *
   * @throws UnsupportedOperationException if the engine has no snapshots
   */
  default void snapshot(String volume, String snapshot) throws IOException {
    throw new UnsupportedOperationException("this engine has no snapshots");
  }

  /** Makes a volume that begins with the contents of a snapshot, at once. Durable on return. */
  default void copy(String snapshot, String volume) throws IOException {
    throw new UnsupportedOperationException("this engine has no snapshots");
  }

  /** Whether there are snapshots. */
  default boolean hasSnapshots() {
    return false;
  }

  /** Whether there are checksums to check. */
  default boolean hasChecksums() {
    return false;
  }

  /** Bytes on the disk that only snapshots of a volume, or clones made from them, still hold. */
  default long snapshotBytes(String volume) throws IOException {
    return 0;
  }

  /**
   * Reads everything that a volume and its relatives hold, and compares it with its checksums.
   *
   * @param progress gets the bytes read so far
   * @throws UnsupportedOperationException if the engine keeps no checksums
   */
  default Check check(String volume, LongConsumer progress) throws IOException {
    throw new UnsupportedOperationException("this engine keeps no checksums");
  }

  /**
   * Gives a volume the contents of one of its snapshots again. Its size stays if it is larger.
   * Durable on return.
   */
  default void restore(String volume, String snapshot) throws IOException {
    throw new UnsupportedOperationException("this engine has no snapshots");
  }
}
