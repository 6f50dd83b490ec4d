/**
 * Endurance: one `/in` socket at a steady rate for a minute, everything queryable soon after, memory flat.
 */

import { cpuTimes, microsPerEvent } from '../cpu-split.ts';
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import { residentMb } from '../machine.ts';
import { type BenchTarget, freshNames, loadOptions, pause, queryable, round, untilQueryable } from '../target.ts';

export interface SustainedOptions {
  readonly seconds: number;
  readonly rate: number;
}

const sampleMs = 5_000;
/** A peer that loses events when it is behind is asked for the most that it makes queryable, at some steady rates. */
const peerRates = [300, 500, 700, 900];
const peerSeconds = 20;

/** What a peer makes queryable a second, at its best. */
export async function sustainedByPeer(target: BenchTarget): Promise<object> {
  const runs: Sustained[] = [];
  for (const rate of peerRates) runs.push(await sustained(target, { seconds: peerSeconds, rate }));
  return { queryablePerSecond: Math.max(...runs.map((run) => run.queryablePerSecond)), runs };
}

interface Sustained {
  readonly rate: number;
  readonly sent: number;
  readonly queryablePerSecond: number;
  readonly lost: number;
  readonly residentMbMidway: number | null;
  readonly residentMbAtEnd: number | null;
  readonly cpuMicrosPerEvent: object | null;
  readonly series: readonly Sample[];
}

interface Sample {
  readonly second: number;
  readonly queryable: number;
  readonly behindSeconds: number;
  readonly residentMb: number | null;
}

export async function sustained(target: BenchTarget, { seconds, rate }: SustainedOptions): Promise<Sustained> {
  const names = freshNames();
  const options = { ...loadOptions(target), ...names, eventBytes: 1_100, seconds, rate, pingEvery: 700, pingsMax: 100 };
  const load = startLoad<ProduceReport>('produce', options, seconds * 1000 + 60_000);
  await load.ready;
  const start = performance.now();
  const before = cpuTimes(target.pid);
  let isOver = false;
  const finished = load.finished.finally(() => {
    isOver = true;
  });
  const series: Sample[] = [];
  while (!isOver) {
    await Promise.race([pause(sampleMs), finished]);
    const found = await queryable(target, names.prefix);
    const second = round((performance.now() - start) / 1000, 1);
    series.push({
      second,
      queryable: found,
      behindSeconds: round(second - found / rate, 1),
      residentMb: residentMb(target.pid),
    });
  }
  const report = await finished;
  const settled = await untilQueryable(target, names.prefix, report.sent, start);
  return {
    rate,
    ...report,
    ...settled,
    queryablePerSecond: Math.round(settled.queryable / settled.seconds),
    lost: report.sent - settled.queryable,
    // Between these it should be flat: at first caches and the id window fill.
    residentMbMidway: series[Math.floor(series.length / 2)]?.residentMb ?? null,
    residentMbAtEnd: series.at(-1)?.residentMb ?? null,
    cpuMicrosPerEvent: microsPerEvent(before, cpuTimes(target.pid), report.sent, report.cpuSeconds),
    series,
  };
}
