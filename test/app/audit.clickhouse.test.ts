/**
 * The audit log of a real Sluice: it tells who came in, who was refused and what the operator did, and no secret is
 * ever in it, whatever peers send and wherever they put it.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConnectionList } from '../../schemas/connection-list.ts';
import { cleanUp, runBare } from '../../support/bare-sluice.ts';
import { send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { connect, dial } from '../../support/wire-client.ts';
import { ask, credentials, follow, headersOf, make, open, sluice, token, window } from './access-world.ts';

interface AuditLine {
  readonly what: string;
  readonly why?: string;
  readonly who?: { readonly kind: string; readonly name?: string } | null;
  readonly route?: string;
  readonly from?: { readonly address: string; readonly via?: string };
  readonly token?: { readonly name: string };
  readonly connections?: number;
  readonly connection?: number;
  readonly command?: string;
}

const folder = (): string => join(sluice.dataDir, 'audit');
const text = (): string =>
  readdirSync(folder())
    .map((name) => readFileSync(join(folder(), name), 'utf8'))
    .join('');
const lines = (): AuditLine[] =>
  text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine); // the shape is what is tested

/** Waits for a line that has all this. */
function told(wanted: Partial<AuditLine>): Promise<AuditLine> {
  return until(JSON.stringify(wanted), () =>
    lines().find((line) => {
      const merged = { ...line, ...wanted };
      try {
        expect(line).toMatchObject(wanted as object);
        return merged !== undefined;
      } catch {
        return false;
      }
    }),
  );
}

async function say(path: string, name: string): Promise<void> {
  const socket = await connect(open, path, {});
  socket.send(JSON.stringify({ type: 'auth', token: credentials.get(name) ?? null }));
  await Promise.race([socket.next().catch(() => null), socket.closed]);
  void socket.close();
}

afterAll(cleanUp);

