/**
 * What the engine pays for a row at a steady rate, merges included: those that come late too, for its CPU is taken
 * until it has been calm for a while after all is in the table.
 */
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import { processCpuSeconds, residentMb } from '../machine.ts';
import { freshNames, loadOptions, pause, queryable, round } from '../target.ts';
import { type OwnServer, untilDrained, withServer } from './own-server.ts';

export interface EngineCpuOptions {
  readonly minutes: number;
  readonly rate: number;
}

const microsTarget = 25;
const sampleMs = 15_000;
const calmMs = 5_000;
/** Of one core: what an engine without work takes. */
const calmShare = 0.03;
const calmWaitMs = 120_000;

export function engineCpu(root: string, { minutes, rate }: EngineCpuOptions): Promise<object> {
  return withServer(root, {}, async (server) => {
    const names = freshNames();
    const seconds = minutes * 60;
    const shape = { eventBytes: 1_100, seconds, rate, pingEvery: 700, pingsMax: 100 };
    await untilCalm(server);
    const before = engineSeconds(server);
    const options = { ...loadOptions(server), ...names, ...shape };
    const sending = startLoad<ProduceReport>('produce', options, seconds * 1000 + 60_000).finished;
    const series = watch(server, before, sending);
    const { sent, acknowledged, closed } = await sending;
    await untilDrained(server);
    const whileSending = engineSeconds(server) - before;
    const isCalm = await untilCalm(server);
    const spent = engineSeconds(server) - before;
    const found = await queryable(server, names.prefix);
    return {
      minutes,
      rate,
      sent,
      acknowledged,
      closed,
      lost: sent - found,
      engineMicrosPerEvent: round((spent * 1e6) / sent),
      microsTarget,
      lateMergesMicrosPerEvent: round(((spent - whileSending) * 1e6) / sent),
      isCalm,
      series: await series,
    };
  });
}

function engineSeconds({ enginePid }: OwnServer): number {
  const seconds = processCpuSeconds(enginePid ?? undefined);
  if (seconds === null) throw new Error('The engine was not found');
  return seconds;
}

/** The engine's CPU of each stretch, so that a cost that grows with the table shows. */
async function watch(server: OwnServer, before: number, finished: Promise<unknown>): Promise<object[]> {
  const series: object[] = [];
  let isOver = false;
  const over = finished.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const start = performance.now();
  for (let last = before; !isOver; ) {
    const from = performance.now();
    await Promise.race([pause(sampleMs), over]);
    const now = engineSeconds(server);
    const share = ((now - last) * 1000) / (performance.now() - from);
    last = now;
    series.push({
      second: round((performance.now() - start) / 1000, 1),
      engineCpuShare: round(share),
      engineMb: residentMb(server.enginePid ?? undefined),
      serverMb: residentMb(server.pid),
    });
  }
  return series;
}

/** False if it never was. */
async function untilCalm(server: OwnServer): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < calmWaitMs; ) {
    const before = engineSeconds(server);
    await pause(calmMs);
    if ((engineSeconds(server) - before) * 1000 < calmShare * calmMs) return true;
  }
  return false;
}
