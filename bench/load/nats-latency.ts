/**
 * Send to delivery through NATS, as `pace` and `swarm` measure it for Sluice: one process sends at a fixed rate over
 * its TCP port, another subscribes many times over its WebSocket port.
 */
import { atRate } from './at-rate.ts';
import { DeliveryTimes } from './delivery-times.ts';
import { EventTemplate, nowMicros } from './event-template.ts';
import { dueMicros, lateMicros, timesAt } from './event-times.ts';
import type { Latency } from './histogram.ts';
import { runLoad } from './load-maker.ts';
import { joinNats, messageBytes, natsSubject, untilQuiet } from './nats-subscriber.ts';
import { NatsConnection, publication } from './nats-text.ts';

export type NatsLatencyOptions =
  | { readonly mode: 'send'; readonly port: number; readonly seconds: number; readonly rate: number }
  | { readonly mode: 'receive'; readonly webSocketPort: number; readonly subscribers: number };

export interface NatsLatencyReport {
  /** Of the sender; 0 of the receiver. */
  readonly sent: number;
  /**
   * Of the receiver. Times are taken of those whose frame came in one piece: all but a few, and those of the first
   * second.
   */
  readonly deliveries: number;
  readonly latency: Latency | null;
  readonly latencyFromSend: Latency | null;
}

const eventBytes = 1_100;

runLoad(
  async (options: NatsLatencyOptions, ready): Promise<NatsLatencyReport> =>
    options.mode === 'send' ? send(options, ready) : receive(options, ready),
);

async function send(
  options: NatsLatencyOptions & { readonly mode: 'send' },
  ready: () => void,
): Promise<NatsLatencyReport> {
  const connection = new NatsConnection(options.port);
  await connection.open();
  const template = new EventTemplate({ prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes });
  const event = Buffer.alloc(template.bytes.length);
  let sent = 0;
  ready();
  await atRate(options, (number, due, lateBy) => {
    template.write(event, 0, number, due, due, lateBy);
    connection.socket.write(publication(natsSubject, event));
    sent += 1;
    return true;
  });
  connection.socket.end();
  return { sent, deliveries: 0, latency: null, latencyFromSend: null };
}

/** Until it is told how many events there were, and has seen them or seen none for a while. */
async function receive(
  { webSocketPort, subscribers }: NatsLatencyOptions & { readonly mode: 'receive' },
  ready: () => void,
): Promise<NatsLatencyReport> {
  const times = new DeliveryTimes(Number.POSITIVE_INFINITY);
  /** NATS puts what waits for a client into one frame. */
  const whole = (bytes: Buffer, from: number, to: number): void => {
    const now = nowMicros();
    for (let start = from; ; ) {
      const at = timesAt(bytes, start, to, -1);
      if (at < 0) return;
      times.add(now, dueMicros(bytes, start + at), lateMicros(bytes, start + at));
      start += at;
    }
  };
  const joined = await Promise.all(Array.from({ length: subscribers }, () => joinNats(webSocketPort, whole)));
  const count = (): number => joined.reduce((sum, bytes) => sum + Math.floor(bytes() / messageBytes(eventBytes)), 0);
  const told = new Promise<{ readonly events: number }>((resolve) => process.once('message', resolve));
  ready();
  const { events } = await told;
  await untilQuiet(count, events * subscribers);
  return { sent: 0, deliveries: count(), latency: times.fromDue[0] ?? null, latencyFromSend: times.fromSend };
}
