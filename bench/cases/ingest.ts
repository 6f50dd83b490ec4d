/**
 * Intake: events a second that are acknowledged, and until all of them can be queried, over one `/in` socket (in
 * blocks, one frame a write as stock clients send, and at a steady rate) and over HTTP batches; and what CPU each
 * process and thread spends on an event.
 */

import { cpuTimes, microsPerEvent } from '../cpu-split.ts';
import { startLoad } from '../load/load-maker.ts';
import type { PostReport } from '../load/post.ts';
import type { ProduceOptions, ProduceReport } from '../load/produce.ts';
import { residentMb } from '../machine.ts';
import { type BenchTarget, freshNames, loadOptions, untilQueryable } from '../target.ts';

const seconds = 10;
const pacedRate = 10_000;
const eventBytes = 1_100;
const deadlineMs = 60_000;

export async function ingest(target: BenchTarget): Promise<object> {
  return {
    socket: await overSocket(target, { rate: null }),
    socketFrameByFrame: await overSocket(target, { rate: null, blockEvents: 1 }),
    // A peer could not follow.
    ...(!target.isPeer && { socketPaced: await overSocket(target, { rate: pacedRate }) }),
    http: await overHttp(target),
  };
}

async function overSocket(target: BenchTarget, how: Pick<ProduceOptions, 'rate' | 'blockEvents'>): Promise<object> {
  const names = freshNames();
  const options = { ...loadOptions(target), ...names, eventBytes, seconds, pingEvery: 700, pingsMax: 8, ...how };
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
  const before = cpuTimes(target.pid);
  const report = await finished;
  const settled = await untilQueryable(target, prefix, sentOf(report), start);
  return {
    ...report,
    acknowledgedPerSecond: Math.round(report.acknowledged / report.acknowledgedSeconds),
    ...settled,
    queryablePerSecond: Math.round(settled.queryable / settled.seconds),
    lost: sentOf(report) - settled.queryable,
    cpuMicrosPerEvent: microsPerEvent(before, cpuTimes(target.pid), sentOf(report), report.cpuSeconds),
    serverResidentMb: residentMb(target.pid),
  };
}
