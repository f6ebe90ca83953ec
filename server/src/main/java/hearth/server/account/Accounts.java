// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.account;

import hearth.contract.account.v1.Account;
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
import hearth.kit.access.Caller;
import hearth.kit.id.Identifiers;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.server.Times;
import hearth.server.database.Database;
import hearth.server.database.Row;
import hearth.server.host.Audit;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The accounts of a host and their tokens: who may see and change them. Safe for any thread. */
public final class Accounts {
  private static final String COLUMNS =
      "id, display_name, role, quota_bytes, disabled, password_hash, created, updated, version,"
          + " (SELECT COALESCE(SUM(size_bytes), 0) FROM volumes WHERE account = accounts.id) AS reserved";
  private static final int LONGEST_ID = 32;
  private static final Listing<Account> ACCOUNTS =
      new Listing<>(
          new Fields<Account>()
              .with("name", Account::getName)
              .with("display_name", Account::getDisplayName)
              .with("role", account -> account.getRole().name())
              .with("quota_bytes", Account::getQuotaBytes)
              .with("reserved_bytes", Account::getReservedBytes)
              .with("disabled", Account::getDisabled)
              .with("create_time", account -> Times.instant(account.getCreateTime())),
          "name");
  private static final Listing<Token> TOKENS =
      new Listing<>(
          new Fields<Token>()
              .with("name", Token::getName)
              .with("description", Token::getDescription)
              .with("expire_time", token -> Times.instant(token.getExpireTime()))
              .with("last_use_time", token -> Times.instant(token.getLastUseTime()))
              .with("create_time", token -> Times.instant(token.getCreateTime())),
          "name");

  private final Database database;
  private final Credentials credentials;
  private final Audit audit;
  private final InstantSource clock;
  private final Supplier<String> uri;

  /** The address begins the login links. */
  public Accounts(
      Database database,
      Credentials credentials,
      Audit audit,
      InstantSource clock,
      Supplier<String> uri) {
    this.database = database;
    this.credentials = credentials;
    this.audit = audit;
    this.clock = clock;
    this.uri = uri;
  }

  /** Whether there is any account yet. */
  public boolean isEmpty() {
    return database.query("SELECT id FROM accounts LIMIT 1", row -> row.text("id")).isEmpty();
  }

  /** Accounts that a caller may see. */
  public int count(Caller caller) {
    return visible(caller).size();
  }

  private List<Account> visible(Caller caller) {
    return caller.administrator()
        ? database.query("SELECT " + COLUMNS + " FROM accounts", Accounts::read)
        : database.query(
            "SELECT " + COLUMNS + " FROM accounts WHERE id = ?", Accounts::read, caller.account());
  }

  private static Account read(Row row) {
    Account.Builder account =
        Account.newBuilder()
            .setName("accounts/" + row.text("id"))
            .setDisplayName(row.text("display_name"))
            .setRole(Account.Role.valueOf(row.text("role")))
            .setReservedBytes(row.number("reserved"))
            .setDisabled(row.truth("disabled"))
            .setHasPassword(!row.text("password_hash").isEmpty())
            .setCreateTime(Times.timestamp(row.time("created")))
            .setUpdateTime(Times.timestamp(row.time("updated")))
            .setEtag(String.valueOf(row.number("version")));
    row.optionalNumber("quota_bytes").ifPresent(account::setQuotaBytes);
    return account.build();
  }

