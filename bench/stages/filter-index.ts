/**
 * What finding an event's filters costs among ten, a thousand and ten thousand different ones, in this process: the
 * index beside testing every filter, over the filters that the load makers send.
 */
import type { EventBody } from '../../schemas/event.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { EventTemplate } from '../load/event-template.ts';
import { filterOf } from '../load/filters.ts';
import { round } from '../target.ts';
import { cpuSince } from './stage-parts.ts';

const counts = [10, 1_000, 10_000];
const rounds = 5;
const indexEvents = 50_000;
const naiveEvents = 500;

export async function filterIndexStage(): Promise<object> {
  const events = makeEvents(2_000);
  return Object.fromEntries(counts.map((count) => [`${count} filters`, measure(count, events)]));
}

function measure(count: number, events: readonly StoredEvent[]): object {
  const index = new FilterIndex<number>();
  const filters = Array.from({ length: count }, (_, at) => validFilter(filterOf('mixed', 'bench', at, 100)));
  const startBuild = process.cpuUsage();
  for (const [at, filter] of filters.entries()) index.add([filter], at);
  const addMicros = cpuSince(startBuild) / count;
  const tests = filters.map((filter) => compilePredicate([filter]));
  let found = 0;
  const withIndex = median(rounds, () => {
    found = 0;
    return cpuPer(indexEvents, (nth) => index.forEachMatch(events[nth % events.length]!, () => (found += 1)));
  });
  let naiveFound = 0;
  const naive = median(1, () =>
    cpuPer(naiveEvents, (nth) => {
      for (const fits of tests) if (fits(events[nth % events.length]!)) naiveFound += 1;
    }),
  );
  return {
    microsPerEvent: round(withIndex, 3),
    naiveMicrosPerEvent: round(naive),
    hitsPerEvent: round(found / indexEvents, 3),
    naiveHitsPerEvent: round(naiveFound / naiveEvents, 3),
    addMicros: round(addMicros),
  };
}

function makeEvents(count: number): StoredEvent[] {
  const template = new EventTemplate({ prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes: 1_100 });
  return Array.from({ length: count }, (_, at) => {
    const bytes = Buffer.alloc(template.bytes.length);
    template.write(bytes, 0, at, Date.now() * 1000, 0);
    const raw = bytes.toString();
    const body = JSON.parse(raw) as EventBody; // the template has every field that filters look at
    return { seq: at + 1, raw, search: '', body };
  });
}

function validFilter(sent: object) {
  const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: true });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

function cpuPer(times: number, work: (nth: number) => void): number {
  const start = process.cpuUsage();
  for (let nth = 0; nth < times; nth += 1) work(nth);
  return cpuSince(start) / times;
}

function median(times: number, measureOnce: () => number): number {
  const values = Array.from({ length: times }, measureOnce).sort((one, other) => one - other);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}
