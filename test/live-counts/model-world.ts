/**
 * Sluice's side of the model of live-counts.property.test.ts: log and table in memory, which outlive a restart, and
 * over them the real counters, log reader, filter index and predicate, which do not. The clock is the test's.
 */
import { expect } from 'vitest';
import type { LiveCountRequest } from '../../schemas/count.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { createLog } from '../../src/base/log.ts';
import { formatRow, type TaggedRow } from '../../src/event-log/row.ts';
import { eventReader } from '../../src/feed/event-reader.ts';
import { createHeldFilters, type HeldFilters } from '../../src/feed/held-filters.ts';
import type { FeedListener } from '../../src/feed/ports.ts';
import { formatTimeForClickHouse } from '../../src/filter/time.ts';
import { LiveRows } from '../../src/ingest/live-rows.ts';
import { CountBudget } from '../../src/live-counts/budget.ts';
import { momentOf } from '../../src/live-counts/exact-time.ts';
import { createLiveCounts, type LiveCounts } from '../../src/live-counts/live-counts.ts';
import type { CountsSocket } from '../../src/live-counts/ports.ts';
import type { CountWindow, Question } from '../../src/live-counts/question.ts';
import type { StoredGroup } from '../../src/live-counts/stored-groups.ts';
import type { CountedRange } from '../../src/live-counts/stored-groups-sql.ts';
import { Tally } from '../../src/live-counts/tally.ts';
import { MemoryRows } from '../../support/memory-rows.ts';
import { fitting, groupsWith, microsOf, nameOf, within } from './plain-counts.ts';

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class CountsWorld {
  /** All events, in seq order. */
  readonly events: StoredEvent[] = [];
  readonly counters = { countFrames: 0, countsRefused: 0 };
  readonly budget: CountBudget;
  readonly #log = new MemoryRows();
  readonly #rows = new LiveRows();
  readonly #groupsMax: number;
  readonly #questionsMax: number;
  filters!: HeldFilters; // `#start` sets these three
  counts!: LiveCounts;
  #live!: { mark: number };

  constructor(groupsMax = 1_000, budget = new CountBudget(10_000_000), questionsMax = 100) {
    this.#groupsMax = groupsMax;
    this.budget = budget;
    this.#questionsMax = questionsMax;
    this.#start();
  }

  get mark(): number {
    return this.#live.mark;
  }

  watch(question: LiveCountRequest, forced: readonly Filter[], socket: CountsSocket, listener: FeedListener) {
    return this.counts.watch({ question, scope: { seal: '', forced }, form: 'socket' }, socket, listener);
  }

  /** In one group. */
  take(bodies: readonly Pick<StoredEvent['body'], 'occurred' | 'event' | 'resource'>[]): void {
    const batch = bodies.map((body, at) => storedAs(this.#log.head + 1 + at, body));
    this.events.push(...batch);
    this.#log.add(batch.map(rowOf));
    this.#live.mark = this.#log.head;
    if (this.counts.liveCount === 0) return;
    this.counts.flush(batch.map((event) => this.#rows.keep(Buffer.from(formatRow(rowOf(event)).slice(0, -1)))));
    this.#rows.letGo(this.#log.head);
  }

  insert(rows: number): void {
    this.#log.advance(Math.min(this.#log.checkpoint + rows, this.#log.head));
  }

  trim(): void {
    this.#log.trimTo(this.#log.checkpoint + 1);
  }

  /** Of the process: what is in memory is gone. */
  restart(): void {
    this.counts.close();
    this.#start();
  }

  #start(): void {
    this.#live = { mark: this.#log.head };
    this.filters = createHeldFilters(4_000_000);
    this.counts = createLiveCounts({
      journal: eventReader(this.#journal()),
      live: this.#live,
      gate: { whenReady: async () => undefined },
      readStored: (question, span, range) => this.#readStored(question, span, range),
      sliceBytesMax: 600,
      filters: this.filters,
      budget: this.budget,
      options: { questionsMax: this.#questionsMax, groupsMax: this.#groupsMax },
      counters: this.counters,
      log: createLog('silent'),
      now: () => Date.now(),
      elapsedMs: () => 0,
      workedMs: () => 0,
    });
  }

  #journal() {
    const log = this.#log;
    const live = (): number => this.#live.mark;
    return {
      epoch: 'e',
      get checkpoint() {
        return log.checkpoint;
      },
      get oldest() {
        return log.oldest;
      },
      read(from: number, bytesMax: number, upTo: number) {
        expect(upTo).toBeLessThanOrEqual(live());
        return log.read(from, Math.min(bytesMax, 1_500), upTo, false);
      },
    };
  }

  /** What the table holds, plainly: one event after the other. The answer takes some turns. */
  async #readStored(question: Question, span: CountWindow, range: CountedRange): Promise<readonly StoredGroup[]> {
    expect(range.upTo).toBeLessThanOrEqual(this.#log.checkpoint);
    for (let waits = range.upTo % 4; waits > 0; waits -= 1) await turn();
    const rows = new Map<string, StoredGroup>();
    const until = question.isOpen ? null : span.untilText;
    const [isWithin, fits] = [within(span.sinceText, until), fitting(question.filters)];
    for (const event of this.events) {
      if (event.seq <= range.after || event.seq > range.upTo) continue;
      if (!isWithin(event) || !fits(event)) continue;
      add(rows, question, span, event);
    }
    return [...rows.values()];
  }
}

function add(rows: Map<string, StoredGroup>, question: Question, span: CountWindow, event: StoredEvent): void {
  const micros = microsOf(event.body.occurred);
  const { buckets, stepSeconds } = question;
  const slot = micros > microsOf(span.untilText) && question.isOpen ? Number(micros / 100_000n) : null;
  const step = stepSeconds === null ? 0n : micros / (BigInt(stepSeconds) * 1_000_000n);
  const moment = momentOf(event.body.occurred);
  const keys: readonly (string | number)[] =
    buckets === null ? groupsWith(question.countable, event) : [Number((micros - buckets.first) / buckets.width)];
  for (const key of keys) {
    const one = new Tally(1, moment, moment, question.countable === 'resource' ? nameOf(event) : null);
    const place = JSON.stringify([key, slot, Number(step)]);
    const row = rows.get(place);
    if (row === undefined) rows.set(place, { key, slot, tally: one });
    else row.tally.add(one);
  }
}

function storedAs(seq: number, body: Pick<StoredEvent['body'], 'occurred' | 'event' | 'resource'>): StoredEvent {
  const id = `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;
  const whole = {
    occurred: body.occurred,
    event: body.event,
    resource: body.resource,
    related: [],
    payload: { seq },
    id,
    follows: null,
  };
  return { seq, raw: JSON.stringify(whole), search: '', body: whole };
}

function rowOf({ seq, raw, body }: StoredEvent): TaggedRow {
  const occurred = formatTimeForClickHouse(body.occurred);
  return { seq, id: body.id, received: occurred, occurred, head: raw.indexOf(',"payload"'), search: '', raw, tag: 0 };
}
