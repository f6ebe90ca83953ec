// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever builds the same sources gets the same jars, to the byte. */
@Tag("system")
class ReproducibleTest {
  private static final List<String> MODULES =
      List.of("contract", "kit", "parser", "volume", "server", "cli");

  @Test
  void aSecondBuildInAnotherFolderMakesTheSameJars(@TempDir Path folder) throws Exception {
    Host.Result copied =
        Host.run(
            "sh",
            "-c",
            "cd "
                + Host.HOME
                + " && tar --exclude=target --exclude=.hearth --exclude=.git"
                + " --exclude=.cifuzz-corpus -cf - . | tar -C "
                + folder
                + " -xf -");
    assertThat(copied.code()).as(copied.err()).isZero();
    Host.Result built =
        Host.run(
            "sh",
            "-c",
            "cd "
                + folder
                + " && JAVA_HOME=$(tools/find-jdk) ./mvnw -q -ntp -pl "
                + String.join(",", MODULES)
                + " -Dspotless.check.skip=true -Dmaven.test.skip=true package");
    assertThat(built.code()).as(built.out() + built.err()).isZero();
    for (String module : MODULES) {
      Path first = jar(Host.HOME.resolve(module));
      Path second = jar(folder.resolve(module));
      assertThat(Files.mismatch(first, second)).as(module).isEqualTo(-1);
    }
  }

  private static Path jar(Path module) throws Exception {
    try (Stream<Path> files = Files.list(module.resolve("target"))) {
      return files
          .filter(path -> path.toString().matches(".*-\\d+\\.\\d+\\.\\d+\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }
}
