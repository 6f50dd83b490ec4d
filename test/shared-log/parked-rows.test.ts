/** Rows that wait for the store: which is the oldest, which are to be asked for, and which may be sent. */
import { expect, it } from 'vitest';
import { ParkedRows } from '../../src/shared-log/parked-rows.ts';
import { idOf } from './rows.ts';

const row = (seq: number) => ({ seq, id: idOf(seq), occurred: '', tag: 0 });

it('parked rows are asked for in their order, and sent by what the oldest answer knew', () => {
  const parked = new ParkedRows();
  expect([parked.oldest, parked.sendable(10).seqs]).toEqual([Number.POSITIVE_INFINITY, []]);
  parked.add([row(4), row(6)]);
  parked.add([row(2)]);
  expect([parked.oldest, parked.unasked(2)]).toEqual([2, [row(2), row(4)]]);
  parked.noteNew(6, 30);
  parked.noteNew(2, 40);
  parked.noteNew(7, 1);
  expect(parked.sendable(10)).toEqual({ seqs: [2, 6], judgedAt: 30 });
  expect(parked.unasked(10)).toEqual([row(4)]);
  parked.remove([2]);
  expect([parked.oldest, parked.size, parked.has(2)]).toEqual([4, 2, false]);
  parked.forgetAnswers();
  expect([parked.sendable(10).seqs, parked.unasked(10)]).toEqual([[], [row(4), row(6)]]);
});
