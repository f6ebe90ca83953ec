-- Root of the Merkle tree over what a snapshot holds, once it was computed.
ALTER TABLE snapshots ADD COLUMN merkle_root TEXT NOT NULL DEFAULT '';
