/**
 * The table writer's state is read as it was kept, and what is damaged in any of its fields is no state: a start asks
 * ClickHouse then, and does not go on from a checkpoint that nobody wrote (I1).
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseWriterState, type WriterState } from '../../src/table-writer/writer-state.ts';

const seq = fc.maxSafeNat();
const seqs = fc.array(seq, { maxLength: 3 });
const book = fc.record({
  epoch: fc.string(),
  first: seq,
  last: seq,
  since: fc.string(),
  stored: seq,
  deadLettered: seq,
});
const state: fc.Arbitrary<WriterState> = fc.record(
  {
    version: fc.constant(2 as const),
    epoch: fc.string(),
    checkpoint: seq,
    range: fc.option(fc.record({ first: seq, last: seq })),
    everInserted: fc.boolean(),
    books: fc.array(book, { maxLength: 2 }),
    replayed: seqs,
    refusedEnds: seqs,
    maybeStoredUpTo: seq,
  },
  { requiredKeys: ['version', 'epoch', 'checkpoint', 'range', 'everInserted', 'books', 'replayed'] },
);

test('law: a state is read as it was kept', () => {
  fc.assert(
    fc.property(state, (kept) => {
      expect(parseWriterState(JSON.stringify(kept))).toEqual(kept);
    }),
  );
});

test('law: a state with one field that cannot be is none', () => {
  const noSeq = fc.constantFrom<unknown>('1', 1.5, null, {}, [], true);
  const noSeqs = fc.constantFrom<unknown>('x', '', {}, 5, null, ['1'], [1, 1.5], [null]);
  const damage = fc.oneof(
    fc.record({ version: fc.constantFrom(0, 1.5, 3, '2', null) }),
    fc.record({ epoch: fc.constantFrom(null, 5, {}) }),
    fc.record({ checkpoint: noSeq }),
    fc.record({ range: fc.oneof(fc.constantFrom<unknown>(5, 'x', [], {}), fc.record({ first: noSeq, last: seq })) }),
    fc.record({ range: fc.record({ first: seq, last: noSeq }) }),
    fc.record({ books: fc.constantFrom<unknown>('x', {}, 5, null, [5], [null], [{}]) }),
    fc.record({ replayed: noSeqs }),
    fc.record({ refusedEnds: noSeqs }),
    fc.record({ maybeStoredUpTo: noSeq }),
  );
  fc.assert(
    fc.property(state, damage, (kept, harm) => {
      expect(parseWriterState(JSON.stringify({ ...kept, ...harm }))).toBeNull();
    }),
    { numRuns: 500 },
  );
  for (const text of ['', '{', 'null', '[]', '5', '"x"']) expect(parseWriterState(text)).toBeNull();
});
