/**
 * The long form of the client's law: so many events published and received by the client through a relay that cuts
 * and stalls, while Sluice is killed again and again. Each event is stored once and received once, in the order in
 * which it was stored. `npm run client:faults -- --events 1000000 --kills 10 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { connect, type Sluice } from '../../client/src/node.ts';
import { type FaultyRelay, startFaultyRelay } from '../../support/faulty-relay.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: '20261129' },
  },
});
const events = Number(values.events);
const kills = Number(values.kills);
const seed = Number(values.seed);
const resource = `faults.${seed}.${Date.now()}`;
const deadlineMs = 60 * 60_000;

let server: TestSluice = await startSluice();
const port = Number(new URL(server.url).port);
const relay: FaultyRelay = await startFaultyRelay(() => port, {
  seed,
  cutBytesMax: 2_000_000,
  stalls: 0.005,
  stallMsMax: 200,
});
const sluice = connect({ url: `http://127.0.0.1:${relay.port}`, retry: { firstMs: 50, longestMs: 1_000 } });
const seen = new Uint8Array(events);
let received = 0;
let published = 0;
let repeats = 0;
const began = performance.now();
try {
  const reading = read(sluice);
  const writing = write(sluice);
  for (let kill = 1; kill <= kills; kill += 1) {
    await until(
      'the next kill is due',
      () => (published >= (events * kill) / (kills + 1) ? true : undefined),
      deadlineMs,
    );
    await server.kill();
    server = await startSluice({ dataDir: server.dataDir, port });
  }
  await writing;
  await reading;
  const filter = { resource: { id: [resource] } };
  const total = await until(
    'all is in ClickHouse',
    async () => {
      const found = await sluice.query(filter).total();
      return found >= events ? found : undefined;
    },
    deadlineMs,
  );
  const lost = events - received;
  const { cuts, stalls } = relay.faults;
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(JSON.stringify({ events, kills, seed, cuts, stalls, lost, repeats, stored: total, seconds }));
  if (lost !== 0 || repeats !== 0 || total !== events) process.exitCode = 1;
} finally {
  relay.close();
  await server.stop();
  removeData(server);
}

async function write(to: Sluice): Promise<void> {
  const publisher = to.publisher();
  for (let nth = 0; nth < events; nth += 1) {
    const event = {
      event: 'fault.event',
      resource: { 'prefect.resource.id': resource, nth: String(nth) },
      payload: {},
    };
    while (!publisher.enqueue(event)) await publisher.room();
    published = nth;
  }
  await publisher.close();
}

async function read(from: Sluice): Promise<void> {
  for await (const message of from.subscribe({ filter: { resource: { id: [resource] } } })) {
    if (message.type !== 'event') continue;
    const nth = Number(message.event.resource['nth']);
    if (seen[nth] === 1) repeats += 1;
    else received += 1;
    seen[nth] = 1;
    if (received === events) return;
  }
}
