// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.index.Program;
import hearth.debug.target.Inferior;
import hearth.debug.target.LiveProcess;
import hearth.debug.target.TargetException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Gets hold of a process, or of what is left of one, and reads its program meanwhile. */
final class Opening {
  /** Gets hold of what is debugged. */
  @FunctionalInterface
  interface Opener {
    Inferior open() throws TargetException;
  }

  private Opening() {}

  /**
   * What an opener gets, with its program.
   *
   * @throws SessionException if one of them cannot be opened, with what was tried undone
   */
  static Traced of(Path executable, Opener opener) throws SessionException {
    CompletableFuture<Program> reading = CompletableFuture.supplyAsync(() -> read(executable));
    Inferior target = null;
    boolean opened = false;
    try {
      if (!Files.isReadable(executable)) {
        reading.join(); // says why
      }
      // The runtime's line table is needed at once, and is long.
      reading.thenAcceptAsync(p -> p.functions(Session.THROW).forEach(f -> p.line(f, f.low())));
      target = opener.open();
      Traced made = new Traced(reading.join(), target);
      opened = true;
      return made;
    } catch (TargetException | BadBinaryException e) {
      throw new SessionException(String.valueOf(e.getMessage()));
    } catch (CompletionException e) {
      throw new SessionException(why(executable, e.getCause()));
    } finally {
      if (!opened) {
        letGo(reading, target);
      }
    }
  }

  private static Program read(Path executable) {
    try {
      return Program.open(executable);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String why(Path executable, @Nullable Throwable cause) {
    if (!(cause instanceof UncheckedIOException)) {
      return String.valueOf(cause == null ? null : cause.getMessage());
    }
    return executable.startsWith("/proc")
        ? "could not attach to pid "
            + executable.getName(1)
            + ": cannot read "
            + executable
            + "; is there such a process, and is it yours?"
        : "could not open "
            + executable
            + ": "
            + (Files.exists(executable) ? cause.getMessage() : "no such file or directory");
  }

  private static void letGo(CompletableFuture<Program> reading, @Nullable Inferior target) {
    if (target != null) {
      target.detach(target instanceof LiveProcess process && process.isChild());
    }
    reading.whenComplete((program, failure) -> {
      if (program != null) {
        try {
          program.close();
        } catch (IOException e) {
          // nothing was written to it
        }
      }
    });
  }
}
