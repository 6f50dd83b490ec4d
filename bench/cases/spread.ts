/**
 * Fan-out to a thousand subscribers with a window each, as stock clients send it: one filter for all, in bursts and as
 * fast as the slowest follows; and a thousand different filters with one match an event.
 */

import type { FilterKind } from '../load/filters.ts';
import { startLoad } from '../load/load-maker.ts';
import type { Drive, SwarmReport } from '../load/swarm.ts';
import { freshNames, loadOptions, pause, round } from '../target.ts';
import { cpuOf, type OwnServer, until, untilDrained, withServer } from './own-server.ts';

const seconds = 6;
const deadlineMs = 60_000;
const subscribers = 1_000;

export interface SpreadLoad {
  readonly name: string;
  readonly filter: FilterKind;
  readonly subscribers: number;
  readonly drive: Drive;
  /** 1,100 if not given. */
  readonly eventBytes?: number;
}

const loads: readonly SpreadLoad[] = [
  { name: 'one filter, as fast as all follow', filter: 'one', subscribers, drive: { seconds, window: 512 } },
  { name: 'one filter, bursts of 20', filter: 'one', subscribers, drive: { seconds, burst: 20, everyMs: 25 } },
  { name: 'one filter, bursts of 200', filter: 'one', subscribers, drive: { seconds, burst: 200, everyMs: 250 } },
  {
    name: 'one filter, 100 subscribers, bursts of 20',
    filter: 'one',
    subscribers: 100,
    drive: { seconds, burst: 20, everyMs: 5 },
  },
  { name: 'own filters, bursts of 20', filter: 'own', subscribers, drive: { seconds, burst: 20, everyMs: 5 } },
  { name: 'nobody, bursts of 20', filter: 'one', subscribers: 0, drive: { seconds, burst: 20, everyMs: 5 } },
];

export function spread(root: string): Promise<object> {
  return withServer(root, {}, async (server) => {
    const results: Record<string, object> = {};
    for (const load of loads) results[load.name] = await measure(server, load);
    return results;
  });
}

export interface Spread {
  readonly deliveriesPerSecond: number;
  readonly microsPerDelivery: number;
  readonly [more: string]: number;
}

export async function measure(server: OwnServer, load: SpreadLoad): Promise<Spread> {
  const names = freshNames();
  const options = {
    ...loadOptions(server),
    ...names,
    eventBytes: 1_100,
    ...load,
    backfill: false,
    resources: 1_000,
    atOnce: 50,
    latencySeconds: null,
    quietMs: 5_000,
  };
  const swarm = startLoad<SwarmReport>('swarm', options, deadlineMs);
  await swarm.ready;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === load.subscribers);
  await untilDrained(server);
  const { result, cpu } = await cpuOf(server.pid, () => {
    swarm.tell({});
    return swarm.finished;
  });
  const { joinSeconds: _, latency: __, latencyFromSend: ___, ...report } = result;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === 0);
  await pause(200);
  return {
    subscribers: load.subscribers,
    ...report,
    deliveriesPerSecond: Math.round(report.deliveries / report.seconds),
    microsPerEvent: round((cpu * 1e6) / report.sent),
    microsPerDelivery: round((cpu * 1e6) / report.deliveries, 3),
    serverCpuShare: round(cpu / report.seconds),
    loadCpuShare: round(report.cpuSeconds / report.seconds),
  };
}
