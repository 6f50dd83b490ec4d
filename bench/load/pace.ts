/**
 * A producer that sends each event when it is due, one by one, whatever became of those before: its time is the one it was due
 * at, so that what a late sender or a late server cost is in the latency (no coordinated omission). It sleeps in
 * `Atomics.wait`, which keeps time to some 60 µs, where timers keep it to a millisecond.
 */
import { EventTemplate, nowMicros } from './event-template.ts';
import { frameHeadBytes, openFrameSocket, writeFrameHead } from './frame-socket.ts';
import { Histogram } from './histogram.ts';
import { runLoad } from './load-maker.ts';

export interface PaceOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly eventBytes: number;
  readonly seconds: number;
  readonly rate: number;
}

export interface PaceReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** How long after it was due an event was made and written. */
  readonly late: ReturnType<Histogram['summary']>;
  readonly cpuSeconds: number;
  readonly closed: string | null;
}

/** The stock client's. */
const pingEvery = 700;
const sleepMsMax = 2;
const lastPongMs = 30_000;

runLoad(async (options: PaceOptions, ready): Promise<PaceReport> => {
  const socket = await openFrameSocket({ ...options, path: '/api/events/in' });
  const template = new EventTemplate(options);
  const { length } = template.bytes;
  const frame = Buffer.alloc(frameHeadBytes(length) + length);
  const late = new Histogram();
  const pings: number[] = [];
  const report = { sent: 0, acknowledged: 0, closed: null as string | null };
  socket.onPong = () => {
    report.acknowledged = pings.shift() ?? report.acknowledged;
  };
  socket.onClose = (why) => {
    report.closed = why;
  };
  const ping = (): void => {
    pings.push(report.sent);
    socket.ping();
  };
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  ready();
  const startMicros = nowMicros();
  const events = Math.floor(options.seconds * options.rate);
  while (report.sent < events && report.closed === null) {
    const due = startMicros + (report.sent / options.rate) * 1e6;
    const leftMs = (due - nowMicros()) / 1000;
    if (leftMs > 0) {
      Atomics.wait(sleeper, 0, 0, Math.min(leftMs, sleepMsMax));
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const lateMicros = Math.max(0, nowMicros() - due);
    template.write(frame, writeFrameHead(frame, 0, length), report.sent, Math.floor(due), Math.floor(due), lateMicros);
    socket.socket.write(Buffer.from(frame));
    late.add(lateMicros);
    report.sent += 1;
    if (report.sent % pingEvery === 0) ping();
  }
  ping();
  const last = performance.now();
  while (pings.length > 0 && report.closed === null && performance.now() - last < lastPongMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const closed = report.closed;
  socket.end();
  const { user, system } = process.cpuUsage();
  return { ...report, closed, late: late.summary(), cpuSeconds: (user + system) / 1e6 };
});
