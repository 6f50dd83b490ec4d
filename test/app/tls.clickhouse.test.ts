/**
 * TLS on the real process: what is served, what is refused, and a certificate that is renewed under open connections.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type PeerCertificate, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../src/server/self-signed.ts';
import type { TlsFiles } from '../../src/server/tls.ts';
import { cleanUp, runBare, startBare, temporaryFolder } from '../../support/bare-sluice.ts';
import { eventLike } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import { connectSigned, subscribe } from '../../support/wire-client.ts';

afterEach(cleanUp);

/** A pair of its own, made as `SLUICE_TLS_SELF_SIGNED` does. */
const pair = (): TlsFiles => selfSigned(temporaryFolder(), '127.0.0.1');
const newEvent = () => eventLike({ id: randomUUID(), occurred: new Date().toISOString() });
const pem = ({ cert }: TlsFiles): string => readFileSync(cert, 'utf8');
/** Subscribers want a store. */
const withStore = { CLICKHOUSE_URL: '' };
const settingsOf = ({ cert, key }: TlsFiles) => ({ SLUICE_TLS_CERT: cert, SLUICE_TLS_KEY: key });

function dial(url: string, version?: SecureVersion): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(url);
  const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
  return new Promise((resolve, reject) => {
    const given = { host, port: Number(port), rejectUnauthorized: false, ciphers: 'DEFAULT@SECLEVEL=0', ...versions };
    const socket = connect(given, () => resolve(socket));
    socket.on('error', reject);
  });
}

const serialOf = (socket: TLSSocket): string => (socket.getPeerCertificate() as PeerCertificate).serialNumber; // shaken

/** One that waits in a socket's queue in the moment it closes is reset by the system: once, a client connects again. */
async function servedBy(url: string): Promise<string> {
  const socket = await dial(url).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') throw error;
    return dial(url);
  });
  const serial = serialOf(socket);
  socket.destroy();
  return serial;
}

