/**
 * The client beside a bare loop on `ws`, in one run against one server, in alternating turns: events/s and CPU µs an
 * event of this process, published and received. The bare loop serialises and parses too, and pings every 1,000 events.
 * `npm run bench:client`; exit code 1 if the client does less than 60 %.
 */
import { WebSocket } from 'ws';
import { connect } from '../client/src/node.ts';
import { authMessage, filterMessage, type OutFrame } from '../schemas/wire.ts';
import { readOptions } from '../support/script-options.ts';

const { values } = readOptions({
  name: 'bench:client',
  about: `The client beside a bare loop on ws, in alternating turns, against a server that runs.
Exit code 1 if the client does less than 60 % of the loop's events a second.`,
  options: {
    url: { default: 'http://127.0.0.1:4200', word: 'URL', says: 'of the server' },
    events: { default: 50_000, says: 'of one turn' },
    turns: { default: 3, says: 'how many' },
  },
});
const { events } = values;
const sluice = connect({ url: values.url });
const socketUrl = `${values.url.replace(/^http/, 'ws')}/api/events`;
const leastRatio = 0.6;
const pingEvery = 1_000;
/** About what the client's buffer holds. */
const pingsMax = 8;

type Work = (resource: string) => Promise<void>;
const publish: Readonly<Record<string, Work>> = { bare: publishBare, client: publishByClient };
const receive: Readonly<Record<string, Work>> = { bare: receiveBare, client: receiveByClient };
const rates: Record<string, number[]> = {};

for (let turn = 0; turn < values.turns; turn += 1) {
  const resource = `speed.${Date.now()}.${turn}`;
  for (const name of turn % 2 === 0 ? ['bare', 'client'] : ['client', 'bare']) {
    await measure(`publish ${name}`, () => publish[name]?.(`${resource}.${name}`) ?? Promise.resolve());
    await measure(`receive ${name}`, () => receive[name]?.(`${resource}.${name}`) ?? Promise.resolve());
  }
}
for (const what of ['publish', 'receive']) {
  const ratio = median(rates[`${what} client`] ?? []) / median(rates[`${what} bare`] ?? []);
  console.log(`${what}: the client does ${(ratio * 100).toFixed(0)} % of the bare loop's events/s`);
  if (!(ratio >= leastRatio)) process.exitCode = 1;
}

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = events / seconds;
  rates[name] = [...(rates[name] ?? []), rate];
  console.log(`${name}: ${rate.toFixed(0)} events/s, ${((user + system) / events).toFixed(2)} µs of CPU an event`);
}

function eventOf(resource: string, nth: number) {
  return {
    occurred: new Date().toISOString(),
    event: 'speed.event',
    resource: { 'prefect.resource.id': resource, region: 'eu' },
    payload: { nth, pad: 'x'.repeat(700) },
    id: crypto.randomUUID(),
  };
}

async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`${socketUrl}${path}`, ['prefect'], { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(authMessage());
  await new Promise((resolve) => socket.once('message', resolve));
  return socket;
}

/** It waits for a pong only where too many are on their way: to wait for each would cost it most of its speed. */
async function publishBare(resource: string): Promise<void> {
  const socket = await open('/in');
  let unanswered = 0;
  let wake = (): void => undefined;
  socket.on('pong', () => {
    unanswered -= 1;
    wake();
  });
  for (let nth = 1; nth <= events; nth += 1) {
    socket.send(JSON.stringify(eventOf(resource, nth)));
    if (nth % pingEvery !== 0 && nth !== events) continue;
    socket.ping();
    unanswered += 1;
    while (unanswered > (nth === events ? 0 : pingsMax)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  socket.terminate();
}

async function publishByClient(resource: string): Promise<void> {
  const publisher = sluice.publisher();
  for (let nth = 1; nth <= events; nth += 1) {
    const event = eventOf(resource, nth);
    while (!publisher.enqueue(event)) await publisher.room();
  }
  await publisher.close();
}

async function receiveBare(resource: string): Promise<void> {
  const socket = await open('/out');
  socket.send(filterMessage({ resource: { id: [resource] } }));
  await new Promise<void>((resolve) => {
    let got = 0;
    socket.on('message', (data) => {
      const frame: OutFrame = JSON.parse(String(data));
      if (frame.type === 'event' && ++got === events) resolve();
    });
  });
  socket.terminate();
}

async function receiveByClient(resource: string): Promise<void> {
  let got = 0;
  for await (const message of sluice.subscribe({ filter: { resource: { id: [resource] } } })) {
    if (message.type === 'event' && message.event.event !== '' && ++got === events) break;
  }
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
