/**
 * Who may do what, against a real Sluice: every route with every kind of credential, right and wrong.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/poll.ts';
import { connect } from '../../support/wire-client.ts';
import { ask, credentials, follow, headersOf, make, open, sluice, token, window } from './access-world.ts';

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
  ['GET', '/admin/connections', 'admin', undefined],
  ['DELETE', '/admin/connections/999999', 'admin', undefined],
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

describe('the limits of a token', () => {
  it('hold in the running server, over HTTP and sockets together, and show at /metrics by its name', async () => {
    credentials.set('meter', await make('meter', '--read', '--write', '--rate', '5', '--connections', '1'));
    await until('it holds', async () => (await ask('GET', '/version', 'meter')).status === 200 || undefined);
    const batch = Array.from({ length: 200 }, () => ({
      ...{ id: randomUUID(), event: 'meter.read', resource: { 'prefect.resource.id': 'meter' }, occurred: new Date() },
    }));
    expect((await ask('POST', '/events', 'meter', batch)).status).toBe(204);
    const one = { ...batch[0], id: randomUUID() };
    const refused = await ask('POST', '/events', 'meter', [one]);
    expect([refused.status, Number(refused.headers['retry-after']) > 30]).toEqual([429, true]);
    const subscriber = await follow('meter', { filter: { occurred: window, event: { name: ['meter.read'] } } });
    expect(await dial('/api/events/out', 'meter')).toBe('1013 The token has its 1 connections already.');
    expect((await ask('POST', '/events', 'the auth string', batch)).status).toBe(204);
    const { text } = await ask('GET', '/metrics', 'a token that may admin');
    expect(text).toContain('sluice_token_events_total{token="meter"} 200\n');
    expect(text).toContain('sluice_token_connections{token="meter"} 1\n');
    expect(text).toContain('sluice_token_refused_total{token="meter",limit="rate"} 1\n');
    expect(text).toContain('sluice_token_refused_total{token="meter",limit="connections"} 1\n');
    expect(text).toContain('sluice_events_refused_total{reason="overRate"} 1\n');
    subscriber.drop();
  });
});
