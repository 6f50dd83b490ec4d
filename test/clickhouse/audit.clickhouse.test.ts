/** What `sluice verify` counts: a row twice is seen; an id that came again with another time is another event. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countRange, repeated } from '../../src/clickhouse/audit.ts';
import { startTestStore, type TestStore } from '../../support/engine.ts';
import { rowLines } from '../../support/rows.ts';

let opened: TestStore;
beforeAll(async () => {
  opened = await startTestStore();
}, 90_000);
afterAll(() => opened?.stop());

test('the same id with another time is permitted, with the same time it is not', async () => {
  const id = randomUUID();
  const occurred = '2026-01-01 00:00:00.000000';
  await opened.store.insertRows(rowLines([{ seq: 1, id, occurred }]), 'one');
  await opened.store.insertRows(rowLines([{ seq: 2, id, occurred: '2026-02-02 00:00:00.000000' }]), 'two');
  expect(await countRange(opened.store, { first: 1, last: 2 })).toEqual({ rows: 2, seqs: 2, ids: 2 });
  expect(await repeated(opened.store, { first: 1, last: 2 }, 'id', 10)).toEqual([]);
  await opened.store.insertRows(rowLines([{ seq: 3, id, occurred }]), 'three');
  expect(await countRange(opened.store, { first: 1, last: 3 })).toEqual({ rows: 3, seqs: 3, ids: 2 });
  expect(await repeated(opened.store, { first: 1, last: 3 }, 'id', 10)).toEqual([id]);
});
