/**
 * Clients that send too much, too slowly, or never read, on the running process: each gets its documented status or
 * close code in time, and a producer and a subscriber beside them lose nothing (I4, I5).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authMessage, filterMessage } from '../../schemas/wire.ts';
import { type Bystanders, edgeOf, startBystanders } from '../../support/bystanders.ts';
import { eventLike, publish } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { until, within } from '../../support/poll.ts';
import { openRaw, postHead, textFrame, upgradeHead } from '../../support/raw-socket.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connectSigned, dial } from '../../support/wire-client.ts';

const bodyMs = 4_000;
const authenticateMs = 1_500;
const sizes = {
  SLUICE_BODY_BYTES_MAX: String(2 ** 20),
  SLUICE_BODIES_BYTES_MAX: String(2 ** 21),
};
const env = {
  ...sizes,
  SLUICE_BODY_MS: String(bodyMs),
  SLUICE_PING_MS: '500',
  SLUICE_STALL_MS: '2000',
  SLUICE_AUTHENTICATE_MS: String(authenticateMs),
};
const twentyMegabytes = 20_000_000;

describe('bad load', () => {
  let sluice: TestSluice;
  let bystanders: Bystanders;
  const target = { baseUrl: () => sluice.url, strict: true };
  const counted = async (name: string): Promise<number> => (await edgeOf(target)).edge[name] ?? Number.NaN;
  /** A client may hear of its close before the server has counted it. */
  const untilCounted = async (name: string, count: number): Promise<void> => {
    await until(`${count} ${name}`, async () => ((await counted(name)) >= count ? true : undefined));
    expect(await counted(name)).toBe(count);
  };

  beforeAll(async () => {
    sluice = await startSluice({ env });
    bystanders = await startBystanders(target);
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('of a 20 MB body is 413 before it is read: at its head, or, without a length, at its limit', async () => {
    const announced = await openRaw(target, postHead('/api/events', twentyMegabytes));
    expect(await announced.untilClosed()).toMatch(/^HTTP\/1\.1 413 .*"The body is larger than 1048576 bytes\."/s);
    const chunked = await openRaw(target, postHead('/api/events', null));
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    let written = 0;
    await until('it is refused', () => {
      if (chunked.received() !== '') return true;
      chunked.socket.write(chunk);
      written += chunk.length;
      return undefined;
    });
    expect(await chunked.untilClosed()).toMatch(/^HTTP\/1\.1 413 /);
    expect(written).toBeLessThan(twentyMegabytes / 4);
    // Only its head: who still writes while the server closes may be reset before it has read the answer.
    const query = await openRaw(target, postHead('/api/events/filter', 2 ** 20 + 1));
    expect(await query.untilClosed()).toMatch(/^HTTP\/1\.1 413 /);
  });

  it(
    'of a body that trickles is 408 in time; a head that trickles, and a connection that says nothing, ' +
      'are dropped',
    async () => {
      const body = await openRaw(target, postHead('/api/events', 1_000));
      const head = await openRaw(target, 'POST /api/events HTTP/1.1\r\n');
      const silent = await openRaw(target, '');
      const drip = setInterval(() => {
        if (body.received() === '') body.socket.write('[');
        head.socket.write('X: y\r\n');
      }, 100);
      expect(await body.untilClosed()).toMatch(/^HTTP\/1\.1 408 .*"The body did not arrive within 4000 ms\."/s);
      await Promise.all([head.untilClosed(), silent.untilClosed()]).finally(() => clearInterval(drip));
    },
  );

  it('of half-open sockets ends at the second ping that nobody answers', async () => {
    const silentBefore = await counted('silent');
    const sockets = await Promise.all(
      ['/api/events/in', '/api/events/out'].map(async (path) => {
        const raw = await openRaw(target, upgradeHead(path));
        await until('it is upgraded', () => raw.received().includes(' 101 ') || undefined);
        raw.socket.write(textFrame(authMessage()));
        if (path.endsWith('out')) raw.socket.write(textFrame(filterMessage({ event: { name: ['none'] } })));
        return raw;
      }),
    );
    for (const raw of sockets) expect(await raw.untilClosed()).toContain('No answer to pings');
    await untilCounted('silent', silentBefore + 2);
  });

  it('of a subscriber that never reads ends in its close, counted, with bounded memory', async () => {
    const stalledBefore = await counted('stalled');
    const raw = await openRaw(target, upgradeHead('/api/events/out'));
    await until('it is upgraded', () => raw.received().includes(' 101 ') || undefined);
    raw.socket.write(textFrame(authMessage()));
    raw.socket.write(textFrame(filterMessage({ event: { name: ['flood'] } }, { backfill: false })));
    await until('it is live', async () => ((await edgeOf(target)).liveSubscribers === 2 ? true : undefined));
    raw.socket.pause();
    const batch = () =>
      Array.from({ length: 50 }, () => eventLike({ event: 'flood', payload: { pad: 'x'.repeat(10_000) } }));
    for (let sent = 0; sent < 60; sent += 1) await publish(target, batch());
    expect((await edgeOf(target)).books['lagged']).toBeGreaterThan(0);
    await until('it is closed', async () => ((await counted('stalled')) === stalledBefore + 1 ? true : undefined));
    await until('it is gone', async () => ((await counted('subscribers')) === 1 ? true : undefined));
    raw.socket.destroy();
  });

  // Of those that wait each ends by one of the two: none is let in and broken off without a word.
  it('of 1,000 sockets that never authenticate is 1008 for who got a place, 503 for who waited too long', async () => {
    const [lateBefore, refusedBefore] = [await counted('late'), await counted('handshakesRefused')];
    const before = performance.now();
    const ended = Array.from({ length: 1_000 }, async (_, at) => {
      const path = `/api/events/${at % 2 === 0 ? 'in' : 'out'}`;
      const handshake = await dial(target, path, { handshakeMs: 100_000 });
      if (!handshake.accepted) return `${handshake.status}, retry-after ${handshake.retryAfter}`;
      return String((await handshake.socket.closed).code);
    });
    const ends = await within('all have ended', 100_000, Promise.all(ended));
    console.log(`1,000 sockets opened and closed in ${Math.round(performance.now() - before)} ms`);
    const late = ends.filter((how) => how === '1008').length;
    const refused = ends.filter((how) => how === '503, retry-after 2').length;
    expect(late + refused).toBe(1_000);
    expect(late).toBeGreaterThan(0);
    await untilCounted('late', lateBefore + late);
    await untilCounted('handshakesRefused', refusedBefore + refused);
    (await connectSigned(target, '/api/events/in')).drop();
  }, 150_000);

  it('harms nobody: the producer and the subscriber beside it lost nothing and saw no error', async () => {
    const { sent, slowestMs } = await bystanders.finish();
    console.log(`bystanders of bad load: ${sent} events, slowest answer ${Math.round(slowestMs)} ms`);
    expect(sent).toBeGreaterThan(10);
  });
});

