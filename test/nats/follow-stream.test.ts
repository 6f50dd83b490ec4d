/** Following a stream on a real NATS server: each message once and in order, and no stream that is another by now. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { connectNats, type Nats } from '../../src/nats/connect-nats.ts';
import { followStream } from '../../src/nats/follow-stream.ts';
import { type OpenedStream, openStream, subjectOf } from '../../src/nats/open-stream.ts';
import { installNats, launchNats, type NatsProcess } from '../../support/peers/nats-server.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';

const installed = await installNats(repositoryRoot());
if (!installed.found) console.info(installed.sentence);
const waitMs = 100_000;

describe.skipIf(!installed.found)('a follower', () => {
  let root: string;
  let server: NatsProcess;
  let nats: Nats;

  const launch = (port?: number): Promise<NatsProcess> =>
    launchNats(installed.found ? installed.folder : '', {
      directory: join(root, 'nats'),
      ...(port !== undefined && { port }),
    });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-nats-'));
    server = await launch();
    nats = await connectNats({ servers: [server.url], name: 'test' });
  });
  afterAll(async () => {
    await nats.close();
    await server.kill();
    rmSync(root, { recursive: true, force: true });
  });

  const opened = (name: string, bytesMax = 2 ** 24): Promise<OpenedStream> =>
    openStream(nats, {
      ...{ name, replicas: 1, bytesMax, idsMax: 1_000 },
      ...{ epoch: randomUUID(), firstSeq: 5_000_001 },
    });

  /** What a follower takes that has applied so much; it refuses each message that `refuses` fits, once. */
  function following(stream: OpenedStream, applied = 0, refuses: (nth: number) => boolean = () => false) {
    const taken: string[] = [];
    const refused = new Set<number>();
    const lost: string[] = [];
    const follower = followStream({
      ...{ nats, stream, log: createLog('silent') },
      applied: () => applied + taken.length,
      take: ({ stream: nth, data, subject }) => {
        if (nth !== applied + taken.length + 1) return true;
        if (refuses(nth) && !refused.has(nth)) {
          refused.add(nth);
          return false;
        }
        taken.push(`${subject} ${data.toString()}`);
        return true;
      },
      lost: (sentence) => void lost.push(sentence),
    });
    return { taken, lost, follower };
  }

  const publish = async (stream: OpenedStream, text: string): Promise<void> => {
    await until('it is stored', async () => {
      const answer = await nats.connection.request(subjectOf(stream.name, 'one'), text, { timeout: 1_000 });
      return answer.string().includes('"seq"') ? true : undefined;
    });
  };

  it('takes each message once and in order, also what was refused, and over a restart of the server', async () => {
    const stream = await opened('FOLLOWED');
    const { taken, lost, follower } = following(stream, 0, (nth) => nth % 7 === 0);
    for (let nth = 0; nth < 20; nth += 1) await publish(stream, String(nth));
    await until('the first are taken', () => (taken.length >= 20 ? true : undefined), waitMs);
    await server.kill();
    server = await launch(server.port);
    await until(
      'it is there again',
      () =>
        publish(stream, '20').then(
          () => true,
          () => undefined,
        ),
      waitMs,
    );
    await until('the rest is taken', () => (taken.at(-1)?.endsWith(' 20') ? true : undefined), waitMs);
    follower.stop();
    const numbers = taken.map((text) => Number(text.split(' ')[1]));
    expect([...new Set(numbers)]).toEqual(Array.from({ length: 21 }, (_, nth) => nth));
    // The last one may have been stored though its answer was lost, and stored again: a sender's matter.
    expect(numbers.slice(0, 21)).toEqual(Array.from({ length: 21 }, (_, nth) => nth));
    expect([taken[0], lost]).toEqual(['followed.b.one 0', []]);
  }, 300_000);

  it('is not cut off as too slow, however large the messages are', async () => {
    const stream = await opened('LARGE', 2 ** 27);
    const large = 'x'.repeat(7_000_000);
    const count = 14;
    for (let nth = 0; nth < count; nth += 1) await publish(stream, large);
    let reconnects = 0;
    void (async () => {
      for await (const { type } of nats.connection.status()) if (type === 'disconnect') reconnects += 1;
    })();
    const taken: number[] = [];
    const lost: string[] = [];
    const follower = followStream({
      ...{ nats, stream, log: createLog('silent'), applied: () => taken.at(-1) ?? 0 },
      lost: (sentence) => void lost.push(sentence),
      take: ({ stream: nth }) => {
        // This process does not read meanwhile, and all that NATS may send waits there.
        if (taken.length % 4 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
        taken.push(nth);
        return true;
      },
    });
    await until('all are taken', () => (taken.length >= count ? true : undefined), waitMs);
    follower.stop();
    expect([taken, lost, reconnects]).toEqual([Array.from({ length: count }, (_, nth) => nth + 1), [], 0]);
  }, 300_000);

  it('makes feeds with a pause between them while a message is refused', async () => {
    const stream = await opened('REFUSED');
    await publish(stream, 'a');
    const refusedMs: number[] = [];
    const began = performance.now();
    const follower = followStream({
      ...{ nats, stream, log: createLog('silent'), applied: () => 0, lost: expect.unreachable },
      take: () => {
        refusedMs.push(performance.now() - began);
        return false;
      },
    });
    const sixth = await until('it was refused six times', () => refusedMs[5], waitMs);
    follower.stop();
    expect(sixth).toBeGreaterThan(5 * 190);
  }, 150_000);

  it('says why where the stream went back, begins too late, or is another', async () => {
    const stream = await opened('CHANGED');
    for (const text of ['a', 'b', 'c']) await publish(stream, text);
    const ahead = following(stream, 5);
    await until('it is lost', () => ahead.lost[0], waitMs);
    expect(ahead.lost).toEqual(['The shared log ends at message 3, and 5 was applied here: it went back.']);
    await nats.manager.streams.purge('CHANGED', { seq: 3 });
    const late = following(stream);
    await until('it is lost', () => late.lost[0], waitMs);
    expect(late.lost).toEqual([expect.stringContaining('begins at message 3, and 1 is needed next here: start this')]);
    const other = following({ ...stream, epoch: 'another' }, 3);
    await until('it is lost', () => other.lost[0], waitMs);
    expect(other.lost).toEqual([`The shared log is of epoch ${stream.epoch}, and was of another.`]);
    const kept = following(stream, 2);
    await until('it is taken', () => kept.taken[0], waitMs);
    expect([kept.taken, kept.lost]).toEqual([['changed.b.one c'], []]);
    kept.follower.stop();
  }, 300_000);
});
