/**
 * A producer that sends at a fixed rate and confirms as the stock client does.
 */

import { frameHeadBytes, openFrameSocket, writeFrameHead } from '../../support/frame-socket.ts';
import { atRate } from './at-rate.ts';
import { EventTemplate } from './event-template.ts';
import type { Latency } from './histogram.ts';
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
  readonly late: Latency | null;
  readonly cpuSeconds: number;
  readonly closed: string | null;
}

/** The stock client's. */
const pingEvery = 700;
const lastPongMs = 30_000;

runLoad(async (options: PaceOptions, ready): Promise<PaceReport> => {
  const socket = await openFrameSocket({ ...options, path: '/api/events/in' });
  const template = new EventTemplate(options);
  const { length } = template.bytes;
  const frame = Buffer.alloc(frameHeadBytes(length) + length);
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
  ready();
  const late = await atRate(options, (number, due, lateBy) => {
    if (report.closed !== null) return false;
    template.write(frame, writeFrameHead(frame, 0, length), number, due, due, lateBy);
    socket.socket.write(Buffer.from(frame));
    report.sent += 1;
    if (report.sent % pingEvery === 0) ping();
    return true;
  });
  ping();
  const last = performance.now();
  while (pings.length > 0 && report.closed === null && performance.now() - last < lastPongMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const closed = report.closed;
  socket.end();
  const { user, system } = process.cpuUsage();
  return { ...report, closed, late, cpuSeconds: (user + system) / 1e6 };
});