// With the time for a body that there is by default: on a machine that stands still bodies that are held are not given
// up before they are judged.
describe('bodies that are too much together', () => {
  let sluice: TestSluice;
  let bystanders: Bystanders;
  const target = { baseUrl: () => sluice.url, strict: true };

  beforeAll(async () => {
    sluice = await startSluice({ env: sizes });
    bystanders = await startBystanders(target);
  });
  afterAll(async () => {
    await sluice?.stop();
    removeData(sluice);
  });

  it('are 503 for the one too many, and nothing for the others', async () => {
    const event = JSON.stringify([eventLike({ event: 'held', payload: { pad: 'x'.repeat(700_000) } })]);
    const waiting = await Promise.all(
      [0, 1, 2].map(() => openRaw(target, postHead('/api/events', event.length) + event.slice(0, -1))),
    );
    // Only then is all there: a body that came among them could push out two of them, and the next one would find room.
    await until('one is too many', () => waiting.some((each) => each.received().includes(' 503 ')) || undefined);
    const refusal = await post(target, '/api/events', event);
    expect(refusal.status).toBe(503);
    expect([refusal.headers['retry-after'], refusal.text]).toEqual([
      '1',
      '{"exception_message":"Too many request bodies are under way. Try again."}',
    ]);
    const held = waiting.filter((each) => each.received() === '');
    expect(held.length).toBeGreaterThanOrEqual(2);
    for (const each of held) each.socket.write(event.slice(-1));
    await until('those held are taken', () => held.every((each) => each.received().includes(' 204 ')) || undefined);
    await until(
      'the next one is taken',
      async () => (await post(target, '/api/events', event)).status === 204 || undefined,
    );
    for (const each of waiting) each.socket.destroy();
  });

  it('harm nobody: the producer and the subscriber beside them lost nothing and saw no error', async () => {
    expect((await bystanders.finish()).sent).toBeGreaterThan(1);
  });
});
