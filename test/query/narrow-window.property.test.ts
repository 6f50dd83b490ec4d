/**
 * The guess of where a page lies (I7): a window that begins where the whole one does, so that what it holds is what
 * comes first.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTimeForClickHouse, fromMicros, toMicros } from '../../src/filter/time.ts';
import { narrowWindow } from '../../src/query/narrow-window.ts';
import { filterOf } from './stored-rows.ts';

const first = toMicros('0001-01-01T00:00:00Z');
const last = toMicros('9999-12-31T23:59:59.999999Z');
const micros = fc.oneof(
  fc.bigInt(first, last),
  fc.bigInt(toMicros('2026-11-20T00:00:00Z'), toMicros('2026-11-27T00:00:00Z')),
  fc.constantFrom(first, last),
);
const text = (at: bigint): string => fromMicros(at) ?? '';

const wanted = fc.record({
  one: micros,
  other: micros,
  order: fc.constantFrom('ASC' as const, 'DESC' as const),
  limit: fc.integer({ min: 1, max: 50 }),
  remaining: fc.integer({ min: 1, max: 100_000_000 }),
  after: fc.option(micros),
});

test('law: the narrow window is a short beginning of the whole one, as order and position have it', () => {
  const narrowed = { ASC: 0, DESC: 0 };
  fc.assert(
    fc.property(wanted, ({ one, other, order, limit, remaining, after }) => {
      const [since, until] = one < other ? [one, other] : [other, one];
      const filter = filterOf(text(since), text(until), { order });
      const inside = after === null || after < since || after > until ? null : after;
      const position = inside === null ? null : { occurred: formatTimeForClickHouse(text(inside)), id: '' };
      const narrow = narrowWindow({ filter, limit, remaining, after: position });
      if (narrow === null) return;
      narrowed[order] += 1;
      // Oldest events first have no narrow first page.
      expect(order === 'ASC' && position === null).toBe(false);
      const [from, to] = [toMicros(narrow.occurred.since), toMicros(narrow.occurred.until ?? '')];
      expect({ ...narrow, occurred: null }).toEqual({ ...filter, occurred: null });
      if (order === 'DESC') expect(to).toBe(until);
      else expect(from).toBe(since);
      expect(from >= since && to <= until).toBe(true);
      const begin = inside ?? (order === 'DESC' ? until : since);
      const [whole, part] = order === 'DESC' ? [begin - since, begin - from] : [until - begin, to - begin];
      expect(part >= 0n && part * 4n <= whole).toBe(true);
    }),
    { numRuns: 2000 },
  );
  // It is worth its while in either order.
  expect(Math.min(narrowed.ASC, narrowed.DESC)).toBeGreaterThan(100);
});

test('an open end, few events, or oldest events first give no guess', () => {
  const filter = filterOf('2026-11-20T00:00:00Z', '2026-11-27T00:00:00Z', { order: 'DESC' });
  const page = { limit: 50, after: null };
  expect(narrowWindow({ ...page, filter, remaining: 1_000_000 })?.occurred.since).toBe('2026-11-26T23:57:59.040000Z');
  expect(narrowWindow({ ...page, filter, remaining: 799 })).toBeNull();
  const open = { ...filter, occurred: { ...filter.occurred, until: null } };
  expect(narrowWindow({ ...page, filter: open, remaining: 1_000_000 })).toBeNull();
  expect(narrowWindow({ ...page, filter: { ...filter, order: 'ASC' }, remaining: 1_000_000 })).toBeNull();
});
