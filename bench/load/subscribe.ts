/**
 * Subscribers, each on a socket of its own, that check what they get: every event of the load exactly once, and how
 * late. They end when the parent has said how many events there are and all have come, or when nothing has come for a
 * while.
 */
import { filterMessage } from '../../schemas/wire.ts';
import { openFrameSocket } from '../../support/frame-socket.ts';
import { nowMicros } from './event-template.ts';
import { Histogram } from './histogram.ts';
import { runLoad } from './load-maker.ts';

export interface SubscribeOptions {
  readonly url: string;
  readonly authString?: string;
  readonly idPrefix: string;
  /** The event name prefix of the load. */
  readonly prefix: string;
  readonly subscribers: number;
  /** Each joins at a random moment within this time; 0 at once, and `ready` waits for all. */
  readonly joinWithinMs: number;
  /** The window's start; each subscriber's end is its own, as stock clients send it. */
  readonly since: string;
  readonly eventsMax: number;
  /** Gives up when nothing came for so long after the number was told. */
  readonly quietMs: number;
}

/** What the parent tells once the load is over. */
export interface LoadIsOver {
  readonly events: number;
}

export interface SubscriberReport {
  /** After the start, in milliseconds. */
  readonly joinedMs: number;
  readonly got: number;
  readonly missing: number;
  readonly repeated: number;
  readonly closed: string | null;
}

export interface SubscribeReport {
  readonly subscribers: readonly SubscriberReport[];
  /** Milliseconds from send to receipt, of events sent after the subscriber had joined. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly deliveries: number;
  /** From the first delivery to the last. */
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const yearMs = 365 * 86_400_000;
const checkMs = 50;

runLoad(async (options: SubscribeOptions, ready): Promise<SubscribeReport> => {
  const started = performance.now();
  const books: Books = {
    options,
    latency: new Histogram(),
    deliveries: 0,
    firstMs: 0,
    lastMs: performance.now(),
    started,
  };
  const over = new Promise<number>((resolve) => process.once('message', ({ events }: LoadIsOver) => resolve(events)));
  const joining = Array.from({ length: options.subscribers }, () => join(books));
  if (options.joinWithinMs === 0) await Promise.all(joining);
  ready();
  const subscribers = await Promise.all(joining);
  const events = await over;
  await untilQuiet(books, subscribers, events);
  const { user, system } = process.cpuUsage();
  return {
    subscribers: subscribers.map(({ joinedMs, seen, repeated, closed }) => {
      const got = seen.reduce((sum, times) => sum + times, 0);
      return { joinedMs, got, missing: events - got, repeated, closed };
    }),
    latency: books.latency.summary(),
    deliveries: books.deliveries,
    seconds: (books.lastMs - books.firstMs) / 1000,
    cpuSeconds: (user + system) / 1e6,
  };
});

interface Books {
  readonly options: SubscribeOptions;
  readonly latency: Histogram;
  readonly started: number;
  deliveries: number;
  firstMs: number;
  lastMs: number;
}

interface Subscriber {
  readonly joinedMs: number;
  /** 1 for each number that came. */
  readonly seen: Uint8Array;
  distinct: number;
  repeated: number;
  closed: string | null;
}

async function join(books: Books): Promise<Subscriber> {
  const { options } = books;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * options.joinWithinMs));
  const socket = await openFrameSocket({ ...options, path: '/api/events/out' });
  const joinedMicros = nowMicros();
  const subscriber: Subscriber = {
    joinedMs: Math.round(performance.now() - books.started),
    seen: new Uint8Array(options.eventsMax),
    distinct: 0,
    repeated: 0,
    closed: null,
  };
  socket.onClose = (why) => {
    subscriber.closed = why;
  };
  const idMark = Buffer.from(options.idPrefix);
  const sentMark = Buffer.from('"at":"');
  socket.onText = (payload) => {
    const id = payload.indexOf(idMark) + idMark.length;
    const number = Number.parseInt(payload.toString('latin1', id, id + 12), 16);
    const sent = payload.indexOf(sentMark) + sentMark.length;
    const sentMicros = Number(payload.toString('latin1', sent, sent + 16));
    if (subscriber.seen[number] === 0) subscriber.distinct += 1;
    else subscriber.repeated += 1;
    subscriber.seen[number] = 1;
    if (sentMicros > joinedMicros) books.latency.add(nowMicros() - sentMicros);
    books.deliveries += 1;
    books.lastMs = performance.now();
    if (books.firstMs === 0) books.firstMs = books.lastMs;
  };
  const filter = {
    event: { prefix: [`${options.prefix}.`] },
    occurred: { since: options.since, until: new Date(Date.now() + yearMs + Math.random() * 1000).toISOString() },
  };
  socket.sendText(filterMessage(filter));
  return subscriber;
}

async function untilQuiet(books: Books, subscribers: readonly Subscriber[], events: number): Promise<void> {
  const from = performance.now();
  const isDone = (subscriber: Subscriber): boolean => subscriber.distinct >= events || subscriber.closed !== null;
  while (!subscribers.every(isDone)) {
    if (performance.now() - Math.max(from, books.lastMs) > books.options.quietMs) return;
    await new Promise((resolve) => setTimeout(resolve, checkMs));
  }
}
