-- The events table as it is now; the program copies what an older one holds into it and exchanges the two
-- (src/clickhouse/replace-events.ts), for a table's partition key cannot be changed. It takes the place of 001's table
-- and of that of 004, which is no more. One row for each stored event, inserted as `seq, id, received, occurred, head,
-- search, raw` (TSVRaw). What 001 says of envelope, constraint and times still holds. New:
-- * `retention_days`: 0 for the retention of the table, else the days that a setting gives to the event's type. It is
--   part of the partition key, so that a part holds one class only and expires as a whole, never row by row.
-- * `intDiv(seq, 2^52)` in the partition key is 0 until the year 2106. ClickHouse keeps the least and greatest value of
--   each column of that key for each part: so `seq > C`, and reading by seq, pass over whole parts unopened (decision
--   024).
-- * Two aggregate projections: parts of the part, so they are as exact as the rows through retried inserts, expiry and
--   merges (I8). Their keys count from the year 0001, for intDiv rounds towards zero; a query must write them as they
--   stand here. The newest event is found by one number of time and seq: a tuple costs a count by resource twice the
--   CPU, and min and max of times before 1970 go wrong once ClickHouse has compiled them.
-- * What counts and text queries read of every row in their range is quick to unpack: `search` and `seq` are LZ4,
--   `occurred` is not packed at all, the resource's id and name are looked up in dictionaries (decisions 019 and 024).
-- * No TTL yet: what is copied here must not expire before it can be compared with what it was copied from. The
--   retention, which is a setting, is set at each start (src/clickhouse/migrate.ts).
-- * What a row costs the engine is its insert and its merges, what a query costs is its parts (decision 024). A part of
--   less than 64 MB is few files, and a merge takes 16 parts of like size where it would take 5. A day to which nothing
--   came for three hours becomes one part, if it has no more than 20 GiB.
DROP TABLE IF EXISTS events_next;
CREATE TABLE events_next (
  seq UInt64 CODEC(T64, LZ4),
  id UUID,
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  occurred DateTime64(6, 'UTC') CODEC(NONE),
  head UInt32 EPHEMERAL,
  search String CODEC(LZ4),
  raw String CODEC(ZSTD(1)),
  envelope Tuple(event String, resource Map(String, String), related Array(Map(String, String)))
    EPHEMERAL JSONExtract(concat(substring(raw, 1, head), '}'),
      'Tuple(event String, resource Map(String, String), related Array(Map(String, String)))'),
  event LowCardinality(String) DEFAULT envelope.1,
  resource_id LowCardinality(String) DEFAULT envelope.2['prefect.resource.id'] CODEC(ZSTD(1)),
  resource_name LowCardinality(String) DEFAULT multiIf(
    mapContains(envelope.2, 'prefect.resource.name'), envelope.2['prefect.resource.name'],
    mapContains(envelope.2, 'prefect.name'), envelope.2['prefect.name'],
    resource_id) CODEC(ZSTD(1)),
  resource Map(LowCardinality(String), String) DEFAULT envelope.2 CODEC(ZSTD(1)),
  related Array(Map(LowCardinality(String), String)) DEFAULT envelope.3 CODEC(ZSTD(1)),
  related_ids Array(String) DEFAULT arrayMap(labels -> labels['prefect.resource.id'], envelope.3) CODEC(ZSTD(1)),
  related_roles Array(LowCardinality(String))
    DEFAULT arrayMap(labels -> labels['prefect.resource.role'], envelope.3) CODEC(ZSTD(1)),
  retention_days UInt16 DEFAULT {{retentionClass}},
  CONSTRAINT envelope_was_parsed CHECK resource_id != '',
  INDEX id_bloom id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX seq_range seq TYPE minmax GRANULARITY 1,
  INDEX resource_labels arrayMap((label, value) -> concat(label, '=', value), mapKeys(resource), mapValues(resource))
    TYPE text(tokenizer = array),
  INDEX related_id related_ids TYPE text(tokenizer = array),
  INDEX related_role_id arrayMap((role, id) -> concat(role, '=', id), related_roles, related_ids)
    TYPE text(tokenizer = array),
  PROJECTION hour_event (
    SELECT intDiv(toUnixTimestamp64Micro(occurred) + 62135596800000000, 3600000000), event,
      count(), min(toUnixTimestamp64Micro(occurred)), max(toUnixTimestamp64Micro(occurred))
    GROUP BY intDiv(toUnixTimestamp64Micro(occurred) + 62135596800000000, 3600000000), event),
  PROJECTION six_hours_resource (
    SELECT intDiv(toUnixTimestamp64Micro(occurred) + 62135596800000000, 21600000000), resource_id,
      count(), min(toUnixTimestamp64Micro(occurred)),
      max(bitShiftLeft(toInt128(toUnixTimestamp64Micro(occurred)), 64) + toInt128(seq)),
      argMax(resource_name, bitShiftLeft(toInt128(toUnixTimestamp64Micro(occurred)), 64) + toInt128(seq))
    GROUP BY intDiv(toUnixTimestamp64Micro(occurred) + 62135596800000000, 21600000000), resource_id)
) ENGINE = MergeTree
PARTITION BY (toDate(received), retention_days, intDiv(seq, 4503599627370496))
ORDER BY (occurred, id)
SETTINGS
  index_granularity = 8192,
  ttl_only_drop_parts = 1,
  materialize_ttl_recalculate_only = 1,
  min_bytes_for_wide_part = 67108864,
  merge_selector_base = 16,
  min_age_to_force_merge_seconds = 10800,
  min_age_to_force_merge_on_partition_only = 1,
  max_bytes_to_merge_at_max_space_in_pool = 21474836480,
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1;
