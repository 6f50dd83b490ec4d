/**
 * Whether the client's memory stays flat: it publishes and receives so many events at once, and its heap is measured
 * behind a full collection after each tenth of them. Exit code 1 if any tenth from the second on has much more than it.
 * `npm run bench:client:memory`.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connect } from '../client/src/node.ts';
import { readOptions } from '../support/script-options.ts';

const { values } = readOptions({
  name: 'bench:client:memory',
  about: `Whether the client's memory stays flat: it publishes and receives at once, against a server that runs.
Exit code 1 if its heap grows.`,
  options: {
    url: { default: 'http://127.0.0.1:4200', word: 'URL', says: 'of the server' },
    events: { default: 5_000_000, says: 'how many' },
  },
});
const { events } = values;
const sluice = connect({ url: values.url });
const resource = `memory.${Date.now()}`;
/** More than that is growth: what waits in buffers differs from one moment to the next. */
const growthMax = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what the flag adds
const heaps: number[] = [];
const began = performance.now();
const cpu = process.cpuUsage();

await Promise.all([publish(), receive()]);

const { user, system } = process.cpuUsage(cpu);
console.log(`${((user + system) / events).toFixed(2)} µs of CPU an event, published and received`);
const [, second = 0] = heaps;
const growth = Math.max(...heaps.slice(2)) - second;
console.log(`the heap grew by at most ${megabytes(growth)} MB behind the second tenth`);
if (!(growth <= growthMax)) process.exitCode = 1;

async function publish(): Promise<void> {
  const publisher = sluice.publisher();
  for (let nth = 0; nth < events; nth += 1) {
    const event = { event: 'memory.event', resource: { 'prefect.resource.id': resource }, payload: { nth } };
    while (!publisher.enqueue(event)) await publisher.room();
  }
  await publisher.close();
}

async function receive(): Promise<void> {
  let got = 0;
  for await (const message of sluice.subscribe({ filter: { resource: { id: [resource] } } })) {
    if (message.type !== 'event' || message.event.event === '') continue;
    got += 1;
    if (got % Math.ceil(events / 10) === 0 || got === events) measure(got);
    if (got === events) break;
  }
}

function measure(got: number): void {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  heaps.push(heapUsed + external);
  const rate = Math.round((got / (performance.now() - began)) * 1_000);
  console.log(`${got} received, ${rate} events/s: heap ${megabytes(heapUsed + external)} MB, RSS ${megabytes(rss)} MB`);
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
