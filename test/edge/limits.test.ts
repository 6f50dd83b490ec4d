/**
 * What uWebSockets.js does by itself, as docs/PROTOCOL.md has it under "Limits of the library". A release that mends
 * one fails here: then the row goes, and this test says what holds instead.
 */
import { describe, expect, it } from 'vitest';
import { serverOfEachTest, until } from '../../support/fake-server.ts';
import { isOlderLibrary } from '../../support/older-library.ts';
import { askRaw } from '../../support/raw-socket.ts';

const each = serverOfEachTest();

const health = 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n';
const posted = (framing: string, body: string): string =>
  `POST /api/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${framing}\r\n\r\n${body}`;
const oneEvent = posted('Content-Length: 2', '[]');
const chunked = 'Transfer-Encoding: chunked';
const withHeaders = (count: number): string =>
  `GET /api/health HTTP/1.1\r\nHost: a\r\n${'X-A: 1\r\n'.repeat(count - 1)}\r\n`;
const withHeadOf = (bytes: number): string => {
  const bare = 'GET /api/health HTTP/1.1\r\nHost: a\r\nX-A: \r\n\r\n';
  return bare.replace('X-A: ', `X-A: ${'x'.repeat(bytes - bare.length)}`);
};
/** All that comes until the connection closes. */
const untilClosed = (port: number, ...pieces: string[]): Promise<string> => askRaw(port, pieces, /<never>/);

/** Batches that were run; each is durable when `settle` is called. */
function heldBatches() {
  let settle = (): void => undefined;
  const durable = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const batches: string[] = [];
  each.server.fakes.acceptBatch = (body) => {
    batches.push(body.toString());
    return { ok: true, durable };
  };
  return { batches, settle };
}

