/**
 * Producers that POST batches over a few kept-alive connections, each the next one when the last was answered.
 */
import type { Socket } from 'node:net';
import { EventTemplate, nowMicros } from './event-template.ts';
import { dial, exchange, headOf } from './http-socket.ts';
import { runLoad } from './load-maker.ts';

export interface PostOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly eventBytes: number;
  readonly connections: number;
  readonly batch: number;
  /** Ends after so long, or after so many events, whichever comes first. */
  readonly seconds: number;
  readonly eventsMax: number;
  /** The events' times lie so far back, evenly; 0 is now. */
  readonly spreadMs: number;
}

export interface PostReport {
  readonly acknowledged: number;
  readonly acknowledgedSeconds: number;
  readonly refused: number;
  readonly cpuSeconds: number;
}

runLoad(async (options: PostOptions, ready): Promise<PostReport> => {
  const template = new EventTemplate(options);
  const sockets = await Promise.all(Array.from({ length: options.connections }, () => dial(options.url)));
  ready();
  const start = performance.now();
  const books = { next: 0, acknowledged: 0, refused: 0 };
  const work = async (socket: Socket): Promise<void> => {
    while (performance.now() - start < options.seconds * 1000 && books.next < options.eventsMax) {
      const first = books.next;
      const count = Math.min(options.batch, options.eventsMax - first);
      books.next += count;
      const status = await exchange(socket, batchOf(template, options, first, count));
      if (status === 204) books.acknowledged += count;
      else books.refused += count;
    }
    socket.destroy();
  };
  await Promise.all(sockets.map(work));
  const { user, system } = process.cpuUsage();
  return {
    acknowledged: books.acknowledged,
    acknowledgedSeconds: (performance.now() - start) / 1000,
    refused: books.refused,
    cpuSeconds: (user + system) / 1e6,
  };
});

/** One whole request. */
function batchOf(template: EventTemplate, options: PostOptions, first: number, count: number): Buffer {
  const size = template.bytes.length;
  const bodyBytes = count * (size + 1) + 1;
  const head = headOf(options, bodyBytes);
  const request = Buffer.allocUnsafe(head.length + bodyBytes);
  request.write(head, 'latin1');
  const now = nowMicros();
  for (let at = 0; at < count; at += 1) {
    const offset = head.length + at * (size + 1);
    const number = first + at;
    const back = options.spreadMs === 0 ? 0 : Math.floor(((number + 1) / options.eventsMax) * options.spreadMs) * 1000;
    request[offset] = at === 0 ? 0x5b : 0x2c;
    template.write(request, offset + 1, number, now - back, now);
  }
  request[request.length - 1] = 0x5d;
  return request;
}
