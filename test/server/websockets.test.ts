/**
 * The edge of WebSockets before fake parts: handshake, authentication, producers, and the stop (subscribers:
 * subscriber-socket.test.ts).
 */
import { describe, expect, it } from 'vitest';
import { authMessage, authSuccess } from '../../schemas/wire.ts';
import { Failure } from '../../src/base/errors.ts';
import { openAuthenticated, openSocket, serverOfEachTest, until } from '../../support/fake-server.ts';

const each = serverOfEachTest();
const { start } = each;

/** Sends messages one after the other and says how the connection ended, and what came before. */
async function talk(
  port: number,
  path: string,
  messages: (string | Buffer)[],
  protocols?: string[],
): Promise<string[]> {
  const client = await openSocket(port, path, protocols);
  for (const message of messages) client.send(message);
  return [...client.messages, await client.ending()];
}

const numberToken = '{"type":"auth","token":5}';

describe('the handshake', () => {
  it('takes the subprotocol prefect among others, and none where no auth string is set', async () => {
    const port = await start();
    expect((await openSocket(port, '/api/events/in', ['a', 'prefect'])).protocol).toBe('prefect');
    expect((await openSocket(port, '/events/out', [])).protocol).toBe('');
  });

  it('refuses with 403 what has no subprotocol where an auth string is set, and every unknown path', async () => {
    const port = await start({ authString: 'secret' });
    await expect(openSocket(port, '/api/events/in', [])).rejects.toThrow('403');
    for (const path of ['/api/events/zzz', '/api/events/in/', '/']) {
      await expect(openSocket(port, path)).rejects.toThrow('403');
    }
  });

  it('refuses with 503 when all places are taken, and takes the next one when one is free', async () => {
    const port = await start({ socketsMax: 2 });
    const first = await openSocket(port, '/api/events/in');
    await openSocket(port, '/api/events/out');
    await expect(openSocket(port, '/api/events/out')).rejects.toThrow('503');
    expect(each.server.counters.socketsRefused).toBe(1);
    void first.close();
    await until(() => each.server.counters.producers === 0, 'the producer is gone');
    await openSocket(port, '/api/events/out');
  });
});

describe('the authentication', () => {
  it('ends as Prefect ends it, on both routes', async () => {
    const port = await start({ authString: 'secret' });
    for (const path of ['/api/events/in', '/api/events/out']) {
      const cases: [string | Buffer, string[]][] = [
        ['{"type":"foo"}', ["1008 Expected 'auth' message"]],
        ['{}', ["1008 Expected 'auth' message"]],
        [authMessage(), ['1008 Auth required but no token provided']],
        [authMessage(''), ['1008 Auth required but no token provided']],
        ['{"type":"auth"}', ['1008 Auth required but no token provided']],
        [authMessage('wrong'), ['1008 Invalid token']],
        [numberToken, ['1006']],
        ['nope', ['1006']],
        ['[]', ['1006']],
        ['null', ['1006']],
        [Buffer.from(authMessage('secret')), ['1006']],
      ];
      for (const [message, end] of cases) expect([message, await talk(port, path, [message])]).toEqual([message, end]);
      const client = await openSocket(port, path);
      client.send(authMessage('secret'));
      await until(() => client.messages.length === 1, 'auth_success');
      expect(client.messages).toEqual([authSuccess]);
    }
    expect(each.server.messages).toEqual([]);
  });

  it('takes any token where no auth string is set', async () => {
    const port = await start();
    for (const message of ['{"type":"auth"}', authMessage('x'), numberToken]) {
      const client = await openSocket(port, '/api/events/in');
      client.send(message);
      await until(() => client.messages.length === 1, 'auth_success');
    }
  });

  it('must come in time, and the filter too', async () => {
    const port = await start({ authenticateMs: 50, filterMs: 60 });
    const silent = await openSocket(port, '/api/events/in');
    expect(await silent.ending()).toBe("1008 No 'auth' message within 50 ms");
    const client = await openSocket(port, '/api/events/out');
    client.send(authMessage());
    expect(await client.ending()).toBe("1008 No 'filter' message within 60 ms");
    expect(each.server.counters.late).toBe(2);
  });

  it('of nobody harms nobody: 500 silent sockets end, a producer beside them goes on', async () => {
    const port = await start({ authenticateMs: 200 });
    const producer = await openAuthenticated(port, '/api/events/in');
    const silent = await Promise.all(Array.from({ length: 500 }, () => openSocket(port, '/api/events/in')));
    producer.send('{"a":1}');
    await until(() => each.server.messages.length === 1, 'the message');
    const ends = await Promise.all(silent.map((client) => client.ending()));
    expect(new Set(ends)).toEqual(new Set(["1008 No 'auth' message within 200 ms"]));
    expect(each.server.counters).toMatchObject({ producers: 1, late: 500 });
  });
});

