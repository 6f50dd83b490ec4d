/**
 * Live delivery: subscribers that are there before a steady load begins; what they got, and how late.
 */
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import type { SubscribeReport } from '../load/subscribe.ts';
import { cpuSeconds } from '../machine.ts';
import { type BenchTarget, freshNames, loadOptions, pause, round } from '../target.ts';

const seconds = 5;
const eventBytes = 1_100;
/** 90 subscribers: the real Prefect accepts 99 sockets at once. */
const loads: readonly { readonly subscribers: number; readonly rate: number }[] = [
  { subscribers: 1, rate: 100 },
  { subscribers: 1, rate: 1_000 },
  { subscribers: 90, rate: 100 },
  { subscribers: 90, rate: 1_000 },
];
const deadlineMs = 60_000;
/** Time for a server to have read all filters before the load begins. */
const settleMs = 1_000;

export async function fanout(target: BenchTarget): Promise<object> {
  const results: object[] = [];
  for (const load of loads) results.push(await measure(target, load.subscribers, load.rate));
  return results;
}

export interface FanOut {
  readonly missing: number;
  readonly deliveriesPerSecond: number;
  readonly [more: string]: unknown;
}

export async function measure(target: BenchTarget, subscribers: number, rate: number): Promise<FanOut> {
  const names = freshNames();
  const since = new Date().toISOString();
  const shape = { subscribers, joinWithinMs: 0, since, eventsMax: rate * seconds + 1_000, quietMs: 3_000 };
  const watching = startLoad<SubscribeReport>('subscribe', { ...loadOptions(target), ...names, ...shape }, deadlineMs);
  await watching.ready;
  await pause(settleMs);
  const cpuBefore = cpuSeconds(target.pid);
  const options = { ...loadOptions(target), ...names, eventBytes, seconds, rate, pingEvery: 700, pingsMax: 100 };
  const { sent, closed } = await startLoad<ProduceReport>('produce', options, deadlineMs).finished;
  watching.tell({ events: sent });
  const report = await watching.finished;
  const cpuAfter = cpuSeconds(target.pid);
  const missing = report.subscribers.reduce((sum, one) => sum + one.missing, 0);
  return {
    subscribers,
    rate,
    sent,
    producerClosed: closed,
    deliveries: report.deliveries,
    deliveriesPerSecond: Math.round(report.deliveries / report.seconds),
    missing,
    missingShare: round(missing / (sent * subscribers), 4),
    repeated: report.subscribers.reduce((sum, one) => sum + one.repeated, 0),
    closed: report.subscribers.filter((one) => one.closed !== null).length,
    latencyMs: report.latency,
    serverCpuMicrosPerDelivery:
      cpuBefore === null || cpuAfter === null ? null : round(((cpuAfter - cpuBefore) * 1e6) / report.deliveries),
  };
}
