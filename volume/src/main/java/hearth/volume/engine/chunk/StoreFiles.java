// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.io.Closeable;
import java.io.IOException;

/**
 * The files of a store.
 *
 * @param blocks superblocks, map and data
 * @param log the intent log
 * @param recent what was written since the last flush, for when the program is killed
 */
record StoreFiles(StoreFile blocks, StoreFile log, StoreFile recent) implements Closeable {
  @Override
  public void close() throws IOException {
    try (blocks;
        log) {
      recent.close();
    }
  }
}
