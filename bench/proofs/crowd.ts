/**
 * A process of its own: subscribers of one load, some of which read a kB a second until they are let go. Counts what
 * each got, and how late the others got it.
 */
import { filterMessage } from '../../schemas/wire.ts';
import { numberAfter } from '../../support/feed-client.ts';
import { type FrameSocket, openFrameSocket } from '../../support/frame-socket.ts';
import { nowMicros } from '../load/event-template.ts';
import { Histogram } from '../load/histogram.ts';
import { pause } from './proof.ts';

export interface CrowdOptions {
  readonly url: string;
  readonly subscribers: number;
  readonly slow: number;
  readonly slowBytesPerSecond: number;
  readonly since: string;
  readonly eventsMax: number;
  /** So many large events come first, for the slow ones alone; 0 if all want the same. */
  readonly fills: number;
}

export type CrowdOrder =
  /** From now on latencies count. */
  | { readonly order: 'measure' }
  /** The slow ones read on as they can. */
  | { readonly order: 'letGo' }
  /** So many events there were: report when all have them, or nothing came for a while. */
  | { readonly order: 'finish'; readonly events: number };

export type CrowdTold = { readonly told: 'ready' } | { readonly told: 'finished'; readonly report: CrowdReport };

export interface CrowdReport {
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly missing: number;
  readonly repeated: number;
  readonly closed: number;
  /** What the slowest of the slow ones had when it was let go. */
  readonly slowGotAtLeast: number;
  readonly slowGotAtMost: number;
}

interface Reader {
  readonly socket: FrameSocket;
  readonly isSlow: boolean;
  readonly seen: Uint8Array;
  distinct: number;
  repeated: number;
  isClosed: boolean;
}

const quietMs = 30_000;
const numberMark = Buffer.from('"fill":"');
const sentMark = Buffer.from('"at":"');
const options = JSON.parse(process.argv[2] ?? '{}') as CrowdOptions; // the parent wrote it
let latency = new Histogram();
let lastMs = performance.now();
let timer: NodeJS.Timeout | undefined;
let atLetGo: number[] = [];

const readers: Reader[] = [];
for (let at = 0; at < options.subscribers; at += 50) {
  const part = Array.from({ length: Math.min(50, options.subscribers - at) }, (_, nth) => join(at + nth));
  readers.push(...(await Promise.all(part)));
}
slowDown();
tell({ told: 'ready' });
process.on('message', (order: CrowdOrder) => {
  switch (order.order) {
    case 'measure':
      latency = new Histogram();
      break;
    case 'letGo':
      letGo();
      break;
    case 'finish':
      void finish(order.events).then((report) => tell({ told: 'finished', report }));
      break;
    default:
      order satisfies never;
  }
});

async function join(nth: number): Promise<Reader> {
  const socket = await openFrameSocket({ url: options.url, path: '/api/events/out' });
  const isSlow = nth < options.slow;
  const seen = new Uint8Array(options.eventsMax);
  const reader: Reader = { socket, isSlow, seen, distinct: 0, repeated: 0, isClosed: false };
  socket.onClose = () => {
    reader.isClosed = true;
  };
  socket.onText = (frame) => {
    const number = numberAfter(frame, numberMark);
    if (seen[number] === 0) reader.distinct += 1;
    else reader.repeated += 1;
    seen[number] = 1;
    lastMs = performance.now();
    if (!isSlow) latency.add(nowMicros() - numberAfter(frame, sentMark));
  };
  const event = isSlow || options.fills === 0 ? { prefix: ['slow.'] } : { name: ['slow.event'] };
  socket.sendText(filterMessage({ event, occurred: { since: options.since } }));
  return reader;
}

/** A paused socket gives its bytes only where they are asked for. */
function slowDown(): void {
  const slow = readers.filter(({ isSlow }) => isSlow);
  for (const { socket } of slow) socket.socket.pause();
  timer = setInterval(() => {
    for (const { socket } of slow) socket.socket.read(options.slowBytesPerSecond);
  }, 1_000);
}

function letGo(): void {
  clearInterval(timer);
  atLetGo = readers.filter(({ isSlow }) => isSlow).map(({ distinct }) => distinct);
  for (const { socket, isSlow } of readers) if (isSlow) socket.socket.resume();
}

async function finish(events: number): Promise<CrowdReport> {
  lastMs = performance.now();
  const wanted = ({ isSlow }: Reader): number => events - (isSlow ? 0 : options.fills);
  const isDone = (reader: Reader): boolean => reader.distinct >= wanted(reader) || reader.isClosed;
  while (!readers.every(isDone) && performance.now() - lastMs < quietMs) await pause(50);
  return {
    latencyMs: latency.summary(),
    missing: readers.reduce((sum, reader) => sum + wanted(reader) - reader.distinct, 0),
    repeated: readers.reduce((sum, { repeated }) => sum + repeated, 0),
    closed: readers.filter(({ isClosed }) => isClosed).length,
    slowGotAtLeast: Math.min(...atLetGo),
    slowGotAtMost: Math.max(...atLetGo),
  };
}

function tell(told: CrowdTold): void {
  process.send?.(told);
}