  /** ListAccounts. */
  public ListAccountsResponse list(Caller caller, ListAccountsRequest request) {
    Listing.Page<Account> page =
        ACCOUNTS.page(
            visible(caller),
            new Listing.Query(
                "",
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListAccountsResponse.newBuilder()
        .addAllAccounts(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** GetAccount. */
  public Account get(Caller caller, GetAccountRequest request) {
    return find(caller, id(caller, "name", request.getName()));
  }

  private static String id(Caller caller, String field, String name) {
    String id = ResourceName.parse(field, "accounts/{account}", name).getFirst();
    return id.equals("me") ? caller.account() : id;
  }

  private Account find(Caller caller, String id) {
    Optional<Account> account =
        caller.mayUse(id)
            ? database.first(
                "SELECT " + COLUMNS + " FROM accounts WHERE id = ?", Accounts::read, id)
            : Optional.empty();
    return account.orElseThrow(
        () -> Problem.notFound("account", Identifiers.printable(id), "See: hearth account list"));
  }

  /** CreateAccount. */
  public Account create(Caller caller, CreateAccountRequest request) {
    caller.requireAdministrator("Creating accounts");
    String id = Identifiers.checkLabel("account_id", request.getAccountId(), LONGEST_ID);
    if (id.equals("me")) {
      throw Problem.invalid("account_id", "'me' means the caller", "Choose another name");
    }
    Account wanted = request.getAccount();
    Instant now = now();
    return database.transaction(() -> {
      if (database
          .first("SELECT id FROM accounts WHERE id = ?", row -> row.text("id"), id)
          .isPresent()) {
        throw new Problem(
            Code.ALREADY_EXISTS,
            "ACCOUNT_EXISTS",
            "There is already an account '" + id + "'",
            "Choose another name, or see: hearth account show " + id);
      }
      Account.Role role =
          wanted.getRole() == Account.Role.ADMIN ? Account.Role.ADMIN : Account.Role.MEMBER;
      Account checked = check(wanted);
      if (request.getValidateOnly()) {
        return checked.toBuilder().setName("accounts/" + id).setRole(role).build();
      }
      database.update(
          "INSERT INTO accounts (id, display_name, role, quota_bytes, disabled, created, updated, version)"
              + " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
          id,
          wanted.getDisplayName(),
          role.name(),
          wanted.hasQuotaBytes() ? wanted.getQuotaBytes() : null,
          wanted.getDisabled(),
          now,
          now);
      audit.note(caller, "account.create", "accounts/" + id, role.name());
      return find(caller, id);
    });
  }

  private static Account check(Account account) {
    if (account.getDisplayName().length() > 200) {
      throw Problem.invalid("display_name", "is longer than 200 characters", "Shorten it");
    }
    if (account.getQuotaBytes() < 0) {
      throw Problem.invalid(
          "quota_bytes",
          account.getQuotaBytes() + " is negative",
          "Use a size such as 100GiB, or 0 for none");
    }
    return account;
  }

  /** UpdateAccount. */
  public Account update(Caller caller, UpdateAccountRequest request) {
    Account wanted = check(request.getAccount());
    String id = id(caller, "account.name", wanted.getName());
    Set<String> mask = mask(request);
    return database.transaction(() -> {
      Account old = find(caller, id);
      if (!caller.administrator() && !Set.of("display_name").containsAll(mask)) {
        throw Problem.forbidden(
            "Members change only their display name", "Ask an administrator of this host");
      }
      if (!wanted.getEtag().isEmpty() && !wanted.getEtag().equals(old.getEtag())) {
        throw new Problem(
            Code.ABORTED,
            "ETAG_MISMATCH",
            "The account was changed since you read it",
            "Read it again");
      }
      Account.Builder next = old.toBuilder();
      if (mask.contains("display_name")) {
        next.setDisplayName(wanted.getDisplayName());
      }
      if (mask.contains("role") && wanted.getRole() != Account.Role.ROLE_UNSPECIFIED) {
        next.setRole(wanted.getRole());
      }
      if (mask.contains("disabled")) {
        next.setDisabled(wanted.getDisabled());
      }
      if (mask.contains("quota_bytes")) {
        if (wanted.hasQuotaBytes()) {
          next.setQuotaBytes(wanted.getQuotaBytes());
        } else {
          next.clearQuotaBytes();
        }
      }
      if (isActiveAdmin(old) && !isActiveAdmin(next.build())) {
        requireAnotherAdmin(id);
      }
      if (request.getValidateOnly()) {
        return next.build();
      }
      database.update(
          "UPDATE accounts SET display_name = ?, role = ?, quota_bytes = ?, disabled = ?, updated = ?,"
              + " version = version + 1 WHERE id = ?",
          next.getDisplayName(),
          next.getRole().name(),
          next.hasQuotaBytes() ? next.getQuotaBytes() : null,
          next.getDisabled(),
          now(),
          id);
      audit.note(caller, "account.update", "accounts/" + id, String.join(", ", mask));
      return find(caller, id);
    });
  }

  private static Set<String> mask(UpdateAccountRequest request) {
    Set<String> known = Set.of("display_name", "role", "quota_bytes", "disabled");
    Set<String> mask = new TreeSet<>(request.getUpdateMask().getPathsList());
    if (mask.equals(Set.of("*"))) {
      return known;
    }
    for (String path : mask) {
      if (!known.contains(path)) {
        throw Problem.invalid(
            "update_mask",
            "'" + path + "' cannot be changed",
            "Use some of " + String.join(", ", known));
      }
    }
    if (mask.isEmpty()) {
      Account wanted = request.getAccount();
      if (!wanted.getDisplayName().isEmpty()) {
        mask.add("display_name");
      }
      if (wanted.getRole() != Account.Role.ROLE_UNSPECIFIED) {
        mask.add("role");
      }
      if (wanted.hasQuotaBytes()) {
        mask.add("quota_bytes");
      }
      if (wanted.getDisabled()) {
        mask.add("disabled");
      }
    }
    return mask;
  }

  private static boolean isActiveAdmin(Account account) {
    return account.getRole() == Account.Role.ADMIN && !account.getDisabled();
  }

  private void requireAnotherAdmin(String id) {
    if (database
        .query(
            "SELECT id FROM accounts WHERE role = 'ADMIN' AND disabled = 0 AND id <> ?",
            row -> row.text("id"),
            id)
        .isEmpty()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "LAST_ADMIN",
          "'" + id + "' is the last administrator; without one nobody could run this host",
          "Make another account an administrator first");
    }
  }

  /** DeleteAccount. */
  public void delete(Caller caller, DeleteAccountRequest request) {
    caller.requireAdministrator("Deleting accounts");
    String id = id(caller, "name", request.getName());
    database.transaction(() -> {
      Account account = find(caller, id);
      if (!request.getEtag().isEmpty() && !request.getEtag().equals(account.getEtag())) {
        throw new Problem(
            Code.ABORTED,
            "ETAG_MISMATCH",
            "The account was changed since you read it",
            "Read it again");
      }
      if (isActiveAdmin(account)) {
        requireAnotherAdmin(id);
      }
      if (!database
          .query("SELECT id FROM volumes WHERE account = ?", row -> row.text("id"), id)
          .isEmpty()) {
        throw new Problem(
            Code.FAILED_PRECONDITION,
            "ACCOUNT_OWNS_VOLUMES",
            "The account '" + id + "' still has volumes",
            "Delete them first; see: hearth volume list --account " + id);
      }
      if (!request.getValidateOnly()) {
        database.update("DELETE FROM accounts WHERE id = ?", id);
        audit.note(caller, "account.delete", "accounts/" + id, "");
      }
      return true;
    });
  }

  /** SetPassword. */
  public void setPassword(Caller caller, SetPasswordRequest request) {
    String id = id(caller, "name", request.getName());
    find(caller, id);
    int length = request.getPassword().length();
    if (length < 12 || length > 1024) {
      throw Problem.invalid(
          "password",
          "has " + length + " characters (expected: 12 to 1024)",
          "Use a phrase of a few words");
    }
    if (request.getValidateOnly()) {
      return;
    }
    String hash = Passwords.hash(request.getPassword());
    database.transaction(() -> {
      database.update(
          "UPDATE accounts SET password_hash = ?, updated = ?, version = version + 1 WHERE id = ?",
          hash,
          now(),
          id);
      credentials.endSessions(id);
      audit.note(caller, "account.set-password", "accounts/" + id, "");
      return true;
    });
  }

  /** CreateLoginLink. */
  public CreateLoginLinkResponse createLoginLink(Caller caller, CreateLoginLinkRequest request) {
    String id = id(caller, "name", request.getName());
    find(caller, id);
    if (request.getValidateOnly()) {
      return CreateLoginLinkResponse.getDefaultInstance();
    }
    audit.note(caller, "account.create-login-link", "accounts/" + id, "");
    return CreateLoginLinkResponse.newBuilder()
        .setUri(uri.get() + "/login/" + credentials.createLink(id))
        .setExpireTime(Times.timestamp(credentials.linkExpiry()))
        .build();
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  // Tokens

  private static Token readToken(Row row) {
    Token.Builder token =
        Token.newBuilder()
            .setName("accounts/" + row.text("account") + "/tokens/" + row.text("id"))
            .setDescription(row.text("description"))
            .setCreateTime(Times.timestamp(row.time("created")));
    row.optionalTime("expires").ifPresent(time -> token.setExpireTime(Times.timestamp(time)));
    row.optionalTime("used").ifPresent(time -> token.setLastUseTime(Times.timestamp(time)));
    return token.build();
  }

  /** ListTokens. */
  public ListTokensResponse listTokens(Caller caller, ListTokensRequest request) {
    String account = id(caller, "parent", request.getParent());
    find(caller, account);
    List<Token> tokens =
        database.query(
            "SELECT account, id, description, expires, used, created FROM tokens WHERE account = ?",
            Accounts::readToken,
            account);
    Listing.Page<Token> page =
        TOKENS.page(
            tokens,
            new Listing.Query(
                account,
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListTokensResponse.newBuilder()
        .addAllTokens(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  /** GetToken. */
  public Token getToken(Caller caller, GetTokenRequest request) {
    List<String> ids =
        ResourceName.parse("name", "accounts/{account}/tokens/{token}", request.getName());
    String account = ids.getFirst().equals("me") ? caller.account() : ids.getFirst();
    find(caller, account);
    return database
        .first(
            "SELECT account, id, description, expires, used, created FROM tokens WHERE account = ? AND id = ?",
            Accounts::readToken,
            account,
            ids.getLast())
        .orElseThrow(() ->
            Problem.notFound(
                "token", Identifiers.printable(request.getName()), "See: hearth token list"));
  }

  /** CreateToken: the only response that holds the secret. */
  public Token createToken(Caller caller, CreateTokenRequest request) {
    String account = id(caller, "parent", request.getParent());
    find(caller, account);
    String id =
        request.getTokenId().isEmpty()
            ? "t" + Identifiers.randomHex(4)
            : Identifiers.checkLabel("token_id", request.getTokenId(), 63);
    Token wanted = request.getToken();
    if (wanted.getDescription().length() > 200) {
      throw Problem.invalid("description", "is longer than 200 characters", "Shorten it");
    }
    Optional<Instant> expires =
        wanted.hasExpireTime()
            ? Optional.of(Times.instant(wanted.getExpireTime()))
            : Optional.empty();
    if (expires.map(time -> !time.isAfter(clock.instant())).orElse(false)) {
      throw Problem.invalid("expire_time", "is in the past", "Use a time to come, or leave it out");
    }
    String secret = Credentials.TOKEN_PREFIX + Identifiers.randomBase64(32);
    return database.transaction(() -> {
      if (database
          .first(
              "SELECT id FROM tokens WHERE account = ? AND id = ?",
              row -> row.text("id"),
              account,
              id)
          .isPresent()) {
        throw new Problem(
            Code.ALREADY_EXISTS,
            "TOKEN_EXISTS",
            "There is already a token '" + id + "'",
            "Choose another name, or revoke that one first: hearth token delete " + id);
      }
      if (request.getValidateOnly()) {
        return wanted.toBuilder().setName("accounts/" + account + "/tokens/" + id).build();
      }
      database.update(
          "INSERT INTO tokens (account, id, description, secret_hash, expires, created) VALUES (?, ?, ?, ?, ?, ?)",
          account,
          id,
          wanted.getDescription(),
          Credentials.hash(secret),
          expires.orElse(null),
          now());
      audit.note(caller, "token.create", "accounts/" + account + "/tokens/" + id, "");
      return getToken(
              caller,
              GetTokenRequest.newBuilder().setName("accounts/" + account + "/tokens/" + id).build())
          .toBuilder()
          .setSecret(secret)
          .build();
    });
  }

  /** DeleteToken. */
  public void deleteToken(Caller caller, DeleteTokenRequest request) {
    Token token = getToken(caller, GetTokenRequest.newBuilder().setName(request.getName()).build());
    if (request.getValidateOnly()) {
      return;
    }
    List<String> ids =
        ResourceName.parse("name", "accounts/{account}/tokens/{token}", token.getName());
    database.transaction(() -> {
      database.update(
          "DELETE FROM tokens WHERE account = ? AND id = ?", ids.getFirst(), ids.getLast());
      audit.note(caller, "token.delete", token.getName(), "");
      return true;
    });
  }
}
