/**
 * Backfill: a load that is in ClickHouse, read from there by one subscriber, and by many of whom some are slow. How
 * soon the first event comes, how fast the rest, and what memory the server takes for it.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import type { ReadHistoryOptions, ReadHistoryReport } from '../load/read-history.ts';
import { cpuSeconds, residentMb } from '../machine.ts';
import { ask, type BenchTarget, freshNames, loadOptions, median, pause, round, untilQueryable } from '../target.ts';

export interface BackfillOptions {
  readonly events: number;
}

interface Loaded {
  readonly prefix: string;
  readonly idPrefix: string;
  readonly since: string;
  readonly events: number;
}

const eventBytes = 1_100;
/** The load lies so far back, and runs start within the 15 minutes that a subscriber may look back. */
const spreadMs = 4 * 60_000;
const runs = 3;
const pairs = 3;
const deadlineMs = 240_000;
const slowBytesPerSecond = 256 * 1024;

/** One socket reads all of it, a few times over. */
export async function backfill(target: BenchTarget, { events }: BackfillOptions): Promise<object> {
  const loaded = await load(target, events);
  const reads: Read[] = [];
  for (let run = 0; run < runs; run += 1) reads.push(await read(target, loaded, { readers: 1, slowReaders: 0 }));
  return {
    events: loaded.events,
    eventsPerSecond: median(reads.map(({ eventsPerSecond }) => eventsPerSecond)),
    firstEventMs: median(reads.map(({ firstEventMs }) => firstEventMs.max)),
    residentGrowthMb: Math.max(...reads.map(({ residentGrowthMb }) => residentGrowthMb ?? 0)),
    runs: reads,
  };
}

/**
 * 40 readers by themselves, and beside 10 that read slowly: alternating, so that the machine's mood falls on both
 * alike.
 */
export async function backfillMany(target: BenchTarget, { events }: BackfillOptions): Promise<object> {
  const loaded = await load(target, events);
  const alone: Read[] = [];
  const beside: Read[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const turns = [
      async () => alone.push(await read(target, loaded, { readers: 40, slowReaders: 0 })),
      async () => beside.push(await read(target, loaded, { readers: 40, slowReaders: 10 })),
    ];
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const seconds = (reads: readonly Read[]): number => median(reads.map((each) => each.seconds));
  return {
    events: loaded.events,
    secondsAlone: seconds(alone),
    secondsBesideSlow: seconds(beside),
    ratio: round(seconds(beside) / seconds(alone), 3),
    alone,
    beside,
  };
}

async function load(target: BenchTarget, events: number): Promise<Loaded> {
  const names = freshNames();
  const since = new Date(Date.now() - spreadMs - 60_000).toISOString();
  const shape = { eventBytes, connections: 2, batch: 100, seconds: 180, eventsMax: events, spreadMs };
  const start = performance.now();
  const { acknowledged } = await startLoad<PostReport>(
    'post',
    { ...loadOptions(target), ...names, ...shape },
    deadlineMs,
  ).finished;
  const { queryable } = await untilQueryable(target, names.prefix, acknowledged, start);
  if (queryable !== events) throw new Error(`${queryable} of ${events} events can be read`);
  return { ...names, since, events };
}

interface Read extends ReadHistoryReport {
  readonly eventsPerSecond: number;
  readonly residentBeforeMb: number | null;
  readonly residentGrowthMb: number | null;
  readonly serverCpuMicrosPerEvent: number | null;
}

async function read(
  target: BenchTarget,
  loaded: Loaded,
  shape: Pick<ReadHistoryOptions, 'readers' | 'slowReaders'>,
): Promise<Read> {
  const options: ReadHistoryOptions = { ...loadOptions(target), ...loaded, ...shape, slowBytesPerSecond };
  const reading = startLoad<ReadHistoryReport>('read-history', options, deadlineMs);
  await reading.ready;
  // What other questions left behind is not this one's.
  await ask(target, 'filter', { limit: 0 });
  await pause(500);
  const [memoryBefore, cpuBefore] = [residentMb(target.pid), cpuSeconds(target.pid)];
  let memoryMax = memoryBefore ?? 0;
  const sampling = setInterval(() => {
    memoryMax = Math.max(memoryMax, residentMb(target.pid) ?? 0);
  }, 50);
  reading.tell({ kind: 'go' });
  const report = await reading.finished.finally(() => clearInterval(sampling));
  const cpuAfter = cpuSeconds(target.pid);
  return {
    ...report,
    eventsPerSecond: Math.round(report.deliveries / report.seconds),
    residentBeforeMb: memoryBefore,
    residentGrowthMb: memoryBefore === null ? null : memoryMax - memoryBefore,
    serverCpuMicrosPerEvent:
      cpuBefore === null || cpuAfter === null ? null : round(((cpuAfter - cpuBefore) * 1e6) / report.deliveries),
  };
}
