/**
 * Send to delivery at fixed rates, from when each event was due (no coordinated omission) and from when it was sent,
 * with the table writer at work and with the engine stopped. Sender, receiver and server are three processes on the
 * machine's cores.
 */
import { leftOutSeconds } from '../load/delivery-times.ts';
import type { Latency } from '../load/histogram.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { freshNames, loadOptions, pause, round } from '../target.ts';
import { cpuOf, type OwnServer, until, untilDrained, withEngineStopped, withServer } from './own-server.ts';

const seconds = 6 + leftOutSeconds;
const warmUpSeconds = 2;
const deadlineMs = 60_000;
const loads: readonly { readonly subscribers: number; readonly rate: number }[] = [
  { subscribers: 1, rate: 100 },
  { subscribers: 1, rate: 1_000 },
  { subscribers: 1, rate: 10_000 },
  { subscribers: 100, rate: 1_000 },
];

export function latency(root: string): Promise<object> {
  return withServer(root, {}, async (server) => {
    const results: object[] = [];
    await measure(server, { subscribers: 1, rate: 2_000 }, warmUpSeconds);
    for (const load of loads) {
      results.push({ engine: 'at work', ...(await measure(server, load, seconds)) });
      results.push({
        engine: 'stopped',
        ...(await withEngineStopped(server, () => measure(server, load, seconds))),
      });
      await untilDrained(server);
    }
    return results;
  });
}

export interface LatencyRun {
  readonly deliveries: number;
  readonly missing: number;
  /** From when each event was due. */
  readonly latencyMs: Latency | null;
  readonly latencyFromSendMs: Latency | null;
  readonly [more: string]: unknown;
}

export async function measure(
  server: OwnServer,
  { subscribers, rate }: { readonly subscribers: number; readonly rate: number },
  forSeconds: number,
  names = freshNames(),
): Promise<LatencyRun> {
  const watching = startLoad<SwarmReport>(
    'swarm',
    {
      ...loadOptions(server),
      ...names,
      subscribers,
      filter: 'one',
      // History would wait for the engine that stands still.
      backfill: false,
      resources: 100,
      atOnce: 20,
      latencySeconds: 3_600,
      drive: null,
      eventBytes: 1_100,
      quietMs: 3_000,
    },
    deadlineMs,
  );
  await watching.ready;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === subscribers);
  const pacing = { ...loadOptions(server), ...names, eventBytes: 1_100, seconds: forSeconds, rate };
  const { result, cpu } = await cpuOf(server.pid, async () => {
    const sender = await startLoad<PaceReport>('pace', pacing, deadlineMs).finished;
    watching.tell({ events: sender.sent });
    return { sender, receiver: await watching.finished };
  });
  const { sender, receiver } = result;
  await pause(200);
  return {
    subscribers,
    rate,
    sent: sender.sent,
    closed: sender.closed,
    deliveries: receiver.deliveries,
    missing: receiver.missing,
    wrong: receiver.wrong,
    latencyMs: receiver.latency.find((slice) => slice !== null) ?? null,
    latencyFromSendMs: receiver.latencyFromSend,
    senderLateMs: sender.late,
    microsPerEvent: round((cpu * 1e6) / sender.sent),
  };
}
