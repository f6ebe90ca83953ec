// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Empty;
import hearth.contract.account.v1.Account;
import hearth.contract.account.v1.AccountServiceGrpc;
import hearth.contract.account.v1.CreateAccountRequest;
import hearth.contract.account.v1.CreateLoginLinkRequest;
import hearth.contract.account.v1.CreateLoginLinkResponse;
import hearth.contract.account.v1.CreateTokenRequest;
import hearth.contract.account.v1.DeleteAccountRequest;
import hearth.contract.account.v1.DeleteTokenRequest;
import hearth.contract.account.v1.GetAccountRequest;
import hearth.contract.account.v1.GetTokenRequest;
import hearth.contract.account.v1.ListAccountsRequest;
import hearth.contract.account.v1.ListAccountsResponse;
import hearth.contract.account.v1.ListTokensRequest;
import hearth.contract.account.v1.ListTokensResponse;
import hearth.contract.account.v1.SetPasswordRequest;
import hearth.contract.account.v1.Token;
import hearth.contract.account.v1.UpdateAccountRequest;
import hearth.server.account.Accounts;
import io.grpc.stub.StreamObserver;

/** The gRPC face of {@link Accounts}: hands requests on. */
final class GrpcAccountService extends AccountServiceGrpc.AccountServiceImplBase {
  private final Accounts accounts;
  private final Calls calls;

  GrpcAccountService(Accounts accounts, Calls calls) {
    this.accounts = accounts;
    this.calls = calls;
  }

  @Override
  public void listAccounts(
      ListAccountsRequest request, StreamObserver<ListAccountsResponse> observer) {
    calls.answer(observer, caller -> accounts.list(caller, request));
  }

  @Override
  public void getAccount(GetAccountRequest request, StreamObserver<Account> observer) {
    calls.answer(observer, caller -> accounts.get(caller, request));
  }

  @Override
  public void createAccount(CreateAccountRequest request, StreamObserver<Account> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Account.getDefaultInstance(),
        caller -> accounts.create(caller, request));
  }

  @Override
  public void updateAccount(UpdateAccountRequest request, StreamObserver<Account> observer) {
    calls.answerOnce(
        observer,
        request,
        request.getRequestId(),
        Account.getDefaultInstance(),
        caller -> accounts.update(caller, request));
  }

  @Override
  public void deleteAccount(DeleteAccountRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> accounts.delete(caller, request));
  }

  @Override
  public void setPassword(SetPasswordRequest request, StreamObserver<Empty> observer) {
    calls.answer(
        observer,
        caller -> {
          accounts.setPassword(caller, request);
          return Empty.getDefaultInstance();
        });
  }

  @Override
  public void createLoginLink(
      CreateLoginLinkRequest request, StreamObserver<CreateLoginLinkResponse> observer) {
    calls.answer(observer, caller -> accounts.createLoginLink(caller, request));
  }

  @Override
  public void listTokens(ListTokensRequest request, StreamObserver<ListTokensResponse> observer) {
    calls.answer(observer, caller -> accounts.listTokens(caller, request));
  }

  @Override
  public void getToken(GetTokenRequest request, StreamObserver<Token> observer) {
    calls.answer(observer, caller -> accounts.getToken(caller, request));
  }

  @Override
  public void createToken(CreateTokenRequest request, StreamObserver<Token> observer) {
    calls.answer(observer, caller -> accounts.createToken(caller, request));
  }

  @Override
  public void deleteToken(DeleteTokenRequest request, StreamObserver<Empty> observer) {
    calls.doOnce(
        observer, request, request.getRequestId(), caller -> accounts.deleteToken(caller, request));
  }
}
