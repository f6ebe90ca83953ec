// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dap;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the protocol on a stream: a header with the length, an empty line, and JSON. Reading
 * is for one thread, sending for any.
 */
final class Channel {
  private static final int MAX_MESSAGE = 1 << 24;
  private static final int MAX_HEADER = 1 << 12;
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();
  private final InputStream in;
  private final OutputStream out;
  private long sequence;

  Channel(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
  }

  /**
   * The next message; null at the end.
   *
   * @throws IOException if it is none
   */
  @Nullable JsonObject read() throws IOException {
    int length = -1;
    int size = 0;
    while (true) {
      String line = line();
      if (line == null) {
        return null;
      }
      size += line.length();
      if (size > MAX_HEADER) {
        throw new IOException("a header of more than " + MAX_HEADER + " bytes");
      }
      if (line.isEmpty()) {
        break;
      }
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).trim().equalsIgnoreCase("Content-Length")) {
        try {
          length = Integer.parseInt(line.substring(colon + 1).trim());
        } catch (NumberFormatException e) {
          throw new IOException("a length that is no number: " + line, e);
        }
      }
    }
    if (length < 0 || length > MAX_MESSAGE) {
      throw new IOException("a message of " + length + " bytes");
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("a message ends early");
    }
    try {
      JsonElement parsed = JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8));
      return parsed.isJsonObject() ? parsed.getAsJsonObject() : new JsonObject();
    } catch (JsonParseException e) {
      throw new IOException("a message that is no JSON", e);
    }
  }

  private @Nullable String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (line.size() < MAX_HEADER) {
      int c = in.read();
      if (c < 0) {
        return null;
      }
      if (c == '\n') {
        break;
      }
      if (c != '\r') {
        line.write(c);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  /** Answers a request. */
  void answer(JsonObject request, @Nullable JsonObject body) {
    JsonObject message = response(request, true);
    if (body != null) {
      message.add("body", body);
    }
    send(message);
  }

  /** Tells that a request cannot be done. */
  void refuse(JsonObject request, int id, String summary, String details, boolean show) {
    JsonObject error = new JsonObject();
    error.addProperty("id", id);
    error.addProperty("format", summary + ": " + details);
    error.addProperty("showUser", show);
    JsonObject body = new JsonObject();
    body.add("error", error);
    JsonObject message = response(request, false);
    message.addProperty("message", summary);
    message.add("body", body);
    send(message);
  }

  private static JsonObject response(JsonObject request, boolean success) {
    JsonObject message = new JsonObject();
    message.addProperty("type", "response");
    message.add("request_seq", request.get("seq"));
    message.addProperty("success", success);
    message.add("command", request.get("command"));
    return message;
  }

  /** Tells of something that happened. */
  void event(String name, @Nullable JsonObject body) {
    JsonObject message = new JsonObject();
    message.addProperty("type", "event");
    message.addProperty("event", name);
    if (body != null) {
      message.add("body", body);
    }
    send(message);
  }

  /** Shows text to the user. */
  void output(String category, String text) {
    JsonObject body = new JsonObject();
    body.addProperty("category", category);
    body.addProperty("output", text);
    event("output", body);
  }

  private synchronized void send(JsonObject message) {
    JsonObject numbered = new JsonObject();
    numbered.addProperty("seq", ++sequence);
    message.entrySet().forEach(e -> numbered.add(e.getKey(), e.getValue()));
    byte[] bytes = GSON.toJson(numbered).getBytes(StandardCharsets.UTF_8);
    try {
      out.write(
          ("Content-Length: " + bytes.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      out.write(bytes);
      out.flush();
    } catch (IOException e) {
      // It left: nobody is told.
    }
  }
}
