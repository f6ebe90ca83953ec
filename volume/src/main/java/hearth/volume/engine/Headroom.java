// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps a part of a file system free of volumes' data: an eighth, 64 MiB at most. On a disk that is
 * full to its last byte the host could not even record that a volume was deleted. Asks the file
 * system once a second and whenever what it said is used up. Safe for any thread.
 */
public final class Headroom {
  private static final long MOST = 64 << 20;
  private static final long ASK_AGAIN_NANOS = 1_000_000_000L;

  private final FileStore store;
  private long left;
  private long askedAt = System.nanoTime() - ASK_AGAIN_NANOS;

  /** Watches the file system of a folder. */
  public Headroom(Path folder) throws IOException {
    store = Files.getFileStore(folder);
  }

  /**
   * Whether so many bytes may be stored for a moment, in the half of the room kept free that is for
   * what makes room afterwards.
   */
  public boolean allowsForAMoment(long bytes) throws IOException {
    return store.getUsableSpace() - kept() / 2 >= bytes;
  }

  private long kept() throws IOException {
    return Math.min(MOST, store.getTotalSpace() / 8);
  }

  /** Whether so many bytes more may be stored; counts them if so. */
  public synchronized boolean allows(long bytes) throws IOException {
    if (left < bytes || System.nanoTime() - askedAt >= ASK_AGAIN_NANOS) {
      left = store.getUsableSpace() - kept();
      askedAt = System.nanoTime();
    }
    if (left < bytes) {
      return false;
    }
    left -= bytes;
    return true;
  }
}
