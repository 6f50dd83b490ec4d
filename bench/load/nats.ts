/**
 * Loads for NATS: fan-out to subscribers of its WebSocket port, acknowledged publish into a JetStream file stream, and
 * its replay.
 */
import { EventTemplate, nowMicros } from './event-template.ts';
import { runLoad } from './load-maker.ts';
import { joinNats, messageBytes, natsSubject, untilQuiet } from './nats-subscriber.ts';
import { NatsConnection, publication } from './nats-text.ts';
import type { Drive } from './swarm.ts';

export type NatsOptions =
  | {
      readonly mode: 'fan-out';
      readonly port: number;
      readonly webSocketPort: number;
      readonly subscribers: number;
      readonly drive: Drive;
    }
  | { readonly mode: 'publish'; readonly port: number; readonly events: number; readonly window: number }
  | { readonly mode: 'replay'; readonly port: number; readonly events: number; readonly batch: number };

export interface NatsReport {
  readonly sent: number;
  readonly deliveries: number;
  readonly missing: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const stream = 'BENCH';
const eventBytes = 1_100;

runLoad(async (options: NatsOptions, ready): Promise<NatsReport> => {
  const connection = new NatsConnection(options.port);
  await connection.open();
  switch (options.mode) {
    case 'fan-out':
      return fanOut(connection, options, ready);
    case 'publish':
      return measured(ready, () => publish(connection, options));
    case 'replay':
      return measured(ready, () => replay(connection, options));
    default:
      return options satisfies never;
  }
});

async function measured(
  ready: () => void,
  work: () => Promise<Pick<NatsReport, 'sent' | 'deliveries' | 'missing'>>,
): Promise<NatsReport> {
  ready();
  const order = new Promise<void>((resolve) => process.once('message', () => resolve()));
  await order;
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ...result, seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

function fanOut(
  connection: NatsConnection,
  options: NatsOptions & { readonly mode: 'fan-out' },
  ready: () => void,
): Promise<NatsReport> {
  const template = new EventTemplate({ prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes });
  const joined = Promise.all(Array.from({ length: options.subscribers }, () => joinNats(options.webSocketPort)));
  return joined.then((subscribers) => {
    const got = (): number[] => subscribers.map((bytes) => Math.floor(bytes() / messageBytes(eventBytes)));
    return measured(ready, async () => {
      let sent = 0;
      const send = (count: number): void => {
        const now = nowMicros();
        const block = Array.from({ length: count }, (_, at) => {
          const event = Buffer.alloc(template.bytes.length);
          template.write(event, 0, sent + at, now, now);
          return publication(natsSubject, event);
        });
        connection.socket.write(Buffer.concat(block));
        sent += count;
      };
      const { drive } = options;
      const start = performance.now();
      while (performance.now() < start + drive.seconds * 1000) {
        if ('burst' in drive) {
          const left = start + (sent / drive.burst) * drive.everyMs - performance.now();
          if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
          send(drive.burst);
        } else {
          const room = drive.window - (sent - Math.min(...got()));
          if (room >= drive.window / 4) send(room);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await untilQuiet(() => got().reduce((sum, one) => sum + one, 0), sent * subscribers.length);
      const deliveries = got().reduce((sum, one) => sum + one, 0);
      return { sent, deliveries, missing: sent * subscribers.length - deliveries };
    });
  });
}

async function publish(
  connection: NatsConnection,
  { events, window }: NatsOptions & { readonly mode: 'publish' },
): Promise<Pick<NatsReport, 'sent' | 'deliveries' | 'missing'>> {
  await connection.request(`$JS.API.STREAM.CREATE.${stream}`, {
    name: stream,
    subjects: [natsSubject],
    storage: 'file',
  });
  const template = new EventTemplate({ prefix: 'bench', idPrefix: '00000000-0000-4000-8000-', eventBytes });
  let sent = 0;
  let acknowledged = 0;
  connection.subscribe('_BENCH.ack', 1);
  await new Promise<void>((resolve) => {
    const send = (): void => {
      const count = Math.min(window - (sent - acknowledged), events - sent);
      if (count < Math.min(window / 4, events - sent) || count === 0) return;
      const now = nowMicros();
      const block = Array.from({ length: count }, (_, at) => {
        const event = Buffer.alloc(template.bytes.length);
        template.write(event, 0, sent + at, now, now);
        return publication(natsSubject, event, '_BENCH.ack');
      });
      sent += count;
      connection.socket.write(Buffer.concat(block));
    };
    connection.onMessage = () => {
      acknowledged += 1;
      if (acknowledged === events) resolve();
      else send();
    };
    send();
  });
  return { sent, deliveries: acknowledged, missing: events - acknowledged };
}

async function replay(
  connection: NatsConnection,
  { events, batch }: NatsOptions & { readonly mode: 'replay' },
): Promise<Pick<NatsReport, 'sent' | 'deliveries' | 'missing'>> {
  const config = { name: 'C', ack_policy: 'none', deliver_policy: 'all', max_waiting: 16 };
  await connection.request(`$JS.API.CONSUMER.CREATE.${stream}.C`, { stream_name: stream, config });
  let got = 0;
  let asked = 0;
  connection.subscribe('_BENCH.next', 1);
  await new Promise<void>((resolve) => {
    const ask = (): void => {
      while (asked - got < 2 * batch && asked < events) {
        connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.C`, JSON.stringify({ batch }), '_BENCH.next');
        asked += batch;
      }
    };
    connection.onMessage = ({ subject: from }) => {
      if (from !== natsSubject) return;
      got += 1;
      if (got === events) resolve();
      else if (got % 256 === 0) ask();
    };
    ask();
  });
  return { sent: events, deliveries: got, missing: events - got };
}
