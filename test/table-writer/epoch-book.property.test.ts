/**
 * The books (I1, I4): what is booked is what was given out, event by event, whatever became of each and however often
 * it moves.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  booked,
  type EpochBook,
  isEpochBook,
  openBook,
  pendingOf,
  rebooked,
} from '../../src/table-writer/epoch-book.ts';

const outcome = fc.constantFrom('stored' as const, 'deadLettered' as const);
const entries = fc.array(
  fc.record({ epoch: fc.constantFrom('a', 'b'), count: fc.integer({ min: 1, max: 9 }), outcome }),
  {
    maxLength: 12,
  },
);

test('each epoch has its events, in the order in which they came, the newest epoch last', () => {
  fc.assert(
    fc.property(entries, (taken) => {
      let books: readonly EpochBook[] = [];
      const model = new Map<string, { last: number; stored: number; deadLettered: number }>();
      for (const [nth, { epoch, count, outcome: became }] of taken.entries()) {
        const known = model.get(epoch) ?? { last: epoch === 'a' ? 100 : 900, stored: 0, deadLettered: 0 };
        const first = known.last + 1;
        books = booked(books, { epoch, first, last: known.last + count, since: `then ${nth}` }, became);
        model.delete(epoch);
        model.set(epoch, { ...known, last: known.last + count, [became]: known[became] + count });
      }
      expect(books.map(({ epoch, last, stored, deadLettered }) => [epoch, { last, stored, deadLettered }])).toEqual([
        ...model,
      ]);
      for (const { first, last, stored, deadLettered } of books) expect(last - first + 1).toBe(stored + deadLettered);
      for (const { epoch, since } of books) {
        expect(since).toBe(`then ${taken.findIndex((one) => one.epoch === epoch)}`);
      }
      expect(books.every(isEpochBook)).toBe(true);
    }),
  );
});

test('nothing is booked twice, and nothing is left out', () => {
  const books = booked([], { epoch: 'a', first: 5, last: 7, since: '' }, 'stored');
  for (const first of [7, 9, 5]) {
    expect(() => booked(books, { epoch: 'a', first, last: 20, since: '' }, 'stored')).toThrow('is booked after 7');
  }
});

test('a replayed event is stored from then on, in the book that has it, and the sum stays', () => {
  const one = { ...openBook('a', 1, ''), last: 10, stored: 8, deadLettered: 2 };
  const other = { ...openBook('b', 20, ''), last: 29, stored: 9, deadLettered: 1 };
  for (const [seq, which] of [
    [1, 0],
    [10, 0],
    [20, 1],
    [29, 1],
    [0, -1],
    [11, -1],
    [30, -1],
  ] as const) {
    const moved = [one, other].map((book, at) =>
      at === which ? { ...book, stored: book.stored + 1, deadLettered: book.deadLettered - 1 } : book,
    );
    expect([seq, rebooked([one, other], seq)]).toEqual([seq, moved]);
  }
});

test('what waits is what lies above the checkpoint, in the present epoch', () => {
  expect(pendingOf({ head: 110, firstSeq: 101, checkpoint: 105 })).toBe(5);
  expect(pendingOf({ head: 110, firstSeq: 101, checkpoint: 40 })).toBe(10);
  expect(pendingOf({ head: 100, firstSeq: 101, checkpoint: 40 })).toBe(0);
  expect(pendingOf({ head: 110, firstSeq: 101, checkpoint: 110 })).toBe(0);
});

test('what is no book is not taken for one', () => {
  const book = openBook('a', 1, 'then');
  expect(isEpochBook(book)).toBe(true);
  for (const wrong of [null, 'a', 5, undefined]) expect(isEpochBook(wrong)).toBe(false);
  for (const field of ['epoch', 'since'] as const) expect(isEpochBook({ ...book, [field]: 1 })).toBe(false);
  for (const field of ['first', 'last', 'stored', 'deadLettered'] as const) {
    for (const wrong of ['1', 0.5, null, undefined]) expect(isEpochBook({ ...book, [field]: wrong })).toBe(false);
  }
});
