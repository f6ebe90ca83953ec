// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import hearth.kit.daemon.Daemon;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** A host of its own for a test, in the test's process, and requests of its first administrator. */
public final class TestHost implements AutoCloseable {
  private final Daemon.Running host;
  private final String bearer;

  /** Starts one in an empty folder. */
  public TestHost(Path folder) {
    host =
        new HearthDaemon()
            .start(
                Map.of(
                    "listen", "127.0.0.1:0",
                    "iscsi-listen", "127.0.0.1:0",
                    "data-folder", folder.toString()));
    bearer = "Bearer " + host.first().orElseThrow().token();
  }

  /** The running host. */
  public Daemon.Running running() {
    return host;
  }

  /** The administrator's credential, as the header has it. */
  public String bearer() {
    return bearer;
  }

  /** Sends a request, and waits for its answer. */
  public AggregatedHttpResponse send(HttpMethod method, String path, MediaType type, byte[] body) {
    return WebClient.of(host.uri())
        .blocking()
        .execute(
            HttpRequest.of(
                RequestHeaders.builder(method, path)
                    .set("authorization", bearer)
                    .contentType(type)
                    .build(),
                HttpData.wrap(body)));
  }

  /** The same with JSON. */
  public AggregatedHttpResponse send(HttpMethod method, String path, String json) {
    return send(method, path, MediaType.JSON_UTF_8, json.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    host.stop();
  }
}
