/**
 * Puts the parts together, in the order in which an event meets them, and takes them down in reverse (I1, I9): the journal
 * is open before the port is, and the port before ClickHouse answers.
 */
import { mkdirSync } from 'node:fs';
import { skip, type Subscription } from 'rxjs';
import type { Store } from './clickhouse/store.ts';
import type { Config } from './config.ts';
import { connectStore } from './connect-store.ts';
import { Failure } from './errors.ts';
import { createFanOut, type FanOut } from './feed/fan-out.ts';
import { createHistoryReader } from './feed/history.ts';
import { logReader } from './feed/log-reader.ts';
import { createOpenFeed } from './feed/open-feed.ts';
import type { OpenFeed, Publish } from './feed/ports.ts';
import { FilterIndex } from './filter/filter-index.ts';
import { filterKey } from './filter/predicate.ts';
import { openIntake, type OpenIntake } from './open-intake.ts';
import { openDeadLetter } from './ingest/dead-letter.ts';
import { startTableWriter, type TableWriter } from './ingest/table-writer.ts';
import { acquireLock } from './journal/lock.ts';
import { openKeys } from './keys.ts';
import type { Log } from './log.ts';
import { type Counters, createCounters } from './metrics.ts';
import { countEvents } from './query/count-events.ts';
import { readFirstPage, readNextPage } from './query/read-page.ts';
import { readiness } from './readiness.ts';
import type { Queries } from './server/parts.ts';
import { createServerCounters } from './server/counters.ts';
import { type RunningServer, startServer } from './server/start-server.ts';

export interface RunningSluice {
  /** Stops accepting, commits, closes sockets with 1012, stops the engine. Ends within 10 s, also with the store down. */
  stop(): Promise<void>;
}

const historyPageRows = 2_000;
const logChunkBytesMax = 1024 * 1024;
const writeSliceBytesMax = 256 * 1024;
const sweepBytes = 256 * 1024;
const insertGraceMs = 2_000;
const storeGraceMs = 7_000;
