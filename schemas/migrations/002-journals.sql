-- Which journals write here (docs/design.md): one row for each epoch, renewed by its owner's heartbeat. It tells a lost
-- data folder, a swapped database and a second live owner.
CREATE TABLE IF NOT EXISTS journals (
  epoch UUID,
  first_seq UInt64,
  owner String,
  head UInt64,
  checkpoint UInt64,
  heartbeat DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = ReplacingMergeTree(heartbeat)
ORDER BY epoch
SETTINGS old_parts_lifetime = 60, fsync_after_insert = 1;
