/** What a replay has stored is booked once and leaves the dead letter, though the disk fails in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { Ledger } from '../../src/table-writer/ledger.ts';
import { seqsIn } from '../../src/table-writer/ports.ts';
import type { WriterState } from '../../src/table-writer/writer-state.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-settle-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const log = { epoch: 'e', checkpoint: 10, epochOf: () => 'e' };
const state: WriterState = {
  version: 2,
  epoch: 'e',
  checkpoint: 10,
  range: null,
  everInserted: true,
  books: [{ epoch: 'e', first: 1, last: 10, since: '', stored: 7, deadLettered: 3 }],
  replayed: [],
};

async function opened() {
  const store = writerStateFile(dataDir, false);
  const deadLetter = openDeadLetter(dataDir);
  for (const seq of [3, 5, 7]) await deadLetter.add({ seq, epoch: 'e', reason: 'refused', row: 'row' });
  return { store, deadLetter, ledger: new Ledger(store, log, state) };
}

test('books and dead letter change together', async () => {
  const { store, deadLetter, ledger } = await opened();
  await ledger.settleReplayed([3, 7], (fits) => deadLetter.remove(fits));
  expect([...(await seqsIn(deadLetter))]).toEqual([5]);
  expect(await store.load()).toEqual(ledger.state);
  expect(ledger.state).toMatchObject({ books: [{ stored: 9, deadLettered: 1 }], replayed: [] });
});

test('where the file cannot be written, the books say which events leave it, and none is booked again', async () => {
  const { store, deadLetter, ledger } = await opened();
  await expect(ledger.settleReplayed([3], () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  expect(await store.load()).toMatchObject({ books: [{ stored: 8, deadLettered: 2 }], replayed: [3] });
  expect([...(await seqsIn(deadLetter))]).toEqual([3, 5, 7]);
  await ledger.settleReplayed([], (fits) => deadLetter.remove(fits));
  expect([...(await seqsIn(deadLetter))]).toEqual([5, 7]);
  expect(await store.load()).toMatchObject({ books: [{ stored: 8, deadLettered: 2 }], replayed: [] });
});
