import { wholeScope } from '../../schemas/read-scope.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { Failure } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createLog } from '../../src/base/log.ts';
import { createFanOut } from '../../src/feed/fan-out.ts';
import type { Form } from '../../src/feed/frames.ts';
import { createHeldFilters } from '../../src/feed/held-filters.ts';
import { createOpenFeed, type FeedParts } from '../../src/feed/open-feed.ts';
import { createPageBudget } from '../../src/feed/page-budget.ts';
import type { FeedRequest } from '../../src/feed/ports.ts';
import { sealResumeToken } from '../../src/feed/resume-token.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { until } from '../../support/poll.ts';

const keys = openKeys('', 'a secret of enough characters');
const filter = defaultFilter({ now: new Date('2026-11-22T00:00:00Z'), openEnded: true });
const window = { since: '2026-11-10T00:00:00Z', until: null };
export const tokenOf = (epoch: string, after: number, checkpoint: number) =>
  sealResumeToken(keys, { filters: [filter], seal: '' }, { epoch, after, checkpoint, window });

/** Head 20, checkpoint 15, log from 11 on; the store has what was received since the 15th, which is seq 6. */
export function world() {
  const published: [string, string][] = [];
  const asked: unknown[] = [];
  const counters = { delivered: 0, lagged: 0, repeats: 0 };
  const live = { mark: 20 };
  const log = { checkpoint: 15, oldest: 11 };
  const retained = { seq: 6, since: '2026-11-15 00:00:00.000000' };
  const fanOut = createFanOut(
    new FilterIndex(),
    (topic, frame) => published.push([topic, Buffer.from(frame).toString()]),
    { bufferBytesMax: 1000, sweepBytes: 1000 },
    counters,
  );
  const parts: FeedParts = {
    journal: {
      epoch: 'e1',
      get checkpoint() {
        return log.checkpoint;
      },
      get oldest() {
        return log.oldest;
      },
      read: (from, _bytesMax, upTo) => ({ events: eventsOf(from, upTo), last: upTo }),
    },
    live,
    fanOut,
    history: {
      byOccurred: async (_filter, range, from) => {
        asked.push([range, from]);
        return { slices: [], rows: 0, bytes: 0, next: null, spanMicros: null };
      },
      retained: async () => retained,
    },
    store: { whenReady: async () => undefined },
    keys,
    pages: createPageBudget(1_000_000),
    filters: createHeldFilters(1_000_000),
    options: { bufferBytesMax: 1000, sliceBytesMax: 1000, holdMs: 60_000 },
    counters,
    log: createLog('silent'),
  };
  const open = createOpenFeed(parts);

  function subscribe(form: Form, resume: FeedRequest['resume'] = null, backfill = false, isGone = false) {
    const sent: string[] = [];
    const topics: string[] = [];
    const failures: Failure[] = [];
    const buffer = { bytes: 0 };
    let isLive = false;
    const socket = {
      send: (frame: string | Uint8Array) => {
        if (isGone) throw new Error('gone');
        sent.push(Buffer.from(frame).toString());
      },
      cork: (write: () => void) => write(),
      bufferedBytes: () => buffer.bytes,
      subscribe: (topic: string) => topics.push(topic),
      unsubscribe: () => undefined,
    };
    const feed = open({ filter, scope: wholeScope, backfill, form, resume }, socket, {
      caughtUp: () => {
        isLive = true;
      },
      lagging: () => {
        isLive = false;
      },
      failed: (failure) => failures.push(failure),
    });
    const settled = () => until('live or failed', () => isLive || failures.length > 0 || undefined);
    return { sent, topics, failures, settled, buffer, feed };
  }
  return { subscribe, published, asked, fanOut, counters, live, log, retained, parts };
}

function* eventsOf(from: number, upTo: number): Generator<StoredEvent> {
  for (let seq = from; seq <= upTo; seq += 1) yield eventOf(seq);
}

export function eventOf(seq: number): StoredEvent {
  const body = {
    occurred: '2026-11-22T00:00:00Z',
    event: 'e',
    resource: { 'prefect.resource.id': 'r' },
    related: [],
    payload: {},
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    follows: null,
  };
  return { seq, raw: `{"seq":${seq}}`, search: '', body };
}
