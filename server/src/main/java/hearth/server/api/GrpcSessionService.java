// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Empty;
import hearth.contract.volume.v1.DeleteSessionRequest;
import hearth.contract.volume.v1.GetSessionRequest;
import hearth.contract.volume.v1.ListSessionsRequest;
import hearth.contract.volume.v1.ListSessionsResponse;
import hearth.contract.volume.v1.Session;
import hearth.contract.volume.v1.SessionServiceGrpc;
import hearth.volume.Sessions;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Sessions}: hands requests on. */
final class GrpcSessionService extends SessionServiceGrpc.SessionServiceImplBase {
  private final Sessions sessions;
  private final Calls calls;

  GrpcSessionService(Sessions sessions, Calls calls) {
    this.sessions = sessions;
    this.calls = calls;
  }

  @Override
  public void listSessions(
      ListSessionsRequest request, StreamObserver<ListSessionsResponse> observer) {
    calls.answer(observer, caller -> sessions.list(caller, request));
  }

  @Override
  public void getSession(GetSessionRequest request, StreamObserver<Session> observer) {
    calls.answer(observer, caller -> sessions.get(caller, request));
  }

  @Override
  public void deleteSession(DeleteSessionRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> sessions.delete(caller, request));
  }
}
