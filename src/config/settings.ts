/**
 * Every setting of Sluice: one table with name, kind, default and meaning. `config.ts` reads them.
 */
import type { FailPointOrder } from '../base/fail-point.ts';
import type { DaysByEvent } from '../base/retention.ts';
import { accessSettings } from './access-settings.ts';
import { prefectSettings } from './prefect-settings.ts';
import { day, mebibyte, minute, type SettingRow, second, text, whole } from './setting-row.ts';
import { sharedLogSettings } from './shared-log-settings.ts';

/** A setting's name in the program, ending in its unit, and its row. */
export const settings = {
  host: text('SLUICE_HOST', '127.0.0.1', 'address to listen on'),
  port: whole('SLUICE_PORT', 4200, 'port to listen on; 0 takes a free one', 0, 65_535),
  dataDir: text('SLUICE_DATA_DIR', './data', 'folder of journal, keys and embedded engine'),
  ...accessSettings,
  publicUrl: {
    env: 'SLUICE_PUBLIC_URL',
    kind: 'url',
    fallback: null,
    help:
      'what links in answers begin with, as `https://events.example.org/sluice`; by default as the ' +
      'request and trusted proxies say (docs/deploy)',
  },
  trustedProxies: {
    env: 'SLUICE_TRUSTED_PROXIES',
    kind: 'networks',
    fallback: '127.0.0.0/8, ::1',
    help: 'addresses and networks whose `Forwarded` and `X-Forwarded-…` headers are believed; `none` for no one',
  },
  clickhouseUrl: {
    env: 'CLICKHOUSE_URL',
    kind: 'secret',
    fallback: null,
    mayBeEmpty: true,
    hasFlag: true,
    help:
      'http://user:password@host:8123/database, or several with commas between (docs/SCALE.md); without it an ' +
      'embedded engine is started',
  },
  clickhousePassword: {
    env: 'SLUICE_CLICKHOUSE_PASSWORD',
    kind: 'secret',
    fallback: null,
    help: 'password of the user in CLICKHOUSE_URL, as it is: nothing in it has to be encoded',
  },
  signingKey: {
    env: 'SLUICE_SIGNING_KEY',
    kind: 'secret',
    fallback: null,
    help:
      'key of page, export and resume tokens, to share it between gateways; by default one is made in ' +
      'the data folder',
  },
  ...sharedLogSettings,
  durability: {
    env: 'SLUICE_DURABILITY',
    kind: 'durability',
    fallback: 'process',
    help: 'process: survives kill -9; fsync: survives a power cut, and each ping waits for the disk',
  },
  retentionDays: whole('SLUICE_RETENTION_DAYS', 7, 'days after which events leave ClickHouse, by received', 1, 25_000),
  retentionOverrides: {
    env: 'SLUICE_RETENTION_OVERRIDES',
    kind: 'daysByEvent',
    fallback: null,
    help:
      'JSON: days for event types that are kept shorter or longer, as ' +
      '`{"prefect.flow-run.heartbeat":1}`; for events from then on',
  },
  clickhouseCluster: {
    env: 'SLUICE_CLICKHOUSE_CLUSTER',
    kind: 'optional',
    fallback: null,
    help: 'name of the ClickHouse cluster that the tables are made on (docs/SCALE.md); by default one server',
  },
  clickhouseDdl: {
    env: 'SLUICE_CLICKHOUSE_DDL',
    kind: 'ddl',
    fallback: 'keeper',
    help:
      'of a cluster: `keeper` for replicated tables; `direct` for shards without replicas and without Keeper, each ' +
      'with its URL in CLICKHOUSE_URL, in the order of the cluster',
  },
  backfillMaxMs: whole('SLUICE_BACKFILL_MAX_MS', 15 * minute, 'how far back a subscriber may start', 0, 25_000 * day),
  historyMaxMs: whole(
    'SLUICE_HISTORY_MAX_MS',
    0,
    'the same for subscribers with positions; 0: as far back as events are kept',
    0,
    25_000 * day,
  ),
  leaveMs: whole(
    'SLUICE_LEAVE_MS',
    0,
    'after the signal to stop: how long all is served on while `/api/ready` says 503, so that balancers ' +
      'turn away first',
    0,
    10 * minute,
  ),
  ...prefectSettings,
  logLevel: {
    env: 'SLUICE_LOG_LEVEL',
    kind: 'level',
    fallback: 'info',
    help: 'trace, debug, info, warn, error, fatal or silent',
  },

  journalSegmentBytesMax: whole('SLUICE_JOURNAL_SEGMENT_BYTES_MAX', 64 * mebibyte, 'size of a journal file', 64 * 1024),
  journalBudgetBytesMax: whole(
    'SLUICE_JOURNAL_BUDGET_BYTES_MAX',
    8192 * mebibyte,
    'disk that the journal may take; then producers get 503',
    mebibyte,
  ),
  journalKeepBytes: whole(
    'SLUICE_JOURNAL_KEEP_BYTES',
    512 * mebibyte,
    'journal kept after ClickHouse has it, for lagging subscribers',
    0,
  ),
  journalKeepMs: whole(
    'SLUICE_JOURNAL_KEEP_MS',
    15 * minute,
    'in fsync mode: how long all of the journal is kept after ClickHouse has it, while the budget allows',
    0,
    25_000 * day,
  ),
  diskReserveBytes: whole(
    'SLUICE_DISK_RESERVE_BYTES',
    512 * mebibyte,
    'free disk below which intake stops, so that the embedded engine can go on',
    0,
  ),
  idWindowIdsMax: whole(
    'SLUICE_ID_WINDOW_IDS_MAX',
    1_000_000,
    'recent event ids kept to drop repeats (about 50 bytes each)',
    1000,
    100_000_000,
  ),
  parkedEventsMax: whole(
    'SLUICE_PARKED_EVENTS_MAX',
    200_000,
    'events older than the id window that may wait to be looked up in ClickHouse; then producers get 503',
    1,
  ),
  parkedBytesMax: whole('SLUICE_PARKED_BYTES_MAX', 256 * mebibyte, 'memory of these events', mebibyte),

  batchRowsMax: whole('SLUICE_BATCH_ROWS_MAX', 10_000, 'rows of one insert', 1, 1_000_000),
  batchBytesMax: whole('SLUICE_BATCH_BYTES_MAX', 32 * mebibyte, 'bytes of one insert', mebibyte),
  flushMs: whole(
    'SLUICE_FLUSH_MS',
    500,
    'longest wait for a batch to fill; twice as long while batches are large',
    0,
    minute,
  ),
  queriesMax: whole('SLUICE_QUERIES_MAX', 8, 'queries that run at once; more wait up to 5 s, then get 503', 1, 1000),
  queryMs: whole('SLUICE_QUERY_MS', 30 * second, 'deadline of a query', 100),
  queryMemoryBytesMax: whole('SLUICE_QUERY_MEMORY_BYTES_MAX', 1024 * mebibyte, 'memory of one query', 16 * mebibyte),
  engineStartMs: whole('SLUICE_ENGINE_START_MS', minute, "deadline of the embedded engine's start", second),
  engineHungMs: whole(
    'SLUICE_ENGINE_HUNG_MS',
    minute,
    'an embedded engine that answers nothing for so long is killed and started again',
    second,
  ),
  engineMemoryBytesMax: whole(
    'SLUICE_ENGINE_MEMORY_BYTES_MAX',
    2048 * mebibyte,
    'memory of the embedded engine',
    512 * mebibyte,
  ),

  headBytesMax: whole(
    'SLUICE_HEAD_BYTES_MAX',
    64 * 1024,
    'largest head of a request: its line and its headers',
    4096,
    mebibyte,
  ),
  headsBytesMax: whole(
    'SLUICE_HEADS_BYTES_MAX',
    512 * mebibyte,
    'memory of heads that are not whole: so much, by SLUICE_HEAD_BYTES_MAX, is the number of connections that are ' +
      'neither WebSockets nor streams',
    mebibyte,
  ),
  // Room for the largest event with all but ASCII escaped; parsing as much as a sender likes would hold up everybody
  // else.
  bodyBytesMax: whole('SLUICE_BODY_BYTES_MAX', 5 * mebibyte, 'largest request body', 1024),
  bodiesBytesMax: whole('SLUICE_BODIES_BYTES_MAX', 256 * mebibyte, 'request bodies held at once', mebibyte),
  // The library ends a connection without a word when a body takes 30 s and is slower than 16 kB/s.
  bodyMs: whole('SLUICE_BODY_MS', 20 * second, 'longest wait for a request body', 100, 25 * second),
  answersBytesMax: whole(
    'SLUICE_ANSWERS_BYTES_MAX',
    128 * mebibyte,
    'answers read, or waiting for their readers, at once',
    mebibyte,
  ),
  // The largest event fits, escaped as in a body; the library gathers a message before it hands it over, so larger ones
  // only cost memory.
  frameBytesMax: whole('SLUICE_FRAME_BYTES_MAX', 5 * mebibyte, 'largest WebSocket message', 1024),
  framesBytesMax: whole(
    'SLUICE_FRAMES_BYTES_MAX',
    256 * mebibyte,
    'memory of WebSocket messages under way and of their buffers, as far as it shows',
    16 * mebibyte,
  ),
  authenticatingMax: whole(
    'SLUICE_AUTHENTICATING_MAX',
    128,
    'WebSockets that authenticate at once; more wait for up to 9 s, then get 503',
    1,
  ),
  authenticateMs: whole('SLUICE_AUTHENTICATE_MS', 10 * second, "a socket's time to authenticate", 10),
  filterMs: whole('SLUICE_FILTER_MS', 30 * second, "a subscriber's time to send its filter", 10),
  pingMs: whole('SLUICE_PING_MS', 20 * second, 'interval of pings; a peer silent for two is closed', 10),
  stallMs: whole('SLUICE_STALL_MS', 10 * minute, 'a subscriber that reads nothing for so long is closed', 10),
  socketsMax: whole('SLUICE_SOCKETS_MAX', 18_000, 'WebSocket connections at once', 1),
  subscriberBufferBytesMax: whole(
    'SLUICE_SUBSCRIBER_BUFFER_BYTES_MAX',
    512 * 1024,
    'bytes waiting for a subscriber before it falls back to the log',
    16 * 1024,
  ),
  filtersBytesMax: whole(
    'SLUICE_FILTERS_BYTES_MAX',
    128 * mebibyte,
    'memory of the filters of all subscribers, equal ones counted once; who comes beyond it gets 1013',
    mebibyte,
  ),
  liveCountsMax: whole('SLUICE_LIVE_COUNTS_MAX', 2_000, 'different live counts at once; more get 1013', 1),
  liveCountGroupsMax: whole('SLUICE_LIVE_COUNT_GROUPS_MAX', 10_000, 'groups of one live count, or it ends', 1),
  liveCountsBytesMax: whole('SLUICE_LIVE_COUNTS_BYTES_MAX', 256 * mebibyte, 'memory of all live counts', mebibyte),
  backfillBytesMax: whole(
    'SLUICE_BACKFILL_BYTES_MAX',
    128 * mebibyte,
    'pages of history held for all subscribers at once; more wait',
    16 * mebibyte,
  ),
  failPoint: {
    env: 'SLUICE_FAIL_POINT',
    kind: 'failPoint',
    fallback: null,
    help: 'for crash tests only: `point:hits` kills the process at that hit of the point',
  },
  durableCopy: {
    env: 'SLUICE_DURABLE_COPY',
    kind: 'optional',
    fallback: null,
    help: 'for crash tests only: a folder that gets what is synced of each file, as a power cut would leave it',
  },
} as const satisfies Record<string, SettingRow>;

type Value<Row extends SettingRow> = Row['kind'] extends 'integer'
  ? number
  : Row['kind'] extends 'switch'
    ? boolean
    : Row['kind'] extends 'secret' | 'optional' | 'url' | 'origins'
      ? string | null
      : Row['kind'] extends 'durability'
        ? 'process' | 'fsync'
        : Row['kind'] extends 'ddl'
          ? 'keeper' | 'direct'
          : Row['kind'] extends 'daysByEvent'
            ? DaysByEvent | null
            : Row['kind'] extends 'failPoint'
              ? FailPointOrder | null
              : string;

export type Config = { readonly [Name in keyof typeof settings]: Value<(typeof settings)[Name]> };
