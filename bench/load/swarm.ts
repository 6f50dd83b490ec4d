/**
 * Many subscribers in one process, each with a window of its own as stock clients send it; where the case wants it the
 * same process sends the events too, so that it knows what has arrived: as fast as the slowest subscriber follows, or
 * in bursts.
 */
import { filterMessage } from '../../schemas/wire.ts';
import { type FrameSocket, frameHeadBytes, openFrameSocket, writeFrameHead } from '../../support/frame-socket.ts';
import { DeliveryTimes } from './delivery-times.ts';
import { EventTemplate, nowMicros } from './event-template.ts';
import { countOf, type FilterKind, filterOf, shareOf } from './filters.ts';
import type { Latency } from './histogram.ts';
import { type LightOptions, LightSubscriber } from './light-subscriber.ts';
import { runLoad } from './load-maker.ts';

export interface SwarmOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly subscribers: number;
  readonly filter: FilterKind;
  /** False: without history; the stock client's is true. */
  readonly backfill?: boolean;
  readonly resources: number;
  /** Connections being made at once. */
  readonly atOnce: number;
  /** Whether each frame's time is taken, in histograms of so many seconds each; null: not at all. */
  readonly latencySeconds: number | null;
  readonly drive: Drive | null;
  readonly eventBytes: number;
  /** Gives up when nothing came for so long after the load is over. */
  readonly quietMs: number;
}

export type Drive =
  /** Up to so many events under way to the slowest subscriber. */
  | { readonly seconds: number; readonly window: number }
  | { readonly seconds: number; readonly burst: number; readonly everyMs: number };

export interface SwarmReport {
  /** From the first connection to the last one let in. */
  readonly joinSeconds: number;
  readonly sent: number;
  readonly deliveries: number;
  readonly missing: number;
  /** Frames that were not the next one; of `checked` that were looked at. */
  readonly wrong: number;
  readonly checked: number;
  readonly closed: number;
  /** From the first event sent to the last delivery. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From when each event was due; of the first second none. */
  readonly latency: readonly (Latency | null)[];
  /** From when it was written to the socket. */
  readonly latencyFromSend: Latency | null;
}

/** What the parent tells: how many events there were, or, without a number, to begin to send. */
export interface SwarmOrder {
  readonly events?: number;
}

const yearMs = 365 * 86_400_000;
const checkMs = 20;

runLoad(async (options: SwarmOptions, ready): Promise<SwarmReport> => {
  const { latencySeconds } = options;
  const times = latencySeconds === null ? null : new DeliveryTimes(latencySeconds);
  const note = times === null ? null : (due: number, late: number): void => times.add(nowMicros(), due, late);
  const orders = orderQueue();
  const start = performance.now();
  const subscribers = await joinAll(options, note);
  const joinSeconds = (performance.now() - start) / 1000;
  const producer = options.drive === null ? null : await openFrameSocket({ ...options, path: '/api/events/in' });
  ready();
  const first = await orders();
  const from = performance.now();
  const cpuBefore = process.cpuUsage();
  const sent =
    producer === null || options.drive === null
      ? (first.events ?? 0)
      : await drive(options, options.drive, producer, subscribers);
  const lastMs = await untilQuiet(options, subscribers, sent);
  const { user, system } = process.cpuUsage(cpuBefore);
  producer?.end();
  const sum = (of: (one: LightSubscriber) => number): number => subscribers.reduce((total, one) => total + of(one), 0);
  const wanted = subscribers.reduce((total, _, index) => total + wantedOf(options, index, sent), 0);
  return {
    joinSeconds,
    sent,
    deliveries: sum(({ got }) => got),
    missing: wanted - sum(({ got }) => got),
    wrong: sum(({ wrong }) => wrong),
    checked: sum(({ checked }) => checked),
    closed: sum(({ closed }) => (closed === null ? 0 : 1)),
    seconds: (lastMs - from) / 1000,
    cpuSeconds: (user + system) / 1e6,
    latency: times?.fromDue ?? [],
    latencyFromSend: times?.fromSend ?? null,
  };
});

function orderQueue(): () => Promise<SwarmOrder> {
  const waiting: SwarmOrder[] = [];
  let wake: (order: SwarmOrder) => void = (order) => waiting.push(order);
  process.on('message', (order: SwarmOrder) => wake(order));
  return () =>
    new Promise((resolve) => {
      const next = waiting.shift();
      if (next !== undefined) resolve(next);
      else wake = resolve;
    });
}

async function joinAll(options: SwarmOptions, latency: LightOptions['latency']): Promise<LightSubscriber[]> {
  const joined: LightSubscriber[] = [];
  let next = 0;
  const since = new Date(Date.now() - 1000).getTime();
  const work = async (): Promise<void> => {
    while (next < options.subscribers) {
      const index = next;
      next += 1;
      const filter = {
        ...filterOf(options.filter, options.prefix, index, options.resources),
        occurred: {
          since: new Date(since - (index % 1000)).toISOString(),
          until: new Date(Date.now() + yearMs + index).toISOString(),
        },
      };
      const one = new LightSubscriber({
        ...options,
        filterMessage: filterMessage(filter, { backfill: options.backfill ?? true }),
        share: shareOf(options.filter, index, options.resources),
        skipped: 0,
        latency,
      });
      joined[index] = one;
      await one.ready;
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  return joined;
}

/** Sends until the time is over, and gives the number of events sent. */
async function drive(
  options: SwarmOptions,
  how: Drive,
  producer: FrameSocket,
  subscribers: readonly LightSubscriber[],
): Promise<number> {
  const template = new EventTemplate(options);
  const start = performance.now();
  const endMs = start + how.seconds * 1000;
  let sent = 0;
  const send = (count: number): void => {
    producer.socket.write(framesOf(template, sent, count));
    sent += count;
  };
  while (performance.now() < endMs) {
    if ('burst' in how) {
      const due = start + (sent / how.burst) * how.everyMs;
      const left = due - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      send(how.burst);
    } else {
      const slowest = subscribers.reduce((least, { got }) => Math.min(least, got), Number.POSITIVE_INFINITY);
      const room = how.window - (sent - slowest);
      if (room >= how.window / 4) send(room);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  producer.ping();
  return sent;
}

function framesOf(template: EventTemplate, first: number, count: number): Buffer {
  const frameBytes = frameHeadBytes(template.bytes.length) + template.bytes.length;
  const block = Buffer.allocUnsafe(count * frameBytes);
  const now = nowMicros();
  for (let at = 0; at < count; at += 1) {
    template.write(block, writeFrameHead(block, at * frameBytes, template.bytes.length), first + at, now, now);
  }
  return block;
}

function wantedOf(options: SwarmOptions, index: number, events: number): number {
  return countOf(shareOf(options.filter, index, options.resources), events);
}

/** Resolves to when the last delivery was seen. */
async function untilQuiet(
  options: SwarmOptions,
  subscribers: readonly LightSubscriber[],
  events: number,
): Promise<number> {
  let total = -1;
  let lastMs = performance.now();
  for (;;) {
    const now = subscribers.reduce((sum, { got }) => sum + got, 0);
    if (now !== total) lastMs = performance.now();
    total = now;
    const isDone = subscribers.every(
      ({ got, closed }, index) => closed !== null || got >= wantedOf(options, index, events),
    );
    if (isDone || performance.now() - lastMs > options.quietMs) return lastMs;
    await new Promise((resolve) => setTimeout(resolve, checkMs));
  }
}
