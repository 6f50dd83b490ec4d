/**
 * One by one, a hundred subscribers at a thousand events a second and one at ten thousand, through Sluice, bare
 * uWebSockets.js and NATS in turns: what of the latency is the sends and the three processes on two cores. Sluice's
 * engine stands still, for the others have none.
 */
import { leftOutSeconds } from '../load/delivery-times.ts';
import type { Latency } from '../load/histogram.ts';
import { startLoad } from '../load/load-maker.ts';
import type { NatsLatencyReport } from '../load/nats-latency.ts';
import type { NatsServer } from '../peers/nats.ts';
import { median } from '../target.ts';
import { type Compared, withCompared } from './compared.ts';
import { type LatencyRun, measure } from './latency.ts';
import { untilDrained, withEngineStopped } from './own-server.ts';

interface Load {
  readonly subscribers: number;
  readonly rate: number;
}

const loads: readonly Load[] = [
  { subscribers: 100, rate: 1_000 },
  { subscribers: 1, rate: 10_000 },
];
const seconds = 6 + leftOutSeconds;
const rounds = 3;
const deadlineMs = 60_000;

type Run = Pick<LatencyRun, 'deliveries' | 'latencyMs' | 'latencyFromSendMs'>;

export async function latencyInTurns(root: string): Promise<object> {
  const { result: loads, ...skipped } = await withCompared(root, inTurns);
  return { loads, ...skipped };
}

async function inTurns(servers: Compared): Promise<readonly object[]> {
  const { sluice, bare } = servers;
  await measure(sluice, { subscribers: 1, rate: 2_000 }, 2);
  await measure(bare, { subscribers: 1, rate: 2_000 }, 2);
  const results: object[] = [];
  for (const load of loads) {
    results.push({ ...load, rounds, servers: await underLoad(load, servers) });
    await untilDrained(sluice);
  }
  return results;
}

async function underLoad(load: Load, { sluice, bare, nats }: Compared): Promise<Readonly<Record<string, object>>> {
  const runs: Record<string, Run[]> = {};
  const note = (who: string, run: Run): void => {
    if (run.deliveries < load.subscribers * load.rate * seconds) throw new Error(`${who} lost events`);
    runs[who] = [...(runs[who] ?? []), run];
  };
  for (let nth = 0; nth < rounds; nth += 1) {
    note('bare uWebSockets.js', await measure(bare, load, seconds));
    note('Sluice', await withEngineStopped(sluice, () => measure(sluice, load, seconds)));
    if (nats !== null) note('NATS', await measureNats(nats, load));
  }
  return Object.fromEntries(Object.entries(runs).map(([who, each]) => [who, summary(each)]));
}

function summary(each: readonly Run[]): object {
  return {
    fromDueMs: medians(each.map(({ latencyMs }) => latencyMs)),
    fromSendMs: medians(each.map(({ latencyFromSendMs }) => latencyFromSendMs)),
    each: each.map(({ latencyMs, latencyFromSendMs }) => ({ fromDueMs: latencyMs, fromSendMs: latencyFromSendMs })),
  };
}

async function measureNats({ port, webSocketPort }: NatsServer, { subscribers, rate }: Load): Promise<Run> {
  const receive = { mode: 'receive', webSocketPort, subscribers };
  const receiver = startLoad<NatsLatencyReport>('nats-latency', receive, deadlineMs);
  await receiver.ready;
  const send = { mode: 'send', port, seconds, rate };
  const { sent } = await startLoad<NatsLatencyReport>('nats-latency', send, deadlineMs).finished;
  receiver.tell({ events: sent });
  const { deliveries, latency, latencyFromSend } = await receiver.finished;
  return { deliveries, latencyMs: latency, latencyFromSendMs: latencyFromSend };
}

function medians(each: readonly (Latency | null)[]): Pick<Latency, 'p50' | 'p99'> {
  const runs = each.filter((run) => run !== null);
  return { p50: median(runs.map(({ p50 }) => p50)), p99: median(runs.map(({ p99 }) => p99)) };
}
