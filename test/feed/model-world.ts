/**
 * Sluice's side of the model of exact-feed.property.test.ts: the log and the table in memory, which outlive a restart,
 * and over them the real feed, log reader, fan-out, filter index and predicate, which do not.
 */
import { expect } from 'vitest';
import { type EventBody, timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { openKeys } from '../../src/base/keys.ts';
import { createLog } from '../../src/base/log.ts';
import type { ChunkMemory, LogReader } from '../../src/event-log/log-reader.ts';
import { formatRow } from '../../src/event-log/row.ts';
import { eventReader } from '../../src/feed/event-reader.ts';
import { createFanOut, type FanOut } from '../../src/feed/fan-out.ts';
import { createHeldFilters, type HeldFilters } from '../../src/feed/held-filters.ts';
import { createOpenFeed } from '../../src/feed/open-feed.ts';
import { createPageBudget, type PageBudget } from '../../src/feed/page-budget.ts';
import type { OpenFeed } from '../../src/feed/ports.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { formatTimeForClickHouse } from '../../src/filter/time.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import type { HistoryReader } from '../../src/history/history.ts';
import { LiveRows } from '../../src/ingest/live-rows.ts';
import type { ModelSocket } from './model-socket.ts';

const bufferBytesMax = 2_000;
const seqsPerSecond = 2 ** 20;
const pageRows = 5;
const chunkEvents = 4;

export class World {
  /** All events, in seq order. */
  readonly log: StoredEvent[] = [];
  /** First seqs of all epochs, rising. */
  readonly epochs = [1];
  readonly counters = { delivered: 0, lagged: 0, repeats: 0 };
  readonly #keys = openKeys('', 'a secret of enough characters');
  readonly #holdMs: number;
  readonly #wrongBy: number;
  readonly #rows = new LiveRows();
  topics = new Map<string, Set<ModelSocket>>();
  pages!: PageBudget; // `#start` sets these five
  filters!: HeldFilters;
  open!: OpenFeed;
  #fanOut!: FanOut;
  #live!: { mark: number };
  #checkpoint = 0;
  #oldest = 1;

  /**
   * `holdMs` 0 lets a page go as soon as its reader is slow; `wrongBy`: the table holds so many seqs above the
   * checkpoint.
   */
  constructor(holdMs: number, wrongBy = 0) {
    this.#holdMs = holdMs;
    this.#wrongBy = wrongBy;
    this.#start();
  }

  get epoch(): string {
    return `e${this.epochs.length}`;
  }
  get head(): number {
    const first = this.epochs.at(-1)!;
    return Math.max(first - 1, this.log.at(-1)?.seq ?? 0);
  }
  /** In one group. */
  take(names: readonly number[]): void {
    const { head } = this;
    const batch = names.map((name, at) => makeEvent(head + 1 + at, name));
    this.log.push(...batch);
    this.#live.mark = this.head;
    this.#fanOut.flush(batch.map((event) => this.#rows.keep(Buffer.from(rowOf(event).slice(0, -1)))));
    this.#rows.letGo(this.head);
  }
  insert(rows: number): void {
    const above = this.log.filter(({ seq }) => seq > this.#checkpoint && seq <= this.#live.mark);
    this.#checkpoint = above[Math.min(rows, above.length) - 1]?.seq ?? this.#checkpoint;
    this.#skipGap();
  }
  trim(): void {
    this.#oldest = this.#checkpoint + 1;
  }
  /** Of the process: what is in memory is gone. A new epoch begins so many seconds behind the newest known seq. */
  restart(newEpochAfterSeconds: number | null): void {
    if (newEpochAfterSeconds !== null) {
      const second = Math.floor(this.head / seqsPerSecond) + 1 + newEpochAfterSeconds;
      this.epochs.push(second * seqsPerSecond + 1);
      this.#skipGap();
    }
    this.#start();
  }

  #start(): void {
    const topics = new Map<string, Set<ModelSocket>>();
    const publish = (topic: string, frame: string | Uint8Array): void => {
      for (const socket of topics.get(topic) ?? []) socket.send(frame);
    };
    this.topics = topics;
    this.pages = createPageBudget(4_000_000);
    this.filters = createHeldFilters(4_000_000);
    this.#live = { mark: this.head };
    const bounds = { bufferBytesMax, sweepBytes: 500 };
    this.#fanOut = createFanOut(new FilterIndex(), publish, bounds, this.counters);
    this.open = createOpenFeed({
      journal: eventReader(this.#journal()),
      live: this.#live,
      fanOut: this.#fanOut,
      history: this.#history(),
      store: { whenReady: async () => undefined },
      keys: this.#keys,
      pages: this.pages,
      filters: this.filters,
      options: { bufferBytesMax, sliceBytesMax: 600, holdMs: this.#holdMs },
      counters: this.counters,
      log: createLog('silent'),
    });
  }

  /** Between two epochs no seq was given: the checkpoint does not stop there. */
  #skipGap(): void {
    this.#checkpoint = this.#nextKept(this.#checkpoint + 1) - 1;
  }

  /** The first seq from `from` on that was given, or is to be given next. */
  #nextKept(from: number): number {
    return this.log.find(({ seq }) => seq >= from)?.seq ?? Math.max(from, this.head + 1);
  }

  #journal(): Pick<LogReader, 'epoch' | 'checkpoint' | 'oldest' | 'read'> {
    const world = this;
    return {
      epoch: world.epoch,
      get checkpoint() {
        return world.#checkpoint;
      },
      get oldest() {
        return world.#oldest;
      },
      read(from, _bytesMax, upTo, memory) {
        expect(from).toBeGreaterThanOrEqual(world.#oldest);
        expect(upTo).toBeLessThanOrEqual(world.#live.mark);
        const next = world.#nextKept(from);
        const end = Math.min(upTo, next + chunkEvents - 1, epochEnd(world.epochs, next));
        const events = world.log.filter(({ seq }) => seq >= next && seq <= end);
        const rows = writtenTo(memory, Buffer.from(events.map(rowOf).join('')));
        return { first: next, last: events.at(-1)?.seq ?? next - 1, count: events.length, rows };
      },
    };
  }

  #history(): HistoryReader {
    return {
      byOccurred: async ([filter], { after, checkpoint }, from) => {
        const rows = this.#stored(filter, after, checkpoint)
          .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
          .filter((event) => from === null || orderOf(event) > `${from.occurred} ${from.id}`)
          .slice(0, pageRows);
        const last = rows.at(-1);
        await Promise.resolve();
        return {
          slices: rows.map(({ seq, raw, body }) =>
            Object.assign([{ seq, raw, ...placeOf(body) }], { last: placeOf(body) }),
          ),
          rows: rows.length,
          bytes: 1,
          next: last && rows.length === pageRows ? placeOf(last.body) : null,
          spanMicros: null,
        };
      },
      retained: async () => ({ seq: 1, since: '2020-01-01 00:00:00.000000' }),
    };
  }

  /** The table holds nothing above the checkpoint, unless the cut is wrong. */
  #stored(filter: Filter, after: number, upTo: number): StoredEvent[] {
    const last = Math.min(upTo, this.#checkpoint) + this.#wrongBy;
    return this.log.filter((event) => event.seq > after && event.seq <= last && matches(filter, event));
  }
}

function epochEnd(epochs: readonly number[], seq: number): number {
  return (epochs.find((first) => first > seq) ?? Number.POSITIVE_INFINITY) - 1;
}

/** As the journal does: into the reader's own memory, over what was there. */
function writtenTo(memory: ChunkMemory | undefined, rows: Buffer): Buffer {
  if (memory === undefined) return rows;
  if (memory.buffer.length < rows.length) memory.buffer = Buffer.alloc(rows.length);
  rows.copy(memory.buffer);
  return memory.buffer.subarray(0, rows.length);
}

function rowOf({ seq, raw, body }: StoredEvent): string {
  const occurred = `${formatTimeForClickHouse(body.occurred)}.000000`.slice(0, 26);
  const head = raw.indexOf(',"payload"');
  return formatRow({ seq, id: body.id, received: occurred, occurred, head, search: '', raw });
}

function orderOf({ body }: StoredEvent): string {
  return `${formatTimeForClickHouse(body.occurred)} ${body.id}`;
}

function placeOf({ occurred, id }: EventBody) {
  return { occurred: formatTimeForClickHouse(occurred), id };
}

const since = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00.5Z'];

export function makeFilter(name: number, window: number): Filter {
  const base = defaultFilter({ now: new Date('2026-01-02T00:00:00Z'), openEnded: true });
  return {
    ...base,
    occurred: { since: since[window]!, until: window === 2 ? '2026-01-01T00:02:00Z' : null },
    event: { ...base.event, name: name === 3 ? [] : [`n${name}`] },
    order: 'ASC',
  };
}

export function matches(filter: Filter, event: StoredEvent): boolean {
  const at = timeKey(event.body.occurred);
  const { since: from, until } = filter.occurred;
  return compilePredicate([filter])(event) && at >= timeKey(from) && (until === null || at <= timeKey(until));
}

function makeEvent(seq: number, name: number): StoredEvent {
  // Every third event is late, so that history's order is not the log's.
  const second = seq % 3 === 0 ? (seq * 7) % 60 : seq % 60;
  const body = {
    occurred: `2026-01-01T00:0${seq % 3}:${String(second).padStart(2, '0')}Z`,
    event: `n${name}`,
    resource: { 'prefect.resource.id': `r.${seq % 4}` },
    related: [],
    payload: { seq },
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    follows: null,
  };
  return { seq, raw: JSON.stringify(body), search: '', body };
}
