-- Where volumes take their space from, beside the data folder.
CREATE TABLE pools (
  id TEXT PRIMARY KEY,
  volume_group TEXT NOT NULL UNIQUE,
  identity TEXT NOT NULL,
  loopback TEXT NOT NULL,
  created BIGINT NOT NULL
);
ALTER TABLE volumes ADD COLUMN pool TEXT NOT NULL DEFAULT '';
