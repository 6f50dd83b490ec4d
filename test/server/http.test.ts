/** Answers over HTTP, before fake parts. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noAudit } from '../../src/access/audit.ts';
import { Failure } from '../../src/base/errors.ts';
import { ask, type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { askRaw } from '../../support/raw-socket.ts';

let server: FakeServer;
let port: number;

beforeAll(async () => {
  server = await startFakeServer();
  port = server.running.port;
});
afterAll(() => server.running.close());

describe('HTTP answers', () => {
  it('are those of Prefect for health, ready and the versions, with and without /api', async () => {
    for (const [path, body] of [
      ['/health', 'true'],
      ['/ready', '{"message":"OK"}'],
      ['/version', '"0.8.4"'],
      ['/admin/version', '"3.7.1"'],
    ]) {
      for (const prefix of ['', '/api']) {
        const answer = await ask(port, 'GET', `${prefix}${path}`);
        expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([200, body, 'application/json']);
      }
    }
  });

  it('to a batch that was taken have neither body nor content-type nor content-length', async () => {
    const answer = await ask(port, 'POST', '/api/events', { body: '[]' });
    expect(answer.status).toBe(204);
    expect(Object.keys(answer.headers).sort()).toEqual(['date', 'uwebsockets']);
  });

  it('wait until the batch is durable', async () => {
    let settle = (): void => {};
    const durable = new Promise<void>((resolve) => {
      settle = resolve;
    });
    server.fakes.acceptBatch = () => ({ ok: true, durable });
    let isAnswered = false;
    const pending = ask(port, 'POST', '/api/events', { body: '[]' }).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await ask(port, 'GET', '/api/health');
    expect(isAnswered).toBe(false);
    settle();
    expect((await pending).status).toBe(204);
  });

  it('of a failure carry its status and when to try again', async () => {
    server.fakes.acceptBatch = () => {
      throw new Failure('journalFull', 'The journal is full.');
    };
    const full = await ask(port, 'POST', '/events', { body: '[]' });
    expect([full.status, full.headers['retry-after'], full.text]).toEqual([
      503,
      '5',
      '{"exception_message":"The journal is full."}',
    ]);
    server.fakes.acceptBatch = () => ({
      ok: true,
      durable: Promise.reject(new Failure('journalFailed', 'It failed.')),
    });
    expect((await ask(port, 'POST', '/events', { body: '[]' })).status).toBe(503);
    server.fakes.acceptBatch = () => {
      throw new TypeError('a bug');
    };
    const broken = await ask(port, 'POST', '/events', { body: '[]' });
    expect([broken.status, broken.text]).toEqual([500, '{"exception_message":"Internal Server Error"}']);
  });

  it('quote the issues and the request body of a refused batch, in order', async () => {
    server.fakes.acceptBatch = (body, isJson) => ({
      ok: false,
      issues: [
        { type: 'enum', ctx: { expected: 'x' }, input: null, inputJson: `[${isJson},1e2]`, msg: 'M', loc: ['body', 0] },
      ],
      requestBodyJson: body.toString(),
    });
    const answer = await ask(port, 'POST', '/api/events', { body: '1.0', headers: { 'content-type': 'text/plain' } });
    expect(answer.text).toBe(
      '{"exception_message":"Invalid request ' +
        'received.","exception_detail":[{"type":"enum","loc":["body",0],"msg":"M",' +
        '"input":[false,1e2],"ctx":{"expected":"x"}}],"request_body":1.0}',
    );
    server.fakes.acceptBatch = (_body, isJson) => {
      expect(isJson).toBe(true);
      return { ok: true, durable: Promise.resolve() };
    };
    for (const type of ['application/json', 'application/vnd.x+json; charset=utf-8', 'APPLICATION/JSON']) {
      expect((await ask(port, 'POST', '/api/events', { body: '[]', headers: { 'content-type': type } })).status).toBe(
        204,
      );
    }
  });

  it('are packed from 500 bytes on for those who take it, and say so', async () => {
    server.fakes.queries.readFirstPage = async () => ({ events: [`"${'é'.repeat(400)}"`], total: 1, token: 'a+b' });
    const plain = await ask(port, 'POST', '/api/events/filter');
    const packed = await ask(port, 'POST', '/api/events/filter', { headers: { 'accept-encoding': 'br, gzip' } });
    expect([plain.headers.vary, plain.headers['content-encoding']]).toEqual(['Accept-Encoding', undefined]);
    expect([packed.headers.vary, packed.headers['content-encoding']]).toEqual(['Accept-Encoding', 'gzip']);
    expect(gunzipSync(packed.bytes).toString()).toBe(plain.text);
    const next = `http://127.0.0.1:${port}/api/events/filter/next?page-token=a%2Bb`;
    expect(plain.text).toBe(`{"events":["${'é'.repeat(400)}"],"total":1,"next_page":"${next}"}`);
    server.fakes.queries.readFirstPage = async () => ({ events: ['"x"'.repeat(20_000)], total: 1, token: null });
    const long = await ask(port, 'POST', '/api/events/filter', { headers: { 'accept-encoding': 'gzip' } });
    expect(gunzipSync(long.bytes).length).toBeGreaterThan(60_000);
  });

  it('send a known path with a slash on, method unseen, and no unknown one', async () => {
    const sent = await ask(port, 'GET', '/api/events/?a=b', { headers: { host: 'h:1' } });
    expect([sent.status, sent.headers.location, sent.text]).toEqual([307, 'http://h:1/api/events?a=b', '']);
    expect(sent.headers['content-type']).toBeUndefined();
    for (const path of ['/api/nope/', '/api/', '/api//health', '/api/events/count-by/a/b', '/api/events/in']) {
      const answer = await ask(port, 'GET', path);
      expect([answer.status, answer.text]).toEqual([404, '{"detail":"Not Found"}']);
    }
  });

  it('link to where the outermost trusted proxy was asked, and to the public URL where one is set', async () => {
    const token = async () => ({ events: [], total: 1, token: 't' });
    const links = async (at: number, headers: Record<string, string>) => {
      const page = await ask(at, 'POST', '/api/events/filter', { headers });
      const sent = await ask(at, 'POST', '/api/events/?a=b', { headers });
      return [(JSON.parse(page.text) as { next_page: string }).next_page, sent.headers.location];
    };
    const linksOf = (base: string) => [`${base}/api/events/filter/next?page-token=t`, `${base}/api/events?a=b`];
    const proxied = { host: 'events.example.org', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/sluice' };
    server.fakes.queries.readFirstPage = token;
    expect(await links(port, proxied)).toEqual(linksOf('https://events.example.org/sluice'));
    expect(await links(port, { host: 'h', forwarded: 'for=1.2.3.4;proto=ht tp' })).toEqual(linksOf('http://h'));
    expect((await ask(port, 'GET', '/api/health', { headers: { host: 'a b"' } })).status).toBe(400);
    const strict = await startFakeServer({ trustedProxies: '192.0.2.0/24' });
    const fixed = await startFakeServer({ publicUrl: 'https://b.example/s' });
    try {
      strict.fakes.queries.readFirstPage = token;
      fixed.fakes.queries.readFirstPage = token;
      expect(await links(strict.running.port, proxied)).toEqual(linksOf('http://events.example.org'));
      expect(await links(fixed.running.port, proxied)).toEqual(linksOf('https://b.example/s'));
    } finally {
      await strict.running.close(0);
      await fixed.running.close(0);
    }
  });

  it('name the right method, to HEAD without a body but on a connection that lives', async () => {
    const wrong = await ask(port, 'PUT', '/api/events/filter/next');
    expect([wrong.status, wrong.headers.allow, wrong.text]).toEqual([405, 'GET', '{"detail":"Method Not Allowed"}']);
    const head = 'HEAD /api/events HTTP/1.1\r\nHost: a\r\n\r\n';
    const text = await askRaw(port, [head, 'GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n'], /true$/);
    expect(text).toMatch(/^HTTP\/1\.1 405 .*allow: POST.*content-length: 31\r\n.*\r\n\r\nHTTP\/1\.1 200 OK.*true$/is);
  });

  it('let every origin in, as Prefect does', async () => {
    const headers = { origin: 'http://x.y', 'access-control-request-method': 'POST' };
    const preflight = await ask(port, 'OPTIONS', '/api/events', {
      headers: { ...headers, 'access-control-request-headers': 'content-type, x-foo' },
    });
    expect([preflight.status, preflight.text]).toEqual([200, 'OK']);
    expect(preflight.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      'access-control-allow-headers': 'content-type, x-foo',
      'access-control-max-age': '600',
    });
    const odd = await ask(port, 'OPTIONS', '/x', { headers: { ...headers, 'access-control-request-method': 'FOO' } });
    expect([odd.status, odd.text]).toEqual([400, 'Disallowed CORS method']);
    const plain = await ask(port, 'OPTIONS', '/api/events', { headers: { origin: 'http://x.y' } });
    expect([plain.status, plain.headers['access-control-allow-origin']]).toEqual([405, '*']);
    expect((await ask(port, 'GET', '/api/health')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('give the metrics as text in the format of Prometheus, with and without /api', async () => {
    for (const path of ['/metrics', '/api/metrics']) {
      const answer = await ask(port, 'GET', path);
      expect([answer.status, answer.text.split('\n').at(-2)]).toEqual([200, 'sluice_up 1']);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    }
  });

  it('are 503 with the reason while intake is not durable, and show the books when asked', async () => {
    expect(JSON.parse((await ask(port, 'GET', '/api/ready?verbose=1')).text)).toEqual({ message: 'OK', lag: 7 });
    server.fakes.readiness = { ok: false, reason: 'The journal is full.', verbose: () => ({}) };
    const answer = await ask(port, 'GET', '/api/ready');
    expect([answer.status, answer.text]).toEqual([503, '{"message":"The journal is full."}']);
    server.fakes.readiness = { ok: true, reason: '', verbose: () => ({}) };
  });
});

it('a refusal is answered though the audit log fails, and counts as a fault', async () => {
  const refused = (): never => {
    throw new Error('the audit log is a folder');
  };
  const closed = await startFakeServer({ authString: 'a:b', audit: { ...noAudit, refused } });
  expect((await ask(closed.running.port, 'POST', '/api/events', { body: '[]' })).status).toBe(401);
  expect(closed.counters.faults).toBe(1);
  await closed.running.close(0);
});
