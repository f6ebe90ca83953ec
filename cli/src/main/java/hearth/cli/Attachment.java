// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.kit.initiator.KernelInitiator;
import hearth.kit.problem.Problem;
import java.nio.file.Path;
import java.util.List;

/**
 * Logs this machine's kernel initiator in and out of a volume, through {@code iscsiadm} of
 * open-iscsi.
 */
final class Attachment {
  private Attachment() {}

  static List<Verb> verbs() {
    return List.of(
        new Verb(
            "attach",
            "Attach a volume to this machine and print its device",
            "NAME",
            flags(List.of("account", "dry-run"), Flag.NETWORK),
            List.of(
                "# Attach it",
                "hearth volume attach data",
                "# And make a file system",
                "mkfs.ext4 $(hearth volume attach data)"),
            Attachment::attach),
        new Verb(
            "detach",
            "Detach a volume from this machine",
            "NAME",
            flags(List.of("account", "dry-run"), Flag.NETWORK),
            List.of(
                "# After unmounting it",
                "hearth volume detach data",
                "# One of another account",
                "hearth volume detach ann/photos"),
            Attachment::detach));
  }

  private static JsonObject volume(Invocation invocation) {
    return invocation.get(invocation.resource("volumes", invocation.name()));
  }

  private static void attach(Invocation invocation) {
    JsonObject volume = volume(invocation);
    if (invocation.isSet("dry-run")) {
      invocation
          .context()
          .out()
          .println("volume/" + invocation.name() + " attached (dry run: nothing was changed)");
      return;
    }
    try {
      Path device =
          new KernelInitiator()
              .login(
                  new KernelInitiator.Login(
                      Output.text(volume, "iscsi.iqn"),
                      portals(volume),
                      Output.text(volume, "iscsi.chapUser"),
                      Output.text(volume, "iscsi.chapSecret"),
                      Output.text(volume, "iscsi.targetChapSecret")),
                  invocation.timeout());
      invocation.context().out().println(device);
      invocation.next("mkfs.ext4 " + device + " when it is new, or mount it");
    } catch (Problem problem) {
      throw failure(problem);
    }
  }

  private static List<String> portals(JsonObject volume) {
    return volume.getAsJsonObject("iscsi").getAsJsonArray("portals").asList().stream()
        .map(JsonElement::getAsString)
        .toList();
  }

  private static void detach(Invocation invocation) {
    JsonObject volume = volume(invocation);
    if (!invocation.isSet("dry-run")) {
      try {
        new KernelInitiator().logout(Output.text(volume, "iscsi.iqn"));
      } catch (Problem problem) {
        throw failure(problem);
      }
    }
    invocation.changed(
        volume, List.of(), "volume/" + invocation.name() + " detached", "hearth volume list");
  }

  private static CliFailure failure(Problem problem) {
    return new CliFailure(ExitCode.of(problem.code().name()), problem.what(), problem.fix());
  }
}
