import { describe, expect, it } from 'vitest';
import { type Answer, ask, type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { askRaw } from '../../support/raw-socket.ts';

const head = (length: number | 'chunked', path = '/api/events'): string =>
  `POST ${path} HTTP/1.1\r\nHost: ` +
  `a\r\n${length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`;
const health = 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n';

async function withServer(options: Parameters<typeof startFakeServer>[0], use: (server: FakeServer) => Promise<void>) {
  const server = await startFakeServer(options);
  try {
    await use(server);
  } finally {
    await server.running.close(0);
  }
}

describe('request bodies', () => {
  it('reach intake whole, however they are cut', () =>
    withServer({}, async ({ running, fakes }) => {
      const bodies: string[] = [];
      fakes.acceptBatch = (body) => {
        bodies.push(body.toString());
        return { ok: true, durable: Promise.resolve() };
      };
      await askRaw(running.port, [head(6), '["a', 'b"]'.slice(0, 3)], / 204 /);
      await askRaw(running.port, [head('chunked'), '3\r\n["c\r\n', '3\r\nd"]\r\n0\r\n\r\n'], / 204 /);
      await askRaw(running.port, [head(0)], / 204 /);
      await askRaw(running.port, [head(0).slice(0, 9), head(0).slice(9)], / 204 /);
      expect(bodies).toEqual(['["ab"]', '["cd"]', '', '']);
    }));

  it('that are too large are refused before they are read', () =>
    withServer({ bodyBytesMax: 1000 }, async ({ running, counters }) => {
      const answer = await askRaw(running.port, [head(20_000_000)], /<closed>|\}$/);
      expect(answer).toMatch(/^HTTP\/1\.1 413 .*"The body is larger than 1000 bytes\."/s);
      const chunked = await askRaw(running.port, [head('chunked'), `400\r\n${'x'.repeat(1024)}\r\n`], /<closed>|\}$/);
      expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
      const response = await fetch(`http://127.0.0.1:${running.port}/api/events`, {
        method: 'POST',
        body: Buffer.alloc(20_000_000),
      });
      expect(response.status).toBe(413);
      expect(counters.bodiesRefused).toBe(3);
    }));

  it('that are packed are refused by name before they are read, on every route; one that is not is taken', () =>
    withServer({}, async ({ running, fakes, counters }) => {
      const bodies: string[] = [];
      fakes.acceptBatch = (body) => {
        bodies.push(body.toString());
        return { ok: true, durable: Promise.resolve() };
      };
      const codings = ['gzip', 'GZIP', 'deflate', 'br', 'zstd', 'identity, gzip', '"', 'x'.repeat(1000)];
      for (const path of ['/api/events', '/api/events/filter', '/api/events/count-by/day', '/api/events/export']) {
        for (const coding of codings) {
          const headers = { 'content-type': 'application/json', 'content-encoding': coding };
          const answer = await ask(running.port, 'POST', path, { headers, body: '[]' });
          expect([path, coding, answer.status, answer.headers['accept-encoding']]).toEqual([
            path,
            coding,
            415,
            'identity',
          ]);
          const { exception_message: sentence } = JSON.parse(answer.text) as { exception_message: string };
          expect(sentence).toBe(
            `A body with Content-Encoding ${JSON.stringify(coding.slice(0, 40))} is not unpacked. Send it as it is.`,
          );
        }
      }
      expect([bodies, counters.bodiesRefused]).toEqual([[], 4 * codings.length]);
      for (const coding of ['identity', 'Identity', '']) {
        const headers = { 'content-type': 'application/json', 'content-encoding': coding };
        expect((await ask(running.port, 'POST', '/api/events', { headers, body: '[]' })).status).toBe(204);
      }
      expect(bodies).toEqual(['[]', '[]', '[]']);
    }));

  it('that come too slowly are refused, and their bytes given back', () =>
    withServer({ bodyMs: 100, bodiesBytesMax: 10 }, async ({ running }) => {
      expect(await askRaw(running.port, [head(100), 'x'], /<closed>|\}$/)).toMatch(/^HTTP\/1\.1 408 /);
      expect((await ask(running.port, 'POST', '/api/events', { body: '[]        ' })).status).toBe(204);
    }));

  it('are bounded all together: the one that is too much gets 503, the others go on', () =>
    withServer({ bodiesBytesMax: 2000 }, async ({ running, fakes }) => {
      const taken: number[] = [];
      fakes.acceptBatch = (body) => {
        taken.push(body.length);
        return { ok: true, durable: Promise.resolve() };
      };
      const wait = Array.from({ length: 30 }, () => '');
      const slow = askRaw(running.port, [head(1500), 'x'.repeat(1400), ...wait, 'x'.repeat(100)], / 204 /);
      let refused: Answer;
      do refused = await ask(running.port, 'POST', '/api/events', { body: 'x'.repeat(700) });
      while (refused.status === 204);
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      await slow;
      expect(taken.at(-1)).toBe(1500);
      expect((await ask(running.port, 'POST', '/api/events', { body: 'x'.repeat(1900) })).status).toBe(204);
    }));

  it('of clients that go away are given back', () =>
    withServer({ bodiesBytesMax: 2000, bodyMs: 60_000 }, async ({ running }) => {
      for (let round = 0; round < 5; round += 1) {
        const controller = new AbortController();
        const body = new ReadableStream({
          start: (stream) => stream.enqueue(new Uint8Array(1500)),
        });
        const options = { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit; // fetch knows duplex
        const pending = fetch(`http://127.0.0.1:${running.port}/api/events`, options).catch(() => 'gone');
        setTimeout(() => controller.abort(), 30);
        expect(await pending).toBe('gone');
      }
      expect((await ask(running.port, 'POST', '/api/events', { body: 'x'.repeat(1900) })).status).toBe(204);
    }));

  it('of refused requests are passed over: the connection goes on with the next one', () =>
    withServer({}, async ({ running }) => {
      const text = await askRaw(running.port, [head(10, '/nope'), '12345', `67890${health}`], /true$/);
      expect(text).toMatch(/^HTTP\/1\.1 404 .*HTTP\/1\.1 200 .*true$/s);
    }));
});
