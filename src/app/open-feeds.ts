/**
 * What subscribers are fed by: the fan-out of live events, history from the store, and the bounds of both.
 */
import type { SigningKeys } from '../base/keys.ts';
import type { Log } from '../base/log.ts';
import type { Counters } from '../base/metrics.ts';
import { leastRetentionDays } from '../base/retention.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Config } from '../config/config.ts';
import { eventReader } from '../feed/event-reader.ts';
import { createFanOut } from '../feed/fan-out.ts';
import type { StoreGate } from '../feed/from-store.ts';
import { createHeldFilters } from '../feed/held-filters.ts';
import { createOpenFeed } from '../feed/open-feed.ts';
import { createPageBudget } from '../feed/page-budget.ts';
import type { Publish } from '../feed/ports.ts';
import { FilterIndex } from '../filter/filter-index.ts';
import { createHistoryReader } from '../history/history.ts';
import type { LiveBatch } from '../ingest/live-bus.ts';
import { CountBudget } from '../live-counts/budget.ts';
import { createLiveCounts } from '../live-counts/live-counts.ts';
import { storedGroupsReader } from '../live-counts/stored-groups.ts';
import { Topics } from '../server/topics.ts';
import type { IntakeParts } from './open-intake.ts';

export interface OpenFeedsParts {
  readonly config: Pick<
    Config,
    | 'subscriberBufferBytesMax'
    | 'backfillBytesMax'
    | 'filtersBytesMax'
    | 'retentionDays'
    | 'retentionOverrides'
    | 'liveCountsMax'
    | 'liveCountGroupsMax'
    | 'liveCountsBytesMax'
  >;
  /** See FeedSources. */
  readonly isReplica: boolean;
  readonly journal: IntakeParts['journal'];
  readonly live: IntakeParts['live'];
  readonly store: Store;
  /** Resolves when it is known what ClickHouse has. */
  readonly whenCertain: (signal?: AbortSignal) => Promise<void>;
  readonly keys: SigningKeys;
  readonly counters: Counters;
  readonly log: Log;
}

const feedOptions = { sliceBytesMax: 256 * 1024, holdMs: 1_000 };
const sweepBytes = 256 * 1024;

export type Feeds = ReturnType<typeof openFeeds>;

export function openFeeds(parts: OpenFeedsParts) {
  const { config, journal, live, store, whenCertain, keys, counters, log, isReplica } = parts;
  const { subscriberBufferBytesMax: bufferBytesMax } = config;
  const topics = new Topics();
  const publish: Publish = (name, frame) => topics.publish(name, frame);
  const fanOut = createFanOut(new FilterIndex(), publish, { bufferBytesMax, sweepBytes }, counters);
  const pages = createPageBudget(config.backfillBytesMax);
  const filters = createHeldFilters(config.filtersBytesMax);
  const history = createHistoryReader(store, {
    retentionDays: leastRetentionDays(config),
    elapsedMs: () => performance.now(),
  });
  const reader = eventReader(journal);
  const gate: StoreGate = {
    async whenReady(signal) {
      await store.whenReady(signal);
      await whenCertain(signal);
    },
  };
  const openFeed = createOpenFeed({
    journal: reader,
    live,
    fanOut,
    history,
    keys,
    store: gate,
    pages,
    filters,
    options: { ...feedOptions, bufferBytesMax, isReplica },
    counters,
    log,
  });
  const budget = new CountBudget(config.liveCountsBytesMax);
  const groupsMax = config.liveCountGroupsMax;
  const liveCounts = createLiveCounts({
    journal: reader,
    ...{ live, gate, filters, counters, log },
    readStored: storedGroupsReader({ store, budget, groupsMax }),
    sliceBytesMax: feedOptions.sliceBytesMax,
    budget,
    options: { groupsMax, questionsMax: config.liveCountsMax },
    now: () => Date.now(),
    elapsedMs: () => performance.now(),
    workedMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  });
  return {
    ...{ fanOut, topics, pages, filters, openFeed, liveCounts, countBudget: budget },
    hasAudience: () => fanOut.topicCount > 0 || liveCounts.liveCount > 0,
    flush(batch: LiveBatch) {
      fanOut.flush(batch);
      liveCounts.flush(batch);
    },
  };
}
