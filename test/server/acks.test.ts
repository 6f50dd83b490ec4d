/**
 * What a socket hears that asked for acks, heartbeats, or why it is closed; who did not ask hears what it always did.
 */
import { describe, expect, it } from 'vitest';
import { authMessage, filterMessage } from '../../schemas/wire.ts';
import { Failure } from '../../src/base/errors.ts';
import { Acknowledger } from '../../src/server/acknowledger.ts';
import { openAuthenticated, openSocket, serverOfEachTest, until } from '../../support/fake-server.ts';

const each = serverOfEachTest();
const { start } = each;

describe('a producer that asked for acks', () => {
  const connect = (port: number) => openAuthenticated(port, '/api/events/in', true, true);

  it('is told so in the answer to its auth message, with the time between heartbeats', async () => {
    const port = await start({ pingMs: 4_000 });
    const client = await openSocket(port, '/api/events/in');
    client.send(authMessage(null, true, true));
    expect(await client.next()).toBe('{"type":"auth_success","acks":true,"heartbeat_ms":4000}');
    const other = await openSocket(port, '/api/events/in');
    other.send(authMessage(null, true));
    expect(await other.next()).toBe('{"type":"auth_success"}');
  });

  it('hears of its messages when they are durable and not before, and of a reject before the ack that covers it', async () => {
    const port = await start();
    const client = await connect(port);
    let durable = (): void => undefined;
    each.server.fakes.whenDurable = () =>
      new Promise((resolve) => {
        durable = resolve;
      });
    each.server.fakes.acceptMessage = (text) =>
      text === 'bad'
        ? { kind: 'refused', failure: 'badEvent', reason: 'bad' }
        : { kind: 'accepted', ticket: each.server.messages.length };
    for (const message of ['one', 'bad', 'three']) client.send(message);
    await until(() => each.server.messages.length === 3, 'three messages');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const reject = '{"type":"reject","message":2,"failure":"badEvent","reason":"bad"}';
    expect(client.messages).toEqual([reject]);
    await until(() => {
      durable();
      return client.messages.at(-1) === '{"type":"ack","message":3}';
    }, 'the ack');
    expect(client.messages[0]).toBe(reject);
  });

  it('hears no ack of what was lost, or not taken, and hears why it is closed', async () => {
    const port = await start();
    const client = await connect(port);
    each.server.fakes.whenDurable = () => Promise.reject(new Failure('journalFailed', 'lost'));
    client.send('one');
    await until(() => each.server.messages.length === 1, 'the message');
    each.server.fakes.lost$.next({
      above: 0,
      parkedAbove: 0,
      failure: new Failure('journalFailed', 'The disk is gone.'),
    });
    expect(await client.ending()).toBe('1011 The disk is gone.');
    expect(client.messages).toEqual([
      '{"type":"error","failure":"journalFailed","reason":"The disk is gone.","retry_after_ms":30000}',
    ]);
    const other = await connect(port);
    each.server.fakes.whenDurable = async () => undefined;
    each.server.fakes.acceptMessage = (text) => {
      if (text === 'two') throw new Failure('journalFull', 'no room');
      return { kind: 'accepted', ticket: 1 };
    };
    for (const message of ['one', 'two', 'three']) other.send(message);
    await other.ending();
    expect(other.messages.filter((message) => message.includes('"ack"')).every((ack) => ack.endsWith(':1}'))).toBe(
      true,
    );
    expect(other.messages.at(-1)).toBe(
      '{"type":"error","failure":"journalFull","reason":"no room","retry_after_ms":5000}',
    );
  });

  it('hears of all that it sent when the server stops, and when to come back', async () => {
    const port = await start();
    const client = await connect(port);
    each.server.fakes.whenDurable = () => new Promise(() => undefined);
    client.send('one');
    await until(() => each.server.messages.length === 1, 'the message');
    each.server.running.closeSockets(1012, 'Sluice is restarting');
    expect(await client.ending()).toBe('1012 Sluice is restarting');
    expect(client.messages).toEqual([
      '{"type":"ack","message":1}',
      '{"type":"error","failure":"shuttingDown","reason":"Sluice is restarting","retry_after_ms":500}',
    ]);
  });
});

describe('a subscriber that asked', () => {
  it('for acks or positions hears the whole reason before its close, any other the close alone', async () => {
    const port = await start();
    const reason = 'Invalid resume: it wants token and position';
    const asked = await openAuthenticated(port, '/api/events/out', false, true);
    asked.send(filterMessage({}, { resume: {} as never }));
    expect(await asked.ending()).toBe(`1002 ${reason}`);
    expect(asked.messages).toEqual([`{"type":"error","failure":"badFilter","reason":"${reason}"}`]);
    const gone = new Failure('storeUnavailable', 'ClickHouse does not answer.');
    for (const positions of [true, false]) {
      const client = await openAuthenticated(port, '/api/events/out');
      const before = each.server.feeds.length;
      client.send(filterMessage({}, { positions }));
      await until(() => each.server.feeds.length > before, 'the feed');
      each.server.feeds[before]?.listener.failed(gone);
      expect(await client.ending()).toBe('1013 ClickHouse does not answer.');
      expect(client.messages).toEqual(
        positions
          ? [
              '{"type":"error","failure":"storeUnavailable","reason":"ClickHouse does not answer.","retry_after_ms":2000}',
            ]
          : [],
      );
    }
  });

  it('for heartbeats gets one in each sweep in which nothing else came, and others none', async () => {
    const port = await start({ pingMs: 50 });
    const client = await openAuthenticated(port, '/api/events/out');
    client.send(filterMessage({}, { positions: true, heartbeats: true }));
    const plain = await openAuthenticated(port, '/api/events/out');
    plain.send(filterMessage({}, { heartbeats: true }));
    await until(() => each.server.feeds.length === 2, 'both feeds');
    const [feed, other] =
      each.server.feeds[0]?.request.form === 'plain' ? each.server.feeds.toReversed() : each.server.feeds;
    await until(() => (feed?.beats ?? 0) > 3, 'heartbeats');
    expect(other?.beats).toBe(0);
  });
});

describe('an acknowledger', () => {
  it('tells rising numbers, each once, the last one of all', async () => {
    let messages = 0;
    const told: number[] = [];
    const acks = new Acknowledger(
      () => messages,
      () => Promise.resolve(),
      (message) => told.push(message),
    );
    for (let turn = 0; turn < 20; turn += 1) {
      for (let at = 0; at < turn % 4; at += 1) {
        messages += 1;
        acks.took();
      }
      if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => told.at(-1) === messages, 'the last');
    expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b));
    expect(told.length).toBeLessThan(20);
  });
});
