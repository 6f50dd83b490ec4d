/**
 * The limits of a token at the edge: what is over them is refused by name, nothing of it is taken, and what is within
 * them goes on.
 */
import { type ClientRequest, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import type { Credentials } from '../../src/access/credentials.ts';
import { everything, type Identity, type Limits, noLimits } from '../../src/access/identity.ts';
import { ask, openSocket, serverOfEachTest, until } from '../../support/fake-server.ts';
import type { WireClient } from '../../support/wire-client.ts';

const each = serverOfEachTest();
const streams: ClientRequest[] = [];
let elapsedMs = 0;
afterEach(() => {
  for (const stream of streams.splice(0)) stream.destroy();
});

/** A server on which `free` has no limits, and all others have these, each its own. */
async function start(limits: Partial<Limits>): Promise<number> {
  const identities = new Map<string, Identity>();
  const identify = (secret: string): Identity => {
    const given = secret === 'free' ? noLimits : { ...noLimits, ...limits };
    const known = identities.get(secret) ?? { ...everything, seal: `token:${secret}`, name: secret, limits: given };
    identities.set(secret, known);
    return known;
  };
  const neverEnds = { findEnded: () => null, hasEnded: () => false, onChange: () => () => undefined };
  const closed = { isRequired: true, hasTokens: true, ...neverEnds };
  const credentials: Credentials = { ...closed, identify };
  const port = await each.start({ credentials });
  elapsedMs = 0;
  each.server.fakes.elapsedMs = () => elapsedMs;
  return port;
}

const headersOf = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });

/** A body of so many events, of which the fake intake knows the number only. */
function post(port: number, token: string, events: number, bytes = 10) {
  each.server.fakes.acceptBatch = (body, _, admit) => {
    const refusal = admit?.(Number(body.toString())) ?? null;
    if (refusal !== null) throw refusal;
    each.server.messages.push(`${token} ${Number(body.toString())}`);
    return { ok: true, durable: Promise.resolve() };
  };
  return ask(port, 'POST', '/api/events', { headers: headersOf(token), body: String(events).padEnd(bytes) });
}

async function producer(port: number, token: string, acks = false): Promise<WireClient> {
  const client = await openSocket(port, '/api/events/in');
  client.send(authMessage(token, acks, acks));
  await client.next();
  client.forget();
  return client;
}

function openStream(port: number, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/api/events/out', headers: headersOf(token), agent: false };
    const sent = request(options, (response) => {
      response.resume();
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    streams.push(sent);
    sent.end();
  });
}

