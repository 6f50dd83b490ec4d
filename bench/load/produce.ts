/**
 * A producer on one `/in` socket: as fast as pongs come, or at a steady rate. A pong acknowledges all that was sent
 * before its ping.
 */

import { type FrameSocket, frameHeadBytes, openFrameSocket, writeFrameHead } from '../../support/frame-socket.ts';
import { EventTemplate, nowMicros } from './event-template.ts';
import { runLoad } from './load-maker.ts';

export interface ProduceOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly eventBytes: number;
  readonly seconds: number;
  /** Events a second; null sends as fast as pongs allow. */
  readonly rate: number | null;
  /** Events between two pings: the stock client's 700. */
  readonly pingEvery: number;
  /** Events in one write of the socket while there is no rate: 50, or 1 as the stock client sends them. */
  readonly blockEvents?: number;
  /** With a rate: sends nothing before so many are due, and then so many at once. */
  readonly burst?: number;
  /** Ends after so many events, if the time is not over before. */
  readonly eventsMax?: number;
  /** Pings without pong at once. */
  readonly pingsMax: number;
}

export interface ProduceReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** From the first event to the last pong. */
  readonly acknowledgedSeconds: number;
  readonly cpuSeconds: number;
  readonly closed: string | null;
}

const lastPongMs = 30_000;
const tickMs = 4;
const blockEventsDefault = 50;

runLoad(async (options: ProduceOptions, ready): Promise<ProduceReport> => {
  const socket = await openFrameSocket({ ...options, path: '/api/events/in' });
  ready();
  return new Producer(socket, options).run();
});

class Producer {
  readonly #socket: FrameSocket;
  readonly #options: ProduceOptions;
  readonly #template: EventTemplate;
  readonly #frameBytes: number;
  #sent = 0;
  #acknowledged = 0;
  /** What each open ping vouches for. */
  readonly #pings: number[] = [];
  #closed: string | null = null;
  #wake: () => void = () => undefined;

  constructor(socket: FrameSocket, options: ProduceOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#template = new EventTemplate(options);
    this.#frameBytes = frameHeadBytes(this.#template.bytes.length) + this.#template.bytes.length;
    socket.onPong = () => {
      this.#acknowledged = this.#pings.shift() ?? this.#acknowledged;
      this.#wake();
    };
    socket.onClose = (why) => {
      this.#closed = why;
      this.#wake();
    };
    socket.socket.on('drain', () => this.#wake());
  }

  async run(): Promise<ProduceReport> {
    const { seconds, rate, eventsMax = Number.POSITIVE_INFINITY, blockEvents = blockEventsDefault } = this.#options;
    const start = performance.now();
    while (this.#closed === null) {
      const passed = (performance.now() - start) / 1000;
      if (passed >= seconds || this.#sent >= eventsMax) break;
      const wanted = rate === null ? blockEvents : this.#dueBy(passed * rate);
      const due = Math.min(wanted, eventsMax - this.#sent);
      if (this.#mayWrite() && due > 0) this.#write(due);
      else await this.#pause();
    }
    if (this.#closed === null) this.#ping();
    const last = performance.now();
    while (this.#pings.length > 0 && this.#closed === null && performance.now() - last < lastPongMs)
      await this.#pause();
    const acknowledgedSeconds = (performance.now() - start) / 1000;
    this.#socket.end();
    const { user, system } = process.cpuUsage();
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      acknowledgedSeconds,
      cpuSeconds: (user + system) / 1e6,
      closed: this.#closed,
    };
  }

  #dueBy(events: number): number {
    const { burst } = this.#options;
    const due = Math.floor(events) - this.#sent;
    if (burst === undefined) return Math.min(1000, due);
    return due < burst ? 0 : burst;
  }

  #mayWrite(): boolean {
    return !this.#socket.socket.writableNeedDrain && this.#pings.length < this.#options.pingsMax;
  }

  #write(count: number): void {
    const { pingEvery } = this.#options;
    const untilPing = pingEvery - (this.#sent % pingEvery);
    const events = Math.min(count, untilPing);
    const block = Buffer.allocUnsafe(events * this.#frameBytes);
    const now = nowMicros();
    for (let at = 0; at < events; at += 1) {
      const payload = writeFrameHead(block, at * this.#frameBytes, this.#template.bytes.length);
      this.#template.write(block, payload, this.#sent + at, now, now);
    }
    this.#socket.socket.write(block);
    this.#sent += events;
    if (events === untilPing) this.#ping();
  }

  #ping(): void {
    this.#pings.push(this.#sent);
    this.#socket.ping();
  }

  /** Until a pong, a drain, the end, or the next tick. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, tickMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
