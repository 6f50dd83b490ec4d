// What package.clickhouse.test.ts runs under each Node, in a fresh project with the installed package: it publishes,
// receives in two subscriptions of which the second goes on behind the first, asks, and prints what it found.
import { strict as assert } from 'node:assert';
import { connect, fileStore, RejectedError, where } from 'sluice-client';

const [, , url, token, checkpointPath, socket] = process.argv;
const { WebSocket: own } = globalThis;
if (socket === 'own' && own === undefined) {
  console.log('none');
  process.exit(0);
}
const sluice = connect({ url, token: async () => token, ...(socket === 'own' && { WebSocket: own }) });
const resource = crypto.randomUUID();
const filter = where().resource(resource).filter;
const eventOf = (nth) => ({
  event: 'a',
  resource: { 'prefect.resource.id': resource },
  payload: { nth, text: 'ü€😀' },
});
const events = 2_000;

const publisher = sluice.publisher({ bufferBytesMax: 50_000 });
await assert.rejects(publisher.emit({ event: 'a', resource: {}, payload: {} }), RejectedError);
for (let nth = 0; nth < events; nth += 1) {
  while (!publisher.enqueue(eventOf(nth))) await publisher.room();
}
await publisher.close();
assert.equal(publisher.status.promise, 'durable');

const store = fileStore(checkpointPath);
const got = [];
await read((nth) => nth === 700);
await read((nth) => nth === events);
assert.deepEqual(
  got.toSorted((a, b) => a - b),
  Array.from({ length: events }, (_, nth) => nth),
);
const ending = new AbortController();
const silent = sluice.subscribe({ filter, from: 'now', signal: ending.signal })[Symbol.asyncIterator]();
assert.equal((await silent.next()).value.type, 'caught_up');
setTimeout(() => ending.abort(new Error('enough')), 100);
await assert.rejects(silent.next(), { message: 'enough' });
while ((await sluice.query(filter).total()) < events) await new Promise((resolve) => setTimeout(resolve, 50));
console.log('ok');
const doneMs = performance.now();
process.once('exit', () =>
  assert.ok(performance.now() - doneMs < 20_000, 'something that was left open held the process'),
);

async function read(isEnough) {
  for await (const message of sluice.subscribe({ filter, store, ack: 'manual', bufferCharactersMax: 20_000 })) {
    if (message.type !== 'event') continue;
    assert.equal(message.event.payload.text, 'ü€😀');
    got.push(message.event.payload.nth);
    if (!isEnough(got.length)) continue;
    await message.ack();
    return;
  }
}
