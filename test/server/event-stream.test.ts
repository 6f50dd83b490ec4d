/** GET events/out before a fake feed: what it asks the feed for, what goes over the wire, and how it ends. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import {
  ask,
  type FakeOptions,
  type FakeServer,
  type OpenedFeed,
  startFakeServer,
  until,
} from '../../support/fake-server.ts';

let server: FakeServer;
const requests: ClientRequest[] = [];

afterEach(async () => {
  for (const sent of requests.splice(0)) sent.destroy();
  await server.running.close();
});

async function start(options: FakeOptions = {}): Promise<number> {
  server = await startFakeServer(options);
  return server.running.port;
}

interface Stream {
  readonly response: IncomingMessage;
  readonly feed: OpenedFeed;
  readonly text: () => string;
  readonly isEnded: () => boolean;
}

async function openStream(port: number, search = '', headers: Record<string, string> = {}): Promise<Stream> {
  let text = '';
  let isEnded = false;
  const feeds = server.feeds.length;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path: `/api/events/out${search}`, headers, agent: false }, resolve);
    requests.push(sent);
    sent.on('error', reject);
    sent.end();
  });
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    isEnded = true;
  });
  const feed = server.feeds[feeds];
  if (feed === undefined) throw new Error(`no feed was opened: ${response.statusCode}`);
  return { response, feed, text: () => text, isEnded: () => isEnded };
}

const search = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`;

describe('an event stream', () => {
  it('is open-ended with history by default, as from 15 minutes ago at most', async () => {
    const port = await start();
    const { response, feed } = await openStream(port, '', { origin: 'http://elsewhere' });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    });
    expect(feed.request).toMatchObject({ backfill: true, form: 'stream', resume: null });
    expect(feed.request.filter.occurred).toEqual({ since: '2026-11-22T11:45:00Z', until: null });
  });

  it('takes filter, backfill and the last id from the URL, and a newer id from the header', async () => {
    const port = await start();
    const filter = JSON.stringify({ event: { name: ['a&b'] } });
    const asked = { filter, backfill: 'false', 'last-event-id': '12@old' };
    const { feed } = await openStream(port, search(asked));
    expect(feed.request).toMatchObject({ backfill: false, resume: { token: 'old', position: '12' } });
    expect(feed.request.filter.event.name).toEqual(['a&b']);
    const { feed: again } = await openStream(port, search(asked), { 'last-event-id': '2026-11-22T00:00:00Z/x@new' });
    expect(again.request.resume).toEqual({ token: 'new', position: '2026-11-22T00:00:00Z/x' });
  });

  it('gets what is sent, in order and whole', async () => {
    const port = await start();
    const { feed, text } = await openStream(port);
    for (let at = 0; at < 100; at += 1) feed.socket.send(`data: ${at}\n\n`);
    const wanted = Array.from({ length: 100 }, (_, at) => `data: ${at}\n\n`).join('');
    // A comment comes first, and whenever the stream's turn to be pinged is.
    await until(() => text().replaceAll(/^:\n\n/gm, '') === wanted, 'all of it');
  });

  it('tells a feed that waited for room when all was written, also to a peer that reads at once', async () => {
    const port = await start();
    const { feed } = await openStream(port);
    feed.socket.send(`data: ${'x'.repeat(10_000)}\n\n`);
    expect(feed.socket.bufferedBytes()).toBeGreaterThan(10_000);
    await until(() => feed.drained > 0, 'told');
    expect(feed.socket.bufferedBytes()).toBe(0);
  });

  it(
    'says how much waits for a peer that does not read, tells the feed when it reads again, and ' + 'loses nothing',
    async () => {
      const port = await start();
      const { response, feed, text } = await openStream(port);
      response.pause();
      const block = `data: ${'x'.repeat(200_000)}\n\n`;
      let sent = 0;
      while (feed.socket.bufferedBytes() < 3_000_000) {
        feed.socket.send(block);
        sent += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const { drained } = feed;
      response.resume();
      await until(() => feed.socket.bufferedBytes() === 0, 'all is taken');
      expect(feed.drained).toBeGreaterThan(drained);
      feed.socket.send('data: last\n\n');
      // A heartbeat may come behind it.
      const said = (): string => text().replaceAll(':\n\n', '');
      await until(() => said().endsWith('data: last\n\n'), 'the last');
      expect(said().length).toBe(sent * block.length + 'data: last\n\n'.length);
    },
  );

  it('is kept alive by comments, and stops its feed when the peer goes', async () => {
    const port = await start({ pingMs: 50 });
    const { response, feed, text } = await openStream(port);
    await until(() => text().length > 9, 'some heartbeats');
    expect(text().replaceAll(':\n\n', '')).toBe('');
    expect(server.counters.subscribers).toBe(1);
    response.destroy();
    await until(() => feed.isStopped, 'its feed is stopped');
    expect(server.counters.subscribers).toBe(0);
  });

  it('is cut off when its peer takes nothing for too long', async () => {
    const port = await start({ pingMs: 25, stallMs: 100 });
    const { response, feed } = await openStream(port);
    response.pause();
    for (let at = 0; at < 100; at += 1) feed.socket.send(`data: ${'x'.repeat(200_000)}\n\n`);
    await until(() => feed.isStopped, 'cut off');
    expect(server.counters.stalled).toBe(1);
  });

  it('is told why it ends', async () => {
    const port = await start();
    const { feed, text, isEnded } = await openStream(port);
    feed.listener.failed(new Failure('pastRetention', 'It has expired.'));
    await until(isEnded, 'its end');
    expect(text()).toBe(':\n\nevent: close\ndata: {"code":1008,"reason":"It has expired."}\n\n');
    await until(() => server.counters.subscribers === 0, 'it is gone');
    const { feed: other, text: otherText, isEnded: otherEnded } = await openStream(port);
    server.running.closeSockets(1012, 'Sluice is restarting');
    await until(otherEnded, 'its end');
    expect(otherText()).toMatch(/^event: close\nretry: 500\ndata: \{"code":1012,/m);
    await until(() => server.counters.subscribers === 0, 'the other is gone');
    expect([feed.isStopped, other.isStopped]).toEqual([true, true]);
  });

  it.each([
    [search({ filter: '{' }), 422, /json_invalid/],
    [search({ filter: '{"event":{"name":7}}' }), 422, /"loc":\["query","filter","event","name"/],
    [search({ 'last-event-id': 'nonsense' }), 422, /Invalid last event id/],
  ])('is refused for %s', async (path, status, text) => {
    const port = await start();
    const answer = await ask(port, 'GET', `/events/out${path}`);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(text)]);
    expect(server.feeds).toEqual([]);
  });

  it(
    'is refused where the feed refuses its token, where credentials miss, and where all places ' + 'are taken',
    async () => {
      const port = await start({ authString: 'me:secret', socketsMax: 1 });
      expect((await ask(port, 'GET', '/api/events/out')).status).toBe(401);
      const headers = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` };
      server.fakes.openFeed = () => {
        throw new Failure('forbidden', 'Invalid resume token');
      };
      const refused = await ask(port, 'GET', '/api/events/out', { headers: { ...headers, 'last-event-id': '1@x' } });
      expect(refused.status).toBe(403);
      server.fakes.openFeed = null;
      expect((await openStream(port, '', headers)).response.statusCode).toBe(200);
      expect((await ask(port, 'GET', '/api/events/out', { headers })).status).toBe(503);
      expect(server.counters.subscribers).toBe(1);
    },
  );
});
