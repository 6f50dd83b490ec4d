/**
 * A large body is judged in slices: others have their turns meanwhile, and what comes of it is what comes of it at once
 * (I1, I4).
 */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import { createCounters } from '../../src/base/metrics.ts';
import { explainEvent } from '../../src/event-text/explain-event.ts';
import { inSlices, type Steps } from '../../src/event-text/in-slices.ts';
import { readBatchSteps } from '../../src/event-text/read-events.ts';
import { rewriteSteps } from '../../src/event-text/rewrite-json.ts';
import { ForgottenIds } from '../../src/ids/forgotten-ids.ts';
import { IdWindow } from '../../src/ids/id-window.ts';
import { createIntake } from '../../src/ingest/accept.ts';
import { LiveBus } from '../../src/ingest/live-bus.ts';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { MemoryLog } from '../../support/memory-log.ts';

function open() {
  const journal = new MemoryLog();
  const window = new IdWindow({ idsMax: 10_000, checkpoint: () => 0, forgotten: new ForgottenIds() });
  const counters = createCounters();
  let closed: Failure | null = null;
  const intake = createIntake({
    ...{ journal, window, counters, live: new LiveBus(0), log: createLog('silent') },
    parked: new ParkedEvents({ eventsMax: 10, bytesMax: 10_000 }),
    ...{ gate: () => closed, now: () => Date.parse('2026-11-22T10:00:00Z'), elapsedMs: () => 0 },
  });
  return { journal, counters, intake, close: (failure: Failure) => (closed = failure) };
}

function eventText(number: number, payload: string): string {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const head = '{"occurred":"2026-11-22T09:00:00Z","event":"e","resource":{"prefect.resource.id":"r"},"related":[]';
  return `${head},"payload":{"p":"${payload}"},"id":"${id}"}`;
}

function body(from: number, count: number, payload: string): Buffer {
  return Buffer.from(`[${Array.from({ length: count }, (_, nth) => eventText(from + nth, payload)).join(',')}]`);
}

const ids = (journal: MemoryLog): string[] => journal.rows.map(({ id }) => id);
const bad = Buffer.from(`[${'{"occurred":"2026","event":"","id":"x","resource":{}},'.repeat(20_000)}1]`);

describe('a large body', () => {
  it.each([
    ['plain', 'x'.repeat(1500)],
    ['not plain', '\\u0041é'.repeat(300)],
  ])('of events that are %s is stored as at once, beside others of its size', async (_name, payload) => {
    const [sliced, whole] = [open(), open()];
    const bodies = [0, 300, 600].map((from) => body(from, 300, payload));
    const outcomes = await Promise.all(bodies.map((each) => sliced.intake.acceptInSlices(each, true)));
    for (const each of bodies) whole.intake.acceptBatch(each, true);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(sliced.journal.rows.map(({ raw, search }) => raw + search)).toEqual(
      whole.journal.rows.map(({ raw, search }) => raw + search),
    );
    expect(sliced.counters.appended).toBe(900);
  });

  it('of bad events is refused in the same words, and others come between', async () => {
    const { intake, journal } = open();
    const messages = setInterval(() => intake.acceptMessage(Buffer.from(eventText(journal.appended, '')), false), 0);
    const refused = await intake.acceptInSlices(bad, true);
    clearInterval(messages);
    const atOnce = open().intake.acceptBatch(bad, true);
    expect(refused.ok ? null : [refused.issues.map(({ msg, loc }) => [msg, loc]), refused.requestBodyJson]).toEqual(
      atOnce.ok ? null : [atOnce.issues.map(({ msg, loc }) => [msg, loc]), atOnce.requestBodyJson],
    );
    expect(ids(journal).length).toBeGreaterThan(2);
  });

  it('gives way between two passes over its bytes, and after each event', () => {
    const steps = [...readBatchSteps(body(0, 5, 'x'.repeat(400_000)), true)];
    // Whether it is UTF-8, what its bytes say, and five events.
    expect(steps.length).toBeGreaterThanOrEqual(2 + 5);
  });

  it('gives way while its text is made canonical, after each thousand values', () => {
    const steps = [...rewriteSteps(`[${'[1],'.repeat(5_000)}1]`)];
    expect(steps.length).toBeGreaterThanOrEqual(10);
  });

  it('gives way while many labels are looked at, after each thousand', () => {
    const labels = Array.from({ length: 20_000 }, (_, nth) => `"l${nth}":${nth}`).join(',');
    const steps = [...explainEvent(`{"resource":{${labels}}}`, [])];
    expect(steps.filter((each) => each === undefined).length).toBeGreaterThanOrEqual(19);
  });

  it('is not stored when intake closes while it is judged', async () => {
    const opened = open();
    const taking = opened.intake.acceptInSlices(body(0, 1000, '\\u0041'.repeat(300)), true);
    opened.close(new Failure('shuttingDown', 'Sluice is stopping.'));
    await expect(taking).rejects.toMatchObject({ failure: 'shuttingDown' });
    expect(opened.journal.rows).toEqual([]);
    // The next one finds the reader free.
    const other = open();
    const both = [other.intake.acceptInSlices(bad, true), other.intake.acceptInSlices(body(0, 2, ''), true)];
    expect((await Promise.all(both)).map(({ ok }) => ok)).toEqual([false, true]);
  });
});

describe('work in slices', () => {
  it('gives way after each slice and gives what it comes to', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    function* steps(): Steps<number> {
      let sum = 0;
      for (let nth = 0; nth < 40; nth += 1) {
        const endMs = performance.now() + 2;
        while (performance.now() < endMs) sum += 1;
        yield;
      }
      return sum;
    }
    expect(await inSlices(steps())).toBeGreaterThan(0);
    isOver = true;
    expect(turns).toBeGreaterThan(5);
  });

  it('throws what a step throws', async () => {
    // biome-ignore lint/correctness/useYield: it fails before its first step
    function* steps(): Steps<number> {
      throw new Failure('internal', 'a fault');
    }
    await expect(inSlices(steps())).rejects.toMatchObject({ failure: 'internal' });
  });
});
