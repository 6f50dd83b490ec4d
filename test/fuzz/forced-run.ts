/**
 * Rounds of forced filters by seed: readers with random filters forced on them, random questions of their own, and
 * random events that come while they watch. Whatever they ask and wherever, they see what fits both, and nothing else
 * (I14). The reference of the filter tests says what that is.
 */
import fc from 'fast-check';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { filterFrom, sampleEvents } from '../filter/arbitraries.ts';
import { referenceFits } from '../filter/reference.ts';
import { type Watched, watchBySocket, watchByStream, watchCounts } from './forced-feeds.ts';
import { countsOf, reads } from './forced-reads.ts';
import { type ForcedTarget, type Reader, type SentFilter, startForcedTarget } from './forced-target.ts';

export interface ForcedRunOptions {
  readonly seed: number;
  /** No round begins later. */
  readonly untilMs: number;
  readonly roundsMax: number;
  /** In a round. */
  readonly events: number;
  readonly readers: number;
  readonly say: (line: string) => void;
}

export interface ForcedRun {
  readonly rounds: number;
  readonly events: number;
  /** By way of asking, how often; and how many questions had some answers, but not all events. */
  readonly asked: ReadonlyMap<string, number>;
  readonly questions: number;
  readonly telling: number;
  /** Each with the seed of its round. Empty is good. */
  readonly faults: readonly string[];
}

/** Filters are drawn near these many of the newest events. */
const nearEvents = 200;
const faultsMax = 20;

/** A server for each so many rounds, or the reference has too much to look at. */
const roundsOfServer = 60;

export async function runForced(options: ForcedRunOptions): Promise<ForcedRun> {
  const { seed, untilMs, roundsMax, say } = options;
  const run = { rounds: 0, events: 0, asked: new Map<string, number>(), questions: 0, telling: 0 };
  const faults: string[] = [];
  const startedMs = performance.now();
  const goesOn = (): boolean =>
    run.rounds < roundsMax && performance.now() < startedMs + untilMs && faults.length < faultsMax;
  while (goesOn()) {
    const target = await startForcedTarget();
    try {
      for (let nth = 0; nth < roundsOfServer && goesOn(); nth += 1) {
        const own = seed + run.rounds;
        run.rounds += 1;
        const found = await playRound(target, own, options, run).catch((error: unknown) => [String(error)]);
        for (const fault of found) faults.push(`seed ${own}: ${fault}`);
      }
    } finally {
      await target.stop();
    }
    say(`${run.rounds} rounds, ${run.events} events, ${faults.length} faults`);
  }
  return { ...run, faults };
}

type Tally = { events: number; asked: Map<string, number>; questions: number; telling: number };

async function playRound(
  target: ForcedTarget,
  seed: number,
  { events, readers }: ForcedRunOptions,
  tally: Tally,
): Promise<string[]> {
  const batch = sampleEvents(events, seed);
  const near = [...[...target.known.values()].slice(-nearEvents), ...batch];
  const draw = <Value>(arbitrary: fc.Arbitrary<Value>, count: number, salt: number): Value[] =>
    fc.sample(arbitrary, { numRuns: count, seed: seed * 7 + salt });
  const forced = draw(filterFrom(near), readers, 1).map(asForced);
  const kinds = draw(fc.constantFrom('token' as const, 'jwt' as const), readers, 2);
  const all = await Promise.all(forced.map((filter, nth) => target.makeReader(filter, kinds[nth] ?? 'token')));
  await Promise.all(all.map((reader) => target.untilKnown(reader)));
  const questions = draw(filterFrom(near), readers, 3);
  const limits = draw(fc.integer({ min: 1, max: 50 }), readers, 4);
  const countables = draw(fc.constantFrom(...Object.keys(countsOf)), readers, 5);
  const asked = all.map((reader, nth) => ({
    ...{ reader, sent: questions[nth] ?? {}, limit: limits[nth] ?? 50, countable: countables[nth] ?? 'event' },
    stranger: all[(nth + 1) % all.length] ?? reader,
  }));
  const watched = await Promise.all(asked.map((one) => watchAll(target, one)));
  const taken = await target.take(batch);
  await target.untilStored(taken);
  tally.events += taken.length;
  const faults = asked.map(async (one, nth) => {
    const fits = (event: StoredEvent) => one.reader.mayRead(event) && referenceFits(one.sent, event);
    const wanted = [...target.known.values()].filter(fits);
    tally.questions += 1;
    if (wanted.length > 0 && wanted.length < target.known.size) tally.telling += 1;
    const ended = (watched[nth] ?? []).map(([, each]) => each.end(wanted));
    const read = Object.values(reads).map((ask) => ask(target, { ...one, wanted }));
    for (const name of [...Object.keys(reads), ...(watched[nth] ?? []).map(([name]) => name)])
      tally.asked.set(name, (tally.asked.get(name) ?? 0) + 1);
    const wrong = (await Promise.all([...ended, ...read])).flat();
    const about = `forced ${JSON.stringify(one.reader.forced)}, asked ${JSON.stringify(one.sent)}`;
    return wrong.map((fault) => `${fault}; ${about}`);
  });
  return (await Promise.all(faults)).flat();
}

interface Asked {
  readonly reader: Reader;
  readonly sent: SentFilter;
  readonly stranger: Reader;
  readonly countable: string;
}

async function watchAll(target: ForcedTarget, asked: Asked): Promise<(readonly [name: string, Watched])[]> {
  const watching = { target, ...asked };
  return Promise.all([
    watchBySocket(watching).then((each) => ['feed', each] as const),
    watchByStream(watching).then((each) => ['stream', each] as const),
    watchCounts(watching, asked.countable, 'socket').then((each) => ['live count', each] as const),
    watchCounts(watching, asked.countable, 'stream').then((each) => ['counts by a stream', each] as const),
  ]);
}

/** What may be forced has no order, and no `distinct`. */
function asForced({ order: _, ...filter }: SentFilter): SentFilter {
  return filter;
}
