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
export type Figures = LoadFigures & QuestionFigures;

export interface LoadFigures {
  readonly 'event of a batch of 100': number;
  readonly 'event by itself': number;
  readonly 'event on /in': number;
  readonly 'delivery to one of 200': number;
  readonly 'event caught up with': number;
  readonly 'p99 of a delivery at 1,000/s': number;
}

export interface QuestionFigures {
  readonly 'page of 50': number;
  readonly 'count by event': number;
}

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
/** So many in each of so many short turns: a machine that changes its speed within a second changes it for both. */
const questions = 50;
const questionTurns = 6;
const deadlineMs = 300_000;

/** `events` are there when questions are asked. */
export async function warmUp(server: OwnServer, events: number): Promise<Runner> {
  await post(server, 100, Math.max(0, events - loggedEvents));
  await post(server, 1, loneEvents);
  const names = freshNames();
  const from = await catchUp(server, names, null, 0);
  await produce(server, names, loggedEvents);
  const runner = { server, logged: { names, from, events: loggedEvents } };
  await measureTurn(runner);
  return runner;
}

/** Asks both servers in short turns, in the state that load and fan-out have left. */
export async function measureQuestions(
  one: Runner,
  other: Runner,
): Promise<readonly [QuestionFigures, QuestionFigures]> {
  const all: readonly [QuestionFigures[], QuestionFigures[]] = [[], []];
  for (let nth = 0; nth < questionTurns; nth += 1) {
    if (nth % 2 === 0) all[0].push(await askBoth(one.server));
    all[1].push(await askBoth(other.server));
    if (nth % 2 === 1) all[0].push(await askBoth(one.server));
  }
  return [meanOf(all[0]), meanOf(all[1])];
}

async function askBoth(server: OwnServer): Promise<QuestionFigures> {
  return {
    'page of 50': await ask(server, 'filter', { filter: { event: { prefix: ['bench-'] } }, limit: 50 }),
    'count by event': await ask(server, 'count-by/event', { filter: {} }),
  };
}

function meanOf(all: readonly QuestionFigures[]): QuestionFigures {
  const mean = (name: keyof QuestionFigures): number => all.reduce((sum, turn) => sum + turn[name], 0) / all.length;
  return { 'page of 50': mean('page of 50'), 'count by event': mean('count by event') };
}

export async function measureTurn({ server, logged }: Runner): Promise<LoadFigures> {
  return {
    'event of a batch of 100': await post(server, 100, batchEvents),
    'event by itself': await post(server, 1, loneEvents),
    'event on /in': await produce(server, freshNames(), socketEvents),
    'delivery to one of 200': await deliveries(server),
    'event caught up with': (await catchUp(server, logged.names, logged.from, logged.events)).micros,
    'p99 of a delivery at 1,000/s': await latency(server),
  };
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
