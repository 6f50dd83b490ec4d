/**
 * 1,000 subscribers, 100 of them reading 1 kB/s, 50 events a second (I5). `slow-readers`: for 5 minutes; in the end all
 * have everything once, and never more than 1 MB waited for one. `slow-pairs`: how late the others get their events,
 * beside runs without slow ones, in alternation; the slow ones are behind before a run is measured. In a folder that is
 * kept, one pair a call.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FrameSocket, openFrameSocket } from '../../support/frame-socket.ts';
import { nowMicros } from '../load/event-template.ts';
import { median } from '../target.ts';
import type { CrowdReport } from './crowd.ts';
import { law, type Prove, pause, progress } from './proof.ts';
import { startCrowd } from './start-crowd.ts';
import { type Subject, startSubject } from './subject.ts';

const subscribers = 1_000;
const slow = 100;
const slowBytesPerSecond = 1_000;
const rate = 50;
const eventCharacters = 1_100;
const bufferBytesMax = 2 ** 20;
const pairs = 5;
const pairSeconds = 20;
const p99RatioMax = 1.5;
/**
 * Large events for the slow ones alone, so that what waits for the slow ones is more than the kernel's buffers hold.
 */
const fillEvents = 60;
const fillCharacters = 100_000;
const graceMs = 240_000;

export const slowReaders: Prove = async ({ dataDir, seconds, scale }) => {
  const subject = await startSubject(dataDir);
  const run = await runCrowd(subject, { slow: Math.round(slow * scale), seconds: seconds ?? 300, fills: 0, scale });
  const { lagged = 0, repeats = 0 } = (await subject.ready()).books;
  const residentMiB = Math.round((await subject.ready()).residentBytes / 2 ** 20);
  await subject.stop();
  return {
    broken: [
      ...wrongIn(run),
      ...law(lagged >= slow * scale, `only ${lagged} fell back to the log: nothing was proven`),
      ...law(repeats === 0, `${repeats} repeats at a cut`),
    ],
    figures: { ...shape(scale), seconds: seconds ?? 300, ...run, lagged, residentMiB },
  };
};

export const slowPairs: Prove = async ({ dataDir, isKept, seconds, scale }) => {
  const path = join(dataDir, 'pairs.json');
  const done = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Pair[]) : []; // written below
  const until = isKept ? Math.min(pairs, done.length + 1) : pairs;
  while (done.length < until) {
    progress(`pair ${done.length + 1} of ${pairs}`);
    const shape = { seconds: seconds ?? pairSeconds, fills: fillEvents, scale };
    const one = (slowOnes: number): Promise<CrowdRun> =>
      fresh(join(dataDir, `${done.length}-${slowOnes}`), { ...shape, slow: slowOnes });
    const slowOnes = Math.round(slow * scale);
    if (done.length % 2 === 0) done.push({ without: await one(0), with: await one(slowOnes) });
    else done.push(reversed(await one(slowOnes), await one(0)));
    writeFileSync(path, JSON.stringify(done));
  }
  const p99 = (run: CrowdRun): number => run.latencyMs?.p99 ?? Number.NaN;
  const ratios = done.map((run) => p99(run.with) / p99(run.without));
  const ratio = Math.round(median(ratios) * 100) / 100;
  const lagging = done.map((run) => run.with.laggingMax);
  return {
    broken: [
      ...done.flatMap((run) => [...wrongIn(run.without), ...wrongIn(run.with)]),
      ...law(ratio <= p99RatioMax, `p99 of the others is ${ratio} times that without slow ones`),
      ...law(Math.min(...lagging) >= slow * scale, `only ${Math.min(...lagging)} were behind: nothing was proven`),
    ],
    figures: {
      ...shape(scale),
      seconds: seconds ?? pairSeconds,
      pairs: done.length,
      medianRatioOfP99: ratio,
      ratios: ratios.map((each) => Math.round(each * 100) / 100),
      latencyMs: done.map((run) => ({ without: run.without.latencyMs, with: run.with.latencyMs })),
      bufferedBytesMax: Math.max(...done.map((run) => run.with.bufferedBytesMax)),
      lagging,
    },
  };
};

interface Pair {
  readonly without: CrowdRun;
  readonly with: CrowdRun;
}

