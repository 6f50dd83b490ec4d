/** Inserts: exactly once under their token (I8), and nothing that accept takes is refused (I12). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RowsRefused } from '../../src/clickhouse/store.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { type RowParts, rawOf, rowLines } from '../../support/rows.ts';

let real: TestStore;
beforeAll(async () => {
  real = await startTestStore();
});
afterAll(() => real?.stop());
beforeEach(() => real.store.command('TRUNCATE TABLE events'));

const token = () => randomUUID();
const count = async () => (await real.store.rows<{ n: number }>('SELECT count() AS n FROM events', {}))[0]?.n;

test('a batch sent again with its token adds nothing, also with other batches in between', async () => {
  const [one, other] = [token(), token()];
  const body = rowLines([{ seq: 1 }, { seq: 2 }]);
  await real.store.insertRows(body, one);
  await real.store.insertRows(rowLines([{ seq: 3 }]), other);
  await real.store.insertRows(body, one);
  expect(await count()).toBe(3);
});

test('the same rows under another token are stored again: the table hides no duplicate', async () => {
  const body = rowLines([{ seq: 1 }]);
  await real.store.insertRows(body, token());
  await real.store.insertRows(body, token());
  expect(await count()).toBe(2);
});

test.each<[string, string | Partial<RowParts>]>([
  [
    'an envelope that does not parse',
    { envelope: '{"occurred":"2026-11-22T01:02:03Z","event":"e","resource":{"prefect' },
  ],
  ['a resource without id', { resource: { a: 'b' } }],
  ['a line of too few fields', '2\tnope\n'],
  ['an id that is none', `2\tnope\t2026-11-22 01:02:03.000000\t2026-11-22 01:02:03.000000\t2\t\t{}\n`],
])('%s refuses the whole batch as RowsRefused, and nothing of it is stored', async (_name, odd) => {
  const bad = typeof odd === 'string' ? Buffer.from(odd) : rowLines([{ seq: 2, ...odd }]);
  const body = Buffer.concat([rowLines([{ seq: 1 }]), bad]);
  await expect(real.store.insertRows(body, token())).rejects.toBeInstanceOf(RowsRefused);
  expect(await count()).toBe(0);
  await real.store.insertRows(rowLines([{ seq: 1 }]), token());
  expect(await count()).toBe(1);
});

test('odd payloads are stored and come back byte for byte', async () => {
  const payloads = [
    `{"deep":${'['.repeat(999)}${']'.repeat(999)}}`,
    '{"n":123456789012345678901234567890,"m":-123456789012345678901234567890}',
    '{"big":1e400,"small":1e-400,"minus":-0.0,"one":1.0,"exp":1e30}',
    '{"lone":"\\ud800","nul":"\\u0000","esc":"\\"\\\\\\t\\n","é":"ü😀","":{"":""},"1":1,"0":0}',
    '{"head":"},\\"payload\\":{"}',
  ];
  const rows = payloads.map(
    (payload, at): RowParts => ({ seq: at + 1, id: randomUUID(), payload, occurred: `2026-11-22 01:02:0${at}.000001` }),
  );
  await real.store.insertRows(rowLines(rows), token());
  const stored = await real.store.rows<{ raw: string; event: string }>(
    'SELECT raw, event FROM events ORDER BY seq',
    {},
  );
  expect(stored.map(({ raw }) => raw)).toEqual(rows.map((row) => rawOf(row).raw));
  expect(new Set(stored.map(({ event }) => event))).toEqual(new Set(['thing.happened']));
});

test('the columns say what the envelope says, odd labels and names included', async () => {
  const resource = {
    'prefect.resource.id': 'r\u0000 "\\ ü😀',
    'prefect.resource.name': '',
    'a.b': 'tab\tline\n\u2028',
    '': '',
    toString: '{"x":1}',
  };
  const related = [
    { 'prefect.resource.role': 'flow', 'prefect.resource.id': 'f=1', 'prefect.name': 'n' },
    { 'prefect.resource.id': 'p', 'prefect.resource.role': 'tag' },
  ];
  await real.store.insertRows(rowLines([{ seq: 1, event: 'é"\\', resource, related }, { seq: 2 }]), token());
  const [row, plain] = await real.store.rows<Record<string, unknown>>(
    'SELECT event, resource_id, resource_name, resource, related, related_ids, related_roles FROM events ORDER BY seq',
    {},
  );
  expect(row).toEqual({
    event: 'é"\\',
    resource_id: resource['prefect.resource.id'],
    resource_name: '',
    resource,
    related,
    related_ids: ['f=1', 'p'],
    related_roles: ['flow', 'tag'],
  });
  expect(plain?.resource_name).toBe('thing.1');
});

test('an occurred of any year from 0001 to 9999 is exact, ordered, and found by its bounds', async () => {
  const times = [
    '0001-01-01 00:00:00.000000',
    '0001-01-01 00:00:00.000001',
    '1200-02-29 23:59:59.999999',
    '1582-10-10 00:00:00.000000',
    '1899-12-31 23:59:59.999999',
    '1900-01-01 00:00:00.000000',
    '1969-12-31 23:59:59.999999',
    '2026-11-22 01:02:03.456789',
    '2299-12-31 23:59:59.999999',
    '2300-01-01 00:00:00.000000',
    '9999-12-31 23:59:59.999999',
  ];
  const rows = times.map((occurred, at): RowParts => ({ seq: at + 1, occurred }));
  await real.store.insertRows(rowLines([...rows].reverse()), token());
  const lines: string[] = [];
  for await (const batch of real.store.lines('SELECT occurred FROM events ORDER BY occurred, id', {}))
    lines.push(...batch);
  expect(lines).toEqual(times);
  const bounds = { from: times[1], to: times[9] };
  const sql = `SELECT count() AS n FROM events WHERE occurred >= {from:DateTime64(6,'UTC')} AND occurred <= {to:DateTime64(6,'UTC')}`;
  expect(await real.store.rows(sql, bounds)).toEqual([{ n: 9 }]);
});

test('one batch holds events of 200 different days of occurrence', async () => {
  const rows = Array.from(
    { length: 200 },
    (_, at): RowParts => ({ seq: at + 1, occurred: `${1900 + at}-01-01 00:00:00.000000` }),
  );
  await real.store.insertRows(rowLines(rows), token());
  expect(await count()).toBe(200);
});
