/** Reads: deadlines, cancellation, bounds, and answers that are whole or an error. */
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../src/base/errors.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';

let real: TestStore;
beforeAll(async () => {
  real = await startTestStore({ queriesMax: 2 });
});
afterAll(() => real?.stop());

const endless = 'SELECT count() AS n FROM numbers(1000000000000) WHERE sipHash64(number) = 1';

async function collect(lines: AsyncIterable<string[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of lines) all.push(...batch);
  return all;
}

async function runningQueries(): Promise<number> {
  const sql = `SELECT count() AS n FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%processes%'`;
  return (await real.store.rows<{ n: number }>(sql, {}))[0]?.n ?? -1;
}

async function untilNoneRuns(): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await runningQueries()) > 0) {
    if (Date.now() > deadline) throw new Error('a query still runs');
    await wait(50);
  }
}

test('lines come whole and in order, whatever the bytes and the chunks', async () => {
  const sql = `SELECT number, repeat('ü😀é', number % 700) FROM numbers({n:UInt32})`;
  const lines = await collect(real.store.lines(sql, { n: 20_000 }));
  expect(lines.length).toBe(20_000);
  expect(lines.every((line, at) => line === `${at}\t${'ü😀é'.repeat(at % 700)}`)).toBe(true);
  expect(await collect(real.store.lines('SELECT 1 WHERE 0', {}))).toEqual([]);
});

test('an error in mid-answer is an error, never a short answer', async () => {
  const sql = `SELECT number, throwIf(number = 300000) FROM numbers(400000)`;
  const settings = { max_block_size: 1000, max_threads: 1 };
  await expect(collect(real.store.lines(sql, {}, { settings }))).rejects.toMatchObject({ failure: 'internal' });
  await expect(real.store.rows(sql, {}, { settings })).rejects.toMatchObject({ failure: 'internal' });
});

test('a query past its deadline is queryTimedOut', async () => {
  await expect(real.store.rows(endless, {}, { deadlineMs: 200 })).rejects.toMatchObject({ failure: 'queryTimedOut' });
  await expect(collect(real.store.lines(endless, {}, { deadlineMs: 200 }))).rejects.toMatchObject({
    failure: 'queryTimedOut',
  });
});

test('an aborted query rejects with the reason of the signal, and ends in ClickHouse', async () => {
  for (const run of [
    (signal: AbortSignal) => real.store.rows(endless, {}, { signal }),
    (signal: AbortSignal) => collect(real.store.lines(endless, {}, { signal })),
  ]) {
    const abort = new AbortController();
    const reason = new Error('gone');
    const ended = expect(run(abort.signal)).rejects.toBe(reason);
    while ((await runningQueries()) === 0) await wait(20);
    abort.abort(reason);
    await ended;
    await untilNoneRuns();
  }
});

test('leaving a loop over lines ends the query in ClickHouse', async () => {
  const sql = 'SELECT number FROM numbers(1000000000000)';
  for await (const batch of real.store.lines(sql, {})) {
    expect(batch[0]).toBe('0');
    break;
  }
  await untilNoneRuns();
});

test('queries beyond the bound wait shortly, then are tooManyQueries; the slots come back', async () => {
  const abort = new AbortController();
  const busy = [1, 2].map(() =>
    real.store.rows(endless, {}, { signal: abort.signal }).catch((error: unknown) => error),
  );
  await expect(real.store.rows('SELECT 1', {}, { waitMs: 100 })).rejects.toMatchObject({ failure: 'tooManyQueries' });
  const patient = real.store.rows('SELECT 1 AS one', {}, { waitMs: 10_000 });
  abort.abort(new Failure('shuttingDown', 'over'));
  await Promise.all(busy);
  expect(await patient).toEqual([{ one: 1 }]);
});

test('a query that needs more memory than it may take is queryTooLarge', async () => {
  const sql = 'SELECT length(groupArray(toString(number))) AS n FROM numbers(100000000)';
  await expect(real.store.rows(sql, {}, { settings: { max_threads: 1 } })).rejects.toMatchObject({
    failure: 'queryTooLarge',
  });
});

test('a read cannot write', async () => {
  await expect(collect(real.store.lines('INSERT INTO events (seq) SELECT 1', {}))).rejects.toBeInstanceOf(Failure);
  await expect(real.store.rows('TRUNCATE TABLE events', {})).rejects.toBeInstanceOf(Failure);
});

test('parameters of any text and of great length arrive as they are', async () => {
  const texts = ['', "'", '\\', '\t\n\r\b\0', 'é😀', '%_*?', '{a:String}', '[]', "','", 'x'.repeat(200_000)];
  const [row] = await real.store.rows<{ a: string[]; s: string[] }>(
    `SELECT {a:Array(String)} AS a, [{s0:String}, {s1:String}, {s2:String}, {s3:String}] AS s`,
    { a: texts, s0: texts[1], s1: texts[2], s2: texts[3], s3: texts[4] },
  );
  expect(row?.a).toEqual(texts);
  expect(row?.s).toEqual(texts.slice(1, 5));
});

test('a parameter is read as what it is, in the URL and in a form, by itself and in an array', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...`\0\t\n\r'"\\,[]{}%+&=N`) }),
  );
  const padding = fc.constantFrom('', 'x'.repeat(33_000));
  await fc.assert(
    fc.asyncProperty(text, fc.array(text, { maxLength: 5 }), fc.array(fc.maxSafeNat()), padding, async (...given) => {
      const [one, many, numbers, pad] = given;
      const sql = `SELECT {one:String} AS one, {many:Array(String)} AS many, {numbers:Array(UInt64)} AS numbers,
        length({pad:String}) AS padded`;
      const params = { one, many, numbers, pad };
      expect(await real.store.rows(sql, params)).toEqual([{ one, many, numbers, padded: pad.length }]);
    }),
    { numRuns: 200 },
  );
});
