/** The filter of a call, as commands that ask and commands that follow want it. */
import { expect, it } from 'vitest';
import { readFilter, readFollowed } from '../../cli/read-filter.ts';

const nowMs = Date.parse('2026-11-29T12:00:00Z');
const call = { words: ['event:door.*', 'since:10m', 'until:2026-11-29T13:00:00Z'], options: {} };
const [since, until] = ['2026-11-29T11:50:00.000Z', '2026-11-29T13:00:00Z'];

it('has both ends of the window for a question', () => {
  expect(readFilter(call, nowMs)).toEqual({ event: { prefix: ['door.'] }, occurred: { since, until } });
});

it('keeps the end where something follows, and tells where that begins', () => {
  expect(readFollowed(call, nowMs)).toEqual({ filter: { event: { prefix: ['door.'] }, occurred: { until } }, since });
  expect(readFollowed({ ...call, words: ['door'] }, nowMs)).toEqual({ filter: { text: { query: 'door' } } });
});
