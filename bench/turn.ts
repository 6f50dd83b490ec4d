/**
 * One turn of a server: what an event, a delivery and a question cost its process, after it has warmed up.
 */
import { Agent, request } from 'undici';
import { measure as measureLatency } from './cases/latency.ts';
import { cpuOf, type OwnServer, untilDrained } from './cases/own-server.ts';
import { measure as measureSpread } from './cases/spread.ts';
import type { CatchUpReport } from './load/catch-up.ts';
import { startLoad } from './load/load-maker.ts';
import type { PostReport } from './load/post.ts';
import type { ProduceReport } from './load/produce.ts';
import { freshNames, loadOptions } from './target.ts';

/** µs: of CPU of the server's process for each event, delivery or question, but for the last one, which is of time. */
export const figureNames = [
  'event of a batch of 100',
  'event by itself',
  'event on /in',
  'delivery to one of 200',
  'event caught up with',
  'page of 50',
  'count by event',
  'p99 of a delivery at 1,000/s',
] as const;
export type FigureName = (typeof figureNames)[number];

/** A server that has warmed up, and where its log is read from. */
export interface Runner {
  readonly server: OwnServer;
  readonly logged: { readonly names: ReturnType<typeof freshNames>; readonly from: Position; readonly events: number };
}

type Position = Pick<CatchUpReport, 'token' | 'position'>;

const loggedEvents = 60_000;
const batchEvents = 40_000;
const loneEvents = 4_000;
const socketEvents = 60_000;
const questions = 25;
const deadlineMs = 300_000;

/** `events` are there when questions are asked. */
export async function warmUp(server: OwnServer, events: number): Promise<Runner> {
  await post(server, 100, Math.max(0, events - loggedEvents));
  await post(server, 1, loneEvents);
  const names = freshNames();
  const from = await catchUp(server, names, null, 0);
  await produce(server, names, loggedEvents);
  const runner = { server, logged: { names, from, events: loggedEvents } };
  for (const name of figureNames) await figures[name].measure(runner);
  return runner;
}

interface Figure {
  readonly measure: (runner: Runner) => Promise<number>;
  /** Turns of each server within one pair. */
  readonly turns: number;
}

/** Questions come when load and fan-out have left their state. */
const figures: Readonly<Record<FigureName, Figure>> = {
  'event of a batch of 100': { measure: ({ server }) => post(server, 100, batchEvents), turns: 2 },
  'event by itself': { measure: ({ server }) => post(server, 1, loneEvents), turns: 4 },
  'event on /in': { measure: ({ server }) => produce(server, freshNames(), socketEvents), turns: 2 },
  'delivery to one of 200': { measure: ({ server }) => deliveries(server), turns: 2 },
  'event caught up with': {
    measure: async ({ server, logged }) => (await catchUp(server, logged.names, logged.from, logged.events)).micros,
    turns: 3,
  },
  'page of 50': {
    measure: ({ server }) => ask(server, 'filter', { filter: { event: { prefix: ['bench-'] } }, limit: 50 }),
    turns: 24,
  },
  'count by event': { measure: ({ server }) => ask(server, 'count-by/event', { filter: {} }), turns: 24 },
  'p99 of a delivery at 1,000/s': { measure: ({ server }) => latency(server), turns: 2 },
};

/** Means of short turns, one server after the other: a machine that changes its speed changes it for both. */
export async function measureBoth(
  name: FigureName,
  runners: { readonly old: Runner; readonly new: Runner },
): Promise<{ readonly old: number; readonly new: number }> {
  const { measure, turns } = figures[name];
  const sum = { old: 0, new: 0 };
  for (let nth = 0; nth < turns; nth += 1) {
    // Who goes first changes, so that a machine that warms up or slows down favours neither.
    for (const who of nth % 2 === 0 ? (['old', 'new'] as const) : (['new', 'old'] as const)) {
      sum[who] += await measure(runners[who]);
    }
  }
  return { old: sum.old / turns, new: sum.new / turns };
}

/** Until ClickHouse has them all, so that the table writer's share is in it. */
async function post(server: OwnServer, batch: number, events: number): Promise<number> {
  if (events === 0) return Number.NaN;
  const shape = { connections: 4, batch, eventsMax: events, spreadMs: 0, eventBytes: 1_100, seconds: 200 };
  const { cpu } = await cpuOf(server.pid, async () => {
    const load = startLoad<PostReport>('post', { ...loadOptions(server), ...freshNames(), ...shape }, deadlineMs);
    const { acknowledged } = await load.finished;
    if (acknowledged !== events) throw new Error(`Only ${acknowledged} of ${events} events were acknowledged`);
    await untilDrained(server);
  });
  return (cpu * 1e6) / events;
}

/** The same of one socket, as fast as pongs come. */
async function produce(server: OwnServer, names: object, events: number): Promise<number> {
  const shape = { eventBytes: 1_100, seconds: 60, rate: null, pingEvery: 700, pingsMax: 8, eventsMax: events };
  const { cpu } = await cpuOf(server.pid, async () => {
    const load = startLoad<ProduceReport>('produce', { ...loadOptions(server), ...names, ...shape }, deadlineMs);
    const { acknowledged } = await load.finished;
    if (acknowledged !== events) throw new Error(`Only ${acknowledged} of ${events} events were acknowledged`);
    await untilDrained(server);
  });
  return (cpu * 1e6) / events;
}

async function deliveries(server: OwnServer): Promise<number> {
  const drive = { seconds: 1.5, burst: 20, everyMs: 20 };
  const { microsPerDelivery } = await measureSpread(server, { name: '', filter: 'one', subscribers: 200, drive });
  return microsPerDelivery;
}

/** One subscriber reads the log behind the position; without one it is told where the log ends. */
async function catchUp(
  server: OwnServer,
  names: ReturnType<typeof freshNames>,
  resume: Position | null,
  events: number,
): Promise<Position & { readonly micros: number }> {
  const options = { ...loadOptions(server), ...names, filter: 'half', subscribers: 1, resume, from: 0, to: events };
  const { result, cpu } = await cpuOf(
    server.pid,
    () => startLoad<CatchUpReport>('catch-up', options, deadlineMs).finished,
  );
  if (result.missing > 0 || result.wrong > 0) throw new Error(`${result.missing} missing, ${result.wrong} wrong`);
  const { token, position } = result;
  return { token, position, micros: (cpu * 1e6) / Math.max(1, events) };
}

async function latency(server: OwnServer): Promise<number> {
  const { latencyMs } = await measureLatency(server, { subscribers: 1, rate: 1_000 }, 3);
  if (latencyMs === null) throw new Error('No delivery was timed');
  return latencyMs.p99 * 1000;
}

async function ask(server: OwnServer, path: string, body: object): Promise<number> {
  const agent = new Agent({ connections: 1 });
  const once = async (): Promise<void> => {
    const answer = await request(`${server.url}/api/events/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher: agent,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
  };
  await once();
  const { cpu } = await cpuOf(server.pid, async () => {
    for (let nth = 0; nth < questions; nth += 1) await once();
  });
  await agent.close();
  return (cpu * 1e6) / questions;
}
