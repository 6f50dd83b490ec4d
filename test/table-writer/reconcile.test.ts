/**
 * I1, I8, I11 where a power cut in process mode has taken the writer's state or made it old: ClickHouse says where to
 * go on, so that nothing is inserted twice, nothing that is not there is passed over, and no dead letter is lost.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { settings } from '../../src/config/settings.ts';
import type { ForgottenState } from '../../src/ids/forgotten-ids.ts';
import { openDeadLetter } from '../../src/table-writer/dead-letter.ts';
import { seqsIn } from '../../src/table-writer/ports.ts';
import { batchRowsMax, isInDoubt, reconcile } from '../../src/table-writer/reconcile.ts';
import type { WriterState } from '../../src/table-writer/writer-state.ts';
import { writerStateFile } from '../../src/table-writer/writer-state-file.ts';
import { onOneServer } from '../../support/one-server.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-reconcile-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const book = { epoch: 'old', first: 1, last: 10, since: '', stored: 9, deadLettered: 1 };
const state: WriterState = {
  version: 2,
  epoch: 'old',
  checkpoint: 10,
  range: null,
  everInserted: true,
  books: [book],
  replayed: [],
};

/**
 * The journal still has `kept`, all of the ended epoch; the present one begins at `begin`. ClickHouse has `stored`, in
 * order.
 */
async function after(
  before: WriterState,
  ask: { stored: number[]; kept: readonly [number, number]; dead?: number[]; running?: number; begin?: number },
) {
  const { stored, kept, dead = [], running = 0, begin = 1000 } = ask;
  const [oldest, newest] = kept;
  const deadLetter = openDeadLetter(dataDir);
  for (const seq of dead) await deadLetter.add({ seq, epoch: 'old', reason: 'refused', row: `row ${seq}` });
  const learned: ForgottenState[] = [];
  const rows: Store['rows'] = async (sql, params) => {
    const { above = 0, firstSeq = begin, first = 0, last = begin } = params as Record<string, number>; // what reconcile.ts and stored-of.ts ask with
    if (sql.includes('system.processes')) return [{ running }] as never; // the column that is asked for
    const found = stored.filter((seq) => seq > above && seq < firstSeq && seq >= first && seq <= last);
    const count = { rows: found.length, newest: found.at(-1) ?? 0, received: 60 };
    const answer = sql.includes('minute')
      ? [{ minute: 7 }]
      : sql.startsWith('SELECT seq')
        ? found.map((seq) => ({ seq }))
        : [count];
    return answer as never; // rows of the columns that are asked for
  };
  const journal = {
    epoch: 'new',
    firstSeq: begin,
    oldest,
    epochOf: () => 'old',
    read(from: number, _bytes: number, upTo: number) {
      const last = Math.min(newest, upTo);
      return { first: from, last, count: Math.max(0, last - from + 1), rows: Buffer.alloc(0) };
    },
  };
  const ids = { certainUpTo: 5, learn: (forgotten: ForgottenState) => void learned.push(forgotten) };
  const next = await reconcile(
    { journal, store: { ...onOneServer, rows }, deadLetter, ids, log: createLog('silent') },
    before,
  );
  return { next, learned, dead: [...(await seqsIn(deadLetter))] };
}

function upTo(last: number, ...without: number[]): number[] {
  return Array.from({ length: last }, (_, at) => at + 1).filter((seq) => !without.includes(seq));
}

test('a state that is older than what was inserted moves up to the newest row, dead letters counted; what is not there follows', async () => {
  const { next, dead } = await after(state, { stored: upTo(20, 4, 15), kept: [1, 30], dead: [4, 15, 25] });
  expect(next).toMatchObject({ epoch: 'new', checkpoint: 20, range: null, everInserted: false });
  expect(next.books).toEqual([{ ...book, last: 20, stored: 18, deadLettered: 2 }]);
  // 25 is sent again.
  expect(dead).toEqual([4, 15]);
});

test('a batch that is there in part is gone through again, each range looked for first; what the journal has lost of it is no hole', async () => {
  const part = await after(
    { ...state, range: { first: 11, last: 20 } },
    { stored: upTo(20, 4, 13, 15), kept: [1, 30] },
  );
  expect(part.next).toMatchObject({ checkpoint: 12, range: null, maybeStoredUpTo: 20, books: [] });
  const buried = await after(state, { stored: upTo(20, 4, 13, 15), kept: [1, 30], dead: [4, 13, 15] });
  expect(buried.next).toMatchObject({ checkpoint: 20 });
  expect(buried.next.maybeStoredUpTo).toBeUndefined();
  const lost = await after(state, { stored: upTo(20, 4, 15), kept: [1, 14] });
  expect(lost.next).toMatchObject({ checkpoint: 20 });
});

