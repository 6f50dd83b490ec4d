/**
 * A Sluice with every kind of credential, right and wrong, and ways to ask it as each of them.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll } from 'vitest';
import type { OutFrame } from '../../schemas/wire.ts';
import { type Answer, send } from '../../support/http.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { connect, type WireClient } from '../../support/wire-client.ts';

const authString = 'me:secret';
const jwtTerms = { iss: 'https://id.example', aud: 'sluice' };
export const tenants = ['a', 'b'] as const;
/** Of all events of these tests. */
export const window = { since: new Date(Date.now() - 600_000).toISOString() };
export let sluice: TestSluice;
export const open = { baseUrl: () => sluice.url, strict: true };
export const owner = { ...open, authString };
/** By what they are called in the table. */
export const credentials = new Map<string, string>();

export async function token(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/main.js', 'token', ...words], {
    cwd: repositoryRoot(),
    env: { ...process.env, SLUICE_DATA_DIR: sluice.dataDir },
  });
  return stdout.trim();
}

export function make(name: string, ...words: string[]): Promise<string> {
  return token('create', '--name', name, ...words);
}

const tenantFilter = (tenant: string): string => JSON.stringify({ resource: { labels: { tenant: [tenant] } } });

async function jwts(file: string): Promise<void> {
  const [ours, others] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  writeFileSync(file, JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'k', alg: 'RS256' }] }));
  const sign = (key: typeof ours, exp: string, terms: object = jwtTerms): Promise<string> =>
    new SignJWT({ ...terms, sub: 'anna', sluice: { read: true } })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setExpirationTime(exp)
      .sign(key.privateKey);
  credentials.set('a JWT that reads', await sign(ours, '1h'));
  credentials.set('a JWT of another key', await sign(others, '1h'));
  credentials.set('an expired JWT', await sign(ours, '-5m'));
  credentials.set('a JWT of another issuer', await sign(ours, '1h', { ...jwtTerms, iss: 'https://elsewhere.example' }));
  credentials.set('a JWT for another audience', await sign(ours, '1h', { ...jwtTerms, aud: 'somebody' }));
  // What everybody may know, used as if it were a shared secret.
  const known = Buffer.from(await exportSPKI(ours.publicKey));
  const confused = new SignJWT({ ...jwtTerms, sub: 'anna', sluice: { read: true } }).setExpirationTime('1h');
  credentials.set('a JWT by HS256', await confused.setProtectedHeader({ alg: 'HS256', kid: 'k' }).sign(known));
  const [, payload = ''] = (credentials.get('a JWT that reads') ?? '').split('.');
  credentials.set('a JWT without a signature', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`);
}

let jwks = '';

beforeAll(async () => {
  jwks = join(tmpdir(), `sluice-jwks-${randomUUID()}.json`);
  await jwts(jwks);
  const env = { SLUICE_JWKS: jwks, SLUICE_JWT_ISSUER: jwtTerms.iss, SLUICE_JWT_AUDIENCE: jwtTerms.aud };
  sluice = await startSluice({ env: { ...env, SLUICE_AUTH_STRING: authString } });
  credentials.set('the auth string', authString);
  credentials.set('another auth string', 'me:secreT');
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
  rmSync(jwks, { force: true });
});

export function headersOf(name: string, scheme: 'Bearer' | 'Basic' = 'Bearer'): Record<string, string> {
  const secret = credentials.get(name);
  if (secret === undefined) return {};
  // The auth string is Prefect's, and comes as it does there.
  const isBasic = scheme === 'Basic' || name.endsWith('auth string');
  return { authorization: isBasic ? `Basic ${Buffer.from(secret).toString('base64')}` : `Bearer ${secret}` };
}

export function ask(method: string, path: string, name: string, body?: unknown, scheme?: 'Basic'): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json', ...headersOf(name, scheme) };
  return send(open, { method, path: `/api${path}`, signed: false, headers, ...json });
}

/** A subscriber as one of them, whose filter has been sent. */
export async function follow(name: string, asked: Readonly<Record<string, unknown>>): Promise<WireClient> {
  const socket = await connect(open, '/api/events/out', {});
  socket.send(JSON.stringify({ type: 'auth', token: credentials.get(name) }));
  await socket.next();
  socket.send(JSON.stringify({ type: 'filter', positions: true, ...asked }));
  return socket;
}

/** Where a new feed goes on behind all that came. */
export function placeOf(socket: WireClient): { token: string; position: string | number } {
  const frames: OutFrame[] = socket.frames();
  const { token: sealed = '' } = frames.findLast((frame) => frame.type === 'token') ?? {};
  const last = frames.findLast((frame) => 'position' in frame);
  return { token: sealed, position: last !== undefined && 'position' in last ? (last.position ?? 0) : 0 };
}