describe('a producer', () => {
  it('has its messages taken in order, and its pong after all of them are durable', async () => {
    const port = await start();
    const client = await openAuthenticated(port, '/api/events/in');
    for (const message of ['1', '2', '3']) client.send(message);
    client.sendPing();
    await until(() => client.pongs === 1, 'the pong');
    expect([each.server.messages, each.server.settled]).toEqual([['1', '2', '3'], [3]]);
  });

  it('gets no pong for what could not be made durable', async () => {
    const port = await start();
    const client = await openAuthenticated(port, '/api/events/in');
    client.send('1');
    each.server.fakes.ensureDurable = () => {
      throw new Failure('journalFailed', 'dead');
    };
    client.sendPing();
    expect(await client.ending()).toBe('1006');
    expect(client.pongs).toBe(0);
  });

  it('is closed at a bad message, after everything before it is durable, and nothing behind it is read', async () => {
    const port = await start();
    const client = await openAuthenticated(port, '/api/events/in');
    each.server.fakes.acceptMessage = (text) =>
      text === 'bad'
        ? { kind: 'refused', failure: 'badEvent', reason: `${'é'.repeat(100)}` }
        : { kind: 'accepted', ticket: 7 };
    const settledAtItsEnd = client.closed.then(() => [...each.server.settled]);
    for (const message of ['good', 'bad', 'good']) client.send(message);
    expect(await client.ending()).toBe(`1008 ${'é'.repeat(61)}`);
    expect(each.server.messages).toEqual(['good', 'bad']);
    expect(await settledAtItsEnd).toEqual([7]);
  });

  it('that asked for rejects is told of each bad message, and keeps its connection', async () => {
    const port = await start();
    const client = await openAuthenticated(port, '/api/events/in', true);
    each.server.fakes.acceptMessage = (text, isBinary) => {
      if (isBinary) return { kind: 'refused', failure: 'badMessage', reason: 'binary' };
      return text === 'big' ? { kind: 'skipped', reason: 'too large' } : { kind: 'accepted', ticket: 1 };
    };
    for (const message of ['good', Buffer.from('x'), 'big', 'good']) client.send(message);
    await until(() => client.messages.length === 2 && each.server.messages.length === 4, 'two rejects');
    expect(client.messages).toEqual([
      '{"type":"reject","message":2,"failure":"badMessage","reason":"binary"}',
      '{"type":"reject","message":3,"failure":"skipped","reason":"too large"}',
    ]);
  });

  it('goes on after a skipped message, and hears nothing of it', async () => {
    const port = await start();
    const client = await openAuthenticated(port, '/api/events/in');
    each.server.fakes.acceptMessage = () => ({ kind: 'skipped', reason: 'too large' });
    client.send('x');
    client.sendPing();
    await until(() => client.pongs === 1, 'the pong');
    expect(client.messages).toEqual([]);
  });

  it('is closed with the code of what intake throws, and with 1011 for a bug', async () => {
    const port = await start();
    for (const [error, end] of [
      [new Failure('journalFull', 'The journal is full.'), '1013 The journal is full.'],
      [new TypeError('a bug'), '1011 Internal Server Error'],
    ] as const) {
      const client = await openAuthenticated(port, '/api/events/in');
      each.server.fakes.acceptMessage = () => {
        throw error;
      };
      client.send('x');
      expect(await client.ending()).toBe(end);
    }
    expect(each.server.counters.faults).toBe(1);
    await until(() => each.server.counters.producers === 0, 'nobody is left');
  });

  it('in legacy mode sends events at once', async () => {
    const port = await start();
    const client = await openSocket(port, '/events/in', []);
    client.send('{"event":1}');
    await until(() => each.server.messages.length === 1, 'the message');
  });

  it('that sends too large a frame, or text that is no UTF-8, is broken off by uWebSockets.js itself', async () => {
    const port = await start({ frameBytesMax: 1000 });
    expect(await talk(port, '/api/events/in', [authMessage(), 'x'.repeat(2000)])).toContain('1006');
    const client = await openAuthenticated(port, '/api/events/in');
    client.sendAsText(Buffer.from([0xff, 0xfe]));
    expect(await client.ending()).toBe('1006');
    expect(each.server.messages).toEqual([]);
    await until(() => each.server.counters.producers === 0, 'both are gone');
  });
});

describe('the stop', () => {
  it('ends every socket with 1012, producers after their events are durable, and takes no new one', async () => {
    const port = await start();
    const producer = await openAuthenticated(port, '/api/events/in');
    producer.send('1');
    await until(() => each.server.messages.length === 1, 'the message');
    const subscriber = await openAuthenticated(port, '/api/events/out');
    subscriber.send('{"type":"filter","filter":{}}');
    await until(() => each.server.feeds.length === 1, 'the feed');
    const resuming = await openAuthenticated(port, '/api/events/out');
    resuming.send('{"type":"filter","filter":{},"positions":true}');
    await until(() => each.server.feeds.length === 2, 'the other feed');
    const early = await openSocket(port, '/api/events/in');
    each.server.running.stopListening();
    await expect(openSocket(port, '/api/events/in')).rejects.toThrow();
    each.server.running.closeSockets(1012, 'Sluice is restarting');
    for (const client of [producer, subscriber, resuming, early]) {
      expect(await client.ending()).toBe('1012 Sluice is restarting');
    }
    expect(resuming.messages.at(-1)).toMatch(/^\{"type":"retry","after_ms":50\d\}$/);
    expect(subscriber.messages).toEqual([]);
    expect(each.server.settled).toEqual([1]);
    expect(each.server.feeds[0]?.isStopped).toBe(true);
    await each.server.running.close();
    await each.server.running.close();
  });
});