function reversed(withSlow: CrowdRun, without: CrowdRun): Pair {
  return { without, with: withSlow };
}

function shape(scale: number): object {
  return { subscribers: subscribers * scale, slow: slow * scale, slowBytesPerSecond, rate, eventCharacters };
}

interface CrowdShape {
  readonly slow: number;
  readonly seconds: number;
  /** Large events before the measured time. */
  readonly fills: number;
  readonly scale: number;
}

interface CrowdRun extends CrowdReport {
  readonly sent: number;
  /** From /metrics, looked at each second. */
  readonly bufferedBytesMax: number;
  readonly laggingMax: number;
}

function wrongIn({ missing, repeated, closed, bufferedBytesMax }: CrowdRun): string[] {
  return [
    ...law(missing === 0, `${missing} deliveries are missing`),
    ...law(repeated === 0, `${repeated} deliveries came twice`),
    ...law(closed === 0, `${closed} subscribers were closed`),
    ...law(bufferedBytesMax <= bufferBytesMax, `${bufferedBytesMax} bytes waited for one`),
  ];
}

async function fresh(dataDir: string, crowd: CrowdShape): Promise<CrowdRun> {
  const subject = await startSubject(dataDir);
  try {
    return await runCrowd(subject, crowd);
  } finally {
    await subject.stop();
  }
}

async function runCrowd(subject: Subject, { slow: slowOnes, seconds, fills, scale }: CrowdShape): Promise<CrowdRun> {
  const producer = await openFrameSocket({ url: subject.url, path: '/api/events/in' });
  const crowd = startCrowd(
    {
      url: subject.url,
      subscribers: Math.round(subscribers * scale),
      slow: slowOnes,
      slowBytesPerSecond,
      since: new Date().toISOString(),
      eventsMax: fills + rate * seconds + 1_000,
      fills,
    },
    seconds * 1000 + graceMs,
  );
  const look = startLook(subject);
  try {
    await crowd.ready;
    for (let nth = 0; nth < fills; nth += 1) {
      send(producer, nth, fillCharacters, 'fill');
      await pause(20);
    }
    await pause(2_000);
    crowd.tell({ order: 'measure' });
    const sent = await sendSteadily(producer, fills, seconds);
    if (fills === 0) progress('the slow ones are let go');
    crowd.tell({ order: 'letGo' });
    crowd.tell({ order: 'finish', events: sent });
    const report = await crowd.finished;
    return { ...report, sent, ...look.seen };
  } finally {
    look.end();
    crowd.end();
    producer.end();
  }
}

/** One event at a time, at the rate; gives how many there are in all. */
async function sendSteadily(producer: FrameSocket, first: number, seconds: number): Promise<number> {
  const began = performance.now();
  let number = first;
  while (performance.now() - began < seconds * 1000) {
    const due = first + Math.floor(((performance.now() - began) / 1000) * rate);
    if (number < due) send(producer, number++, eventCharacters);
    else await pause(2);
  }
  return number;
}

export function send(producer: FrameSocket, number: number, characters: number, name = 'event'): void {
  producer.sendText(
    JSON.stringify({
      occurred: new Date().toISOString(),
      event: `slow.${name}`,
      resource: { 'prefect.resource.id': 'slow.resource' },
      payload: { at: String(nowMicros()), fill: `${number} ${'x'.repeat(Math.max(0, characters - 300))}` },
      id: `51040000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    }),
  );
}

interface Look {
  readonly seen: { readonly bufferedBytesMax: number; readonly laggingMax: number };
  end(): void;
}

function startLook(subject: Subject): Look {
  const seen = { bufferedBytesMax: 0, laggingMax: 0 };
  const look = async (): Promise<void> => {
    const buffered = await subject.metric('subscriber_buffered_bytes_max').catch(() => 0);
    const lagging = await subject.metric('lagging_subscribers').catch(() => 0);
    seen.bufferedBytesMax = Math.max(seen.bufferedBytesMax, buffered);
    seen.laggingMax = Math.max(seen.laggingMax, lagging);
  };
  const timer = setInterval(() => void look(), 1_000);
  return { seen, end: () => clearInterval(timer) };
}
