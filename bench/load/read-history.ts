/**
 * Readers of history, each on a socket of its own: how soon the first event comes, how fast the rest, and that each
 * came exactly once. Some may read slowly: those are never waited for.
 */
import { filterMessage } from '../../schemas/wire.ts';
import { type FrameSocket, openFrameSocket } from '../../support/frame-socket.ts';
import { runLoad } from './load-maker.ts';

export interface ReadHistoryOptions {
  readonly url: string;
  readonly authString?: string;
  readonly idPrefix: string;
  /** The event name prefix of the load. */
  readonly prefix: string;
  readonly since: string;
  /** What each reader is to get. */
  readonly events: number;
  readonly readers: number;
  readonly slowReaders: number;
  /** A slow reader reads about this much each second. */
  readonly slowBytesPerSecond: number;
}

export interface ReadHistoryReport {
  /** Of the readers that are not slow: from the first filter sent to the last event. */
  readonly seconds: number;
  /** After its own filter was sent: of the first of them, and of the last. */
  readonly firstEventMs: { readonly min: number; readonly max: number };
  readonly deliveries: number;
  readonly missing: number;
  readonly repeated: number;
  readonly slowDeliveries: number;
  readonly closed: readonly string[];
  readonly cpuSeconds: number;
}

const slowTickMs = 100;
const quietMs = 20_000;
const checkMs = 20;

runLoad(async (options: ReadHistoryOptions, ready): Promise<ReadHistoryReport> => {
  const path = '/api/events/out';
  const dial = (count: number) =>
    Promise.all(Array.from({ length: count }, () => openFrameSocket({ ...options, path })));
  const slow = (await dial(options.slowReaders)).map((socket) => new Reader(socket, options));
  const fast = (await dial(options.readers)).map((socket) => new Reader(socket, options));
  ready();
  // The parent has looked at the server's memory.
  await new Promise((resolve) => process.once('message', resolve));
  for (const reader of slow) reader.readSlowly(options.slowBytesPerSecond);
  const start = performance.now();
  for (const reader of [...slow, ...fast]) reader.ask();
  await untilAll(fast, options.events);
  const { user, system } = process.cpuUsage();
  const sum = (of: (reader: Reader) => number): number => fast.reduce((total, reader) => total + of(reader), 0);
  const firsts = fast.map(({ firstMs }) => firstMs);
  return {
    seconds: (Math.max(...fast.map(({ lastAt }) => lastAt)) - start) / 1000,
    firstEventMs: { min: Math.round(Math.min(...firsts)), max: Math.round(Math.max(...firsts)) },
    deliveries: sum(({ got }) => got),
    missing: sum(({ distinct }) => options.events - distinct),
    repeated: sum(({ got, distinct }) => got - distinct),
    slowDeliveries: slow.reduce((total, { got }) => total + got, 0),
    closed: [...slow, ...fast].flatMap(({ closed }) => closed ?? []),
    cpuSeconds: (user + system) / 1e6,
  };
});

class Reader {
  got = 0;
  distinct = 0;
  firstMs = Number.NaN;
  lastAt = Number.NaN;
  closed: string | null = null;
  readonly #socket: FrameSocket;
  readonly #options: ReadHistoryOptions;
  readonly #seen: Uint8Array;
  readonly #idMark: Buffer;
  readonly #idStart: number;
  /** Where the id of the last frame was: mostly where that of the next one is. */
  #idAt = 0;
  #askedAt = 0;

  constructor(socket: FrameSocket, options: ReadHistoryOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#seen = new Uint8Array(options.events);
    this.#idMark = Buffer.from(options.idPrefix);
    this.#idStart = this.#idMark.readUInt32LE(0);
    socket.onText = (frame) => this.#take(frame);
    socket.onClose = (why) => {
      this.closed = why;
    };
  }

  ask(): void {
    const { prefix, since } = this.#options;
    const filter = { event: { prefix: [`${prefix}.`] }, occurred: { since, until: '2200-01-01T00:00:00Z' } };
    this.#askedAt = performance.now();
    this.#socket.sendText(filterMessage(filter));
  }

  readSlowly(bytesPerSecond: number): void {
    const { socket } = this.#socket;
    let allowed = 0;
    socket.on('data', (chunk: Buffer) => {
      allowed -= chunk.length;
      if (allowed <= 0) socket.pause();
    });
    setInterval(() => {
      allowed = Math.min(bytesPerSecond, allowed + (bytesPerSecond * slowTickMs) / 1000);
      if (allowed > 0) socket.resume();
    }, slowTickMs).unref();
  }

  #take(frame: Buffer): void {
    const now = performance.now();
    if (this.got === 0) this.firstMs = now - this.#askedAt;
    if (frame.length < this.#idAt + 36 || frame.readUInt32LE(this.#idAt) !== this.#idStart) {
      this.#idAt = frame.indexOf(this.#idMark);
    }
    const number = hexNumber(frame, this.#idAt + this.#idMark.length);
    if (this.#seen[number] === 0) this.distinct += 1;
    this.#seen[number] = 1;
    this.got += 1;
    this.lastAt = now;
  }
}

function hexNumber(bytes: Buffer, from: number): number {
  let number = 0;
  for (let at = from; at < from + 12; at += 1) {
    const digit = bytes[at] ?? 0;
    number = number * 16 + (digit > 57 ? digit - 87 : digit - 48);
  }
  return number;
}

async function untilAll(readers: readonly Reader[], events: number): Promise<void> {
  let last = { got: -1, at: 0 };
  for (;;) {
    const got = readers.reduce((total, reader) => total + reader.got, 0);
    if (got >= events * readers.length) return;
    if (got !== last.got) last = { got, at: performance.now() };
    if (performance.now() - last.at > quietMs) return;
    await new Promise((resolve) => setTimeout(resolve, checkMs));
  }
}
