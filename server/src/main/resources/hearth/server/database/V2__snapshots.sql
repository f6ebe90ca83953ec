-- Volumes made before this were sparse files or block devices.
ALTER TABLE volumes ADD COLUMN engine TEXT NOT NULL DEFAULT 'RAW';
UPDATE volumes SET engine = 'DEVICE' WHERE device <> '';
CREATE TABLE snapshots (
  account TEXT NOT NULL,
  volume TEXT NOT NULL,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  size_bytes BIGINT NOT NULL,
  description TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('READY', 'DELETING')),
  created BIGINT NOT NULL,
  PRIMARY KEY (account, volume, id),
  FOREIGN KEY (account, volume) REFERENCES volumes (account, id)
);
