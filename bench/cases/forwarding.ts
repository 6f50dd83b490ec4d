/**
 * What forwarding to a Prefect server costs intake: 10,000 events a second that the filter holds back and 200 that
 * pass, against the same load on a Sluice that forwards nothing, both alive and loaded in short alternating turns; and
 * how far behind the forwarder is meanwhile. The peer takes all that comes: it is no Prefect.
 */
import { startFaultyPrefect } from '../../support/peers/faulty-prefect.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PaceReport } from '../load/pace.ts';
import { medianAndInterval } from '../median-interval.ts';
import { freshNames, loadOptions, median, pause, round } from '../target.ts';
import { cpuOf, type OwnServer, untilDrained, verbose, withServer } from './own-server.ts';

const heldRate = 10_000;
const passingRate = 200;
const eventBytes = 1_100;
const lagEveryMs = 250;

export interface ForwardingOptions {
  readonly minutes: number;
}

interface Turn {
  readonly micros: number;
  readonly lagSeconds: number;
}

/** `minutes` of load for each of the two, in turns of some seconds. */
export async function forwarding(root: string, { minutes }: ForwardingOptions): Promise<object> {
  const peer = await startFaultyPrefect({ flushMs: 100, lateMs: 0 });
  const filter = '{"event":{"prefix":["passes."]}}';
  const env = { SLUICE_PREFECT_URL: peer.url, SLUICE_PREFECT_FILTER: filter };
  const turns = Math.max(3, Math.round((minutes * 60) / turnSeconds));
  try {
    return await withServer(root, env, (on) =>
      withServer(root, {}, async (off) => {
        const seen: Record<'on' | 'off', Turn[]> = { on: [], off: [] };
        await Promise.all([load(on), load(off)]);
        for (let turn = 0; turn < turns; turn += 1) {
          const order = turn % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const);
          for (const name of order) seen[name].push(await load(name === 'on' ? on : off));
        }
        const ratios = seen.on.map(({ micros }, at) => micros / (seen.off[at]?.micros ?? Number.NaN));
        return {
          turns,
          microsPerEvent: { on: medianOf(seen.on), off: medianOf(seen.off) },
          ratio: medianAndInterval(ratios),
          lagSecondsMost: round(Math.max(...seen.on.map(({ lagSeconds }) => lagSeconds))),
          forwarded: peer.stored.length,
          repeats: peer.repeats.length,
        };
      }),
    );
  } finally {
    await peer.close();
  }
}

const turnSeconds = 6;

function medianOf(turns: readonly Turn[]): number {
  return round(median(turns.map(({ micros }) => micros)));
}

async function load(server: OwnServer): Promise<Turn> {
  let isOver = false;
  const lags: number[] = [];
  const watching = (async () => {
    while (!isOver) {
      lags.push(await lagOf(server));
      await pause(lagEveryMs);
    }
  })();
  const shape = { ...loadOptions(server), eventBytes, seconds: turnSeconds };
  const { result, cpu } = await cpuOf(server.pid, async () => {
    const held = { ...shape, ...freshNames(), prefix: `held.${Date.now()}`, rate: heldRate };
    const passing = { ...shape, ...freshNames(), prefix: `passes.${Date.now()}`, rate: passingRate };
    const loads = [held, passing].map((options) => startLoad<PaceReport>('pace', options, 60_000).finished);
    const reports = await Promise.all(loads);
    await untilDrained(server);
    return reports;
  });
  isOver = true;
  await watching;
  const events = result.reduce((sum, { sent }) => sum + sent, 0);
  return { micros: (cpu * 1e6) / events, lagSeconds: Math.max(0, ...lags) };
}

/** 0 where nothing is forwarded. */
async function lagOf(server: OwnServer): Promise<number> {
  const { forwarder } = await verbose(server);
  return forwarder?.lagSeconds ?? 0;
}
