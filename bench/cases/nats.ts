/**
 * NATS under the same kinds of load: fan-out over its WebSocket port, acknowledged publish into a file stream, replay
 * of it.
 */
import { startLoad } from '../load/load-maker.ts';
import type { NatsReport } from '../load/nats.ts';
import type { Drive } from '../load/swarm.ts';
import { installNats, type NatsServer, withNats } from '../peers/nats.ts';
import { round } from '../target.ts';
import { cpuOf } from './own-server.ts';

const seconds = 6;
const events = 1_000_000;
const deadlineMs = 90_000;
const drives: Readonly<Record<string, { readonly subscribers: number; readonly drive: Drive }>> = {
  'as fast as all follow': { subscribers: 1_000, drive: { seconds, window: 512 } },
  'bursts of 20': { subscribers: 1_000, drive: { seconds, burst: 20, everyMs: 25 } },
  'bursts of 200': { subscribers: 1_000, drive: { seconds, burst: 200, everyMs: 250 } },
  '100 subscribers, bursts of 20': { subscribers: 100, drive: { seconds, burst: 20, everyMs: 5 } },
};

export async function nats(root: string): Promise<object> {
  const install = installNats(root);
  if ('sentence' in install) return { skipped: install.sentence };
  return withNats(install.binary, async (server) => {
    const fanOut: Record<string, object> = {};
    for (const [name, drive] of Object.entries(drives)) {
      fanOut[name] = await measure(server, { mode: 'fan-out', webSocketPort: server.webSocketPort, ...drive });
    }
    return {
      fanOut,
      publish: await measure(server, { mode: 'publish', events, window: 1_000 }),
      replay: await measure(server, { mode: 'replay', events, batch: 500 }),
    };
  });
}

export interface NatsRun extends NatsReport {
  readonly deliveriesPerSecond: number;
  readonly microsPerDelivery: number;
}

/** Fan-out, for a comparison. */
export function measureNats(server: NatsServer, drive: Drive, subscribers: number): Promise<NatsRun> {
  return measure(server, { mode: 'fan-out', webSocketPort: server.webSocketPort, subscribers, drive });
}

async function measure(server: NatsServer, options: object): Promise<NatsRun> {
  const load = startLoad<NatsReport>('nats', { port: server.port, ...options }, deadlineMs);
  await load.ready;
  const { result, cpu } = await cpuOf(server.pid, () => {
    load.tell({});
    return load.finished;
  });
  return {
    ...result,
    deliveriesPerSecond: Math.round(result.deliveries / result.seconds),
    microsPerDelivery: round((cpu * 1e6) / result.deliveries, 3),
  };
}
