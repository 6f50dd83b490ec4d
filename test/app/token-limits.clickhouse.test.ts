/**
 * Limits of a token on a real Sluice: bytes of a second, sockets and streams at once, questions at once. Nothing of
 * what was taken is lost, and whoever leaves makes room.
 */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { eventLike, untilFound } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { openRaw } from '../../support/raw-socket.ts';
import { connect, type WireClient } from '../../support/wire-client.ts';
import { ask, credentials, headersOf, make, open, owner, sluice, window } from './access-world.ts';

const eventBytes = 200_000;

async function limited(name: string, ...limits: string[]): Promise<void> {
  credentials.set(name, await make(name, '--read', '--write', ...limits));
  await until('it holds', async () => (await ask('GET', '/version', name)).status === 200 || undefined);
}

/** What cannot be packed, so that answers are as long as they look. */
const large = (event: string) => eventLike({ event, payload: { text: randomBytes(eventBytes / 2).toString('hex') } });

async function metric(name: string): Promise<number> {
  const { text } = await ask('GET', '/metrics', 'the auth string');
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`sluice_${name} `))
      ?.split(' ')[1] ?? 0,
  );
}

it('--rate-bytes: a body beyond it waits its turn as 429, and nothing of it is stored', async () => {
  await limited('bytes', '--rate-bytes', '100000');
  // Twice what the bucket holds, and taken, for the bucket is full.
  expect((await ask('POST', '/events', 'bytes', [large('bytes.post'), large('bytes.post')])).status).toBe(204);
  const refused = await ask('POST', '/events', 'bytes', [eventLike({ event: 'bytes.post' })]);
  const seconds = Number(refused.headers['retry-after']);
  expect([refused.status, seconds > 1 && seconds <= 4]).toEqual([429, true]);
  expect(await metric('token_refused_total{token="bytes",limit="rate"}')).toBe(1);
  await until('it is paid', async () => {
    const { status } = await ask('POST', '/events', 'bytes', [eventLike({ event: 'bytes.paid' })]);
    return status === 204 || undefined;
  });
  await untilFound(owner, { occurred: window, event: { name: ['bytes.post'] } }, 2, 1);
  await untilFound(owner, { occurred: window, event: { name: ['bytes.paid'] } }, 1, 1);
});

it('--rate-bytes on /in: who owes too much is closed by name, what it sent is stored, and it is let in when it has paid', async () => {
  await limited('flood', '--rate-bytes', '4000000');
  const producer = async (): Promise<WireClient> => {
    const socket = await connect(open, '/api/events/in', {});
    socket.send(authMessage(credentials.get('flood')));
    return socket;
  };
  const first = await producer();
  await first.next();
  const text = (): string => JSON.stringify(large('bytes.in'));
  for (let sent = 0; sent < 120 && first.isOpen; sent += 1) first.send(text());
  expect(await first.ending()).toMatch(/^1013 The token's rate is used up/);
  const endedMs = performance.now();
  // Two seconds of the rate, and what may be owed.
  const taken = Math.ceil((2 * 4_000_000 + 8 * 1024 * 1024) / eventBytes);
  const stored = await until('what was taken can be queried', async () => {
    const { text: answer } = await ask('POST', '/events/filter', 'the auth string', {
      filter: { occurred: window, event: { name: ['bytes.in'] } },
      limit: 1,
    });
    const { total } = JSON.parse(answer) as { total: number };
    return total >= taken - 2 ? total : undefined;
  });
  expect(stored).toBeLessThanOrEqual(taken + 2);
  const second = await producer();
  expect(await second.next()).toBe('{"type":"auth_success"}');
  expect(performance.now() - endedMs).toBeGreaterThan(500);
  second.send(JSON.stringify(eventLike({ event: 'bytes.later' })));
  await second.ping();
  void second.close();
  await untilFound(owner, { occurred: window, event: { name: ['bytes.later'] } }, 1, 1);
}, 150_000);

it('--connections: counts sockets and streams together, and one that goes, however, makes room', async () => {
  await limited('two', '--connections', '2');
  const enter = async (path: string): Promise<WireClient | string> => {
    const socket = await connect(open, path, {});
    socket.send(authMessage(credentials.get('two')));
    const said = await Promise.race([socket.next().catch(() => null), socket.closed]);
    return said === '{"type":"auth_success"}' ? socket : socket.ending();
  };
  const stream = async () => {
    const leave = new AbortController();
    const headers = headersOf('two');
    const { status } = await fetch(`${sluice.url}/api/events/out`, { headers, signal: leave.signal });
    return { status, leave };
  };
  const over = '1013 The token has its 2 connections already.';
  const first = (await enter('/api/events/in')) as WireClient;
  const second = await stream();
  expect(second.status).toBe(200);
  expect([await enter('/api/events/out'), await enter('/api/events/in')]).toEqual([over, over]);
  const refused = await stream();
  refused.leave.abort();
  expect(refused.status).toBe(429);
  expect(await metric('token_connections{token="two"}')).toBe(2);
  first.drop();
  second.leave.abort();
  await until('both have gone', async () => (await metric('token_connections{token="two"}')) === 0 || undefined);
  const again = await Promise.all([enter('/api/events/out'), enter('/api/events/in')]);
  for (const each of again) expect(typeof each).toBe('object');
  for (const each of again) if (typeof each === 'object') void each.close();
});

it('--queries: an export that nobody reads is one under way; when its reader goes, the next may ask', async () => {
  await limited('asks', '--queries', '1');
  for (let sent = 0; sent < 8; sent += 1) {
    const events = Array.from({ length: 20 }, () => large('asks.export'));
    expect((await ask('POST', '/events', 'the auth string', events)).status).toBe(204);
  }
  await untilFound(owner, { occurred: window, event: { name: ['asks.export'] } }, 160, 1);
  const body = JSON.stringify({ filter: { event: { name: ['asks.export'] } } });
  const bearer = headersOf('asks')['authorization'];
  const raw = await openRaw(
    open,
    `POST /api/events/export HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearer}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  raw.socket.pause();
  const page = () => ask('POST', '/events/filter', 'asks', { limit: 1 });
  const refused = await until('the export is under way', async () => {
    const answer = await page();
    return answer.status === 429 ? answer : undefined;
  });
  expect([refused.headers['retry-after'], refused.text]).toEqual([
    '1',
    expect.stringContaining('1 questions under way'),
  ]);
  expect((await ask('POST', '/events/count-by/event', 'asks', { filter: {} })).status).toBe(429);
  // It is the token's limit, and nobody else's.
  expect((await ask('POST', '/events/filter', 'a token that may read', { limit: 1 })).status).toBe(200);
  raw.socket.destroy();
  await until('the next may ask', async () => (await page()).status === 200 || undefined);
}, 150_000);
