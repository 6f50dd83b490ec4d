/**
 * What counting costs live delivery: events flow in at a steady rate to a hundred subscribers, of ten filters, while
 * eight clients ask all counts of a large table without a pause. Quiet and counted runs alternate, so that the
 * machine's mood falls on both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchSluice } from '../../support/peers/sluice.ts';
import { ensureSet, setEnvironment } from '../load/generate-set.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { childrenOf } from '../machine.ts';
import { ask, type BenchTarget, freshNames, loadOptions, median, queryable, round } from '../target.ts';
import { cpuOf, type OwnServer, until, untilDrained } from './own-server.ts';

export interface HeavyCountsOptions {
  /** Events in the table before the first run. */
  readonly events: number;
}

const rate = 5_000;
const subscribers = 100;
const clients = 8;
const seconds = 8;
const pairs = 3;
const ratioTarget = 2;
const deadlineMs = 60_000;

export async function heavyCounts(root: string, { events }: HeavyCountsOptions): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-heavy-counts-'));
  const spanSeconds = 7 * 86_400;
  const startSeconds = Math.floor(Date.now() / 1000) - spanSeconds;
  const make = () => ({ events, resources: 5_000, startSeconds, spanSeconds });
  try {
    await ensureSet(root, folder, make);
    const server = await launchSluice({ root, dataDir: folder, env: setEnvironment });
    const enginePid = childrenOf(server.pid, 'engine-child')[0] ?? null;
    const target = { name: 'sluice', url: server.url, pid: server.pid, isPeer: false, enginePid };
    try {
      const since = new Date((startSeconds - 60) * 1000).toISOString();
      return await measure(target, { since, setEvents: events });
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

interface Loaded {
  readonly since: string;
  readonly setEvents: number;
}

async function measure(server: OwnServer, { since, setEvents }: Loaded): Promise<object> {
  // Code and caches are warm before either kind is measured.
  let sent = (await run(server, since, 0, 3)).sent;
  const quiet: Run[] = [];
  const counted: Run[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const turns = [
      async () => quiet.push(await run(server, since, 0, seconds)),
      async () => counted.push(await run(server, since, clients, seconds)),
    ];
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const all = [...quiet, ...counted];
  sent += all.reduce((sum, one) => sum + one.sent, 0);
  const p99 = (runs: readonly Run[]): number => median(runs.map(({ latencyMs }) => latencyMs?.p99 ?? Number.NaN));
  return {
    rate,
    subscribers,
    clients,
    eventsInTable: setEvents,
    p99Quiet: p99(quiet),
    p99Counted: p99(counted),
    ratio: round(p99(counted) / p99(quiet)),
    ratioTarget,
    refused: all.reduce((sum, one) => sum + one.refusals.length, 0),
    missing: all.reduce((sum, { missing }) => sum + missing, 0),
    isExact: all.every(({ isExact }) => isExact) && (await countsAll(server, since)) === setEvents + sent,
    quiet,
    counted,
  };
}

interface Run {
  readonly sent: number;
  readonly missing: number;
  readonly wrong: number;
  readonly latencyMs: SwarmReport['latency'][number];
  readonly senderLateMs: PaceReport['late'];
  readonly counts: number;
  readonly countMs: number | null;
  readonly refusals: readonly string[];
  readonly isExact: boolean;
  readonly serverCpuSeconds: number;
}

async function run(server: OwnServer, since: string, clientCount: number, forSeconds: number): Promise<Run> {
  const names = freshNames();
  const shape = { filter: 'ten', backfill: false, resources: 100, atOnce: 20, latencySeconds: 3_600, drive: null };
  const listening = { ...loadOptions(server), ...names, subscribers, ...shape, eventBytes: 1_100, quietMs: 5_000 };
  const swarm = startLoad<SwarmReport>('swarm', listening, deadlineMs);
  await swarm.ready;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === subscribers);
  const pacing = { ...loadOptions(server), ...names, eventBytes: 1_100, seconds: forSeconds, rate };
  const over = new AbortController();
  const times: number[] = [];
  const refusals: string[] = [];
  const counting = Array.from({ length: clientCount }, (_, client) =>
    countOn(server, since, client, over.signal, times, refusals),
  );
  const { result: sender, cpu } = await cpuOf(
    server.pid,
    () => startLoad<PaceReport>('pace', pacing, deadlineMs).finished,
  );
  over.abort();
  await Promise.all(counting);
  swarm.tell({ events: sender.sent });
  const receiver = await swarm.finished;
  await untilDrained(server);
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === 0);
  return {
    sent: sender.sent,
    missing: receiver.missing,
    wrong: receiver.wrong,
    latencyMs: receiver.latency.find((slice) => slice !== null) ?? null,
    senderLateMs: sender.late,
    counts: times.length,
    countMs: times.length === 0 ? null : round(median(times)),
    refusals: sender.closed === null ? refusals : [...refusals, sender.closed],
    isExact: sender.acknowledged === sender.sent && (await queryable(server, names.prefix)) === sender.sent,
    serverCpuSeconds: round(cpu),
  };
}

const countables = ['day', 'time', 'event', 'resource'];

/** Each client begins with another of the counts, and asks them in turn. */
async function countOn(
  target: BenchTarget,
  since: string,
  client: number,
  over: AbortSignal,
  times: number[],
  refusals: string[],
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let asked = client; !over.aborted; asked += 1) {
    const start = performance.now();
    const filter = { occurred: { since }, ...(asked % 8 < 4 ? {} : { resource: { labels: { region: 'eu-west' } } }) };
    const path = `count-by/${countables[asked % countables.length]}`;
    const answer = await send(agent, target, path, JSON.stringify({ filter, time_unit: 'hour' })).catch(String);
    if (answer === 200) times.push(performance.now() - start);
    else refusals.push(`${path}: ${answer}`);
  }
  agent.destroy();
}

/**
 * The status, once the answer is there; it is not looked at, for its clients share the cores with those whose latency
 * is measured.
 */
function send(agent: Agent, target: BenchTarget, path: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sending = request(`${target.url}/api/events/${path}`, { method: 'POST', agent, headers }, (answer) => {
      answer.once('end', () => resolve(answer.statusCode ?? 0)).once('error', reject);
      answer.resume();
    });
    sending.once('error', reject).end(body);
  });
}

/** What every countable adds up to; NaN if they differ. */
async function countsAll(target: BenchTarget, since: string): Promise<number> {
  const sums: number[] = [];
  for (const countable of countables) {
    const counts = (await ask(target, `count-by/${countable}`, {
      filter: { occurred: { since } },
      time_unit: 'hour',
    })) as { count: number }[]; // the API's answer
    sums.push(counts.reduce((sum, { count }) => sum + count, 0));
  }
  return sums.every((sum) => sum === sums[0]) ? (sums[0] ?? Number.NaN) : Number.NaN;
}
