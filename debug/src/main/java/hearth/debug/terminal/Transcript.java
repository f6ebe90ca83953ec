// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.session.SessionException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** What the prompt shows, and a file that may get it too. */
final class Transcript extends OutputStream {
  private final OutputStream shown;
  private final PrintStream stream;
  private @Nullable OutputStream file;
  private boolean hidden;

  Transcript(OutputStream shown) {
    this.shown = shown;
    stream = new PrintStream(this, false, StandardCharsets.UTF_8);
  }

  /** Where commands write. */
  PrintStream stream() {
    return stream;
  }

  /**
   * Writes to a file too from now on.
   *
   * @param anew whether what it held is dropped
   * @param hide whether nothing is shown meanwhile
   */
  void start(Path path, boolean anew, boolean hide) throws SessionException {
    stop();
    OpenOption how = anew ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND;
    try {
      file = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
      hidden = hide;
    } catch (IOException e) {
      throw new SessionException("open " + path + ": cannot be written");
    }
  }

  /** Writes to the file no more. */
  void stop() throws SessionException {
    stream.flush();
    OutputStream old = file;
    file = null;
    hidden = false;
    if (old != null) {
      try {
        old.close();
      } catch (IOException e) {
        throw new SessionException("cannot write the transcript: " + e.getMessage());
      }
    }
  }

  /** Tells the file what was typed. */
  void typed(String prompt, String line) {
    OutputStream known = file;
    if (known != null) {
      try {
        stream.flush();
        known.write((prompt + line + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        file = null; // what is shown still is
      }
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    if (!hidden) {
      shown.write(bytes, from, count);
    }
    OutputStream known = file;
    if (known != null) {
      known.write(bytes, from, count);
    }
  }

  @Override
  public void flush() throws IOException {
    shown.flush();
    OutputStream known = file;
    if (known != null) {
      known.flush();
    }
  }
}