test('law: the checkpoint stops before the first event that only the journal has, wherever it is, or else is the newest row', async () => {
  const where = fc.constantFrom('table', 'table', 'table', 'dead letter', 'journal only');
  await fc.assert(
    fc.asyncProperty(
      fc.array(where, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 22 }),
      async (places, oldest) => {
        rmSync(dataDir, { recursive: true });
        mkdirSync(dataDir);
        const at = (place: string) => places.flatMap((each, nth) => (each === place ? [11 + nth] : []));
        const stored = [...upTo(10, 4), ...at('table')];
        const newest = Math.max(10, ...at('table'));
        const holes = at('journal only').filter((seq) => seq >= oldest && seq < newest);
        const { next } = await after(state, { stored, kept: [oldest, 30], dead: at('dead letter') });
        expect([next.checkpoint, next.maybeStoredUpTo]).toEqual(
          holes.length === 0 ? [newest, undefined] : [Math.min(...holes) - 1, newest],
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('the newest batch is gone through whole, as large as a setting may make it', async () => {
  expect(batchRowsMax).toBe(settings.batchRowsMax.max);
  const newest = batchRowsMax + 20;
  const { next } = await after(state, { stored: upTo(newest, 21), kept: [1, newest], begin: 2 * newest });
  expect(next).toMatchObject({ checkpoint: 20, maybeStoredUpTo: newest });
});

test('a range that was announced and taken is not sent again, one that was not taken is', async () => {
  const taken = await after({ ...state, range: { first: 11, last: 20 } }, { stored: upTo(20, 4), kept: [1, 18] });
  expect(taken.next).toMatchObject({ checkpoint: 20, range: null });
  const range = { first: 11, last: 20 };
  const waiting = await after({ ...state, range }, { stored: upTo(10, 4), kept: [1, 18] });
  expect(waiting.next).toMatchObject({ checkpoint: 10, range, books: [book] });
});

test('nothing is taken as said while ClickHouse still works on an insert from before', async () => {
  const asked = after(state, { stored: upTo(10, 4), kept: [1, 18], running: 1 });
  await expect(asked).rejects.toMatchObject({ failure: 'storeUnavailable' });
});

test('a dead letter that the journal has lost stays, for nothing else holds its event', async () => {
  const { dead } = await after(state, { stored: upTo(12), kept: [1, 13], dead: [13, 14] });
  expect(dead).toEqual([14]);
});

test('a dead letter at the checkpoint stays, and the first event behind it may be the hole', async () => {
  const settled = await after(state, { stored: upTo(9, 4), kept: [1, 12], dead: [4, 10] });
  expect([settled.next.checkpoint, settled.dead]).toEqual([10, [4, 10]]);
  const { next } = await after(state, { stored: upTo(20, 4, 11), kept: [1, 30] });
  expect(next).toMatchObject({ checkpoint: 10, maybeStoredUpTo: 20, books: [] });
});

test('books are closed where there is a hole, though the number of rows would fit them', async () => {
  // Of 11 and 12 neither journal nor ClickHouse has anything; 13 is the hole; 14 and 15 are there.
  const { next } = await after(state, { stored: [...upTo(10, 4), 14, 15], kept: [13, 30] });
  expect(next).toMatchObject({ checkpoint: 12, maybeStoredUpTo: 15, books: [] });
});

test('without a state the books begin anew behind what ClickHouse has', async () => {
  const { next } = await after({ ...state, checkpoint: 0, books: [] }, { stored: upTo(20, 4), kept: [15, 30] });
  expect(next).toMatchObject({ checkpoint: 20, books: [] });
});

test('a book that the next event does not continue is closed: its end was lost, and rows of it may have expired', async () => {
  const { next } = await after(state, { stored: [], kept: [15, 30] });
  expect(next).toMatchObject({ checkpoint: 10, books: [] });
});

test('ids of what ClickHouse has beyond the id files are forgotten with their times', async () => {
  expect((await after(state, { stored: upTo(8), kept: [1, 8] })).learned).toEqual([{ upTo: 60, ranges: [[7, 7]] }]);
  expect((await after(state, { stored: upTo(5), kept: [1, 5] })).learned).toEqual([{ upTo: null, ranges: [] }]);
});

test('a state is in doubt if there is none, or if it is of another epoch', () => {
  expect([null, state, { ...state, epoch: 'new' }].map((each) => isInDoubt(each, { epoch: 'new' }))).toEqual([
    true,
    true,
    false,
  ]);
});

test('a state that is not readable is set aside, a readable one stays', async () => {
  const file = writerStateFile(dataDir, false);
  expect(file.setAsideDamaged()).toBe(false);
  await file.save(state);
  expect(file.setAsideDamaged()).toBe(false);
  expect(await file.load()).toEqual(state);
});
