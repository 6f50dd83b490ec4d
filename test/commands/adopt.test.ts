/**
 * Where the table writer goes on after `sluice adopt`: nothing is sent twice, and nothing that only the journal has is
 * left out.
 */
import { expect, test } from 'vitest';
import { goOnFrom } from '../../src/commands/adopt.ts';
import type { WriterState } from '../../src/table-writer/writer-state.ts';

function written(checkpoint: number, range: WriterState['range'] = null): WriterState {
  return { version: 2, epoch: 'e', checkpoint, range, everInserted: true, books: [], replayed: [] };
}

const facts = (inserted: number) => ({ head: 900, inserted, batchRowsMax: 100 });

test('a writer that never sent anything begins at the beginning', () => {
  expect(goOnFrom(null, facts(0))).toBeNull();
});

test('what the database has beyond an older state is not sent again: its newest batch is looked through', () => {
  expect(goOnFrom(written(500), facts(700))).toEqual({ checkpoint: 600, range: null, maybeStoredUpTo: 700 });
  expect(goOnFrom(null, facts(900))).toEqual({ checkpoint: 800, range: null, maybeStoredUpTo: 900 });
  expect(goOnFrom(written(680), facts(700))).toEqual({ checkpoint: 680, range: null, maybeStoredUpTo: 700 });
});

test('a range under way is kept, unless the database has some of it', () => {
  const range = { first: 501, last: 600 };
  expect(goOnFrom(written(500, range), facts(0))).toEqual({ checkpoint: 500, range });
  expect(goOnFrom(written(500, range), facts(600))).toEqual({ checkpoint: 500, range: null, maybeStoredUpTo: 600 });
});

test('a journal that lost its end has nothing to send beyond it', () => {
  expect(goOnFrom(written(1000, { first: 1001, last: 1100 }), facts(0))).toEqual({ checkpoint: 900, range: null });
});
