-- Times are microseconds since 1970-01-01T00:00Z; truth values are 0 and 1. The same text runs on SQLite and PostgreSQL.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  display_name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('ADMIN', 'MEMBER')),
  quota_bytes BIGINT,
  disabled BIGINT NOT NULL,
  password_hash TEXT,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE TABLE tokens (
  account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  description TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  expires BIGINT,
  used BIGINT,
  created BIGINT NOT NULL,
  PRIMARY KEY (account, id)
);
CREATE TABLE login_links (
  secret_hash TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  expires BIGINT NOT NULL
);
CREATE TABLE web_sessions (
  secret_hash TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  csrf TEXT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE TABLE volumes (
  account TEXT NOT NULL REFERENCES accounts (id),
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  size_bytes BIGINT NOT NULL,
  description TEXT NOT NULL,
  labels TEXT NOT NULL,
  read_only BIGINT NOT NULL,
  device TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('READY', 'DELETING')),
  chap_user TEXT NOT NULL UNIQUE,
  chap_secret TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (account, id)
);
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  created BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX audit_created ON audit (created);
CREATE TABLE requests (
  caller TEXT NOT NULL,
  id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  response TEXT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (caller, id)
);
CREATE TABLE operations (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  body TEXT NOT NULL,
  created BIGINT NOT NULL
);
CREATE TABLE backups (
  id TEXT PRIMARY KEY,
  size_bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  created BIGINT NOT NULL
);
