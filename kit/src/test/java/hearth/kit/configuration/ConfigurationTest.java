// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  private static final Setting COLOUR = new Setting("wall-colour", "white", "Colour of the wall");

  @TempDir Path folder;

  private Configuration read(Map<String, String> environment) {
    return Configuration.read(
        environment,
        List.of(folder.resolve("near"), folder.resolve("far")),
        List.of("wall-colour", "size"));
  }

  @Test
  void theNearestThatSaysSomethingWins() throws Exception {
    assertThat(read(Map.of()).valueOf(COLOUR).orElseThrow())
        .isEqualTo(new Configuration.Value("white", "default"));
    Files.writeString(folder.resolve("far"), "# paint\n\nwall-colour = \"dark red\"\n");
    assertThat(read(Map.of()).valueOf(COLOUR).orElseThrow())
        .isEqualTo(new Configuration.Value("dark red", folder.resolve("far") + ":3"));
    Files.writeString(folder.resolve("near"), "wall-colour=blue");
    assertThat(read(Map.of()).valueOf(COLOUR).orElseThrow().text()).isEqualTo("blue");
    assertThat(read(Map.of("HEARTH_WALL_COLOUR", "green")).valueOf(COLOUR).orElseThrow())
        .isEqualTo(new Configuration.Value("green", "environment HEARTH_WALL_COLOUR"));
  }

  @Test
  void allMistakesAreToldTogetherWithTheirPlaces() throws Exception {
    Files.writeString(folder.resolve("near"), "wall-color = red\nnonsense\nsize = 1\nsize = 2\n");
    Files.write(folder.resolve("far"), new byte[] {(byte) 0xff, 'x'});
    assertThatThrownBy(() -> read(Map.of()))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("near:1")
        .hasMessageContaining("did you mean wall-colour")
        .hasMessageContaining("near:2")
        .hasMessageContaining("near:4: 'size' is set twice")
        .hasMessageContaining("far: is not UTF-8");
  }
}
