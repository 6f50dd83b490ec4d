/**
 * Sluice between its ceiling and its peers in one run: fan-out to a thousand subscribers by Sluice, bare uWebSockets.js
 * and NATS in turns, so that what else the machine does meets all of them, medians of the turns; and the most that the
 * real Prefect delivers without loss. And what it takes to receive and parse: bare uWebSockets.js beside all of
 * Sluice's intake.
 */

import { installPrefect, launchPrefect } from '../../support/peers/prefect.ts';
import type { Drive } from '../load/swarm.ts';
import { median, round } from '../target.ts';
import { type Compared, withCompared } from './compared.ts';
import { measure as measureFanOut } from './fanout.ts';
import { measureNats } from './nats.ts';
import { measure, type Spread } from './spread.ts';

const rounds = 3;
const seconds = 3;
const subscribers = 1_000;
const drives: Readonly<Record<string, Drive>> = {
  'as fast as all follow': { seconds, window: 512 },
  'bursts of 20': { seconds, burst: 20, everyMs: 25 },
};
const prefectSubscribers = 90;
const prefectRates = [10, 25, 50, 75, 100, 125];

export async function sideBySide(root: string): Promise<object> {
  const { result: fanOut, ...skipped } = await withCompared(root, inTurns);
  return { subscribers, rounds, fanOut, ...skipped, prefect: await prefectLossless(root) };
}

async function inTurns({ sluice, bare, nats }: Compared): Promise<object> {
  const results: Record<string, object> = {};
  for (const [name, drive] of Object.entries(drives)) {
    const runs: Record<string, Pick<Spread, 'deliveriesPerSecond' | 'microsPerDelivery'>[]> = {};
    const note = (who: string, run: Pick<Spread, 'deliveriesPerSecond' | 'microsPerDelivery'>): void => {
      runs[who] = [...(runs[who] ?? []), run];
    };
    const load = { name, filter: 'one' as const, subscribers, drive };
    for (let nth = 0; nth < rounds; nth += 1) {
      note('bare uWebSockets.js', await measure(bare, load));
      note('Sluice', await measure(sluice, load));
      if (nats !== null) note('NATS', await measureNats(nats, drive, subscribers));
    }
    results[name] = Object.fromEntries(Object.entries(runs).map(([who, each]) => [who, medians(each)]));
  }
  const nobody = { name: '', filter: 'one' as const, subscribers: 0, drive: { seconds, burst: 100, everyMs: 10 } };
  return {
    ...results,
    intakeMicrosPerEvent: {
      'bare uWebSockets.js, receive and JSON.parse': (await measure(bare, nobody))['microsPerEvent'],
      'Sluice, with log and table writer': (await measure(sluice, nobody))['microsPerEvent'],
    },
  };
}

function medians(runs: readonly Pick<Spread, 'deliveriesPerSecond' | 'microsPerDelivery'>[]): object {
  const eachMicros = runs.map((run) => run.microsPerDelivery);
  return {
    deliveriesPerSecond: median(runs.map((run) => run.deliveriesPerSecond)),
    microsPerDelivery: round(median(eachMicros), 3),
    eachMicros,
  };
}

/** The highest of some rates at which no event is lost. */
async function prefectLossless(root: string): Promise<object> {
  const install = await installPrefect(root);
  if (!install.found) return { skipped: install.sentence };
  const server = await launchPrefect(install);
  try {
    const target = { name: 'prefect', url: server.url, pid: server.pid, isPeer: true };
    const runs: { rate: number; missing: number; deliveriesPerSecond: number }[] = [];
    for (const rate of prefectRates) {
      const { missing, deliveriesPerSecond } = await measureFanOut(target, prefectSubscribers, rate);
      runs.push({ rate, missing, deliveriesPerSecond });
    }
    const lossless = runs.filter(({ missing }) => missing === 0).map((run) => run.deliveriesPerSecond);
    return { subscribers: prefectSubscribers, runs, bestLosslessPerSecond: Math.max(0, ...lossless) };
  } finally {
    await server.stop();
  }
}
