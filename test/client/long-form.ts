/**
 * The long form of the client's law: so many events published and received by the client through a relay that resets,
 * ends, silences and stalls connections, while Sluice is killed again and again. Each event is stored once and received
 * once; each bad one is refused with its reason. `npm run client:faults`.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { connect, type NewEvent, type Sluice } from '../../client/src/node.ts';
import { startFaultyRelay } from '../../support/faulty-relay.ts';
import { until } from '../../support/poll.ts';
import { randomFrom } from '../../support/random.ts';
import { readOptions, seedOption } from '../../support/script-options.ts';
import { removeData, startSluice } from '../../support/sluice.ts';
import { type Books, lastName, readLate, readOnce } from './faults-readers.ts';

const { values } = readOptions({
  name: 'client:faults',
  about: `The client publishes and receives through a relay that resets, ends, silences and stalls connections,
while Sluice is killed. Exit code 1 if a law is broken, or if a fault never happened.`,
  options: {
    events: { default: 1_000_000, says: 'how many' },
    kills: { default: 10, says: 'how often Sluice is killed' },
    seed: seedOption,
    save: { default: false, says: 'adds the result to test/client/RESULTS.md' },
  },
});
const { events, kills, seed } = values;
const resource = `faults.${seed}.${Date.now()}`;
const deadlineMs = 60 * 60_000;
const badPart = 0.001;
const began = performance.now();
const secondsOf = (): number => Math.round((performance.now() - began) / 1_000);

const env = { SLUICE_PING_MS: '1000' };
let server = await startSluice({ env });
const port = Number(new URL(server.url).port);
const relay = await startFaultyRelay(() => port, {
  ...{ seed, cutBytesMax: 2_000_000, silences: 0.1, stalls: 0.005, stallMsMax: 200 },
});
const far = connect({ url: `http://127.0.0.1:${relay.port}`, retry: { firstMs: 50, longestMs: 1_000 } });
const near = connect({ url: server.url });
const written = { taken: 0, bad: 0, rejected: {} as Record<string, number>, unexplained: 0, received: 0 };
const talk = setInterval(say, 30_000);
try {
  const reading = { sluice: far, resource, events };
  const once = readOnce({ ...reading, progressed: () => (written.received += 1) });
  const late = readLate({ ...reading, progressed: () => undefined }, randomFrom(seed + 2));
  const writing = write(far);
  const done = Promise.all([once, late, writing]);
  done.catch(() => undefined);
  for (let kill = 1; kill <= kills; kill += 1) {
    const isDue = (): true | undefined => (written.taken >= (events * kill) / (kills + 1) ? true : undefined);
    await Promise.race([until('the next kill is due', isDue, deadlineMs), done]);
    await server.kill();
    server = await startSluice({ env, dataDir: server.dataDir, port });
  }
  await writing;
  const good = events - written.bad;
  const stored = await until('all is in ClickHouse', () => storedAtLeast(good), deadlineMs);
  // Behind it no earlier event can come any more.
  const publisher = near.publisher();
  await publisher.emit({ event: lastName, resource: { 'prefect.resource.id': resource }, payload: {} });
  await publisher.close();
  judge(good, stored, await once, await late);
} finally {
  clearInterval(talk);
  relay.close();
  await server.stop();
  removeData(server);
}

async function write(to: Sluice): Promise<void> {
  const publisher = to.publisher({
    onReject: (event, { failure, message }) => {
      written.rejected[failure] = (written.rejected[failure] ?? 0) + 1;
      // `skipped`: refused on an earlier connection that broke before it said so, and sent again.
      const isNamed = failure === 'badEvent' || failure === 'skipped';
      const isBad = event.resource['prefect.resource.id'] === undefined;
      if (!isNamed || !isBad || !message.includes('prefect.resource.id')) written.unexplained += 1;
    },
  });
  const random = randomFrom(seed + 1);
  for (let nth = 0; nth < events; nth += 1) {
    const isBad = random() < badPart;
    if (isBad) written.bad += 1;
    const event = eventOf(nth, isBad);
    while (!publisher.enqueue(event)) await publisher.room();
    written.taken = nth;
  }
  await publisher.close();
}

function eventOf(nth: number, isBad: boolean): NewEvent {
  const labels = { nth: String(nth) };
  return {
    event: 'fault.event',
    resource: isBad ? labels : { 'prefect.resource.id': resource, ...labels },
    payload: {},
  };
}

async function storedAtLeast(good: number): Promise<number | undefined> {
  const found = await near.query({ resource: { id: [resource] } }).total();
  return found >= good ? found : undefined;
}

function judge(good: number, stored: number, once: Books, late: Books): void {
  const rejected = Object.values(written.rejected).reduce((sum, count) => sum + count, 0);
  const { faults } = relay;
  const laws: Readonly<Record<string, boolean>> = {
    'all good events are stored, once': stored === good,
    'all were received, once': once.received === good && once.repeats === 0,
    'what was acknowledged never came again, and all else did': late.received === good && late.repeats === 0,
    'each bad event was refused with its reason, and no other': rejected === written.bad && written.unexplained === 0,
    'every kind of fault happened': Object.values(faults).every((count) => count > 0),
  };
  const broken = Object.keys(laws).filter((law) => laws[law] === false);
  const figures = {
    ...{ events, kills, seed, seconds: secondsOf(), stored, lost: good - once.received, repeats: once.repeats },
    ...{
      late,
      bad: written.bad,
      rejected: written.rejected,
      faults,
      rssMB: Math.round(process.memoryUsage.rss() / 1e6),
    },
  };
  console.log(JSON.stringify(figures));
  console.log(broken.length === 0 ? 'all laws hold' : `BROKEN: ${broken.join('; ')}`);
  if (broken.length > 0) process.exitCode = 1;
  if (values.save) save(JSON.stringify(figures), broken);
}

function say(): void {
  const { taken, received } = written;
  console.log(`${secondsOf()} s: ${taken} of ${events} taken, ${received} received, ${relay.faults.cuts} cuts`);
}

function save(figures: string, broken: readonly string[]): void {
  const root = new URL('.', import.meta.url);
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
  const verdict = broken.length === 0 ? 'hold' : `BROKEN: ${broken.join('; ')}`;
  const row = `| ${new Date().toISOString().slice(0, 10)} | ${commit} | ${machine} | ${verdict} | \`${figures}\` |`;
  appendFileSync(new URL('RESULTS.md', root), `${row}\n`);
}
