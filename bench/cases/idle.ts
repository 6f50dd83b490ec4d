/**
 * What an idle subscriber weighs: resident memory of the server for each of fifteen thousand that have authenticated
 * and set a filter, and how fast they were accepted: without history, and some with it as stock clients ask for it,
 * each of which is a query of ClickHouse.
 */
import { startLoad } from '../load/load-maker.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { residentBytes } from '../machine.ts';
import { freshNames, loadOptions, pause, round } from '../target.ts';
import { cpuOf, type OwnServer, until, withServer } from './own-server.ts';

export interface IdleOptions {
  readonly subscribers: number;
}

const processes = 3;
const stockSubscribers = 300;
const deadlineMs = 150_000;
const settleMs = 8_000;

export function idle(root: string, { subscribers }: IdleOptions): Promise<object> {
  return withServer(root, { SLUICE_AUTH_STRING: 'bench:secret' }, async (server) => {
    // Code and pools that the first connections bring are no connection's own.
    const stock = await join(server, stockSubscribers, true, async (joined) => joined);
    await pause(settleMs);
    const before = residentBytes(server.pid);
    return join(server, subscribers, false, async (joined) => {
      await pause(settleMs);
      const after = residentBytes(server.pid);
      return {
        subscribers,
        ...joined,
        withHistory: { subscribers: stockSubscribers, ...stock },
        residentBefore: before,
        residentAfter: after,
        bytesPerSubscriber: Math.round((after - before) / subscribers),
      };
    });
  });
}

async function join<Result>(
  server: OwnServer,
  subscribers: number,
  backfill: boolean,
  work: (joined: object) => Promise<Result>,
): Promise<Result> {
  const share = Math.ceil(subscribers / processes);
  const start = performance.now();
  const swarms: ReturnType<typeof startLoad<SwarmReport>>[] = [];
  const { cpu } = await cpuOf(server.pid, async () => {
    for (let left = subscribers; left > 0; left -= share)
      swarms.push(startSwarm(server, Math.min(share, left), backfill));
    await Promise.all(swarms.map((swarm) => swarm.ready));
    await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === subscribers);
  });
  const seconds = (performance.now() - start) / 1000;
  const result = await work({
    acceptedPerSecond: Math.round(subscribers / seconds),
    microsPerAccept: round((cpu * 1e6) / subscribers),
  });
  for (const swarm of swarms) swarm.tell({ events: 0 });
  const reports = await Promise.all(swarms.map((swarm) => swarm.finished));
  const closed = reports.reduce((sum, report) => sum + report.closed, 0);
  if (closed > 0) throw new Error(`${closed} subscribers were closed`);
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === 0);
  return result;
}

function startSwarm(
  server: OwnServer,
  subscribers: number,
  backfill: boolean,
): ReturnType<typeof startLoad<SwarmReport>> {
  const shape = { filter: 'ten', backfill, resources: 100, atOnce: 50, latencySeconds: null, drive: null };
  const options = { ...loadOptions(server), ...freshNames(), subscribers, ...shape, eventBytes: 1_100, quietMs: 1_000 };
  return startLoad<SwarmReport>('swarm', options, deadlineMs);
}