describe.skipIf(isOlderLibrary)('the library', () => {
  it('speaks no HTTP/1.0', async () => {
    const port = await each.start();
    expect(await untilClosed(port, 'GET /api/health HTTP/1.0\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 505 /);
  });

  it('answers glued requests in order while each answer is given at once', async () => {
    const text = await askRaw(await each.start(), [health + health.replace('health', 'version')], /4"$/);
    expect(text).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\ntrueHTTP\/1\.1 200 .*\r\n\r\n"0\.8\.4"$/s);
  });

  it(
    'closes, without an answer, when a request comes in the same read before an answer: the first has run, ' +
      'the second does not',
    async () => {
      const port = await each.start();
      const { batches } = heldBatches();
      expect(await untilClosed(port, oneEvent + posted('Content-Length: 4', '[{}]'))).toBe('<closed>');
      expect(batches).toEqual(['[]']);
      expect(each.server.counters.gone).toMatchObject({ glued: 1, answer: 0 });
    },
  );

  it('closes so too when it comes in a later read', async () => {
    const port = await each.start();
    const { batches } = heldBatches();
    expect(await untilClosed(port, oneEvent, posted('Content-Length: 4', '[{}]'))).toBe('<closed>');
    expect(batches).toEqual(['[]']);
    expect(each.server.counters.gone).toMatchObject({ glued: 0, answer: 1 });
  });

  it('takes a trailer for a request: what came in the same read is not run', async () => {
    const port = await each.start();
    const { batches } = heldBatches();
    expect(await untilClosed(port, posted(chunked, '2\r\n[]\r\n0\r\nX-Sum: 1\r\n\r\n'))).toMatch(/^HTTP\/1\.1 505 /);
    expect(batches).toEqual([]);
  });

  it('reads no chunk extension', async () => {
    const port = await each.start();
    const { batches } = heldBatches();
    expect(await untilClosed(port, posted(chunked, '2;sig=1\r\n[]\r\n0\r\n\r\n'))).toMatch(/^HTTP\/1\.1 400 /);
    expect(batches).toEqual([]);
  });

  it('takes signs of a chunk extension for digits, and waits until the body is late', async () => {
    const port = await each.start({ bodyMs: 100 });
    const { batches } = heldBatches();
    expect(await untilClosed(port, posted(chunked, '2;a=b\r\n[]\r\n0\r\n\r\n'))).toMatch(/^HTTP\/1\.1 408 /);
    expect(batches).toEqual([]);
  });

  it('cuts bytes over 127 off the ends of a value: what is no length is obeyed as one', async () => {
    const port = await each.start();
    const { batches, settle } = heldBatches();
    settle();
    const framings = [
      ['Content-Length: \xa02', '[]'],
      ['Content-Length: 2\xa0', '[]'],
      ['Transfer-Encoding: \xa0chunked', '2\r\n[]\r\n0\r\n\r\n'],
      ['Transfer-Encoding: chunked\xa0', '2\r\n[]\r\n0\r\n\r\n'],
    ] as const;
    for (const [framing, body] of framings) {
      expect(await askRaw(port, [Buffer.from(posted(framing, body), 'latin1')], / 204 /)).toMatch(/^HTTP\/1\.1 204 /);
    }
    expect(batches).toEqual(['[]', '[]', '[]', '[]']);
  });

  it('waits for more where an empty line stands before a request', async () => {
    const answer = askRaw(await each.start(), [`\r\n${health}`], /HTTP/);
    const isSilent = new Promise((resolve) => setTimeout(() => resolve('no answer'), 300));
    expect(await Promise.race([answer, isSilent])).toBe('no answer');
  });

  it('passes over a preamble of the PROXY protocol, and its address counts for nothing', async () => {
    const port = await each.start({ trustedProxies: '10.0.0.1' });
    const preamble = Buffer.from('0d0a0d0a000d0a515549540a2111000c0a0000017f00000100010002', 'hex');
    const moved = 'POST /api/events/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: b\r\nContent-Length: 0\r\n\r\n';
    expect(await askRaw(port, [Buffer.concat([preamble, Buffer.from(moved)])], /\r\n\r\n/)).toContain(
      'http://a/api/events',
    );
    expect(await untilClosed(port, `PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\n${health}`)).toMatch(/^HTTP\/1\.1 505 /);
  });

  it('takes 98 header lines', async () => {
    const port = await each.start();
    expect(await askRaw(port, [withHeaders(98)], /true$/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await untilClosed(port, withHeaders(99))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('takes heads up to the setting, whole or in pieces', async () => {
    const bytesMax = 64 * 1024;
    const port = await each.start({ headBytesMax: bytesMax });
    const largest = withHeadOf(bytesMax - 1);
    const tooLarge = withHeadOf(bytesMax + 1);
    const halves = (text: string): string[] => [text.slice(0, 30_000), text.slice(30_000)];
    expect(await askRaw(port, [largest], /true$/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await askRaw(port, halves(largest), /true$/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await untilClosed(port, tooLarge)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await untilClosed(port, ...halves(tooLarge))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('asks for the body of a client that expects to be asked', async () => {
    const port = await each.start();
    const text = await askRaw(port, [posted('Content-Length: 2\r\nExpect: 100-continue', ''), '[]'], / 204 /);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204 /);
  });

  it('reads every line of the subprotocols', async () => {
    const handshake =
      'GET /api/events/in HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: ' +
      'Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: other, ' +
      'more\r\nSec-WebSocket-Protocol: prefect\r\n\r\n';
    const text = await askRaw(await each.start(), [handshake], /\r\n\r\n/);
    expect(text).toMatch(/^HTTP\/1\.1 101 .*Sec-WebSocket-Protocol: prefect\r\n/s);
  });
});

describe('a request that says nothing of its length', () => {
  it('is the last of its connection, for a length may be hidden', async () => {
    const port = await each.start();
    const bare = 'POST /api/events/filter HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await untilClosed(port, bare)).toMatch(/^HTTP\/1\.1 200 .*Connection: close\r\n/s);
    const refused = 'POST /api/nope HTTP/1.1\r\nHost: a\r\n\r\n';
    expect(await untilClosed(port, refused)).toMatch(/^HTTP\/1\.1 404 .*Connection: close\r\n/s);
    const { batches } = heldBatches();
    expect(await untilClosed(port, refused + oneEvent)).toBe('<closed>');
    await until(() => each.server.counters.gone.glued === 1, 'the leaving');
    expect(batches).toEqual([]);
  });
});
