/**
 * What matching costs with ten, a thousand and ten thousand different filters on live sockets: the same events, of
 * which the same few are delivered, so that the difference is the matching.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import type { SwarmReport } from '../load/swarm.ts';
import { freshNames, loadOptions, round } from '../target.ts';
import { cpuOf, type OwnServer, until, untilDrained, withServer } from './own-server.ts';

const filters = [10, 1_000, 10_000];
const rounds = 3;
const seconds = 4;
const rate = 10_000;
const deadlineMs = 90_000;

export function distinctFilters(root: string): Promise<object> {
  return withServer(root, {}, async (server) => {
    const micros: Record<string, number[]> = {};
    await measure(server, 10);
    for (let nth = 0; nth < rounds; nth += 1) {
      for (const count of filters) {
        const list = micros[count] ?? [];
        list.push(await measure(server, count));
        micros[count] = list;
      }
    }
    return { rate, microsPerEvent: micros };
  });
}

async function measure(server: OwnServer, subscribers: number): Promise<number> {
  const names = freshNames();
  const shape = {
    subscribers,
    filter: 'mixed',
    backfill: false,
    resources: 100,
    atOnce: 50,
    latencySeconds: null,
    drive: null,
  };
  const options = { ...loadOptions(server), ...names, ...shape, eventBytes: 1_100, quietMs: 2_000 };
  const swarm = startLoad<SwarmReport>('swarm', options, deadlineMs);
  await swarm.ready;
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === subscribers);
  await untilDrained(server);
  const { result, cpu } = await cpuOf(server.pid, async () => {
    const pacing = { ...loadOptions(server), ...names, eventBytes: 1_100, seconds, rate };
    const { sent } = await startLoad<PaceReport>('pace', pacing, deadlineMs).finished;
    return sent;
  });
  swarm.tell({ events: result });
  const { missing, wrong } = await swarm.finished;
  if (missing !== 0 || wrong !== 0) throw new Error(`${missing} missing, ${wrong} wrong with ${subscribers} filters`);
  await until(server, deadlineMs, ({ liveSubscribers }) => liveSubscribers === 0);
  return round((cpu * 1e6) / result);
}