describe('events a second', () => {
  it('over HTTP: 429 with the time to wait, nothing taken, and taken after that time', async () => {
    const port = await start({ rate: 100 });
    expect((await post(port, 'a', 150)).status).toBe(204);
    const refused = await post(port, 'a', 150);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(JSON.parse(refused.text)).toEqual({ exception_message: expect.stringContaining('rate') });
    expect(each.server.messages).toEqual(['a 150']);
    expect(each.server.counters.limited).toBe(1);
    elapsedMs += 1_000;
    expect((await post(port, 'a', 150)).status).toBe(204);
    expect((await post(port, 'b', 150)).status).toBe(204);
    expect((await post(port, 'free', 1_000_000)).status).toBe(204);
  });

  it('a batch larger than the bucket is taken when that is full, and then all others wait for its debt', async () => {
    const port = await start({ rate: 10 });
    expect((await post(port, 'a', 500)).status).toBe(204);
    expect((await post(port, 'a', 1)).headers['retry-after']).toBe('49');
    elapsedMs += 48_000;
    expect((await post(port, 'a', 1)).status).toBe(429);
    elapsedMs += 100;
    expect((await post(port, 'a', 1)).status).toBe(204);
    elapsedMs += 2_000;
    expect((await post(port, 'a', 500)).status).toBe(204);
  });

  it('bytes count by themselves, those of a bad body too', async () => {
    const port = await start({ rateBytes: 1_000 });
    expect((await post(port, 'a', 1, 1_500)).status).toBe(204);
    expect((await post(port, 'a', 1, 1_500)).status).toBe(429);
    elapsedMs += 1_000;
    expect((await post(port, 'a', 1, 1_500)).status).toBe(204);
    each.server.fakes.acceptBatch = () => ({ ok: false, issues: [], requestBodyJson: 'null' });
    await ask(port, 'POST', '/api/events', { headers: headersOf('b'), body: 'x'.repeat(1_500) });
    expect((await post(port, 'b', 1, 1_500)).status).toBe(429);
  });

  it('on a socket: all is taken up to what it may owe, then it is closed by name, and nothing taken is unvouched', async () => {
    const port = await start({ rate: 100 });
    const client = await producer(port, 'a', true);
    for (let count = 0; count < 1_300; count += 1) client.send('event');
    const { code, reason } = await client.closed;
    expect(code).toBe(1013);
    expect(reason).toContain('rate');
    expect(each.server.messages).toHaveLength(1_200);
    expect(client.messages.some((message) => message.includes('"failure":"overRate"'))).toBe(true);
    expect(each.server.settled.at(-1)).toBe(1_200);
  });

  it('a socket of who owes is answered when that is paid, and not before', async () => {
    const port = await start({ rate: 10_000 });
    expect((await post(port, 'a', 23_000)).status).toBe(204);
    const client = await openSocket(port, '/api/events/in');
    client.send(authMessage('a'));
    const other = await producer(port, 'b');
    other.send('event');
    await until(() => each.server.messages.length === 2, 'the event of the other');
    expect(client.messages).toEqual([]);
    elapsedMs += 300;
    expect(await client.next()).toBe('{"type":"auth_success"}');
    client.send('late event');
    await until(() => each.server.messages.includes('late event'), 'its event');
  });

  it('acks wait while the producer owes', async () => {
    const port = await start({ rate: 100 });
    const client = await producer(port, 'a', true);
    for (let count = 0; count < 210; count += 1) client.send('event');
    await until(() => each.server.messages.length === 210, 'all of them');
    const begun = performance.now();
    await until(() => client.messages.at(-1) === '{"type":"ack","message":210}', 'the ack');
    expect(performance.now() - begun).toBeGreaterThan(50);
  });
});

describe('connections at once', () => {
  it('are counted over sockets and streams, and a place that was left is free', async () => {
    const port = await start({ connections: 2 });
    const first = await producer(port, 'a');
    expect(await openStream(port, 'a')).toBe(200);
    const third = await openSocket(port, '/api/events/out');
    third.send(authMessage('a'));
    expect(await third.closed).toEqual({ code: 1013, reason: expect.stringContaining('2 connections') });
    expect(await openStream(port, 'a')).toBe(429);
    expect(await openStream(port, 'b')).toBe(200);
    expect(each.server.counters.limited).toBe(2);
    first.drop();
    await until(() => each.server.counters.producers === 0, 'the first is gone');
    await producer(port, 'a');
    for (let count = 0; count < 5; count += 1) await producer(port, 'free');
  });

  it('a stream whose feed was refused holds no place', async () => {
    const port = await start({ connections: 1 });
    each.server.fakes.openFeed = () => {
      throw new Error('no feed');
    };
    expect(await openStream(port, 'a')).toBe(500);
    each.server.fakes.openFeed = null;
    expect(await openStream(port, 'a')).toBe(200);
  });
});

describe('questions at once', () => {
  it('over the limit are 429 by name, until one is answered, however it ends', async () => {
    const port = await start({ queries: 1 });
    const ends: ((error?: Error) => void)[] = [];
    each.server.fakes.queries.readFirstPage = () =>
      new Promise((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve({ events: [], total: 0, token: null })));
      });
    const question = (token: string) =>
      ask(port, 'POST', '/api/events/filter', { headers: headersOf(token), body: '{}' });
    for (const error of [new Error('broken'), undefined]) {
      const first = question('a');
      await until(() => ends.length === 1, 'the first is under way');
      const second = await question('a');
      expect([second.status, second.headers['retry-after']]).toEqual([429, '1']);
      ends.shift()?.(error);
      expect((await first).status).toBe(error ? 500 : 200);
    }
    const others = [question('b'), question('free'), question('free')];
    await until(() => ends.length === 3, 'those of others');
    for (const end of ends) end();
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
