/**
 * The Sluice that the wire fuzz is sent to, with every kind of credential, and what is looked at in it.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice } from '../../support/sluice.ts';
import type { Secrets } from './wire-requests.ts';

const authString = 'me:secret';
const terms = { iss: 'https://id.example', aud: 'sluice' };
const ofTenantA = '{"resource":{"labels":{"tenant":["a"]}}}';
const tokens: Readonly<Record<string, readonly string[]>> = {
  reads: ['--read'],
  writes: ['--write'],
  admins: ['--admin'],
  'reads a': ['--read', '--filter', ofTenantA],
  'writes as a': ['--write', '--label', 'tenant=a'],
  'writes as b': ['--write', '--label', 'tenant=b'],
  limited: ['--read', '--write', '--rate', '200', '--connections', '3', '--queries', '1'],
  brief: ['--read', '--write', '--admin', '--expires', '1s'],
  gone: ['--read', '--write', '--admin'],
};

export interface Health {
  /** Gauges and counters by name, without labels. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly descriptors: number;
  readonly residentBytes: number;
}

export interface WireTarget {
  readonly url: string;
  readonly secrets: Secrets;
  /** Rejects where it does not answer any more. */
  look(): Promise<Health>;
  stop(): Promise<void>;
}

export async function startWireTarget(): Promise<WireTarget> {
  const jwks = join(tmpdir(), `sluice-jwks-${randomUUID()}.json`);
  const jwt = await signed(jwks);
  const env = {
    ...{ SLUICE_JWKS: jwks, SLUICE_JWT_ISSUER: terms.iss, SLUICE_JWT_AUDIENCE: terms.aud },
    ...{ SLUICE_AUTH_STRING: authString, SLUICE_LOG_LEVEL: 'fatal', SLUICE_ID_WINDOW_IDS_MAX: '2000' },
  };
  const sluice = await startSluice({ env });
  const command = async (...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/src/main.js', 'token', ...words], {
      cwd: repositoryRoot(),
      env: { ...process.env, SLUICE_DATA_DIR: sluice.dataDir },
    });
    return stdout.trim();
  };
  const secrets = new Map([
    ['the auth string', authString],
    ['a JWT', jwt],
    ['nothing good', 'me:secreT'],
  ]);
  for (const [name, words] of Object.entries(tokens)) {
    secrets.set(name, await command('create', '--name', name.replaceAll(' ', '-'), ...words));
  }
  await command('revoke', 'gone');
  const headers = { authorization: `Basic ${Buffer.from(authString).toString('base64')}` };
  const ask = (path: string) => fetch(`${sluice.url}${path}`, { headers });
  await until('the tokens hold', async () => {
    const answer = await fetch(`${sluice.url}/api/version`, { headers: bearer(secrets.get('limited')) });
    return answer.status === 200 || undefined;
  });
  return {
    url: sluice.url,
    secrets,
    async look() {
      const text = await (await ask('/metrics')).text();
      const lines = [...text.matchAll(/^sluice_(\w+) (\S+)$/gm)];
      return {
        metrics: new Map(lines.map(([, name = '', value]) => [name, Number(value)])),
        descriptors: readdirSync(`/proc/${sluice.pid}/fd`).length,
        residentBytes: residentBytesOf(sluice.pid),
      };
    },
    async stop() {
      await sluice.stop();
      removeData(sluice);
      rmSync(jwks, { force: true });
    },
  };
}

function bearer(secret = ''): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

async function signed(file: string): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  writeFileSync(file, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] }));
  return new SignJWT({ ...terms, sub: 'anna', sluice: { read: true, write: true } })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setExpirationTime('1d')
    .sign(privateKey);
}

function residentBytesOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
