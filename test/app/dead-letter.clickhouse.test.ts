/**
 * The dead letter of a real Sluice, with redaction and forced filters: who may look sees which events ClickHouse
 * refused, each operator only those of its own filter, and nobody what was redacted.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import { openStore } from '../../src/clickhouse/store.ts';
import { startTestEngine, testStoreOptions } from '../../support/engine.ts';
import { eventLike, publish } from '../../support/events.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';

const [secret, poison, authString] = ['canary-of-the-dead', 'poison-of-the-dead', 'me:secret'];
const env = { SLUICE_REDACT: 'label:owner,payload:**.password', SLUICE_AUTH_STRING: authString };
const dataDir = mkdtempSync(join(tmpdir(), 'sluice-dead-'));
let sluice: TestSluice | undefined;

afterAll(async () => {
  await sluice?.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

function command(...words: string[]): string {
  return execFileSync(process.execPath, ['dist/src/main.js', ...words], {
    ...{ cwd: repositoryRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: dataDir },
  });
}

async function refusePoison(): Promise<void> {
  const store = openStore({ ...testStoreOptions, source: startTestEngine(dataDir) });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    await store.command(`ALTER TABLE events ADD CONSTRAINT no_poison CHECK position(raw, '${poison}') = 0`, {});
  } finally {
    await store.close();
  }
}

const deadOf = (tenant: string) =>
  eventLike({
    event: poison,
    resource: { 'prefect.resource.id': 'r', tenant, owner: secret },
    payload: { in: [{ password: secret }] },
  });

it('shows an operator the events of its filter, and nobody what was redacted', { timeout: 120_000 }, async () => {
  await (await startSluice({ dataDir, env })).stop();
  await refusePoison();
  const server = await startSluice({ dataDir, env });
  sluice = server;
  const target = { baseUrl: () => server.url, strict: true, authString };
  const [ofA, ofB] = [deadOf('a'), deadOf('b')];
  await publish(target, [ofA, eventLike({ resource: { 'prefect.resource.id': 'r', tenant: 'a' } }), ofB]);
  const list = async (token: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${server.url}/api/admin/dead-letter`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, text: await answer.text() };
  };
  const idsOf = (text: string) => (JSON.parse(text) as DeadLetterList).events.map(({ id }) => id);
  const filter = ['--filter', '{"resource":{"labels":{"tenant":["a"]}}}'];
  const make = (name: string, ...words: string[]) => command('token', 'create', '--name', name, ...words).trim();
  const [whole, tenant, reader] = [
    make('whole', '--admin'),
    make('tenant', '--admin', '--read', ...filter),
    make('reader', '--read', '--write'),
  ];
  const all = await until('both are refused', async () => {
    const answer = await list(whole);
    return answer.status === 200 && idsOf(answer.text).length === 2 ? answer : undefined;
  });
  expect(idsOf(all.text)).toEqual([ofA.id, ofB.id]);
  const own = await until('the tenant is known', async () => {
    const answer = await list(tenant);
    return answer.status === 200 ? answer : undefined;
  });
  expect(idsOf(own.text)).toEqual([ofA.id]);
  expect(own.text).not.toContain(ofB.id);
  await until('a reader is known, and refused', async () => (await list(reader)).status === 403 || undefined);

  const file = readFileSync(join(dataDir, 'dead-letter', 'events.ndjson'), 'utf8');
  expect(file).toContain('***');
  const said = command('dead-letter');
  expect(said).toContain('2 events.');
  for (const text of [all.text, own.text, file, said, server.output()]) expect(text).not.toContain(secret);
  // An operator has no right to read: a listing tells nothing of what the events say.
  for (const text of [all.text, own.text, said, server.output()]) expect(text).not.toContain(poison);

  const replay = async (token: string, method = 'GET'): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${server.url}/api/admin/dead-letter/replay`, { method, headers })).text();
  };
  await replay(tenant, 'POST');
  const [ofWhole, ofTenant] = await until('the replay has ended', async () => {
    const texts = [await replay(whole), await replay(tenant)] as const;
    return texts[0].includes('"state":"done"') ? texts : undefined;
  });
  for (const { id } of [ofA, ofB])
    expect([ofWhole.includes(String(id)), ofTenant.includes(String(id))]).toEqual([true, false]);
  for (const text of [ofWhole, ofTenant]) expect(text).not.toMatch(new RegExp(`${secret}|${poison}`));
});
