// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.snapshot;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.binary.BuildInfo;
import hearth.debug.binary.Elf;
import hearth.debug.session.SessionException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The Go programs that run on this machine, as far as this user may see. */
public final class Processes {
  private static final int LONGEST = 60;

  private Processes() {}

  private record Found(int pid, String version, String module, String settings) {}

  /** Lists them: number, Go's version, module, and how they were built. */
  public static void list(PrintStream out) throws IOException {
    List<Found> all = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            Path.of("/proc"), p -> p.getFileName().toString().matches("\\d+"))) {
      for (Path entry : entries) {
        look(entry).ifPresent(all::add);
      }
    }
    all.sort(Comparator.comparingInt(Found::pid));
    int version = width(all.stream().map(Found::version).toList(), "GO");
    int module = width(all.stream().map(Found::module).toList(), "MODULE");
    String format = "%7s  %-" + version + "s  %-" + module + "s  %s%n";
    out.printf(format, "PID", "GO", "MODULE", "BUILD");
    for (Found found : all) {
      out.printf(format, found.pid, found.version, found.module, found.settings);
    }
  }

  /**
   * Waits until a process is there whose command line begins with some text.
   *
   * @param interval milliseconds from one look to the next, at least 1
   * @param duration milliseconds after which it is given up, or 0 for never
   * @return its number
   * @throws SessionException if none came in time
   */
  public static int waitFor(String prefix, long interval, long duration) throws SessionException {
    long end = System.nanoTime() + duration * 1_000_000;
    try {
      while (true) {
        try (DirectoryStream<Path> entries =
            Files.newDirectoryStream(
                Path.of("/proc"), p -> p.getFileName().toString().matches("\\d+"))) {
          for (Path entry : entries) {
            int pid = Integer.parseInt(entry.getFileName().toString());
            if (pid != ProcessHandle.current().pid() && commandLine(entry).startsWith(prefix)) {
              return pid;
            }
          }
        }
        if (duration > 0 && System.nanoTime() > end) {
          throw new SessionException("waitfor timeout exceeded");
        }
        Thread.sleep(Math.max(interval, 1));
      }
    } catch (IOException e) {
      throw new SessionException("cannot list processes: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SessionException("interrupted while waiting for a process");
    }
  }

  private static String commandLine(Path entry) {
    try {
      byte[] words = Files.readAllBytes(entry.resolve("cmdline"));
      return new String(words, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    } catch (IOException e) {
      return ""; // it ended
    }
  }

  private static int width(List<String> texts, String title) {
    return Math.max(title.length(), texts.stream().mapToInt(String::length).max().orElse(0));
  }

  private static Optional<Found> look(Path entry) {
    // It may end at any moment, or be another user's: then it is not told.
    try (Elf elf = Elf.open(entry.resolve("exe"))) {
      int pid = Integer.parseInt(entry.getFileName().toString());
      return BuildInfo.of(elf)
          .map(info -> new Found(pid, info.goVersion(), module(info), how(info)));
    } catch (IOException | BadBinaryException e) {
      return Optional.empty();
    }
  }

  private static String module(BuildInfo info) {
    String path = info.mainPath().isEmpty() ? "?" : info.mainPath();
    String version =
        info.mainModule()
            .map(BuildInfo.Module::version)
            .filter(v -> !v.equals("(devel)"))
            .orElse("");
    String text = version.isEmpty() ? path : path + "@" + version;
    return text.length() <= LONGEST ? text : "…" + text.substring(text.length() - LONGEST + 1);
  }

  /** The settings that matter to who debugs it. */
  private static String how(BuildInfo info) {
    List<String> told = new ArrayList<>();
    for (String setting : info.settings()) {
      boolean matters =
          setting.startsWith("-gcflags=")
              || setting.startsWith("-ldflags=")
              || setting.startsWith("-trimpath=")
              || setting.startsWith("-race=")
              || setting.startsWith("vcs.revision=")
              || setting.equals("CGO_ENABLED=1")
              || setting.startsWith("-buildmode=pie");
      if (matters) {
        told.add(setting.length() <= LONGEST ? setting : setting.substring(0, LONGEST) + "…");
      }
    }
    return String.join(" ", told);
  }
}
