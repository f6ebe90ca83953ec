// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.api.HttpBody;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import hearth.contract.host.v1.Backup;
import hearth.contract.host.v1.CreateBackupRequest;
import hearth.contract.host.v1.DeleteBackupRequest;
import hearth.contract.host.v1.DownloadBackupRequest;
import hearth.contract.host.v1.GetBackupRequest;
import hearth.contract.host.v1.GetHostRequest;
import hearth.contract.host.v1.Host;
import hearth.contract.host.v1.HostServiceGrpc;
import hearth.contract.host.v1.ListAuditEntriesRequest;
import hearth.contract.host.v1.ListAuditEntriesResponse;
import hearth.contract.host.v1.ListBackupsRequest;
import hearth.contract.host.v1.ListBackupsResponse;
import hearth.contract.host.v1.RestoreBackupRequest;
import hearth.kit.access.Caller;
import hearth.server.host.Audit;
import hearth.server.host.Backups;
import io.grpc.stub.StreamObserver;
import java.util.function.Function;

/** The gRPC face of the host's state, audit and backups: hands requests on. */
final class GrpcHostService extends HostServiceGrpc.HostServiceImplBase {
  private final Function<Caller, Host> host;
  private final Audit audit;
  private final Backups backups;
  private final Calls calls;

  GrpcHostService(Function<Caller, Host> host, Audit audit, Backups backups, Calls calls) {
    this.host = host;
    this.audit = audit;
    this.backups = backups;
    this.calls = calls;
  }

  @Override
  public void getHost(GetHostRequest request, StreamObserver<Host> observer) {
    calls.answer(observer, host);
  }

  @Override
  public void listAuditEntries(
      ListAuditEntriesRequest request, StreamObserver<ListAuditEntriesResponse> observer) {
    calls.answer(observer, caller -> audit.list(caller, request));
  }

  @Override
  public void createBackup(CreateBackupRequest request, StreamObserver<Operation> observer) {
    calls.answer(observer, caller -> backups.create(caller, request));
  }

  @Override
  public void listBackups(
      ListBackupsRequest request, StreamObserver<ListBackupsResponse> observer) {
    calls.answer(observer, caller -> backups.list(caller, request));
  }

  @Override
  public void getBackup(GetBackupRequest request, StreamObserver<Backup> observer) {
    calls.answer(observer, caller -> backups.get(caller, request));
  }

  @Override
  public void deleteBackup(DeleteBackupRequest request, StreamObserver<Empty> observer) {
    calls.answer(
        observer,
        caller -> {
          backups.delete(caller, request);
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void downloadBackup(DownloadBackupRequest request, StreamObserver<HttpBody> observer) {
    calls.answer(observer, caller -> backups.download(caller, request));
  }

  @Override
  public void restoreBackup(RestoreBackupRequest request, StreamObserver<Operation> observer) {
    calls.answer(observer, caller -> backups.restore(caller, request));
  }
}
