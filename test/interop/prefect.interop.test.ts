/**
 * The real Prefect client against Sluice: what `get_events_client()` emits, `get_events_subscriber()` gets, each event
 * once, with an auth string, with tokens and without, and through a restart of Sluice (I1, I3).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { folderTokens } from '../../src/access/token-file.ts';
import { runToken } from '../../src/commands/token.ts';
import { untilFound } from '../../support/events.ts';
import { installPrefect } from '../../support/peers/prefect.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';
import { uniqueWord } from '../../support/target.ts';
import { PrefectClient } from './prefect-client.ts';

const install = await installPrefect(repositoryRoot());
const count = 2_000;
const testMs = 240_000;

/** What a test has started; undone after it, whatever became of it. */
const clients: PrefectClient[] = [];
const servers: TestSluice[] = [];

describe('the real Prefect client', () => {
  if (!install.found) {
    it.skip(install.sentence, () => undefined);
    return;
  }
  const { python } = install;
  const start: Start = (options) => {
    const client = new PrefectClient({ python, count, ...options });
    clients.push(client);
    return client;
  };

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.kill()));
    for (const server of servers.splice(0)) {
      await server.stop();
      removeData(server);
    }
  });

  it(`emits ${count} events and reads each back once`, () => readBack(start, undefined), testMs);
  it(
    `emits ${count} events and reads each back once, with an auth string`,
    () => readBack(start, 'admin:geheim pass'),
    testMs,
  );
  it(`emits ${count} events and reads each back once, with tokens of one right each`, () => useTokens(start), testMs);
  it(
    'survives a restart of Sluice: its subscriber and its producer go on, and nothing is lost or doubled',
    () => survive(start),
    testMs,
  );
});

type Start = (options: Omit<ConstructorParameters<typeof PrefectClient>[0], 'python' | 'count'>) => PrefectClient;

async function readBack(start: Start, authString: string | undefined): Promise<void> {
  const signed = authString === undefined ? {} : { authString };
  const sluice = await startSluice({ env: authString === undefined ? {} : { SLUICE_AUTH_STRING: authString } });
  servers.push(sluice);
  const prefix = uniqueWord();
  const reader = start({ what: 'read', url: sluice.url, prefix, ...signed });
  await reader.said('ready');
  const emitter = start({ what: 'emit', url: sluice.url, prefix, ...signed });
  const emitted = await emitter.finished();
  const read = await reader.finished();
  expect(emitted).toHaveLength(count);
  expect(byNumber(read)).toEqual(emitted);
  const target = { baseUrl: () => sluice.url, strict: true, ...signed };
  const page = await untilFound(target, { event: { prefix: [`${prefix}.`] } }, count, 1);
  expect(page.events[0]?.payload).toEqual({
    number: count - 1,
    text: 'grüße',
    nested: { list: [1, 2.5, null, true] },
  });
}

/** A token takes the place of the auth string, and over HTTP that of the API key. */
async function useTokens(start: Start): Promise<void> {
  const sluice = await startSluice({ env: { SLUICE_AUTH_STRING: 'admin:geheim pass' } });
  servers.push(sluice);
  const audit = { operated: () => undefined };
  const place = { tokens: folderTokens(sluice.dataDir), areShared: false, audit };
  const make = async (right: 'read' | 'write'): Promise<string> =>
    (await runToken(place, ['create', '--name', right, `--${right}`])).stdout.trim();
  const [writes, reads] = [await make('write'), await make('read')];
  const prefix = uniqueWord();
  const reader = start({ what: 'read', url: sluice.url, prefix, authString: reads });
  await reader.said('ready');
  const emitted = await start({ what: 'emit', url: sluice.url, prefix, authString: writes }).finished();
  expect(byNumber(await reader.finished())).toEqual(emitted);
  const target = { baseUrl: () => sluice.url, strict: true, authString: 'admin:geheim pass' };
  await untilFound(target, { event: { prefix: [`${prefix}.`] } }, count, 1);
  for (const credential of [{ authString: reads }, { env: { PREFECT_API_KEY: reads } }]) {
    const paged = await start({ what: 'page', url: sluice.url, prefix, ...credential }).finished();
    expect(byNumber(paged)).toEqual(emitted);
  }
}

async function survive(start: Start): Promise<void> {
  const first = await startSluice();
  servers.push(first);
  const prefix = uniqueWord();
  const reader = start({ what: 'read', url: first.url, prefix });
  await reader.said('ready');
  const emitter = start({ what: 'emit', url: first.url, prefix, pauseAt: [count / 2] });
  await emitter.said('paused');
  await reader.told(count / 2);
  expect(await first.stop()).toBe(0);
  servers.pop();
  const second = await startSluice({ dataDir: first.dataDir, port: Number(new URL(first.url).port) });
  servers.push(second);
  emitter.resume();
  const emitted = await emitter.finished();
  const read = await reader.finished();
  expect(byNumber(read)).toEqual(emitted);
  const target = { baseUrl: () => second.url, strict: true };
  expect((await untilFound(target, { event: { prefix: [`${prefix}.`] } }, count, 1)).total).toBe(count);
}

function byNumber(events: readonly { id: string; number: number }[]): unknown {
  return events.toSorted((one, other) => one.number - other.number);
}
