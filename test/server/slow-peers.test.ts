/**
 * A peer that sends the beginning of a message at once and then a byte now and then is let go after the time that its
 * message has, and told why; who sends what he has to say is served meanwhile.
 */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { descriptorFacts } from '../../src/app/descriptors.ts';
import { ask, openAuthenticated, serverOfEachTest, until } from '../../support/fake-server.ts';
import { openRaw, postHead, type RawSocket, textFrame, upgradeHead } from '../../support/raw-socket.ts';
import { targetAt } from '../../support/target.ts';

const each = serverOfEachTest();
const boundMs = 400;
const gapMs = 25;
const quick = { authenticateMs: boundMs, filterMs: boundMs, bodyMs: boundMs, pingMs: boundMs };
/** Longer than anybody waits at this pace. */
const long = 'x'.repeat(100_000);

/** What comes until the server closes, while bytes trickle. */
async function trickle({ socket, untilClosed }: RawSocket, bytes: Buffer, from: number): Promise<string> {
  const timer = sendSlowly(socket, bytes, from);
  const received = await untilClosed();
  clearInterval(timer);
  return received;
}

function sendSlowly(socket: Socket, bytes: Buffer, from: number): NodeJS.Timeout {
  let at = from;
  return setInterval(() => {
    if (socket.writable) socket.write(bytes.subarray(at, at + 1));
    at += 1;
  }, gapMs);
}

/** A socket of which so much was sent at once. */
async function begin(port: number, path: string, ...frames: Buffer[]): Promise<RawSocket> {
  const raw = await openRaw(targetAt(port), upgradeHead(path));
  await until(() => raw.received().includes('\r\n\r\n'), 'the handshake');
  for (const frame of frames) raw.socket.write(frame);
  return raw;
}

/** The code and the reason of the close frame, which comes last. */
function farewellIn(received: string): string {
  const frame = Buffer.from(received.slice(received.lastIndexOf('\x88')), 'latin1');
  return `${frame.readUInt16BE(2)} ${frame.toString('utf8', 4)}`;
}

describe.runIf(process.platform === 'linux')('a peer that stays behind our close frame', () => {
  it.each([
    ['has nothing to read', 0],
    ['reads nothing of much', 4 * 1024 * 1024],
  ])('and %s keeps no descriptor of ours', async (_, bytes) => {
    const port = await each.start(quick);
    each.server.fakes.openFeed = ({ socket }) => socket.send('x'.repeat(bytes));
    const before = descriptorFacts().openFiles;
    const filter = textFrame(JSON.stringify({ type: 'filter', filter: {} }));
    const peers = await Promise.all(
      Array.from({ length: 10 }, () => begin(port, '/api/events/out', textFrame(authMessage()), filter)),
    );
    for (const { socket } of peers) socket.pause();
    await until(() => each.server.feeds.length === peers.length, 'their feeds');
    each.server.running.closeSockets(1012, 'Sluice is restarting');
    // Those that are left are the peers' own.
    await until(() => descriptorFacts().openFiles <= before + peers.length, 'the descriptors are free');
    expect(peers.every(({ socket }) => !socket.destroyed)).toBe(true);
    for (const { socket } of peers) socket.destroy();
  });
});

describe('a peer that sends the rest of a message byte by byte', () => {
  it('of its auth message, is late', async () => {
    const port = await each.start(quick);
    const auth = textFrame(authMessage(long.slice(0, 100)));
    for (const path of ['/api/events/in', '/api/events/out']) {
      const received = await trickle(await begin(port, path, auth.subarray(0, 20)), auth, 20);
      expect(farewellIn(received)).toBe(`1008 No 'auth' message within ${boundMs} ms`);
    }
    expect(each.server.counters.late).toBe(2);
  });

  it('of its filter, is late, and opens no feed', async () => {
    const port = await each.start({ ...quick, pingMs: 60_000 });
    const filter = textFrame(JSON.stringify({ type: 'filter', filter: { event: { name: [long] } } }));
    const raw = await begin(port, '/api/events/out', textFrame(authMessage()), filter.subarray(0, 50));
    expect(farewellIn(await trickle(raw, filter, 50))).toBe(`1008 No 'filter' message within ${boundMs} ms`);
    expect([each.server.counters.late, each.server.feeds]).toEqual([1, []]);
  });

  it('of an event, is silent, and its event is none; another producer is heard at once', async () => {
    const port = await each.start(quick);
    const event = textFrame(JSON.stringify({ event: long }));
    const raw = await begin(port, '/api/events/in', textFrame(authMessage()), event.subarray(0, 50));
    const ended = trickle(raw, event, 50);
    const other = await openAuthenticated(port, '/api/events/in');
    other.send('{"event":"quick"}');
    await until(() => each.server.messages.length === 1, 'the other event');
    expect(farewellIn(await ended)).toBe('1008 No answer to pings');
    expect([each.server.messages, each.server.counters.silent]).toEqual([['{"event":"quick"}'], 1]);
  });

  it('of a body, gets 408, and its events are none', async () => {
    const port = await each.start(quick);
    const batches: string[] = [];
    each.server.fakes.acceptBatch = (body) => {
      batches.push(body.toString());
      return { ok: true, durable: Promise.resolve() };
    };
    const body = Buffer.from(`[${long}]`);
    for (const length of [body.length, null]) {
      const first = length === null ? '20000\r\n[' : '[';
      const raw = await openRaw(targetAt(port), postHead('/api/events', length) + first);
      const ended = trickle(raw, body, 1);
      expect((await ask(port, 'GET', '/api/health')).status).toBe(200);
      expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
    }
    expect(batches).toEqual([]);
  });
});