describe('the audit log', () => {
  it('tells of tokens that were made and revoked, and of starts', async () => {
    await told({ what: 'started' });
    await told({ what: 'token made', token: { name: 'read' } });
    await told({ what: 'token revoked', token: { name: 'gone' } });
    for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });

  it('tells who came in: by socket, by stream, and by a first request', async () => {
    await say('/api/events/in', 'a token that may write');
    const from = { address: '127.0.0.1' };
    await told({ what: 'connected', who: { kind: 'token', name: 'write' }, route: 'WS /events/in', from });
    const follower = await follow('a JWT that reads', { filter: { occurred: window } });
    await told({ what: 'connected', who: { kind: 'jwt', name: 'anna' }, route: 'WS /events/out' });
    void follower.close();
    const stream = new AbortController();
    const headers = headersOf('a token that may read');
    await fetch(`${sluice.url}/api/events/out`, { headers, signal: stream.signal });
    await told({ what: 'connected', who: { kind: 'token', name: 'read' }, route: 'GET /events/out' });
    stream.abort();
    for (const _ of [1, 2]) await ask('POST', '/events/filter', 'the auth string', {});
    const asked = { what: 'asked', who: { kind: 'auth string' }, route: 'POST /events/filter' };
    await told(asked);
    expect(lines().filter(({ what, route }) => what === 'asked' && route === asked.route)).toHaveLength(1);
  });

  it('tells who was refused, and why', async () => {
    await ask('POST', '/events/filter', 'nothing', {});
    await told({ what: 'refused', why: 'no credential', who: null, route: 'POST /events/filter' });
    await ask('POST', '/events', 'a forged token', []);
    await told({ what: 'refused', why: 'wrong credential', who: null, route: 'POST /events' });
    await ask('GET', '/version', 'a revoked token');
    const gone = { kind: 'token', name: 'gone' };
    await told({ what: 'refused', why: 'ended credential', who: gone, route: 'GET /version' });
    await ask('POST', '/events', 'a token that may read', []);
    await told({ what: 'refused', why: 'missing right', who: { kind: 'token', name: 'read' }, route: 'POST /events' });
    await ask('GET', '/events/filter/next?page-token=x', 'a JWT that reads');
    await told({ what: 'refused', why: 'page, export or resume token', who: { kind: 'jwt', name: 'anna' } });
    await say('/api/events/out', 'an expired token');
    await told({ what: 'refused', why: 'ended credential', route: 'WS /events/out' });
    await say('/api/events/in', 'a JWT of another key');
    await told({ what: 'refused', why: 'wrong credential', route: 'WS /events/in' });
    const resume = { token: 'x.y', position: 1 };
    const follower = await follow('a token that may read', { filter: { occurred: window }, resume });
    await follower.closed;
    await told({ what: 'refused', why: 'page, export or resume token', route: 'WS /events/out' });
    await dial(open, '/api/events/out', { protocols: [] });
    await told({ what: 'refused', why: 'no subprotocol', route: 'WS /events/out' });
    await dial(open, '/api/events/in', { headers: { origin: 'https://evil.example' } });
    await told({ what: 'refused', why: 'origin', route: 'WS /events/in' });
  });

  it('tells the address that a trusted proxy was asked from', async () => {
    const headers = { ...headersOf('a forged token'), 'x-forwarded-for': '10.0.0.9, 192.0.2.7' };
    await send(open, { method: 'GET', path: '/api/version', signed: false, headers });
    await told({ what: 'refused', from: { address: '192.0.2.7', via: '127.0.0.1' } });
  });

  it('tells when a credential ends, and how many of its sockets', async () => {
    credentials.set('short', await make('short', '--read'));
    await until('it holds', async () => (await ask('GET', '/version', 'short')).status === 200 || undefined);
    const followers = [
      await follow('short', { filter: { occurred: window } }),
      await follow('short', { filter: { occurred: window } }),
    ];
    await token('revoke', 'short');
    await Promise.all(followers.map(({ closed }) => closed));
    await told({ what: 'ended', who: { kind: 'token', name: 'short' }, connections: 2 });
  });

  it('tells who closed a connection for an operator, and whose it was', async () => {
    const follower = await follow('a token that may read', { filter: { occurred: window } });
    const { text: listed } = await ask('GET', '/admin/connections', 'a token that may admin');
    const { connections } = JSON.parse(listed) as ConnectionList; // as answered
    const { id = 0 } = connections.findLast(({ name }) => name === 'read') ?? {};
    expect((await ask('DELETE', `/admin/connections/${id}`, 'a token that may read')).status).toBe(403);
    expect((await ask('DELETE', '/admin/connections/0', 'a token that may admin')).status).toBe(404);
    expect((await ask('DELETE', `/admin/connections/${id}`, 'a token that may admin')).status).toBe(204);
    await follower.closed;
    const closed = lines().filter(({ what }) => what === 'connection closed');
    const [who, of] = ['admin', 'read'].map((name) => ({ kind: 'token', name }));
    expect(closed).toMatchObject([{ who, connection: id, of, uid: process.getuid?.() }]);
  });

  it('never holds a secret, wherever a peer puts it', async () => {
    const canaries = Array.from({ length: 8 }, (_, nth) => `canary${nth}${randomUUID().replaceAll('-', '')}`);
    const secrets = [...credentials.values(), ...canaries];
    const places = (secret: string): readonly [path: string, headers: Record<string, string>][] => [
      [`/events/filter/next?page-token=${secret}`, {}],
      [`/events/${secret}`, {}],
      [`/events/count-by/${secret}?limit=1`, {}],
      ['/version', { authorization: secret }],
      ['/version', { authorization: `Bearer ${secret}` }],
      ['/version', { authorization: `Basic ${Buffer.from(`u:${secret}`).toString('base64')}` }],
      ['/version', { authorization: `Basic ${secret}` }],
      ['/version', { 'x-forwarded-for': secret, forwarded: `for=${secret};host=${secret}` }],
      ['/version', { forwarded: `for="[::1]:${secret}"` }],
      ['/version', { origin: `https://${secret}.example`, 'user-agent': secret, cookie: secret, referer: secret }],
    ];
    const bodies = ['{', JSON.stringify({ filter: { id: { id: ['x'] } } })];
    for (const [nth, secret] of secrets.entries()) {
      for (const [path, headers] of places(secret)) {
        for (const method of ['GET', 'POST']) {
          const body = method === 'POST' ? { body: bodies[nth % 2] ?? '' } : {};
          await send(open, { method, path: `/api${path}`, signed: false, headers, ...body });
          await send(open, { method, path: `/api${path}`, signed: false, headers: { ...headersOf('a'), ...headers } });
        }
      }
      for (const path of ['/api/events/in', '/api/events/out']) {
        for (const message of [secret, { type: 'auth', token: [secret] }, { type: secret, token: secret }]) {
          const socket = await connect(open, path, {});
          socket.send(typeof message === 'string' ? message : JSON.stringify(message));
          await socket.closed;
        }
        await dial(open, `${path}?token=${secret}`, { headers: { origin: `https://${secret}` } });
      }
    }
    const refused = lines().filter(({ what }) => what === 'refused').length;
    expect(refused).toBeGreaterThan(50);
    await sluice.stop();
    const said = text();
    for (const secret of secrets) {
      expect(said.includes(secret)).toBe(false);
      expect(said.includes(Buffer.from(secret).toString('base64').slice(0, -4))).toBe(false);
      for (const part of secret.split(/[._:]/).filter((one) => one.length >= 16)) expect(said).not.toContain(part);
    }
    expect(said).toContain('"what":"stopped"');
    expect(said).toContain('"what":"left out"');
  });

  it('tells what was done to the folder while nothing ran on it', async () => {
    const env = { SLUICE_DATA_DIR: sluice.dataDir, CLICKHOUSE_URL: '' };
    for (const words of [['dead-letter', 'replay'], ['adopt'], ['recover']]) {
      const { ended, output } = runBare({ env, words });
      expect([await ended, output()]).toEqual([0, expect.any(String)]);
    }
    const done = lines().map(({ what, command }) => [what, command]);
    const tries = [
      ['tried', 'dead-letter replay'],
      ['replayed', undefined],
      ['tried', 'adopt'],
      ['adopted', undefined],
      ['tried', 'recover'],
      ['nothing to do', 'recover'],
    ];
    expect(done).toEqual(expect.arrayContaining(tries));
  });
});
