// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Boots User-Mode Linux: a real kernel as a process. */
final class Kernel {
  private Kernel() {}

  /**
   * Runs a script of {@code system-tests/tools} in it, which must end well; what it printed.
   *
   * @param variables of the script's environment
   * @param programs that it needs
   */
  static String boot(Path scratch, String name, Map<String, String> variables, String... programs)
      throws Exception {
    for (String program : programs) {
      Outside.need(name, program);
    }
    Path tools = Host.HOME.resolve("system-tests/tools");
    StringBuilder script = new StringBuilder("export HEARTH_HOME=" + Host.HOME + "\n");
    variables.forEach((variable, value) ->
        script.append("export ").append(variable).append('=').append(value).append('\n'));
    script.append("exec sh -x ").append(tools.resolve(name)).append('\n');
    Path file = scratch.resolve("script");
    Files.writeString(file, script);
    Host.Result boot =
        Host.run(tools.resolve("uml-boot").toString(), scratch.toString(), file.toString());
    String console =
        Files.exists(scratch.resolve("console"))
            ? Files.readString(scratch.resolve("console"))
            : "";
    assertThat(boot.code()).as(boot.err() + console).isZero();
    assertThat(Files.readString(scratch.resolve("result"))).as(console).isEqualTo("0\n");
    return console;
  }
}