describe('with a certificate', () => {
  it('Sluice speaks https and wss, both ways, from TLS 1.2 on', async () => {
    const files = pair();
    const { target, output } = await startBare({ env: { ...settingsOf(files), ...withStore }, ca: pem(files) });
    const url = target.baseUrl();
    expect(url).toMatch(/^https:/);
    await until('it is said', () => output().includes(`PREFECT_API_URL=${url}/api`) || undefined);
    expect((await send(target, { path: '/api/health' })).text).toBe('true');
    const follower = await subscribe(target, {});
    const producer = await connectSigned(target, '/api/events/in');
    const [overSocket, overHttp] = [newEvent(), newEvent()];
    producer.send(JSON.stringify(overSocket));
    await producer.ping();
    expect((await post(target, '/api/events', [overHttp])).status).toBe(204);
    const ids = await until('both have come', () => {
      const came = follower.events().map(({ id }) => id);
      return came.length === 2 ? came : undefined;
    });
    expect(ids).toEqual([overSocket.id, overHttp.id]);
    for (const version of ['TLSv1', 'TLSv1.1'] as const) await expect(dial(url, version)).rejects.toThrow();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await dial(url, version);
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    for (const socket of [follower, producer]) socket.drop();
  });

  it('a request without TLS gets no answer', async () => {
    const { target } = await startBare({ env: settingsOf(pair()) });
    const { hostname, port } = new URL(target.baseUrl());
    const got = await new Promise<string>((resolve) => {
      let bytes = '';
      const socket = connectPlain(Number(port), hostname, () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
      socket.on('data', (chunk) => {
        bytes += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(bytes));
    });
    expect(got).not.toContain('HTTP');
  });

  it('links begin with https, and Strict-Transport-Security is said only if it is set', async () => {
    const files = pair();
    const silent = await startBare({ env: settingsOf(files), ca: pem(files) });
    expect((await send(silent.target, { path: '/api/health' })).headers).not.toHaveProperty(
      'strict-transport-security',
    );
    const env = { ...settingsOf(files), SLUICE_HSTS_SECONDS: '60' };
    const { target } = await startBare({ env, ca: pem(files) });
    const health = await send(target, { path: '/api/health' });
    expect(health.headers['strict-transport-security']).toBe('max-age=60');
    const described = await send(target, { path: '/api/openapi.json' });
    expect(described.headers['strict-transport-security']).toBe('max-age=60');
    const plain = await startBare({ env: { SLUICE_HSTS_SECONDS: '60' } });
    expect((await send(plain.target, { path: '/api/health' })).headers).not.toHaveProperty('strict-transport-security');
  });

  it('a renewed one is served to new connections, and old ones go on', async () => {
    const [files, next, last] = [pair(), pair(), pair()];
    const ca = `${pem(files)}${pem(next)}${pem(last)}`;
    const { target, output } = await startBare({
      env: { ...settingsOf(files), ...withStore, SLUICE_LOG_LEVEL: 'info' },
      ca,
    });
    const url = target.baseUrl();
    const first = await servedBy(url);
    const follower = await subscribe(target, {});
    const producer = await connectSigned(target, '/api/events/in');
    // For a while the pair does not fit: the one before it goes on.
    copyFileSync(next.cert, files.cert);
    await until('it is noticed', () => output().includes('cannot serve') || undefined);
    expect(await servedBy(url)).toBe(first);
    copyFileSync(next.key, files.key);
    const second = await until('it is served', async () => {
      const serial = await servedBy(url);
      return serial === first ? undefined : serial;
    });
    const younger = await subscribe(target, {});
    copyFileSync(last.key, files.key);
    copyFileSync(last.cert, files.cert);
    await until('the third one is served', async () => (await servedBy(url)) !== second || undefined);
    const event = newEvent();
    producer.send(JSON.stringify(event));
    await producer.ping();
    for (const socket of [follower, younger]) {
      await until('it comes', () => socket.events().some(({ id }) => id === event.id) || undefined);
    }
    expect((await send(target, { path: '/api/health' })).status).toBe(200);
    for (const socket of [follower, younger, producer]) expect((await socket.close()).code).toBe(1005);
  });
});

describe('a start', () => {
  it.each([
    ['only a certificate', (files: TlsFiles) => ({ SLUICE_TLS_CERT: files.cert }), 'SLUICE_TLS_KEY is not'],
    ['only a key', (files: TlsFiles) => ({ SLUICE_TLS_KEY: files.key }), 'SLUICE_TLS_CERT is not'],
    [
      'a file that is none',
      (files: TlsFiles) => ({ ...settingsOf(files), SLUICE_TLS_CERT: '/nowhere' }),
      'cannot be read',
    ],
    ['a key for a certificate', ({ key }: TlsFiles) => settingsOf({ cert: key, key }), 'holds no certificate in PEM'],
    ['the key of another', (files: TlsFiles) => settingsOf({ ...files, key: pair().key }), 'is not the one of'],
    ['both kinds', (files: TlsFiles) => ({ ...settingsOf(files), SLUICE_TLS_SELF_SIGNED: 'on' }), 'give one of them'],
  ])('is refused with a sentence for %s', async (_, env, sentence) => {
    const { ended, output } = runBare({ env: env(pair()) });
    expect([await ended, output()]).toEqual([1, expect.stringContaining(sentence)]);
    expect(output()).not.toContain('    at ');
  });

  it('with --tls-self-signed makes a pair once, which only its owner may read', async () => {
    const dataDir = temporaryFolder();
    const env = { SLUICE_DATA_DIR: dataDir };
    const files = { cert: join(dataDir, 'tls', 'self-signed.crt'), key: join(dataDir, 'tls', 'self-signed.key') };
    const first = await startBare({ env, words: ['--tls-self-signed'] });
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    const trusted = { ...first.target, ca: pem(files) };
    expect((await send(trusted, { path: '/api/health' })).status).toBe(200);
    first.child.kill('SIGTERM');
    await first.ended;
    const again = await startBare({ env, words: ['--tls-self-signed'] });
    expect((await send({ ...again.target, ca: trusted.ca }, { path: '/api/health' })).status).toBe(200);
    rmSync(join(dataDir, 'tls'), { recursive: true });
  });
});
