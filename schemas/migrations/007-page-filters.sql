-- Filters that are too large to stand in a page link or an export's token, by the hash of their text
-- (src/query/page-filters.ts). They are kept as long as events are; a filter that is asked with again gets a newer
-- `made`. The retention is set at each start (src/clickhouse/migrate.ts).
CREATE TABLE IF NOT EXISTS page_filters (
  hash String,
  filter String CODEC(ZSTD(1)),
  bytes UInt32 DEFAULT length(filter),
  made DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
) ENGINE = ReplacingMergeTree(made)
PARTITION BY toDate(made)
ORDER BY hash
TTL toDateTime(made) + toIntervalDay({{longestRetentionDays}})
SETTINGS
  index_granularity = 64,
  ttl_only_drop_parts = 1,
  old_parts_lifetime = 60;
