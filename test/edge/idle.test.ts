/**
 * How long the library waits for what does not come: 30 s, in steps of 4 s. One test, whose connections wait beside one
 * another.
 */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { serverOfEachTest } from '../../support/fake-server.ts';
import { isOlderLibrary } from '../../support/older-library.ts';

const each = serverOfEachTest();

const health = 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n';
/** Each with what is sent at once, and what then comes in each second. */
const waits: readonly (readonly [name: string, first: string, trickle: string])[] = [
  ['a connection that says nothing', '', ''],
  ['half a head', 'GET /api/he', ''],
  ['a head that trickles', 'GET /api/health?', 'x'],
  ['a bare carriage return', health.replace('\r\n\r\n', '\r\nX-A: a\rb\r\n\r\n'), ''],
  ['no next request', health, ''],
];

interface Ended {
  readonly afterMs: number;
  readonly received: string;
}

function untilClosed(port: number, first: string, trickle: string): Promise<Ended> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connect(port, '127.0.0.1', () => socket.write(first));
    const timer = setInterval(() => {
      if (trickle !== '' && !socket.destroyed) socket.write(trickle);
    }, 1_000);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ afterMs: performance.now() - began, received });
    });
  });
}

it.skipIf(isOlderLibrary)(
  'the library ends a connection on which no whole request comes for 30 s, without a word',
  async () => {
    const port = await each.start();
    const ended = await Promise.all(waits.map(([, first, trickle]) => untilClosed(port, first, trickle)));
    for (const [nth, { afterMs, received }] of ended.entries()) {
      const [name, first] = waits[nth] ?? ['', ''];
      expect({ name, isInTime: afterMs > 24_000 && afterMs < 36_000 }).toEqual({ name, isInTime: true });
      expect(received).toMatch(first === health ? /^HTTP\/1\.1 200 .*true$/s : /^$/);
    }
    expect(each.server.counters.requests).toBe(1);
  },
  60_000,
);

it('a client that has said that it sends no more gets what is answered at once, and nothing else', async () => {
  const port = await each.start();
  each.server.fakes.acceptBatch = () => ({ ok: true, durable: new Promise(() => undefined) });
  const half = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let received = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(text));
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
    });
  expect(await half(health)).toMatch(/^HTTP\/1\.1 200 .*true$/s);
  expect(await half('POST /api/events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n[]')).toBe('');
  expect(each.server.counters.gone.answer + each.server.counters.gone.glued).toBe(1);
});
