/**
 * The edge of a subscriber's socket, before a fake feed: filter messages as in docs/prefect-facts.md, "Messages of a
 * subscriber", and what becomes of the feed.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { authMessage } from '../../schemas/wire.ts';
import { Failure } from '../../src/base/errors.ts';
import { now, openAuthenticated, serverOfEachTest, until } from '../../support/fake-server.ts';

const each = serverOfEachTest();
const { start } = each;

const realImmediate = setImmediate;
afterEach(() => void vi.restoreAllMocks());

describe('a subscriber', () => {
  const filterMessage = (filter: unknown, more: object = {}): string =>
    JSON.stringify({ type: 'filter', filter, ...more });

  async function subscribe(port: number, message: string) {
    const client = await openAuthenticated(port, '/api/events/out');
    const before = each.server.feeds.length;
    client.send(message);
    await until(() => each.server.feeds.length === before + 1, 'the feed');
    return { client, feed: each.server.feeds[before]! };
  }

  it('whose filter message is wrong ends as Prefect ends it', async () => {
    const port = await start();
    for (const [message, end] of [
      [authMessage(), "1002 Expected 'filter' message"],
      ['{"type":5,"filter":{}}', "1002 Expected 'filter' message"],
      ['{"type":"filter"}', "1002 Invalid filter: 'filter'"],
      ['{"filter":{}}', '1006'],
      ['[]', '1006'],
      ['nope', '1006'],
      [Buffer.from(filterMessage({})), '1006'],
      [filterMessage({ order: 'x' }), "1002 Invalid filter: order: Input should be 'ASC' or 'DESC'"],
    ] as const) {
      const client = await openAuthenticated(port, '/api/events/out');
      client.send(message);
      expect([message, await client.ending()]).toEqual([message, end]);
    }
    for (const filter of [
      null,
      'x',
      { nope: 1 },
      { text: { query: 'é'.repeat(300) } },
      { id: { id: ['ü'.repeat(200)] } },
    ]) {
      const client = await openAuthenticated(port, '/api/events/out');
      client.send(filterMessage(filter));
      const end = await client.ending();
      expect(end).toMatch(/^1002 Invalid filter: [^\ufffd]+$/);
      expect(Buffer.byteLength(end) - 5).toBeLessThanOrEqual(123);
    }
    expect(each.server.feeds).toEqual([]);
  });

  it('gets its events in ascending order, from 15 minutes ago at most, open-ended unless it says until', async () => {
    const port = await start();
    const { feed } = await subscribe(
      port,
      filterMessage({ occurred: { since: '2020-01-01T00:00:00Z' }, order: 'DESC', event: { prefix: ['a'] } }),
    );
    expect(feed.request).toMatchObject({
      backfill: true,
      form: 'plain',
      resume: null,
      filter: { order: 'ASC', occurred: { since: '2026-11-22T11:45:00Z', until: null }, event: { prefix: ['a'] } },
    });
    const { feed: bounded } = await subscribe(
      port,
      filterMessage({ occurred: { since: '2026-11-22T11:45:00.5Z', until: '2026-11-23T00:00:00Z' } }),
    );
    expect(bounded.request.filter.occurred).toEqual({
      since: '2026-11-22T11:45:00.500000Z',
      until: '2026-11-23T00:00:00Z',
    });
    expect(now.toISOString()).toBe('2026-11-22T12:00:00.000Z');
  });

  it('takes backfill as Python takes truth', async () => {
    const port = await start();
    for (const [backfill, isWanted] of [
      [false, false],
      [null, false],
      [0, false],
      ['', false],
      [[], false],
      [{}, false],
      [true, true],
      ['no', true],
      [1, true],
      [[0], true],
      [{ a: 1 }, true],
    ]) {
      const { feed, client } = await subscribe(port, filterMessage({}, { backfill }));
      expect([backfill, feed.request.backfill]).toEqual([backfill, isWanted]);
      client.drop();
    }
  });

  it('gets what its feed sends and what is published to its topic, and its later messages are ignored', async () => {
    const port = await start();
    const { client, feed } = await subscribe(port, filterMessage({}));
    feed.socket.cork(() => {
      feed.socket.send('1');
      feed.socket.send('2');
    });
    feed.socket.subscribe('t1');
    each.server.topics.publish('t1', '3');
    each.server.topics.publish('t2', 'x');
    feed.socket.unsubscribe('t1');
    each.server.topics.publish('t1', 'x');
    client.send('whatever');
    client.send(filterMessage({}));
    client.sendPing();
    await until(() => client.pongs === 1, 'the pong');
    feed.listener.caughtUp();
    feed.listener.lagging();
    feed.socket.send('4');
    await until(() => client.messages.length === 4, 'four frames');
    expect(client.messages).toEqual(['1', '2', '3', '4']);
    expect(each.server.feeds.length).toBe(1);
  });

  describe('with a filter of many names', () => {
    const large = { event: { name: Array.from({ length: 30_000 }, (_, nth) => `name-${nth}`) } };

    it('gives others a turn before its feed is opened, and its messages between are ignored', async () => {
      const port = await start();
      const turns: string[] = [];
      each.server.fakes.openFeed = () => turns.push('feed');
      const client = await openAuthenticated(port, '/api/events/out');
      vi.spyOn(globalThis, 'setImmediate').mockImplementationOnce((open) => {
        turns.push('filter');
        return realImmediate(() => realImmediate(open));
      });
      client.send(filterMessage(large));
      client.send('whatever');
      client.send(filterMessage({}));
      await until(() => each.server.feeds.length === 1, 'the feed');
      expect(each.server.feeds[0]?.request.filter.event.name).toHaveLength(30_000);
      client.sendPing();
      await until(() => client.pongs === 1, 'the pong');
      expect(turns).toEqual(['filter', 'feed']);
    });

    it('that goes away in between opens no feed', async () => {
      const port = await start();
      const client = await openAuthenticated(port, '/api/events/out');
      let open: (() => void) | null = null;
      vi.spyOn(globalThis, 'setImmediate').mockImplementationOnce((call) => {
        open = call;
        return realImmediate(() => undefined);
      });
      client.send(filterMessage(large));
      await until(() => open !== null, 'the filter is read');
      client.drop();
      await until(() => each.server.counters.subscribers === 0, 'the socket is gone');
      open!();
      expect(each.server.feeds).toEqual([]);
    });
  });

  it('that goes away stops its feed, whose socket may still be used', async () => {
    const port = await start();
    const { client, feed } = await subscribe(port, filterMessage({}));
    feed.socket.subscribe('t1');
    client.drop();
    await until(() => feed.isStopped, 'the feed stops');
    feed.socket.send('late');
    feed.socket.cork(() => feed.socket.send('late'));
    feed.socket.unsubscribe('t1');
    feed.socket.subscribe('t1');
    each.server.topics.publish('t1', 'x');
    expect(feed.socket.bufferedBytes()).toBe(0);
    feed.listener.caughtUp();
  });

  it('is closed with the code of what its feed reports or throws', async () => {
    const port = await start();
    const { client, feed } = await subscribe(port, filterMessage({}));
    feed.listener.failed(new Failure('storeRefused', 'No.'));
    expect(await client.ending()).toBe('1013 No.');
    await until(() => feed.isStopped, 'the feed stops');
    each.server.fakes.openFeed = () => {
      throw new Failure('tooManySockets', 'Too many.');
    };
    const second = await openAuthenticated(port, '/api/events/out');
    second.send(filterMessage({}));
    expect(await second.ending()).toBe('1013 Too many.');
  });
});
