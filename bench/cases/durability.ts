/**
 * What `fsync` costs where it shows most: two hundred producers that ping after each event, as fast as pongs come and
 * at fixed rates, beside one producer that pings every 700 events; with a disk as it is, and with one whose syncs take
 * 2 and 10 ms longer. One subscriber times live delivery.
 */
import { fileURLToPath } from 'node:url';
import type { Latency } from '../load/histogram.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import type { PingEachOptions, PingEachReport } from '../load/ping-each.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { freshNames, loadOptions, round } from '../target.ts';
import { type OwnServer, until, untilDrained, withServer } from './own-server.ts';

const producers = 200;
const seconds = 4;
const eventBytes = 1_100;
const rates = [100, 1_000, 10_000];
const deadlineMs = 60_000;
const modes = [
  { durability: 'process', syncMs: 0 },
  { durability: 'fsync', syncMs: 0 },
  { durability: 'fsync', syncMs: 2 },
  { durability: 'fsync', syncMs: 10 },
] as const;

export async function durability(root: string): Promise<object> {
  const runs: object[] = [];
  for (const mode of modes) {
    const slowSync = fileURLToPath(new URL('../load/slow-sync.js', import.meta.url));
    const env = {
      SLUICE_DURABILITY: mode.durability,
      ...(mode.syncMs > 0 && { NODE_OPTIONS: `--import ${slowSync}`, BENCH_SYNC_MS: String(mode.syncMs) }),
    };
    process.stderr.write(`  ${mode.durability}, syncs ${mode.syncMs} ms longer …\n`);
    await withServer(root, env, async (server) => {
      await run(server, 'ping after each', null);
      const most = await run(server, 'ping after each', null);
      runs.push({ ...mode, ...most });
      for (const rate of rates) {
        // Beyond that the pings would queue for minutes.
        const isTooMuch = rate > most.acknowledgedPerSecond;
        const each = { how: 'ping after each', rate, acknowledgedPerSecond: 'more than it takes' };
        runs.push({ ...mode, ...(isTooMuch ? each : await run(server, 'ping after each', rate)) });
        runs.push({ ...mode, ...(await run(server, 'ping every 700', rate)) });
      }
    });
  }
  return { producers, runs };
}

type How = 'ping after each' | 'ping every 700';

interface Sent {
  readonly sent: number;
  readonly acknowledged: number;
  readonly acknowledgedPerSecond: number;
  /** From when an event was due to its pong. */
  readonly pongs: Latency | null;
}

async function run(
  server: OwnServer,
  how: How,
  rate: number | null,
): Promise<Sent & Readonly<Record<string, unknown>>> {
  const names = freshNames();
  const load = { ...loadOptions(server), ...names, eventBytes };
  const watch = { subscribers: 1, filter: 'one', backfill: false, resources: 100, atOnce: 1, drive: null };
  const times = { latencySeconds: 3_600, quietMs: 5_000 };
  const watching = startLoad<SwarmReport>('swarm', { ...load, ...watch, ...times }, deadlineMs);
  await watching.ready;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === 1);
  const sender = how === 'ping after each' ? await pingEach(load, rate) : await pace(load, rate ?? 0);
  watching.tell({ events: sender.sent });
  const { deliveries, missing, latency } = await watching.finished;
  await untilDrained(server);
  const live = latency.find((slice) => slice !== null) ?? null;
  return { how, rate: rate ?? 'as pongs come', ...sender, deliveries, missing, live };
}

type Load = Omit<PingEachOptions, 'producers' | 'seconds' | 'rate'>;

async function pingEach(load: Load, rate: number | null): Promise<Sent> {
  const options: PingEachOptions = { ...load, producers, seconds, rate };
  const report = await startLoad<PingEachReport>('ping-each', options, deadlineMs).finished;
  const { sent, acknowledged, acknowledgedSeconds, pongs } = report;
  return { sent, acknowledged, acknowledgedPerSecond: Math.round(acknowledged / acknowledgedSeconds), pongs };
}

async function pace(load: Load, rate: number): Promise<Sent> {
  const options = { ...load, seconds, rate };
  const { sent, acknowledged } = await startLoad<PaceReport>('pace', options, deadlineMs).finished;
  return { sent, acknowledged, acknowledgedPerSecond: round(acknowledged / seconds), pongs: null };
}
