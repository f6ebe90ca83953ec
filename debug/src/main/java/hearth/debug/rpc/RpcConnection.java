// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.rpc;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: JSON-RPC 1.0 as Go's {@code net/rpc/jsonrpc} speaks it, objects on a
 * stream with nothing between them. Requests are done in their order, but for those that may wait
 * long.
 */
public final class RpcConnection {
  private static final String PREFIX = "RPCServer.";
  private static final int MAX_REQUEST = 1 << 24;
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final RpcServer server;
  private final InputStream in;
  private final OutputStream out;

  public RpcConnection(RpcServer server, InputStream in, OutputStream out) {
    this.server = server;
    this.in = in;
    this.out = out;
  }

  /** Counts what is read since the last request began, so that none can take all memory. */
  private static final class Bounded extends InputStream {
    private final InputStream in;
    private int left = MAX_REQUEST;

    Bounded(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left <= 0) {
        throw new IOException("a request has more than " + MAX_REQUEST + " bytes");
      }
      int count = in.read(bytes, offset, Math.min(length, left));
      left -= Math.max(count, 0);
      return count;
    }
  }

  /** Answers until the client leaves. */
  public void serve() {
    Bounded bounded = new Bounded(in);
    try (JsonReader reader =
        new JsonReader(
            new BufferedReader(new InputStreamReader(bounded, StandardCharsets.UTF_8), 1 << 13))) {
      reader.setStrictness(Strictness.LENIENT); // several values on one stream
      while (reader.peek() != JsonToken.END_DOCUMENT) {
        bounded.left = MAX_REQUEST;
        JsonElement request = JsonParser.parseReader(reader);
        if (!request.isJsonObject()) {
          return;
        }
        request(request.getAsJsonObject());
      }
    } catch (IOException | JsonParseException | IllegalStateException e) {
      // The client left, or does not speak JSON: there is nobody to tell.
    }
  }

  private void request(JsonObject request) {
    JsonElement id = request.get("id");
    JsonElement named = request.get("method");
    String method = named != null && named.isJsonPrimitive() ? named.getAsString() : "";
    String name = method.startsWith(PREFIX) ? method.substring(PREFIX.length()) : "";
    if (!server.knows(name)) {
      answer(id, JsonNull.INSTANCE, "unknown method: " + method);
      return;
    }
    JsonElement params = request.get("params");
    JsonArray list =
        params != null && params.isJsonArray() ? params.getAsJsonArray() : new JsonArray();
    JsonObject arguments =
        !list.isEmpty() && list.get(0).isJsonObject()
            ? list.get(0).getAsJsonObject()
            : new JsonObject();
    server.announce(name);
    if (server.isAsynchronous(name)) {
      Thread.ofVirtual().name(name).start(() -> call(id, name, arguments));
    } else {
      call(id, name, arguments);
    }
  }

  private void call(@Nullable JsonElement id, String name, JsonObject arguments) {
    try {
      answer(id, server.call(name, arguments), null);
    } catch (RpcException e) {
      answer(id, JsonNull.INSTANCE, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      answer(id, JsonNull.INSTANCE, "Internal debugger error: " + e);
    } finally {
      server.answered(name);
    }
  }

  private void answer(@Nullable JsonElement id, JsonElement result, @Nullable String error) {
    JsonObject answer = new JsonObject();
    answer.add("id", id == null ? JsonNull.INSTANCE : id);
    answer.add("result", result);
    if (error == null) {
      answer.add("error", JsonNull.INSTANCE);
    } else {
      answer.addProperty("error", error);
    }
    byte[] bytes = (GSON.toJson(answer) + "\n").getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      try {
        out.write(bytes);
        out.flush();
      } catch (IOException e) {
        // It left before it was answered.
      }
    }
  }
}
