-- What snapshots of several volumes that were made at the same moment have in common.
ALTER TABLE snapshots ADD COLUMN moment TEXT NOT NULL DEFAULT '';
