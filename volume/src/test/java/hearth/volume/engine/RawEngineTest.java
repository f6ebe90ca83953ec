// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import java.io.IOException;
import java.nio.file.Path;

class RawEngineTest extends EngineContract {
  @Override
  Engine engine(Path folder) throws IOException {
    return new RawEngine(folder);
  }
}
