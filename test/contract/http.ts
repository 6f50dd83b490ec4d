/**
 * docs/prefect-facts.md, "Answers over HTTP": what holds for every HTTP answer.
 */
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect } from 'vitest';
import { eventLike, publish, refusal, untilFound } from '../../support/events.ts';
import { type Answer, post, type Sending, send } from '../../support/http.ts';
import { law, type Target, uniqueWord } from '../../support/target.ts';

interface Row {
  readonly name: string;
  readonly sent: Sending;
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ours?: string;
}

const notFound = { status: 404, text: '{"detail":"Not Found"}' };
const wrongMethod = { status: 405, text: '{"detail":"Method Not Allowed"}' };

const rows: readonly Row[] = [
  { name: 'health', sent: { path: '/api/health' }, status: 200, text: 'true' },
  { name: 'ready', sent: { path: '/api/ready' }, status: 200, text: '{"message":"OK"}' },
  { name: 'version', sent: { path: '/api/version' }, status: 200, text: '"0.8.4"' },
  { name: 'an unknown route', sent: { path: '/api/nope' }, ...notFound },
  { name: 'an unknown route by POST', sent: { method: 'POST', path: '/api/events/nope', body: '{}' }, ...notFound },
  { name: 'GET on a POST route', sent: { path: '/api/events' }, ...wrongMethod, headers: { allow: 'POST' } },
  { name: 'GET on /filter', sent: { path: '/api/events/filter' }, ...wrongMethod, headers: { allow: 'POST' } },
  { name: 'PUT on /count-by', sent: { method: 'PUT', path: '/api/events/count-by/day' }, ...wrongMethod },
  {
    name: 'POST on /filter/next',
    sent: { method: 'POST', path: '/api/events/filter/next' },
    ...wrongMethod,
    headers: { allow: 'GET' },
  },
  {
    name: 'DELETE on a POST route',
    sent: { method: 'DELETE', path: '/api/events' },
    ...wrongMethod,
    headers: { allow: 'POST' },
  },
  {
    name: 'HEAD on a POST route',
    sent: { method: 'HEAD', path: '/api/events' },
    status: 405,
    text: '',
    headers: { allow: 'POST' },
  },
];

/** Content types of a body that would be taken as JSON, and those that make it one string. */
const jsonTypes = ['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', null];
const otherTypes = ['text/plain', 'text/json', 'application/x-www-form-urlencoded'];

export function httpSection(target: Target): void {
  describe('HTTP in general', () => {
    for (const row of rows) {
      const tag = row.ours === undefined ? undefined : { ours: row.ours };
      law(target, `answers ${row.name}: ${row.status} ${row.text}`, () => checkRow(target, row), tag);
    }
    release(target);
    trailingSlash(target);
    preflight(target);
    contentTypes(target);
    compression(target);
    withoutPrefix(target);
  });
}

async function checkRow(target: Target, row: Row): Promise<void> {
  const answer = await send(target, row.sent);
  expect({ status: answer.status, text: answer.text }).toEqual({ status: row.status, text: row.text });
  expect(answer.headers).toMatchObject(row.headers ?? {});
  expect(answer.headers['content-type']).toBe('application/json');
}

function release(target: Target): void {
  law(target, 'says a release of Prefect 3, as a string', async () => {
    const { status, text, headers } = await send(target, { path: '/api/admin/version' });
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(text).toMatch(/^"3\.\d+\.\d+"$/);
  });
}

function trailingSlash(target: Target): void {
  for (const path of ['/api/events', '/api/events/filter', '/api/events/count-by/day']) {
    law(target, `sends ${path}/ on to ${path} with 307`, async () => {
      const answer = await send(target, {
        method: 'POST',
        path: `${path}/`,
        body: '[]',
        headers: { host: 'some.host:99' },
      });
      expect(answer.status).toBe(307);
      expect(answer.headers.location).toBe(`http://some.host:99${path}`);
      expect(answer.text).toBe('');
    });
  }
}

function preflight(target: Target): void {
  law(target, 'answers a CORS preflight', async () => {
    const answer = await send(target, {
      method: 'OPTIONS',
      path: '/api/events/filter',
      signed: false,
      headers: { origin: 'http://elsewhere', 'access-control-request-method': 'POST' },
    });
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: 'OK' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      'access-control-max-age': '600',
    });
  });

  law(target, 'lets any origin read an answer', async () => {
    const answer = await send(target, { path: '/api/health', headers: { origin: 'http://elsewhere' } });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });
}

function contentTypes(target: Target): void {
  const asks = (type: string | null): Promise<Answer> =>
    send(target, {
      method: 'POST',
      path: '/api/events',
      body: '[]',
      headers: type === null ? {} : { 'content-type': type },
    });
  for (const type of jsonTypes) {
    law(target, `parses a body of content type ${type ?? '(none)'} as JSON`, async () => {
      expect((await asks(type)).status).toBe(204);
    });
  }
  for (const type of otherTypes) {
    law(target, `takes a body of content type ${type} as one string`, async () => {
      const answer = await asks(type);
      const detail = { type: 'list_type', loc: ['body'], msg: 'Input should be a valid list', input: '[]' };
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 422, text: refusal([detail], '[]') });
    });
  }
}

function compression(target: Target): void {
  const word = uniqueWord();
  const filter = { event: { prefix: [word] } };
  const ask = (encoding: string | null): Promise<Answer> =>
    send(target, {
      method: 'POST',
      path: '/api/events/filter',
      body: JSON.stringify({ filter }),
      headers: { 'content-type': 'application/json', ...(encoding === null ? {} : { 'accept-encoding': encoding }) },
    });
  describe('long answers', () => {
    beforeAll(async () => {
      await publish(target, [eventLike({ event: `${word}.ü`, payload: { text: 'x'.repeat(600) } })]);
      await untilFound(target, filter, 1);
    });

    law(target, 'come as gzip to who takes it', async () => {
      const answer = await ask('gzip, br');
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
      expect(gunzipSync(answer.bytes).toString()).toBe((await ask(null)).text);
    });

    law(target, 'stay plain for everybody else, and say that it depends', async () => {
      for (const encoding of [null, 'br', 'deflate']) {
        const answer = await ask(encoding);
        expect(answer.headers['content-encoding']).toBeUndefined();
        expect(answer.headers.vary).toBe('Accept-Encoding');
      }
    });

    law(target, 'are compact UTF-8, not escaped', async () => {
      const answer = await ask(null);
      expect(answer.text).toContain(`"event":"${word}.ü"`);
      expect(answer.text).toBe(JSON.stringify(JSON.parse(answer.text)));
    });
  });

  law(target, 'leaves an answer below 500 bytes plain', async () => {
    const answer = await send(target, { path: '/api/version', headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers.vary).toBeUndefined();
  });
}

function withoutPrefix(target: Target): void {
  const tag = { ours: 'the same routes without /api too' };
  law(
    target,
    'has every route without /api too',
    async () => {
      expect((await post(target, '/events', '[]')).status).toBe(204);
      expect((await post(target, '/events/filter', { limit: 0 })).status).toBe(200);
      expect((await post(target, '/events/count-by/event', { filter: {} })).status).toBe(200);
      expect((await send(target, { path: '/events/filter/next?page-token=x' })).status).toBe(403);
      expect((await send(target, { path: '/health' })).text).toBe('true');
      expect((await send(target, { path: '/version' })).text).toBe('"0.8.4"');
    },
    tag,
  );
}
