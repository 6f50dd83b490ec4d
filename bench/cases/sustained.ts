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

export async function sustained(target: BenchTarget, { seconds, rate }: SustainedOptions): Promise<object> {
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
  const series: object[] = [];
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
    cpuMicrosPerEvent: microsPerEvent(before, cpuTimes(target.pid), report.sent, report.cpuSeconds),
    series,
  };
}
