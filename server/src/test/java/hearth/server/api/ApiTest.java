// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.rpc.ErrorInfo;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.client.grpc.GrpcClients;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.MediaType;
import hearth.contract.volume.v1.CreateVolumeRequest;
import hearth.contract.volume.v1.GetVolumeRequest;
import hearth.contract.volume.v1.ListVolumesRequest;
import hearth.contract.volume.v1.Volume;
import hearth.contract.volume.v1.VolumeServiceGrpc.VolumeServiceBlockingStub;
import hearth.server.TestHost;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc.ServerReflectionStub;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API's faces on one port, and what nobody should send to them. */
class ApiTest {
  @TempDir Path folder;
  private TestHost host;
  private String bearer;

  @BeforeEach
  void start() {
    host = new TestHost(folder);
    bearer = host.bearer();
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private VolumeServiceBlockingStub volumes(String scheme, String credential) {
    return GrpcClients.builder(scheme + "+" + host.running().uri() + "/")
        .setHeader("authorization", credential)
        .build(VolumeServiceBlockingStub.class);
  }

  @Test
  void oneServiceAnswersByGrpcAndByGrpcWeb() {
    VolumeServiceBlockingStub grpc = volumes("gproto", bearer);
    Volume made =
        grpc.createVolume(
            CreateVolumeRequest.newBuilder()
                .setParent("accounts/me")
                .setVolumeId("data")
                .setVolume(Volume.newBuilder().setSizeBytes(1 << 20))
                .build());
    assertThat(made.getName()).isEqualTo("accounts/admin/volumes/data");
    assertThat(made.getIscsi().getUrl()).startsWith("iscsi://");
    for (String face : List.of("gproto", "gproto-web", "gproto-web-text")) {
      assertThat(
              volumes(face, bearer)
                  .listVolumes(ListVolumesRequest.newBuilder().setParent("accounts/me").build())
                  .getVolumesList())
          .as(face)
          .extracting(Volume::getName)
          .containsExactly("accounts/admin/volumes/data");
    }
  }

  @Test
  void errorsCarryTheirReasonAndTheNextStepByGrpc() {
    assertThatThrownBy(() ->
            volumes("gproto", bearer)
                .getVolume(GetVolumeRequest.newBuilder().setName("accounts/me/volumes/x").build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
              com.google.rpc.Status status =
                  java.util.Objects.requireNonNull(StatusProto.fromThrowable(e));
              assertThat(status.getDetailsList()).anyMatch(any -> any.is(ErrorInfo.class));
            });
    for (String credential : List.of("", "Bearer wrong", "Basic eDp5", "Bearer hearth_")) {
      assertThatThrownBy(() ->
              volumes("gproto", credential).listVolumes(ListVolumesRequest.getDefaultInstance()))
          .as(credential)
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED));
    }
  }

  @Test
  void reflectionTellsTheServices() throws Exception {
    ServerReflectionStub stub =
        GrpcClients.builder("gproto+" + host.running().uri() + "/")
            .setHeader("authorization", bearer)
            .build(ServerReflectionStub.class);
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        stub.serverReflectionInfo(
            new StreamObserver<>() {
              @Override
              public void onNext(ServerReflectionResponse value) {
                answer.complete(value);
              }

              @Override
              public void onError(Throwable t) {
                answer.completeExceptionally(t);
              }

              @Override
              public void onCompleted() {}
            });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(
            answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList().stream()
                .map(service -> service.getName()))
        .contains("hearth.volume.v1.VolumeService", "hearth.account.v1.AccountService");
    requests.onCompleted();
  }

  private AggregatedHttpResponse post(String path, String body) {
    return host.send(HttpMethod.POST, path, body);
  }

  private static JsonObject error(AggregatedHttpResponse response) {
    return JsonParser.parseString(response.contentUtf8())
        .getAsJsonObject()
        .getAsJsonObject("error");
  }

  @Test
  void malformedJsonIsRefusedWithTheNextStepAndChangesNothing() {
    String deep = "[".repeat(100_000);
    for (String body :
        List.of(
            "{",
            "[]",
            "null",
            "\"x\"",
            "{\"sizeBytes\": \"ten\"}",
            "{\"sizeBytes\": 1e400}",
            "{\"sizeBytes\": -1}",
            "{\"sizeBytes\": 0}",
            "{\"sizeBytes\": 9223372036854775807}",
            "{\"sizeBytes\": \"9223372036854775808\"}",
            "{\"sizeBytes\": 1048576, \"nonsense\": 1}",
            "{\"sizeBytes\": 1048576, \"labels\": 7}",
            "{\"sizeBytes\": 1048576, \"labels\": " + deep,
            "{\"sizeBytes\": 1048576, \"description\": \"" + "x".repeat(1 << 20) + "\"}")) {
      AggregatedHttpResponse response = post("/v1/accounts/me/volumes?volumeId=v", body);
      String shown = body.substring(0, Math.min(60, body.length()));
      assertThat(response.status().code())
          .as("%s: %s", shown, response.contentUtf8())
          .isEqualTo(400);
      assertThat(error(response).get("message").getAsString()).as(shown).isNotBlank();
      assertThat(error(response).getAsJsonArray("details").toString())
          .as(shown)
          .contains("LocalizedMessage");
    }
    AggregatedHttpResponse role = post("/v1/accounts?accountId=eve", "{\"role\": \"KING\"}");
    assertThat(role.status().code()).as(role.contentUtf8()).isEqualTo(400);
    assertThat(
            volumes("gproto", bearer)
                .listVolumes(ListVolumesRequest.newBuilder().setParent("accounts/me").build())
                .getVolumesList())
        .isEmpty();
  }

  @Test
  void whatIsNotProtobufIsRefused() {
    Random random = new Random(5);
    for (int i = 0; i < 100; i++) {
      byte[] bytes = new byte[5 + random.nextInt(300)];
      random.nextBytes(bytes);
      bytes[0] = 0;
      int length = i % 3 == 0 ? Integer.MAX_VALUE : bytes.length - 5;
      java.nio.ByteBuffer.wrap(bytes).putInt(1, length);
      AggregatedHttpResponse response =
          host.send(
              HttpMethod.POST,
              "/hearth.volume.v1.VolumeService/CreateVolume",
              MediaType.parse("application/grpc"),
              bytes);
      String status = response.trailers().get("grpc-status");
      assertThat(status == null ? response.headers().get("grpc-status") : status)
          .as("status of %s", response)
          .isNotNull()
          .isNotIn("0", "2");
    }
  }

  @Test
  void aCrowdOfIdleConnectionsIsBoundedAndForgottenWhenItLeaves() throws Exception {
    java.net.URI uri = java.net.URI.create(host.running().uri());
    List<java.nio.channels.SocketChannel> crowd = new java.util.ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      crowd.add(
          java.nio.channels.SocketChannel.open(
              new java.net.InetSocketAddress(uri.getHost(), uri.getPort())));
    }
    // Those past the limit are hung up on.
    int end;
    try {
      end = crowd.getLast().read(java.nio.ByteBuffer.allocate(1));
    } catch (java.net.SocketException e) {
      end = -1; // a reset says the same
    }
    assertThat(end).isEqualTo(-1);
    for (java.nio.channels.SocketChannel channel : crowd) {
      channel.close();
    }
    java.time.Instant deadline = java.time.Instant.now().plusSeconds(20);
    boolean answered = false;
    while (!answered && java.time.Instant.now().isBefore(deadline)) {
      try {
        answered =
            WebClient.of(host.running().uri()).blocking().get("/healthz").status().code() == 200;
      } catch (RuntimeException e) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    assertThat(answered).isTrue();
  }

  @Test
  void aRequestLargerThanTheLimitIsRefusedWithoutBeingKept() {
    AggregatedHttpResponse response =
        host.send(HttpMethod.POST, "/v1/backups:restore", MediaType.JSON_UTF_8, new byte[97 << 20]);
    assertThat(response.status().code()).isEqualTo(413);
  }
}
