/**
 * Intake: events a second that are acknowledged, and until all of them can be queried, over one `/in` socket and over HTTP batches.
 */
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import type { ProduceReport } from '../load/produce.ts';
import { cpuSeconds, residentMb } from '../machine.ts';
import { type BenchTarget, freshNames, loadOptions, round, untilQueryable } from '../target.ts';

const seconds = 5;
const eventBytes = 1_100;
const deadlineMs = 60_000;

export async function ingest(target: BenchTarget): Promise<object> {
  return { socket: await overSocket(target), http: await overHttp(target) };
}

async function overSocket(target: BenchTarget): Promise<object> {
  const names = freshNames();
  const options = { ...loadOptions(target), ...names, eventBytes, seconds, rate: null, pingEvery: 700, pingsMax: 8 };
  const load = startLoad<ProduceReport>('produce', options, deadlineMs);
  return measure(target, names.prefix, load.ready, load.finished, (report) => report.sent);
}

async function overHttp(target: BenchTarget): Promise<object> {
  const names = freshNames();
  const shape = { connections: 4, batch: 100, eventsMax: 10_000_000, spreadMs: 0 };
  const load = startLoad<PostReport>(
    'post',
    { ...loadOptions(target), ...names, ...shape, eventBytes, seconds },
    deadlineMs,
  );
  return measure(target, names.prefix, load.ready, load.finished, (report) => report.acknowledged);
}

async function measure<Report extends { acknowledged: number; acknowledgedSeconds: number; cpuSeconds: number }>(
  target: BenchTarget,
  prefix: string,
  ready: Promise<void>,
  finished: Promise<Report>,
  sentOf: (report: Report) => number,
): Promise<object> {
  await ready;
  const start = performance.now();
  const cpuBefore = cpuSeconds(target.pid);
  const report = await finished;
  const settled = await untilQueryable(target, prefix, sentOf(report), start);
  const cpuAfter = cpuSeconds(target.pid);
  return {
    ...report,
    acknowledgedPerSecond: Math.round(report.acknowledged / report.acknowledgedSeconds),
    ...settled,
    queryablePerSecond: Math.round(settled.queryable / settled.seconds),
    lost: sentOf(report) - settled.queryable,
    serverCpuMicrosPerEvent:
      cpuBefore === null || cpuAfter === null ? null : round(((cpuAfter - cpuBefore) * 1e6) / sentOf(report)),
    serverResidentMb: residentMb(target.pid),
  };
}
