/**
 * What a live count begins with, on a real ClickHouse: the groups of all events up to a seq and of none above, those
 * within the window and those behind it, from rows and from projections alike (I13).
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LiveCountRequest } from '../../schemas/count.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { CountBudget } from '../../src/live-counts/budget.ts';
import { projectedGroupsSql } from '../../src/live-counts/projected-groups-sql.ts';
import { Question } from '../../src/live-counts/question.ts';
import { type StoredGroup, storedGroupsReader } from '../../src/live-counts/stored-groups.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { insert, type Sample, sample } from '../query/stored-rows.ts';
import { fitting, groupsWith, microsOf, nameOf, within } from './plain-counts.ts';

const nowMs = Date.parse('2026-11-22T19:08:27.919Z');
const hour = 3_600_000;

/** Spread over two days before now and some seconds behind it; every hour has some. */
const samples: readonly Sample[] = Array.from({ length: 600 }, (_, at) => {
  const back = at % 50 === 7 ? -((at % 9) * 60 + 5) : at % 20 === 3 ? at % 40 : ((at * 7_919) % (48 * 3_600)) + 1;
  const occurred = new Date(nowMs - back * 1000 - (at % 3) * 250).toISOString().replace(/\.(\d{3})Z/, '.$1000Z');
  const labels = at % 4 === 0 ? {} : { 'prefect.resource.name': `name ${at % 3}`, region: `r${at % 2}` };
  return sample(occurred.replace('.000000Z', 'Z'), `e.${at % 5}`, `res.${at % 11}`, labels);
});
const events: readonly StoredEvent[] = samples.map(({ seq, raw }) => ({ seq, raw, search: '', body: JSON.parse(raw) }));

let engine: TestStore;
beforeAll(async () => {
  engine = await startTestStore();
  for (let at = 0; at < samples.length; at += 150) await insert(engine.store, samples.slice(at, at + 150));
});
afterAll(async () => {
  await engine?.stop();
});

const asked = fc.record({
  countable: fc.constantFrom<LiveCountRequest['countable']>(
    ...(['event', 'resource', 'time', 'day'] as const),
    { label: 'region' },
    { label: null },
  ),
  unit: fc.constantFrom<LiveCountRequest['unit']>('hour', 'minute', 'day'),
  interval: fc.constantFrom(1, 10, 0.5),
  back: fc.constantFrom(12.3 * hour, 36 * hour, 48 * hour),
  until: fc.constantFrom<number | null>(null, null, -3 * hour, hour),
  lastMs: fc.constantFrom<number | null>(null, null, 30_000, 20 * hour),
  name: fc.nat(6),
  above: fc.nat(620),
  after: fc.constantFrom(0, 0, 200),
});

it('are those of all events up to the seq', async () => {
  const first = samples[0]!.seq;
  let projected = 0;
  await fc.assert(
    fc.asyncProperty(asked, async ({ back, until, name, above, after, ...rest }) => {
      const base = defaultFilter({ now: new Date(nowMs), openEnded: true });
      const at = (ms: number): string => new Date(nowMs + ms).toISOString().replace(/\.(\d{3})Z/, '.$1000Z');
      const isSliding = rest.lastMs !== null;
      const occurred = { since: at(-back), until: until === null || isSliding ? null : at(until) };
      const filter = { ...base, occurred, event: { ...base.event, name: name > 4 ? [] : [`e.${name}`, 'e.1'] } };
      const question = new Question({ ...rest, filter, groupsMax: null }, [], nowMs);
      const span = question.spanAt(nowMs);
      const range = { after: after === 0 ? 0 : first + after, upTo: first + 620 - above };
      if (projectedGroupsSql(question, span, range, 1_000) !== null) projected += 1;
      const read = storedGroupsReader({ store: engine.store, budget: new CountBudget(1e9), groupsMax: 1_000 });
      const found = await read(question, span, range, AbortSignal.timeout(20_000));
      const end = question.isOpen ? null : span.untilText;
      const [isWithin, fits] = [within(span.sinceText, end), fitting(question.filters)];
      const counted = events.filter(
        (event) => event.seq > range.after && event.seq <= range.upTo && isWithin(event) && fits(event),
      );
      expect(shownOf(found, question)).toEqual(plainly(counted, question, span.untilText));
    }),
    { numRuns: 120 },
  );
  expect(projected).toBeGreaterThan(10);
}, 150_000);

type Shown = Record<string, readonly unknown[]>;

/** By key and slot; of buckets the counts alone. */
function shownOf(groups: readonly StoredGroup[], { buckets }: Question): Shown {
  const shown: Record<string, unknown[]> = {};
  for (const { key, slot, tally } of groups) {
    const place = `${key} ${slot}`;
    const known = shown[place];
    const one = (seconds: number, micros: number): bigint => BigInt(seconds) * 1_000_000n + BigInt(micros);
    const [from, to] = [one(tally.firstSeconds, tally.firstMicros), one(tally.lastSeconds, tally.lastMicros)];
    if (buckets !== null) shown[place] = [Number(known?.[0] ?? 0) + tally.count];
    else if (known === undefined) shown[place] = [tally.count, from, to, tally.name];
    else {
      const [count, first, last, name] = known as [number, bigint, bigint, string | null]; // as it is made here
      shown[place] = [
        count + tally.count,
        from < first ? from : first,
        to > last ? to : last,
        to > last ? tally.name : name,
      ];
    }
  }
  return shown;
}

function plainly(counted: readonly StoredEvent[], { buckets, countable, isOpen }: Question, until: string): Shown {
  const inOrder = [...counted].sort((one, other) => {
    const [left, right] = [microsOf(one.body.occurred), microsOf(other.body.occurred)];
    return left < right ? -1 : left > right ? 1 : one.seq - other.seq;
  });
  const shown: Record<string, unknown[]> = {};
  for (const event of inOrder) {
    const micros = microsOf(event.body.occurred);
    const keys = buckets === null ? groupsWith(countable, event) : [(micros - buckets.first) / buckets.width];
    const slot = isOpen && micros > microsOf(until) ? micros / 100_000n : null;
    const name = countable === 'resource' ? nameOf(event) : null;
    for (const key of keys) {
      const place = `${key} ${slot}`;
      const [count = 0, first = micros] = (shown[place] ?? []) as [number?, bigint?]; // as it is made here
      shown[place] = buckets === null ? [count + 1, first, micros, name] : [count + 1];
    }
  }
  return shown;
}
