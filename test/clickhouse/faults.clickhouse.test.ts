/** The engine's process: it comes back after kill -9 with all it took, and never outlives its parent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { filter } from 'rxjs/operators';
import { afterEach, expect, test } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { packageRoot } from '../../src/base/package-root.ts';
import { remoteClickhouse } from '../../src/clickhouse/endpoint.ts';
import { openStore } from '../../src/clickhouse/store.ts';
import { startTestStore, testStoreOptions } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function until(fact: () => boolean, what: string, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await wait(20);
  }
}

/** A zombie has ended: it only waits to be reaped. */
function lives(processId: number): boolean {
  return existsSync(`/proc/${processId}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${processId}/stat`, 'utf8'));
}

test('after kill -9 of the engine the store is unavailable, then ready again, with every row; a retried token adds nothing', async () => {
  const real = await startTestStore();
  cleanUps.push(() => real.stop());
  const rows = rowLines([{ seq: 1 }, { seq: 2 }]);
  await real.store.insertRows(rows, 'one');
  const before = await real.endpoint();
  const killed = real.engine.processId ?? 0;

  const phases: string[] = [];
  real.store.status$.subscribe(({ phase }) => phases.push(phase));
  process.kill(killed, 'SIGKILL');
  await firstValueFrom(real.store.status$.pipe(filter(({ phase }) => phase === 'unavailable')));
  expect(real.engine.phase).toBe('restarting');
  await expect(real.store.insertRows(rows, 'one')).rejects.toMatchObject({ failure: 'storeUnavailable' });
  await expect(real.store.rows('SELECT 1', {})).rejects.toMatchObject({ failure: 'storeUnavailable' });

  await real.store.whenReady(AbortSignal.timeout(60_000));
  expect(phases).toEqual(['ready', 'unavailable', 'ready']);
  expect(real.engine.phase).toBe('ready');
  expect(real.engine.processId).not.toBe(killed);
  expect((await real.endpoint()).password).not.toBe(before.password);
  await real.store.insertRows(rows, 'one');
  expect(await real.store.rows('SELECT count() AS n FROM events', {})).toEqual([{ n: 2 }]);
});

test('an engine that has run steadily stays ready: its store notices nothing', async () => {
  const real = await startTestStore({}, { steadyMs: 300 });
  cleanUps.push(() => real.stop());
  const phases: string[] = [];
  real.store.status$.subscribe(({ phase }) => phases.push(phase));
  await wait(800); // the time must pass in which nothing may happen
  expect(phases).toEqual(['ready']);
});

test('the engine listens on loopback only, lets nobody in without the password, and keeps it off the disk', async () => {
  const real = await startTestStore();
  cleanUps.push(() => real.stop());
  const { url, pathname, username, password } = await real.endpoint();
  const ask = (user: string, word: string) =>
    fetch(`${url}${pathname}?query=${encodeURIComponent('SELECT count() FROM sluice.events')}`, {
      headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': word },
    }).then(({ status }) => status);
  expect(await ask(username, password)).toBe(200);
  expect(await ask(username, '')).not.toBe(200);
  expect(await ask('default', '')).not.toBe(200);
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`:${port} `) && / 0A /.test(line)),
  );
  expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`]);
  for (const file of ['users.xml', 'config.xml']) {
    const path = join(real.dataDir, 'clickhouse', file);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toContain(password);
  }
  // Who reads the port there could take it before the engine does.
  expect(readFileSync(`/proc/${real.engine.processId}/cmdline`, 'utf8')).not.toContain(new URL(url).port);
  expect(readFileSync(`/proc/${real.engine.processId}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]).toBe('10');
});

test('a clean stop ends the engine at once and leaves no process', async () => {
  const real = await startTestStore();
  const processId = real.engine.processId ?? 0;
  expect(lives(processId)).toBe(true);
  const from = performance.now();
  await real.stop();
  expect(performance.now() - from).toBeLessThan(5000);
  expect(lives(processId)).toBe(false);
  expect(real.engine.phase).toBe('stopped');
});

test.each([
  ['idle', []],
  ['within a long query', ['SELECT count() FROM numbers(10000000000000) WHERE sipHash64(number) = 1']],
])('after kill -9 of a parent %s no engine is left', async (_name, statement) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-orphan-'));
  cleanUps.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const parent: ChildProcess = spawn(
    process.execPath,
    ['--import', './support/run-ts.mjs', 'support/engine-parent.ts', dataDir, ...statement],
    { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  cleanUps.push(() => parent.kill('SIGKILL'));
  if (parent.stdout === null) throw new Error('no stdout');
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]; // readline's event has one text
  const engine = Number(line);
  expect(lives(engine)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !lives(engine), 'the engine ends');
});

test('a host that takes connections and never answers holds up nothing: the store can be closed at once', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  cleanUps.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number }; // a TCP server has no other address
  const store = openStore({ ...testStoreOptions, source: remoteClickhouse(`http://127.0.0.1:${port}`) });
  await once(server, 'connection');
  expect(store.status.phase).toBe('starting');
  const ready = expect(store.whenReady()).rejects.toMatchObject({ failure: 'shuttingDown' });
  const from = performance.now();
  await store.close();
  await ready;
  expect(performance.now() - from).toBeLessThan(2000);
});

test.each(['', 'nonsense', 'tcp://h:9000', 'http://h:8123/a/b', 'http://h:8123/a?x=1'])(
  'a CLICKHOUSE_URL of "%s" is refused with a sentence',
  (url) => {
    expect(() => remoteClickhouse(url)).toThrow(StartRefused);
  },
);

test('a CLICKHOUSE_URL names user, password and database, and shows no password', () => {
  const source = remoteClickhouse('http://us%40er:p%2Fw@host:8123/events_db');
  expect(source.where).toBe('http://host:8123/events_db');
});
