/**
 * The real Prefect client against Sluice behind nginx, with TLS and under a path: it emits, subscribes and pages as it
 * does without a proxy, with an auth string and without (I1, I3, I7).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { untilFound } from '../../support/events.ts';
import { installPrefect } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { type RunningProxy, startProxy } from '../proxy/start-proxy.ts';
import { PrefectClient } from './prefect-client.ts';

const install = await installPrefect(repositoryRoot());
const noProxy = whyNoProxy('nginx');
const count = 320;
const testMs = 240_000;

const clients: PrefectClient[] = [];
let proxy: RunningProxy | null = null;
let sluice: TestSluice | null = null;

describe('the real Prefect client behind nginx, with TLS and a path', () => {
  if (!install.found || noProxy !== null) {
    it.skip(install.found ? (noProxy ?? '') : install.sentence, () => undefined);
    return;
  }
  const { python } = install;

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.kill()));
    await proxy?.stop();
    await sluice?.stop();
    if (sluice !== null) removeData(sluice);
    [proxy, sluice] = [null, null];
  });

  it('emits, subscribes and pages', () => goThrough(python, undefined), testMs);
  it('does so with an auth string', () => goThrough(python, 'admin:geheim pass'), testMs);
});

async function goThrough(python: string, authString: string | undefined): Promise<void> {
  const signed = authString === undefined ? {} : { authString };
  sluice = await startSluice({ env: authString === undefined ? {} : { SLUICE_AUTH_STRING: authString } });
  proxy = await startProxy('nginx', { sluicePort: Number(new URL(sluice.url).port), isTls: true, hasPrefix: true });
  const { url, certificate } = proxy;
  expect(url).toMatch(/^https:\/\/localhost:\d+\/sluice$/);
  const prefix = uniqueWord();
  const start = (what: 'emit' | 'read' | 'page'): PrefectClient => {
    const env = { PREFECT_API_SSL_CERT_FILE: certificate?.file ?? '' };
    const client = new PrefectClient({ python, what, url, prefix, count, env, ...signed });
    clients.push(client);
    return client;
  };
  const reader = start('read');
  await reader.said('ready');
  const emitted = await start('emit').finished();
  const read = await reader.finished();
  expect(emitted).toHaveLength(count);
  expect(read.toSorted((one, other) => one.number - other.number)).toEqual(emitted);
  const { url: inside } = sluice;
  await untilFound({ baseUrl: () => inside, strict: true, ...signed }, { event: { prefix: [`${prefix}.`] } }, count, 1);
  const paged = await start('page').finished();
  expect(paged).toEqual(emitted.toReversed());
}
