/**
 * What a start finds in ClickHouse of a batch that may have been sent before (I8): on the real one, where tokens do not
 * help.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutSeqs } from '../../src/event-log/row.ts';
import { settledOf, storedOf } from '../../src/table-writer/stored-of.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

let opened: TestStore;
beforeAll(async () => {
  opened = await startTestStore();
});
afterAll(() => opened?.stop());

const batch = { first: 11, last: 14 };
const rows = rowLines([11, 12, 13, 14].map((seq) => ({ seq, event: seq % 2 === 0 ? 'beat' : 'other' })));

test('a batch that is there in part is completed, not repeated, though its token is not known', async () => {
  const { store } = opened;
  expect((await settledOf(store, 'e', batch)).size).toBe(0);
  await store.insertRows(withoutSeqs(rows, new Set([11, 13])), 'another token');
  const stored = await settledOf(store, 'e', batch);
  expect([...stored].toSorted()).toEqual([12, 14]);
  await store.insertRows(withoutSeqs(rows, stored), 'e:11-14:without-2');
  expect(await store.rows('SELECT count() AS rows, uniqExact(seq) AS seqs FROM events', {})).toEqual([
    { rows: 4, seqs: 4 },
  ]);
  expect((await storedOf(store, { first: 12, last: 13 })).size).toBe(2);
  expect(withoutSeqs(rows, new Set([11, 12, 13, 14])).length).toBe(0);
});

test('nothing is decided while ClickHouse still works on an insert of the epoch', async () => {
  const { store } = opened;
  const slow = store.command(
    `INSERT INTO journals (epoch, first_seq, owner, head, checkpoint)
      SELECT generateUUIDv4(), 1, 'o', 1, 1 FROM numbers(3) WHERE sleepEachRow(1) = 0`,
    {},
    { settings: { insert_deduplication_token: 'slow:1-2' } },
  );
  await expect.poll(() => settledOf(store, 'slow', batch).then(String, String)).toMatch(/still works on an insert/);
  expect((await settledOf(store, 'other', batch)).size).toBe(4);
  await slow;
  // It leaves the list of what runs a moment after its answer.
  await expect.poll(() => settledOf(store, 'slow', batch).then(({ size }) => size, String)).toBe(4);
});
