/**
 * From history to live: ten subscribers join at random moments while events flow, each with `since` at the start and a
 * window of its own, as stock clients send it. Each must end with every event exactly once.
 */
import { startLoad } from '../load/load-maker.ts';
import type { ProduceReport } from '../load/produce.ts';
import type { SubscribeReport } from '../load/subscribe.ts';
import { type BenchTarget, freshNames, loadOptions } from '../target.ts';

const subscribers = 10;
const seconds = 10;
const rate = 2_000;
/** A tenth: at the full rate it only loses events. */
const peerRate = 200;
const deadlineMs = 150_000;

export async function handover(target: BenchTarget): Promise<object> {
  const names = freshNames();
  const used = target.isPeer ? peerRate : rate;
  const since = new Date(Date.now() - 1_000).toISOString();
  const options = {
    ...loadOptions(target),
    ...names,
    eventBytes: 1_100,
    seconds,
    rate: used,
    pingEvery: 700,
    pingsMax: 100,
  };
  const shape = {
    subscribers,
    joinWithinMs: seconds * 900,
    since,
    eventsMax: used * (seconds + 1),
    quietMs: 10_000,
  };
  const producing = startLoad<ProduceReport>('produce', options, deadlineMs);
  await producing.ready;
  const watching = startLoad<SubscribeReport>('subscribe', { ...loadOptions(target), ...names, ...shape }, deadlineMs);
  await watching.ready;
  const { sent } = await producing.finished;
  watching.tell({ events: sent });
  const report = await watching.finished;
  return {
    rate: used,
    sent,
    exact: report.subscribers.every((one) => one.missing === 0 && one.repeated === 0),
    subscribers: report.subscribers.toSorted((one, other) => one.joinedMs - other.joinedMs),
    latencyMs: report.latency,
  };
}
