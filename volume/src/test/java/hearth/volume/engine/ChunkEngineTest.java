// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import hearth.volume.engine.chunk.ChunkEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;

class ChunkEngineTest extends EngineContract {
  private final ScheduledExecutorService maintenance = Executors.newScheduledThreadPool(1);

  @Override
  Engine engine(Path folder) throws IOException {
    return new ChunkEngine(folder, 1 << 20, maintenance);
  }

  @AfterEach
  void stop() {
    maintenance.shutdownNow();
  }
}
