/** Servers that ask for a login, for TLS with a certificate of the client, or for a key: met by the settings alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { gatewayOf } from '../../src/config/gateway-settings.ts';
import { connectNats } from '../../src/nats/connect-nats.ts';
import { openStream } from '../../src/nats/open-stream.ts';
import { launchNats } from '../../support/peers/nats-server.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { makeCertificate } from '../proxy/certificate.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { installed } from './cluster.ts';
import { makeCredentials } from './credentials.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-secured-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What a gateway with these settings finds: the stream that it makes, or why there is none. */
async function found(env: Record<string, string>): Promise<string> {
  const all = { SLUICE_GATEWAY_ID: 'one', CLICKHOUSE_URL: 'http://a:b@c/d', SLUICE_SIGNING_KEY: 'key', ...env };
  const settings = gatewayOf(readConfig(all, []));
  if (settings === null) throw new Error('SLUICE_LOG is set');
  try {
    const nats = await connectNats({ ...settings.log, name: 'test' }, { withinMs: 1_500 });
    const wish = { name: 'SLUICE', replicas: 1, bytesMax: 2 ** 24, idsMax: 1_000, epoch: 'e', firstSeq: 1 };
    const { epoch } = await openStream(nats, wish).finally(() => nats.close());
    return epoch;
  } catch (error) {
    return String(error);
  }
}

async function serverWith(name: string, lines: readonly string[], work: (port: number) => Promise<void>) {
  const folder = installed.found ? installed.folder : '';
  const server = await launchNats(folder, { directory: join(root, name), lines });
  await work(server.port).finally(() => server.kill());
}

describe.skipIf(!installed.found)('a NATS server that asks', () => {
  it('for a login has a gateway that has it in SLUICE_LOG, and no other', () =>
    serverWith('login', ['authorization { user: "a b", password: "p@ss:word" }'], async (port) => {
      expect(await found({ SLUICE_LOG: `nats://a%20b:p%40ss%3Aword@127.0.0.1:${port}` })).toBe('e');
      expect(await found({ SLUICE_LOG: `nats://a%20b:wrong@127.0.0.1:${port}` })).toMatch(/authoriz/i);
      expect(await found({ SLUICE_LOG: `nats://127.0.0.1:${port}` })).toMatch(/authoriz/i);
    }));

  it('for a login, and is of a cluster, says so to a gateway that has none', async () => {
    const ports = [await freePort(), await freePort()];
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
    const launched = ports.map((port, nth) => {
      const lines = [
        `server_name: s${nth}`,
        `cluster { name: two, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
        'authorization { user: "a", password: "right" }',
      ];
      const folder = installed.found ? installed.folder : '';
      return launchNats(folder, { directory: join(root, `clustered ${nth}`), lines });
    });
    const servers = await Promise.all(launched);
    try {
      expect(await found({ SLUICE_LOG: `nats://a:wrong@127.0.0.1:${servers[0]?.port}` })).toMatch(/authoriz/i);
    } finally {
      await Promise.all(servers.map((server) => server.kill()));
    }
  });

  it.skipIf(whyNoProxy('nginx') !== null)('for TLS has a gateway that trusts it and shows a certificate', () => {
    const { file, keyFile } = makeCertificate(root);
    const lines = [`tls { cert_file: "${file}", key_file: "${keyFile}", ca_file: "${file}", verify: true }`];
    return serverWith('tls', lines, async (port) => {
      const log = { SLUICE_LOG: `tls://127.0.0.1:${port}` };
      const own = { SLUICE_LOG_CERT_FILE: file, SLUICE_LOG_KEY_FILE: keyFile };
      expect(await found({ ...log, ...own, SLUICE_LOG_CA_FILE: file })).toBe('e');
      expect(await found({ ...log, ...own })).toBe('Error: self-signed certificate');
      expect(await found({ ...log, SLUICE_LOG_CA_FILE: file })).toBe(
        'Error: NATS wants a certificate of its clients: SLUICE_LOG_CERT_FILE and SLUICE_LOG_KEY_FILE must name one.',
      );
    });
  });

  it('for the key of a user has a gateway with a credentials file, and none with another one', async () => {
    const [credentials, others] = [makeCredentials(), makeCredentials()];
    const files = ['own.creds', 'others.creds'].map((name) => join(root, name));
    for (const [nth, { text }] of [credentials, others].entries()) writeFileSync(files[nth] ?? '', text);
    await serverWith('creds', credentials.lines, async (port) => {
      const log = { SLUICE_LOG: `nats://127.0.0.1:${port}` };
      expect(await found({ ...log, SLUICE_LOG_CREDS_FILE: files[0] ?? '' })).toBe('e');
      expect(await found({ ...log, SLUICE_LOG_CREDS_FILE: files[1] ?? '' })).toMatch(/authoriz/i);
    });
  });
});
