/**
 * Many producers, each on a socket of its own, that ping after each event: the next one goes when the pong has come,
 * or, at a rate, when it is due.
 */
import { type FrameSocket, frameHeadBytes, openFrameSocket, writeFrameHead } from '../../support/frame-socket.ts';
import { atRate } from './at-rate.ts';
import { EventTemplate, nowMicros } from './event-template.ts';
import { Histogram, type Latency } from './histogram.ts';
import { runLoad } from './load-maker.ts';

export interface PingEachOptions {
  readonly url: string;
  readonly authString?: string;
  readonly prefix: string;
  readonly idPrefix: string;
  readonly eventBytes: number;
  readonly producers: number;
  readonly seconds: number;
  /** Events a second of all producers together; null: as pongs come. */
  readonly rate: number | null;
}

export interface PingEachReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** From the first event to the last pong. */
  readonly acknowledgedSeconds: number;
  /** From when an event was due to its pong; of the first second none. */
  readonly pongs: Latency | null;
}

interface Producer {
  readonly socket: FrameSocket;
  /** When what each open ping vouches for was due. */
  readonly due: number[];
}

const lastPongMs = 20_000;
const leftOutMicros = 1e6;

runLoad(async (options: PingEachOptions, ready): Promise<PingEachReport> => {
  const template = new EventTemplate(options);
  const { length } = template.bytes;
  const books = { sent: 0, acknowledged: 0, pongs: new Histogram() };
  const sockets = Array.from({ length: options.producers }, () =>
    openFrameSocket({ ...options, path: '/api/events/in' }),
  );
  const producers = (await Promise.all(sockets)).map((socket): Producer => ({ socket, due: [] }));
  const send = ({ socket, due }: Producer, dueMicros: number, lateMicros: number): void => {
    const frame = Buffer.alloc(frameHeadBytes(length) + length);
    template.write(frame, writeFrameHead(frame, 0, length), books.sent, dueMicros, dueMicros, lateMicros);
    books.sent += 1;
    due.push(dueMicros);
    socket.socket.cork();
    socket.socket.write(frame);
    socket.ping();
    socket.socket.uncork();
  };
  ready();
  const start = nowMicros();
  const end = start + options.seconds * 1e6;
  for (const producer of producers) {
    producer.socket.onPong = () => {
      const due = producer.due.shift() ?? 0;
      const now = nowMicros();
      books.acknowledged += 1;
      if (due > start + leftOutMicros) books.pongs.add(now - due);
      if (options.rate === null && now < end) send(producer, now, 0);
    };
  }
  if (options.rate === null) {
    for (const producer of producers) send(producer, nowMicros(), 0);
    await sleep(options.seconds * 1000);
  } else {
    const sendNext = (number: number, due: number, late: number): boolean => {
      const producer = producers[number % producers.length];
      if (producer !== undefined) send(producer, due, late);
      return true;
    };
    await atRate({ seconds: options.seconds, rate: options.rate }, sendNext, () => books.acknowledged < books.sent);
  }
  const last = performance.now();
  while (books.acknowledged < books.sent && performance.now() - last < lastPongMs) await sleep(1);
  const acknowledgedSeconds = (nowMicros() - start) / 1e6;
  for (const { socket } of producers) socket.end();
  return { sent: books.sent, acknowledged: books.acknowledged, acknowledgedSeconds, pongs: books.pongs.summary() };
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
