/**
 * Who may do what, against a real Sluice: every route with every kind of credential, right and wrong; and I14: what a
 * forced filter leaves out is in no read of its token.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnsweredEvent, OutFrame } from '../../schemas/wire.ts';
import { eventLike, type Page, untilFound } from '../../support/events.ts';
import { type Answer, send } from '../../support/http.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connect, type WireClient } from '../../support/wire-client.ts';

const authString = 'me:secret';
const jwtTerms = { iss: 'https://id.example', aud: 'sluice' };
const tenants = ['a', 'b'] as const;
const window = { since: new Date(Date.now() - 600_000).toISOString() };
let sluice: TestSluice;
const open = { baseUrl: () => sluice.url, strict: true };
const owner = { ...open, authString };
/** By what they are called in the table. */
const credentials = new Map<string, string>();

async function token(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/main.js', 'token', ...words], {
    cwd: repositoryRoot(),
    env: { ...process.env, SLUICE_DATA_DIR: sluice.dataDir },
  });
  return stdout.trim();
}

function make(name: string, ...words: string[]): Promise<string> {
  return token('create', '--name', name, ...words);
}

const tenantFilter = (tenant: string): string => JSON.stringify({ resource: { labels: { tenant: [tenant] } } });

async function jwts(file: string): Promise<void> {
  const [ours, others] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  writeFileSync(file, JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'k', alg: 'RS256' }] }));
  const sign = (key: typeof ours, exp: string, sluiceClaim: object): Promise<string> =>
    new SignJWT({ ...jwtTerms, sub: 'anna', sluice: sluiceClaim })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setExpirationTime(exp)
      .sign(key.privateKey);
  credentials.set('a JWT that reads', await sign(ours, '1h', { read: true }));
  credentials.set('a JWT of another key', await sign(others, '1h', { read: true }));
  credentials.set('an expired JWT', await sign(ours, '-5m', { read: true }));
  const [, payload = ''] = (credentials.get('a JWT that reads') ?? '').split('.');
  credentials.set('a JWT without a signature', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`);
}

beforeAll(async () => {
  const jwks = join(process.env['TMPDIR'] ?? '/tmp', `sluice-jwks-${randomUUID()}.json`);
  await jwts(jwks);
  const env = { SLUICE_JWKS: jwks, SLUICE_JWT_ISSUER: jwtTerms.iss, SLUICE_JWT_AUDIENCE: jwtTerms.aud };
  sluice = await startSluice({ env: { ...env, SLUICE_AUTH_STRING: authString } });
  credentials.set('the auth string', authString);
  for (const right of ['read', 'write', 'admin'])
    credentials.set(`a token that may ${right}`, await make(right, `--${right}`));
  credentials.set('an expired token', await make('brief', '--read', '--write', '--admin', '--expires', '1s'));
  credentials.set('a revoked token', await make('gone', '--read', '--write', '--admin'));
  await token('revoke', 'gone');
  const forged = credentials.get('a token that may read') ?? '';
  credentials.set('a forged token', `${forged.slice(0, -3)}${forged.endsWith('AAA') ? 'BBB' : 'AAA'}`);
  for (const tenant of tenants)
    credentials.set(tenant, await make(`of-${tenant}`, '--read', '--filter', tenantFilter(tenant)));
  await until('the tokens hold', async () => {
    const answers = await Promise.all([ask('GET', '/version', 'b'), ask('GET', '/version', 'an expired token')]);
    return (answers[0]?.status === 200 && answers[1]?.status === 401) || undefined;
  });
});
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
});

function headersOf(name: string, scheme: 'Bearer' | 'Basic' = 'Bearer'): Record<string, string> {
  const secret = credentials.get(name);
  if (secret === undefined) return {};
  // The auth string is Prefect's, and comes as it does there.
  const isBasic = scheme === 'Basic' || name === 'the auth string';
  return { authorization: isBasic ? `Basic ${Buffer.from(secret).toString('base64')}` : `Bearer ${secret}` };
}

function ask(method: string, path: string, name: string, body?: unknown, scheme?: 'Basic'): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json', ...headersOf(name, scheme) };
  return send(open, { method, path: `/api${path}`, signed: false, headers, ...json });
}

/** What a socket says to a credential: `ok`, or why it is closed. */
async function dial(path: string, name: string): Promise<string> {
  const socket = await connect(open, path, {});
  socket.send(JSON.stringify({ type: 'auth', token: credentials.get(name) ?? null }));
  const said = await Promise.race([socket.next().catch(() => null), socket.closed]);
  if (typeof said === 'string') {
    void socket.close();
    return said === '{"type":"auth_success"}' ? 'ok' : said;
  }
  const { code, reason } = await socket.closed;
  return `${code} ${reason}`;
}

const routes: [method: string, path: string, needs: string | null, body: unknown][] = [
  ['POST', '/events', 'write', []],
  ['POST', '/events/filter', 'read', {}],
  ['GET', '/events/filter/next?page-token=x', 'read', undefined],
  ['POST', '/events/count-by/event', 'read', { filter: {} }],
  ['POST', '/events/export', 'read', {}],
  ['GET', '/events/out?filter=%7B%22event%22%3A7%7D', 'read', undefined],
  ['GET', '/metrics', 'admin', undefined],
  ['GET', '/ready?verbose=1', 'admin', undefined],
  ['GET', '/version', null, undefined],
];
const living: Readonly<Record<string, readonly string[]>> = {
  'the auth string': ['read', 'write', 'admin'],
  'a token that may read': ['read'],
  'a token that may write': ['write'],
  'a token that may admin': ['admin'],
  'a JWT that reads': ['read'],
};
const dead = [
  ...['nothing', 'an expired token', 'a revoked token', 'a forged token'],
  ...['a JWT of another key', 'an expired JWT', 'a JWT without a signature'],
];

describe('every route', () => {
  it.each(routes)(
    '%s %s: 401 to nobody, 403 to who lacks the right, and its answer to who has it',
    async (method, path, needs, body) => {
      for (const name of dead) expect([name, (await ask(method, path, name, body)).status]).toEqual([name, 401]);
      for (const [name, rights] of Object.entries(living)) {
        const { status, text } = await ask(method, path, name, body);
        const may = needs === null || rights.includes(needs);
        // A page token that is none, asked for by one who may read, is refused in other words.
        const isRight = text.includes(`the right to ${needs}`);
        expect([name, isRight, !may && status !== 403]).toEqual([name, !may, false]);
        expect([name, status === 401]).toEqual([name, false]);
      }
      const asBasic = await ask(method, path, 'a token that may read', body, 'Basic');
      expect(asBasic.status).toBe((await ask(method, path, 'a token that may read', body)).status);
    },
  );

  it('and an unknown one: 401 without a credential, 404 with one; the open ones to everybody', async () => {
    for (const name of dead) expect((await ask('GET', '/nowhere', name)).status).toBe(401);
    for (const name of Object.keys(living)) expect((await ask('GET', '/nowhere', name)).status).toBe(404);
    for (const name of [...dead, ...Object.keys(living)]) {
      expect([(await ask('GET', '/health', name)).status, (await ask('GET', '/ready', name)).status]).toEqual([
        200, 200,
      ]);
    }
  });

  it('takes no token from a URL', async () => {
    const secret = credentials.get('a token that may read') ?? '';
    for (const name of ['token', 'access_token', 'authorization', 'api_key']) {
      expect((await ask('GET', `/events/out?${name}=${secret}`, 'nothing')).status).toBe(401);
    }
  });

  it.each([
    ['/api/events/in', 'write'],
    ['/api/events/out', 'read'],
  ])('WS %s lets in who may, and closes with 1008 and the reason to all others', async (path, needs) => {
    for (const name of dead) {
      const reason = name === 'nothing' ? 'Auth required but no token provided' : 'Invalid token';
      expect([name, await dial(path, name)]).toEqual([name, `1008 ${reason}`]);
    }
    for (const [name, rights] of Object.entries(living)) {
      const wanted = rights.includes(needs) ? 'ok' : `1008 This needs the right to ${needs}`;
      expect([name, await dial(path, name)]).toEqual([name, wanted]);
    }
  });
});

interface Sent {
  readonly id: string;
  readonly tenant: string;
}

async function publish(count: number): Promise<Sent[]> {
  const sent = Array.from({ length: count }, (_, nth) => ({ id: randomUUID(), tenant: tenants[nth % 2] ?? 'a' }));
  const events = sent.map(({ id, tenant }, nth) =>
    eventLike({
      id,
      event: `shared.${nth % 3}`,
      resource: { 'prefect.resource.id': `thing.${nth % 5}`, tenant },
      payload: { text: `words of ${tenant}` },
    }),
  );
  const answer = await ask('POST', '/events', 'a token that may write', events);
  expect(answer.status).toBe(204);
  return sent;
}

const idsOf = (sent: readonly Sent[], tenant: string): string[] =>
  sent
    .filter((each) => each.tenant === tenant)
    .map(({ id }) => id)
    .sort();

describe('a forced filter', () => {
  let sent: Sent[];
  beforeAll(async () => {
    sent = await publish(120);
    await untilFound(owner, { occurred: window, event: { prefix: ['shared.'] } }, 120);
  });

  it.each(tenants)('of %s holds in pages and their totals, by every kind of question', async (tenant) => {
    const mine = new Set(idsOf(sent, tenant));
    const other = sent.find((each) => each.tenant !== tenant)?.id ?? '';
    for (const filter of [
      {},
      { event: { prefix: ['shared.'] } },
      { resource: { id: ['thing.1'] } },
      { resource: { labels: { tenant: ['a', 'b'] } } },
      { text: { query: 'words' } },
      { id: { id: [other, [...mine][0]] } },
      { id: { id: [other] } },
      { resource: { distinct: true } },
    ]) {
      const seen: string[] = [];
      let {
        events,
        total,
        next_page: next,
      } = await page(await ask('POST', '/events/filter', tenant, { filter, limit: 7 }));
      for (const first = total; ; ) {
        seen.push(...events.map(({ id }) => id));
        if (next === null) break;
        const path = new URL(next);
        const answer = await ask('GET', `${path.pathname.slice('/api'.length)}${path.search}`, tenant);
        ({ events, total, next_page: next } = await page(answer));
        expect(total).toBe(first);
      }
      expect([filter, seen.filter((id) => !mine.has(id))]).toEqual([filter, []]);
      expect([filter, seen.length]).toEqual([filter, total]);
    }
  });

  it.each(tenants)('of %s holds in counts', async (tenant) => {
    for (const countable of ['event', 'resource', 'time', 'day', 'label:tenant']) {
      const body = { filter: { occurred: { since: window.since } }, time_unit: 'hour' };
      const answer = await ask('POST', `/events/count-by/${countable}`, tenant, body);
      const counts = JSON.parse(answer.text) as { count: number; value: string }[];
      expect([countable, counts.reduce((sum, { count }) => sum + count, 0)]).toEqual([countable, 60]);
      if (countable === 'label:tenant') expect(counts.map(({ value }) => value)).toEqual([tenant]);
    }
  });

  it.each(tenants)('of %s holds in exports', async (tenant) => {
    const answer = await ask('POST', '/events/export', tenant, {});
    const ids = answer.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as AnsweredEvent).id);
    expect(ids.sort()).toEqual(idsOf(sent, tenant));
  });

  it('holds in history, live, and after a resume; a place of somebody else is none', async () => {
    const filter = { occurred: window };
    const [mine, others] = await Promise.all([follow('a', { filter }), follow('b', { filter })]);
    await until('history', () => (mine.events().length >= 60 && others.events().length >= 60) || undefined);
    const more = await publish(20);
    await until('live', () => (mine.events().length >= 70 && others.events().length >= 70) || undefined);
    expect(
      mine
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf([...sent, ...more], 'a'));
    expect(
      others
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf([...sent, ...more], 'b'));
    const resume = placeOf(mine);
    void mine.close();
    const later = await publish(20);
    const again = await follow('a', { filter, resume });
    await until('the rest', () => again.events().length >= 10 || undefined);
    expect(
      again
        .events()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(idsOf(later, 'a'));
    for (const name of ['b', 'a token that may read', 'the auth string']) {
      const stranger = await follow(name, { filter, resume });
      expect([name, await stranger.closed]).toEqual([name, expect.objectContaining({ code: 1008 })]);
    }
    void again.close();
    void others.close();
  });

  it("makes page and export tokens that are nobody else's", async () => {
    const first = await page(await ask('POST', '/events/filter', 'a', { limit: 5 }));
    const path = new URL(first.next_page ?? '');
    const exported = await ask('POST', '/events/export', 'a', {});
    const line = JSON.parse(exported.text.split('\n')[0] ?? '') as AnsweredEvent;
    const resume = {
      token: exported.headers['sluice-export-token'],
      after: { occurred: line.occurred, id: line.id },
    };
    for (const name of ['b', 'a token that may read', 'the auth string', 'a JWT that reads']) {
      const next = await ask('GET', `${path.pathname.slice('/api'.length)}${path.search}`, name);
      expect([name, next.status, (await ask('POST', '/events/export', name, resume)).status]).toEqual([name, 403, 403]);
    }
    expect((await ask('POST', '/events/export', 'a', resume)).status).toBe(200);
  });
});

describe('the end of a token', () => {
  it('closes its sockets and streams within a second, with 1008 and a reason', async () => {
    credentials.set('soon', await make('soon', '--read', '--write'));
    await until('it holds', async () => (await ask('GET', '/version', 'soon')).status === 200 || undefined);
    const subscriber = await follow('soon', { filter: { occurred: window } });
    const producer = await connect(open, '/api/events/in', {});
    producer.send(JSON.stringify({ type: 'auth', token: credentials.get('soon') }));
    await producer.next();
    const stream = fetch(`${sluice.url}/api/events/out`, { headers: headersOf('soon') }).then((answer) =>
      answer.text(),
    );
    await until('the stream', async () => (await verbose()).subscribers === 2 || undefined);
    const since = performance.now();
    await token('revoke', 'soon');
    const ends = await Promise.all([subscriber.closed, producer.closed]);
    expect(performance.now() - since).toBeLessThan(5_000); // a second, on a machine that has nothing else to do
    for (const end of ends) expect(end).toEqual({ code: 1008, reason: 'The credential has ended' });
    expect(await stream).toContain('"code":1008');
    expect((await ask('GET', '/version', 'soon')).status).toBe(401);
  });
});

async function verbose(): Promise<{ subscribers: number }> {
  const { text } = await ask('GET', '/metrics', 'a token that may admin');
  return { subscribers: Number(/^sluice_subscribers (\d+)/m.exec(text)?.[1] ?? 0) };
}

async function page(answer: Answer): Promise<Page> {
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text) as Page; // what the tests go on to check
}

async function follow(name: string, asked: Readonly<Record<string, unknown>>): Promise<WireClient> {
  const socket = await connect(open, '/api/events/out', {});
  socket.send(JSON.stringify({ type: 'auth', token: credentials.get(name) }));
  await socket.next();
  socket.send(JSON.stringify({ type: 'filter', positions: true, ...asked }));
  return socket;
}

/** Where a new feed goes on behind all that came. */
function placeOf(socket: WireClient): { token: string; position: string | number } {
  const frames: OutFrame[] = socket.frames();
  const { token: sealed = '' } = frames.findLast((frame) => frame.type === 'token') ?? {};
  const last = frames.findLast((frame) => 'position' in frame);
  return { token: sealed, position: last !== undefined && 'position' in last ? (last.position ?? 0) : 0 };
}
