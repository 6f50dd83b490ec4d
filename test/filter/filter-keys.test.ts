/**
 * The keys of filters stay as they are, to the byte: a resume token holds the hash of one. The fixture holds 200
 * filters with the keys that were in use when it was made; it is never made anew.
 */
import { expect, test } from 'vitest';
import { filterKey } from '../../src/filter/filter-key.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { readFixture } from './read-fixture.ts';

const kept = readFixture<{ filter: unknown; key: string }>('filter-keys');

test('each of 200 filters has the key that it had', () => {
  expect(kept).toHaveLength(200);
  for (const { filter, key } of kept) {
    for (const openEnded of [true, false]) {
      const checked = validateFilter(filter, { loc: [], now: new Date(), openEnded });
      expect(checked.ok && filterKey([checked.value]), JSON.stringify(filter)).toBe(key);
    }
  }
});

test('the fixture says something of each part', () => {
  const keys = new Set(kept.map(({ key }) => key));
  expect(keys.size).toBeGreaterThan(150);
  const named = kept.flatMap(({ filter }) => Object.keys(filter as object)); // a filter is an object
  for (const part of ['event', 'resource', 'related', 'any_resource', 'id', 'text', 'occurred', 'order']) {
    expect(named.filter((name) => name === part).length, part).toBeGreaterThan(1);
  }
});
