// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A prompt whose user sits elsewhere: commands are run here, where the session is, and what they
 * show goes there. Both ends send objects of JSON, each on a line, after the client's first line
 * {@link #GREETING}: the client {@code hello}, {@code line}, {@code end} and {@code interrupt}; the
 * server {@code commands}, {@code out}, {@code err}, {@code prompt} and {@code bye}.
 */
public final class RemoteTerminal {
  /** First line of a client. */
  static final String GREETING = "HEARTH-TERMINAL 1";

  private static final int MAX_LINE = 1 << 20;
  private static final Gson GSON = new Gson();

  private final Session session;
  private final BufferedReader in;
  private final OutputStream out;
  private final boolean several;
  private final LinkedBlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
  private @Nullable Terminal terminal;

  /**
   * For a client.
   *
   * @param several whether the session outlives its clients
   */
  public RemoteTerminal(Session session, InputStream in, OutputStream out, boolean several) {
    this.session = session;
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.out = out;
    this.several = several;
  }

  /**
   * Serves it until it leaves.
   *
   * @return whether the session ended with it
   */
  public boolean serve() throws IOException, SessionException {
    JsonObject hello = GREETING.equals(line()) ? object(line()) : null;
    if (hello == null || !hello.has("hello")) {
      send("err", "this is a debugger's port; \"dlv connect\" of the same version speaks to it\n");
      return false;
    }
    boolean colors = hello.has("colors") && hello.get("colors").getAsBoolean();
    Terminal made =
        new Terminal(session, Settings.read(), stream("out"), stream("err"), colors, true, null);
    terminal = made;
    JsonArray names = new JsonArray();
    made.commandNames().forEach(names::add);
    send("commands", names);
    Thread reader = Thread.ofVirtual().name("lines").start(this::read);
    try {
      return made.serve(prompt(), several);
    } finally {
      send("bye", "");
      reader.interrupt();
    }
  }

  private PrintStream stream(String kind) {
    return new PrintStream(
        new OutputStream() {
          @Override
          public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int count) {
            send(kind, new String(bytes, from, count, StandardCharsets.UTF_8));
          }
        },
        false,
        StandardCharsets.UTF_8);
  }

  private void send(String kind, String text) {
    send(kind, GSON.toJsonTree(text));
  }

  private void send(String kind, JsonElement value) {
    JsonObject message = new JsonObject();
    message.add(kind, value);
    synchronized (out) {
      try {
        out.write((GSON.toJson(message) + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
      } catch (IOException e) {
        lines.add(Optional.empty()); // it left
      }
    }
  }

  private void read() {
    try {
      while (true) {
        JsonObject message = object(line());
        if (message == null || message.has("end")) {
          break;
        }
        Terminal known = terminal;
        if (message.has("interrupt") && known != null) {
          known.interrupt();
        } else if (message.has("line")) {
          lines.add(Optional.of(message.get("line").getAsString()));
        }
      }
    } catch (IOException | JsonParseException | IllegalStateException e) {
      // It left, or does not speak as agreed.
    }
    lines.add(Optional.empty());
  }

  private @Nullable String line() throws IOException {
    StringBuilder line = new StringBuilder();
    int c = in.read();
    while (c >= 0 && c != '\n') {
      if (line.length() >= MAX_LINE) {
        throw new IOException("a line has more than " + MAX_LINE + " characters");
      }
      line.append((char) c);
      c = in.read();
    }
    return c < 0 && line.isEmpty() ? null : line.toString();
  }

  private static @Nullable JsonObject object(@Nullable String line) {
    if (line == null) {
      return null;
    }
    JsonElement parsed = JsonParser.parseString(line);
    return parsed.isJsonObject() ? parsed.getAsJsonObject() : null;
  }

  private Prompt prompt() {
    return new Prompt() {
      @Override
      public @Nullable String read(String prompt) {
        send("prompt", prompt);
        try {
          return lines.take().orElse(null);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return null;
        }
      }

      @Override
      public void close() {}
    };
  }
}
