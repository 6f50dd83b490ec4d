/** Where the table writer goes on after `sluice adopt`: nothing is sent twice, and nothing that only the journal has is left out. */
import { expect, test } from 'vitest';
import { goOnFrom } from '../src/adopt.ts';
import type { WriterState } from '../src/ingest/writer-state.ts';

function written(checkpoint: number, range: WriterState['range'] = null): WriterState {
  return { version: 2, epoch: 'e', checkpoint, range, everInserted: true, books: [], replayed: [] };
}

test('a writer that never sent anything begins at the beginning', () => {
  expect(goOnFrom(null, 900, 0)).toBeNull();
});

test('what the database has beyond an older state is not sent again', () => {
  expect(goOnFrom(written(500), 900, 700)).toEqual({ checkpoint: 700, range: null });
  expect(goOnFrom(null, 900, 900)).toEqual({ checkpoint: 900, range: null });
});

test('a range under way is kept, unless the database has it', () => {
  const range = { first: 501, last: 600 };
  expect(goOnFrom(written(500, range), 900, 0)).toEqual({ checkpoint: 500, range });
  expect(goOnFrom(written(500, range), 900, 600)).toEqual({ checkpoint: 600, range: null });
});

test('a journal that lost its end has nothing to send beyond it', () => {
  expect(goOnFrom(written(1000, { first: 1001, last: 1100 }), 900, 0)).toEqual({ checkpoint: 900, range: null });
});
