/** Questions over HTTP, and what an auth string asks of each request, before fake parts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { ask, type FakeServer, startFakeServer, until } from '../../support/fake-server.ts';

let server: FakeServer;
let port: number;

beforeAll(async () => {
  server = await startFakeServer();
  port = server.running.port;
});
afterAll(() => server.running.close());

describe('queries', () => {
  const post = (path: string, body: string | Buffer, type?: string) =>
    ask(port, 'POST', path, { body, headers: type === undefined ? {} : { 'content-type': type } });

  it('say what is wrong with a body, in the words of Prefect', async () => {
    const limit = await post('/api/events/filter', '{"limit":99}');
    expect([limit.status, JSON.parse(limit.text)]).toEqual([
      422,
      {
        exception_message: 'Invalid request received.',
        exception_detail: [
          {
            type: 'less_than_equal',
            loc: ['body', 'limit'],
            msg: 'Input should be less than or equal to 50',
            input: 99,
            ctx: { le: 50 },
          },
        ],
        request_body: { limit: 99 },
      },
    ]);
    const notJson = JSON.parse((await post('/api/events/filter', '{nope')).text);
    expect(notJson).toMatchObject({ request_body: '{nope', exception_detail: [{ type: 'json_invalid', input: {} }] });
    expect((await post('/api/events/filter', Buffer.from([0x22, 0xff, 0x22]))).text).toBe(
      '{"detail":"There was an error parsing the body"}',
    );
    const count = JSON.parse((await post('/api/events/count-by/day', 'x', 'text/plain')).text);
    expect(count).toMatchObject({
      request_body: 'x',
      exception_detail: [{ type: 'missing', loc: ['body', 'filter'] }],
    });
    expect((await post('/api/events/count-by/%64ay', '{"filter":{}}')).status).toBe(200);
    expect((await post('/api/events/filter', '{"limit":99}', 'text/plain')).status).toBe(200);
    const deep = await post('/api/events/filter', `${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    expect(deep.status).toBe(422);
  });

  it('take the last page token, and answer 403 to one that is not ours', async () => {
    server.fakes.queries.readNextPage = async (token) => {
      if (token !== 'good') throw new Failure('forbidden', 'no');
      return { events: ['{}'], total: 1, token: null };
    };
    expect((await ask(port, 'GET', '/api/events/filter/next?page-token=x&page-token=good')).text).toBe(
      '{"events":[{}],"total":1,"next_page":null}',
    );
    const bad = await ask(port, 'GET', '/api/events/filter/next?page-token=');
    expect([bad.status, bad.text]).toEqual([403, '{"detail":"Forbidden"}']);
    expect((await ask(port, 'GET', '/api/events/filter/next')).status).toBe(422);
  });

  it('answer too many buckets with a detail', async () => {
    server.fakes.queries.countEvents = () => ({ ok: false, tooManyBuckets: 'Too many.' });
    const answer = await post('/api/events/count-by/time', '{"filter":{}}');
    expect([answer.status, answer.text]).toEqual([422, '{"detail":"Too many."}']);
  });

  it('are aborted when the client goes away, and harm nobody', async () => {
    let isAborted = false;
    const controller = new AbortController();
    server.fakes.queries.readFirstPage = (_request, _reader, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          reject(new Error('aborted'));
        });
        setImmediate(() => controller.abort());
      });
    const pending = fetch(`http://127.0.0.1:${port}/api/events/filter`, { method: 'POST', signal: controller.signal });
    await expect(pending).rejects.toThrow();
    await until(() => isAborted, 'the abort');
    expect((await ask(port, 'GET', '/api/health')).status).toBe(200);
  });
});

describe('an auth string', () => {
  it('is wanted by every route but health and ready, before anything else is looked at', async () => {
    const guarded = await startFakeServer({ authString: 'user:päss' });
    const at = guarded.running.port;
    for (const [method, path] of [
      ['GET', '/api/version'],
      ['GET', '/events/nope'],
      ['POST', '/api/events'],
      ['POST', '/api/health'],
      ['GET', '/api/health/'],
      ['GET', '/api/ready?verbose=1'],
      ['GET', '/metrics'],
      ['GET', '/api/metrics'],
    ] as const) {
      const answer = await ask(at, method, path);
      expect([path, answer.status, answer.text]).toEqual([path, 401, '{"exception_message":"Unauthorized"}']);
    }
    expect((await ask(at, 'GET', '/api/health')).status).toBe(200);
    expect((await ask(at, 'GET', '/ready')).status).toBe(200);
    const credentials = Buffer.from('user:päss').toString('base64');
    const version = (authorization: string) => ask(at, 'GET', '/api/version', { headers: { authorization } });
    expect((await version(`Basic ${credentials}`)).status).toBe(200);
    for (const bad of [
      `basic ${credentials}`,
      credentials,
      `Basic ${credentials}x`,
      'Basic ',
      `Bearer ${credentials}`,
    ]) {
      expect((await version(bad)).status).toBe(401);
    }
    await guarded.running.close();
  });
});
