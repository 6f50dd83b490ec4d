/** What a run of the forwarder takes of the log, which tells one listener only of what is committed. */
import { expect, it } from 'vitest';
import type { OwnEvents, VisitOwn } from '../../src/event-log/own-events.ts';
import { formatRow } from '../../src/event-log/row.ts';
import { PassingEvents, type PassingParts } from '../../src/forwarder/passing-events.ts';

function rowOf(seq: number): Buffer {
  const head = '{"occurred":"2026-11-22T10:00:00Z","event":"order.paid","resource":{"a":"b"},"related":[]';
  const id = `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`;
  const time = '2026-11-22 10:00:00.000000';
  const raw = `${head},"payload":{},"id":"${id}","follows":null,"received":"2026-11-22T10:00:00Z"}`;
  return Buffer.from(
    formatRow({ seq, id, received: time, occurred: time, head: Buffer.byteLength(head), search: 'order.paid', raw }),
  );
}

/** Gives one row a look, so that a step takes many turns. */
class SlowLog implements OwnEvents {
  readonly oldest = 1;
  readonly bytes = 0;
  readonly bytesMax = 1;
  readonly live = { mark: 0 };
  head: number;
  #watch: VisitOwn | null = null;

  constructor(head: number) {
    this.head = head;
    this.live.mark = head;
  }

  readOwn(from: number, _bytes: number, _upTo: number, visit: VisitOwn): number {
    const row = rowOf(from);
    visit(row, 0, row.length - 1);
    return from;
  }

  watchOwn(visit: VisitOwn | null): void {
    this.#watch = visit;
  }

  holdFrom(): void {
    // Nothing is let go here.
  }

  commit(): void {
    this.head += 1;
    const row = rowOf(this.head);
    this.#watch?.(row, 0, row.length - 1);
    this.live.mark = this.head;
  }
}

const all: PassingParts['passing'] = { mayPass: () => true, passes: () => true };
const none: PassingParts['passing'] = { mayPass: () => false, passes: () => false };

it('takes nothing from the next run once it is stopped, though a step is under way', async () => {
  const log = new SlowLog(40);
  const parts = { events: log, live: log.live, passing: all, counters: { heldBack: 0 } };
  const ended = new PassingEvents(parts, 0);
  const step = ended.take(1_000, 2 ** 20);
  ended.stop();
  const next = new PassingEvents(parts, 40);
  expect((await next.take(1_000, 2 ** 20)).events).toEqual([]);
  expect((await step).events).toEqual([]);
  log.commit();
  expect(next.isWaiting).toBe(true);
  expect((await next.take(1_000, 2 ** 20)).events.map(({ seq }) => seq)).toEqual([41]);
});

it('counts an event that is held back once, however many runs look at it', async () => {
  const log = new SlowLog(30);
  const counters = { heldBack: 0 };
  const parts = { events: log, live: log.live, passing: none, counters, counted: { upTo: 0 } };
  for (let run = 0; run < 3; run += 1) {
    const events = new PassingEvents(parts, 0);
    await events.take(1_000, 2 ** 20);
    log.commit();
    events.stop();
  }
  expect(counters.heldBack).toBe(33);
});
