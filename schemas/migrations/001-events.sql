-- The events table: one row for each stored event, inserted as `seq, id, received, occurred, head, search, raw`
-- (TSVRaw).
-- * Only the envelope, the first `head` bytes of `raw` up to `,"payload"`, is parsed (I12): JSON of a whole event fails
--   for an integer beyond 64 bits, 1e400 or a very deep payload. An envelope that does not parse has no resource id:
--   the constraint then refuses the insert, instead of storing empty columns.
-- * Plain MergeTree, so that a duplicate shows instead of hiding (I8). Whole parts expire by `received`; events of any
--   date of occurrence go in one batch. A batch sent twice with its token adds nothing.
-- * `occurred` is exact for the years 0001 to 9999, and orders right (measured); the functions of dates wrap around
--   outside of 1970 to 2106, so buckets are computed from toUnixTimestamp64Micro(occurred).
-- * The text indexes serve has(<the same expression>, 'label=value'): a filter must write the expression as it stands
--   here.
CREATE TABLE IF NOT EXISTS events (
  seq UInt64 CODEC(Delta(8), ZSTD(1)),
  id UUID,
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  occurred DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  head UInt32 EPHEMERAL,
  search String CODEC(ZSTD(1)),
  raw String CODEC(ZSTD(1)),
  envelope Tuple(event String, resource Map(String, String), related Array(Map(String, String)))
    EPHEMERAL JSONExtract(concat(substring(raw, 1, head), '}'),
      'Tuple(event String, resource Map(String, String), related Array(Map(String, String)))'),
  event LowCardinality(String) DEFAULT envelope.1,
  resource_id String DEFAULT envelope.2['prefect.resource.id'] CODEC(ZSTD(1)),
  resource_name String DEFAULT multiIf(
    mapContains(envelope.2, 'prefect.resource.name'), envelope.2['prefect.resource.name'],
    mapContains(envelope.2, 'prefect.name'), envelope.2['prefect.name'],
    resource_id) CODEC(ZSTD(1)),
  resource Map(LowCardinality(String), String) DEFAULT envelope.2 CODEC(ZSTD(1)),
  related Array(Map(LowCardinality(String), String)) DEFAULT envelope.3 CODEC(ZSTD(1)),
  related_ids Array(String) DEFAULT arrayMap(labels -> labels['prefect.resource.id'], envelope.3) CODEC(ZSTD(1)),
  related_roles Array(LowCardinality(String))
    DEFAULT arrayMap(labels -> labels['prefect.resource.role'], envelope.3) CODEC(ZSTD(1)),
  CONSTRAINT envelope_was_parsed CHECK resource_id != '',
  INDEX id_bloom id TYPE bloom_filter(0.01) GRANULARITY 8,
  INDEX seq_range seq TYPE minmax GRANULARITY 4,
  INDEX resource_labels arrayMap((label, value) -> concat(label, '=', value), mapKeys(resource), mapValues(resource))
    TYPE text(tokenizer = array),
  INDEX related_id related_ids TYPE text(tokenizer = array),
  INDEX related_role_id arrayMap((role, id) -> concat(role, '=', id), related_roles, related_ids)
    TYPE text(tokenizer = array)
) ENGINE = MergeTree
PARTITION BY toDate(received)
ORDER BY (occurred, id)
TTL toDateTime(received) + toIntervalDay({{retentionDays}})
SETTINGS
  index_granularity = 1024,
  ttl_only_drop_parts = 1,
  materialize_ttl_recalculate_only = 1,
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1;
