// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** Where lines of commands come from. */
interface Prompt extends AutoCloseable {
  /** The next line, or null if there are no more. */
  @Nullable String read(String prompt);

  @Override
  void close() throws IOException;

  /** Lines of the standard input, when nobody sits at a terminal. */
  static Prompt plain(PrintStream out) {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    return new Prompt() {
      @Override
      public @Nullable String read(String prompt) {
        out.print(prompt);
        out.flush();
        try {
          return in.readLine();
        } catch (IOException e) {
          return null;
        }
      }

      @Override
      public void close() {}
    };
  }

  /**
   * Lines that people edit at a terminal, with a history that is kept.
   *
   * @param interrupted what the interrupt key does while no line is read
   * @param commands names that can be completed
   */
  static Prompt atTerminal(Runnable interrupted, Collection<String> commands) throws IOException {
    org.jline.terminal.Terminal terminal =
        TerminalBuilder.builder().system(true).dumb(true).build();
    terminal.handle(org.jline.terminal.Terminal.Signal.INT, s -> interrupted.run());
    LineReader reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("dlv")
            .completer(new StringsCompleter(commands))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .variable(LineReader.HISTORY_FILE, history())
            .build();
    return new Prompt() {
      @Override
      public @Nullable String read(String prompt) {
        try {
          return reader.readLine(prompt);
        } catch (UserInterruptException e) {
          return "#";
        } catch (EndOfFileException e) {
          return null;
        }
      }

      @Override
      public void close() throws IOException {
        terminal.close();
      }
    };
  }

  private static Path history() throws IOException {
    Path own = Settings.folder();
    Files.createDirectories(own);
    return own.resolve(".dbg_history");
  }
}
