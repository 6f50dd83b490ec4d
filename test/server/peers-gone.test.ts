import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openAuthenticated, serverOfEachTest, until } from '../../support/fake-server.ts';

const each = serverOfEachTest();

const post = (path: string, body: string, length = body.length): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

async function speak(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write(text);
  return socket;
}

/** Fails as given-up work does, once its client has gone. */
function untilAborted(signal: AbortSignal, error: () => unknown = () => signal.reason): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(error()));
  });
}

const nobody = { handshake: 0, body: 0, answer: 0, pour: 0, stream: 0, glued: 0 };

describe('a client that leaves is counted, and is no fault', () => {
  it('in the midst of its body', async () => {
    const socket = await speak(await each.start(), post('/api/events', '[', 100));
    await until(() => each.server.counters.requests === 1, 'the request');
    socket.destroy();
    await until(() => each.server.counters.gone.body === 1, 'the leaving');
    expect(each.server.counters).toMatchObject({ gone: { ...nobody, body: 1 }, faults: 0, bodiesRefused: 0 });
  });

  it('while a query runs', async () => {
    const port = await each.start();
    let asked = false;
    each.server.fakes.queries.readFirstPage = (_, _reader, signal) => {
      asked = true;
      return untilAborted(signal);
    };
    const socket = await speak(port, post('/api/events/filter', '{}'));
    await until(() => asked, 'the query');
    socket.destroy();
    await until(() => each.server.counters.gone.answer === 1, 'the leaving');
    expect(each.server.counters).toMatchObject({ gone: { ...nobody, answer: 1 }, faults: 0 });
  });

  it('in the midst of an export', async () => {
    const port = await each.start();
    let given = 0;
    let ended = false;
    async function* lines(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          given += 1;
          yield Buffer.from(`{"n":${given}}\n`);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      } finally {
        ended = true;
      }
    }
    each.server.fakes.queries.exportEvents = async () => ({ token: 't', lines: lines() });
    const socket = await speak(port, post('/api/events/export', '{"filter":{}}'));
    await until(() => given > 3, 'some lines');
    socket.destroy();
    await until(() => ended, 'the end of the reading');
    expect(each.server.counters).toMatchObject({ gone: { ...nobody, pour: 1 }, faults: 0 });
  });

  it('in the midst of an event stream', async () => {
    const socket = await speak(await each.start(), 'GET /api/events/out HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => each.server.counters.subscribers === 1, 'the stream');
    socket.destroy();
    await until(() => each.server.counters.subscribers === 0, 'the end');
    expect(each.server.counters).toMatchObject({ gone: { ...nobody, stream: 1 }, faults: 0 });
    expect(each.server.feeds[0]?.isStopped).toBe(true);
  });

  it('while its handshake waits for a place', async () => {
    const port = await each.start({ authenticatingMax: 1 });
    const handshake =
      'GET /api/events/in HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: ' +
      'Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: prefect\r\n\r\n';
    const first = await speak(port, handshake);
    await until(() => each.server.counters.producers === 1, 'the first one');
    const second = await speak(port, handshake);
    await until(() => each.server.counters.handshakesWaiting === 1, 'the second one');
    second.destroy();
    await until(() => each.server.counters.handshakesWaiting === 0, 'the leaving');
    expect(each.server.counters).toMatchObject({ gone: { ...nobody, handshake: 1 }, handshakesRefused: 0, faults: 0 });
    first.destroy();
  });

  it('as a producer or a subscriber, without a close', async () => {
    const port = await each.start();
    const producer = await openAuthenticated(port, '/api/events/in');
    const subscriber = await openAuthenticated(port, '/api/events/out');
    producer.drop();
    subscriber.drop();
    await until(() => each.server.counters.producers + each.server.counters.subscribers === 0, 'both are gone');
    expect(each.server.counters).toMatchObject({ gone: nobody, faults: 0 });
  });
});

describe('what is not a leaving', () => {
  it('is a fault of ours that shows after the client has gone', async () => {
    const port = await each.start();
    let asked = false;
    each.server.fakes.queries.readFirstPage = (_, _reader, signal) => {
      asked = true;
      return untilAborted(signal, () => new TypeError('a bug'));
    };
    const socket = await speak(port, post('/api/events/filter', '{}'));
    await until(() => asked, 'the query');
    socket.destroy();
    await until(() => each.server.counters.faults === 1, 'the fault');
  });

  it('is an answer that we cut off', async () => {
    const port = await each.start();
    async function* lines(): AsyncGenerator<Buffer> {
      yield Buffer.from('{}\n');
      throw new TypeError('a bug');
    }
    each.server.fakes.queries.exportEvents = async () => ({ token: 't', lines: lines() });
    const socket = await speak(port, post('/api/events/export', '{"filter":{}}'));
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect(each.server.counters).toMatchObject({ gone: nobody, faults: 1 });
  });
});
