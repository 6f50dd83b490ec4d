/**
 * The books on the running process: they balance after a kill -9, `sluice verify` holds them against ClickHouse and the
 * journal, and `sluice dead-letter` brings back what ClickHouse refused.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { startTestEngine, testStoreOptions } from '../../support/engine.ts';
import { engineOf } from '../../support/engine-process.ts';
import { eventLike, publish } from '../../support/events.ts';
import { post } from '../../support/http.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { startSluice, type TestSluice } from '../../support/sluice.ts';

const poison = 'books-poison';
let dataDir = '';
let sluice: TestSluice;
const target = { baseUrl: () => sluice.url, strict: true };

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-books-'));
});
afterAll(async () => {
  await sluice?.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

/** Samples by name and labels, as Prometheus reads them. */
async function metrics(): Promise<Map<string, number>> {
  const text = await (await fetch(`${sluice.url}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const [, name = '', value = ''] = /^(sluice_\w+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
      expect([line, name]).not.toEqual([line, '']);
      return [name, Number(value)] as const;
    }),
  );
}

function sumOf(samples: Map<string, number>, name: string): number {
  const found = [...samples].filter(([each]) => each === `sluice_${name}` || each.startsWith(`sluice_${name}{`));
  return found.reduce((sum, [, value]) => sum + value, 0);
}

async function expectBalance(): Promise<Map<string, number>> {
  const samples = await metrics();
  const of = (name: string) => sumOf(samples, name);
  expect(of('events_parsed_total')).toBe(
    of('events_refused_total') + of('events_deduped_total') + of('events_parked') + of('events_appended_total'),
  );
  expect(of('head_seq') - of('epoch_first_seq') + 1).toBe(
    of('epoch_stored') + of('epoch_dead_lettered') + of('epoch_pending'),
  );
  return samples;
}

/** Runs a command of Sluice on the stopped data folder. */
function run(...words: string[]): Promise<{ code: number | null; output: string }> {
  const child: ChildProcess = spawn(process.execPath, [join(repositoryRoot(), 'dist', 'src', 'main.js'), ...words], {
    env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: dataDir, SLUICE_LOG_LEVEL: 'error' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve({ code, output }));
  });
}

/** What nobody but a test does to the database of a stopped Sluice. */
async function tamper(...statements: string[]): Promise<void> {
  const store = openStore({ ...testStoreOptions, source: startTestEngine(dataDir) });
  try {
    await store.whenReady(AbortSignal.timeout(90_000));
    for (const sql of statements) {
      await store.command(sql, {}, { settings: { mutations_sync: 2, insert_deduplicate: 0 } });
    }
  } finally {
    await store.close();
  }
}

describe('the books', () => {
  it('balance while events come in, and after a kill -9 and a restart', async () => {
    sluice = await startSluice({ dataDir });
    const first = Array.from({ length: 120 }, () => eventLike({ event: 'books.one' }));
    await publish(target, first);
    await publish(target, first.slice(0, 20));
    expect((await post(target, '/api/events', [eventLike({}), { odd: true }])).status).toBe(422);
    const before = await expectBalance();
    expect(sumOf(before, 'events_parsed_total')).toBe(142);
    expect(before.get('sluice_events_refused_total{reason="badEvent"}')).toBe(2);
    expect(before.get('sluice_events_deduped_total')).toBe(20);
    await until('the first are stored', async () => sumOf(await metrics(), 'epoch_stored') === 120 || undefined);
    await publish(
      target,
      Array.from({ length: 30 }, () => eventLike({ event: 'books.two' })),
    );
    await sluice.kill();
    await until('the engine has noticed', () => engineOf(dataDir) === null || undefined);

    sluice = await startSluice({ dataDir });
    await publish(target, [eventLike({ event: 'books.three' })]);
    await expectBalance();
    await until('all are stored', async () => sumOf(await expectBalance(), 'epoch_pending') === 0 || undefined);
    const after = await expectBalance();
    expect(sumOf(after, 'epoch_stored')).toBe(151);
    expect(sumOf(after, 'pending_seconds')).toBe(0);
    expect(after.get('sluice_store_phase{phase="ready"}')).toBe(1);
    await sluice.stop();
  });
});

describe('sluice verify', () => {
  it('exits with 0 where the books, ClickHouse and the journal agree', async () => {
    const { code, output } = await run('verify');
    expect(output).toContain('The books balance.');
    expect(output).toContain('compared with the journal: 151 rows');
    expect(output).toMatch(/ 151 +0 +\d+ +151 +151 +151$/m);
    expect(code).toBe(0);
  });

  it('exits with 1 and says what is wrong: a row altered, lost, or twice', async () => {
    const some = "SELECT min(seq) FROM events WHERE event = 'books.one'";
    await tamper(
      `ALTER TABLE events UPDATE raw = replaceOne(raw, 'books', 'hooks') WHERE event = 'books.three'`,
      `INSERT INTO events (seq, id, received, occurred, head, search, raw)
        SELECT seq, id, received, occurred, position(raw, ',"payload"') - 1, search, raw FROM events WHERE seq = (${some})`,
      `ALTER TABLE events DELETE WHERE seq = (SELECT max(seq) FROM events WHERE event = 'books.two')`,
    );
    const { code, output } = await run('verify');
    expect(code).toBe(1);
    expect(output).toMatch(/WRONG: Event \d+ is not as the journal has it: another raw\./);
    expect(output).toMatch(/WRONG: ClickHouse holds 151 rows but 150 values of seq; several have \d+\./);
    expect(output).toMatch(/WRONG: ClickHouse lacks 1 events that are booked as stored: \d+\./);
    expect(output).not.toContain('    at ');
  });

  it('is a sentence, and 1 where there is no journal or Sluice runs, and 2 for an unknown command', async () => {
    const empty = await run('verify', '--data-dir', join(dataDir, 'nowhere'));
    expect(empty).toMatchObject({ code: 1, output: expect.stringContaining('holds no journal') });
    const unknown = await run('verfy');
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('Unknown command verfy') });
  });
});

describe('sluice dead-letter', () => {
  it('lists what ClickHouse refused, and replay stores it once ClickHouse takes it', async () => {
    rmSync(dataDir, { recursive: true });
    sluice = await startSluice({ dataDir });
    await sluice.stop();
    await tamper(`ALTER TABLE events ADD CONSTRAINT no_poison CHECK position(raw, '${poison}') = 0`);
    sluice = await startSluice({ dataDir });
    const events = Array.from({ length: 20 }, (_, at) =>
      eventLike({ event: 'books.dead', payload: { word: at % 10 === 3 ? poison : 'harmless' } }),
    );
    await publish(target, events);
    await until('all are booked', async () => sumOf(await expectBalance(), 'epoch_pending') === 0 || undefined);
    expect(sumOf(await metrics(), 'epoch_dead_lettered')).toBe(2);
    expect((await run('dead-letter')).output).toContain('2 events.');
    expect(await run('verify')).toMatchObject({ code: 1, output: expect.stringContaining('is in use by process') });
    await sluice.stop();

    expect(await run('verify')).toMatchObject({ code: 0, output: expect.stringMatching(/ 18 +2 +\d+ +18 +18 +18$/m) });
    const refused = await run('dead-letter', 'replay');
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringContaining('0 events are in ClickHouse now, 2 stay'),
    });
    // One was sent again after its id had left the window, and ClickHouse takes it by now.
    const { id, occurred } = events[3] as { id: string; occurred: string };
    await tamper(
      'ALTER TABLE events DROP CONSTRAINT no_poison',
      `INSERT INTO events (seq, id, received, occurred, head, search, raw)
        SELECT 1, '${id}', received, parseDateTime64BestEffort('${occurred}', 6, 'UTC'),
          position(raw, ',"payload"') - 1, search, raw FROM events LIMIT 1`,
    );
    expect(await run('dead-letter', 'replay')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/sent it again, and it is stored as seq \d+\n1 events are .* now, 1 stay/),
    });
    await tamper(`ALTER TABLE events DELETE WHERE id = '${id}'`);
    const taken = await run('dead-letter', 'replay');
    expect(taken).toMatchObject({ code: 0, output: expect.stringContaining('1 events are in ClickHouse now, 0 stay') });
    expect(await run('dead-letter')).toMatchObject({ code: 0, output: expect.stringContaining('is empty') });
    expect(await run('verify')).toMatchObject({ code: 0, output: expect.stringMatching(/ 20 +0 +\d+ +20 +20 +20$/m) });
    sluice = await startSluice({ dataDir });
    expect(sumOf(await expectBalance(), 'epoch_stored')).toBe(20);
  }, 150_000);
});
