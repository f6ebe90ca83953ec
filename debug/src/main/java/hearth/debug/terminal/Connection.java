// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import hearth.debug.session.SessionException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The user's end of a {@link RemoteTerminal}. */
public final class Connection {
  private static final Gson GSON = new Gson();
  private final BufferedReader in;
  private final OutputStream to;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean colors;
  private final boolean interactive;

  /**
   * Of a server.
   *
   * @param colors whether the output may have them
   * @param interactive whether people type the commands at a terminal
   */
  public Connection(
      InputStream in,
      OutputStream to,
      PrintStream out,
      PrintStream err,
      boolean colors,
      boolean interactive) {
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.to = to;
    this.out = out;
    this.err = err;
    this.colors = colors;
    this.interactive = interactive;
  }

  /**
   * Shows what the server tells and sends what is typed, until one of them leaves.
   *
   * @param script a file of commands that are run first, or null
   * @return the process's exit status for the shell
   * @throws SessionException if the server is another's
   */
  public int run(@Nullable String script) throws SessionException {
    JsonObject hello = new JsonObject();
    hello.addProperty("hello", "terminal");
    hello.addProperty("colors", colors);
    boolean greeted = false;
    try {
      to.write((RemoteTerminal.GREETING + "\n").getBytes(StandardCharsets.UTF_8));
      send(hello);
      List<String> commands = new ArrayList<>();
      JsonObject first = next();
      if (first != null && first.has("commands")) {
        first.getAsJsonArray("commands").forEach(c -> commands.add(c.getAsString()));
        greeted = true;
      }
      if (!greeted) {
        throw new IOException("no answer that is understood");
      }
      try (Prompt prompt =
          interactive ? Prompt.atTerminal(this::interrupt, commands) : Prompt.plain(out)) {
        converse(prompt, script);
      }
    } catch (IOException | JsonParseException | IllegalStateException e) {
      out.flush();
      throw new SessionException(
          greeted
              ? "the connection ended: " + e.getMessage()
              : "the server does not speak to this prompt ("
                  + e.getMessage()
                  + "); is it Delve's, or does it ask for a token or TLS (--token-file,"
                  + " --tls-ca)?");
    }
    out.flush();
    return 0;
  }

  private void converse(Prompt prompt, @Nullable String script) throws IOException {
    boolean first = true;
    while (true) {
      JsonObject message = next();
      if (message == null || message.has("bye")) {
        return;
      }
      if (message.has("out")) {
        out.print(message.get("out").getAsString());
      } else if (message.has("err")) {
        out.flush();
        err.print(message.get("err").getAsString());
        err.flush();
      } else if (message.has("prompt")) {
        out.flush();
        String line =
            first && script != null
                ? "source " + script
                : prompt.read(message.get("prompt").getAsString());
        first = false;
        JsonObject answer = new JsonObject();
        answer.addProperty(line == null ? "end" : "line", line == null ? "" : line);
        send(answer);
      }
    }
  }

  private @Nullable JsonObject next() throws IOException {
    String line = in.readLine();
    if (line == null) {
      return null;
    }
    JsonElement parsed = JsonParser.parseString(line);
    return parsed.isJsonObject() ? parsed.getAsJsonObject() : new JsonObject();
  }

  private void interrupt() {
    JsonObject message = new JsonObject();
    message.addProperty("interrupt", true);
    try {
      send(message);
    } catch (IOException e) {
      // it left, which is told elsewhere
    }
  }

  private void send(JsonObject message) throws IOException {
    synchronized (to) {
      to.write((GSON.toJson(message) + "\n").getBytes(StandardCharsets.UTF_8));
      to.flush();
    }
  }
}
