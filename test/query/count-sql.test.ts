/** The statements of counts as texts: what they read, name and bind. What they say is in counts.clickhouse.test.ts. */
import { describe, expect, test } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { bucketsOf } from '../../src/query/buckets.ts';
import { bucketsSql, type CountSql, groupsSql, labelGroupsSql } from '../../src/query/count-sql.ts';
import { filterOf } from './stored-rows.ts';

const now = '2026-11-22T19:00:00Z';
const range = { since: '2026-11-16T00:10:00Z', until: '2026-11-20T00:00:00Z' };
const days = filterOf(range.since, range.until);
const named: Filter = { ...days, event: { prefix: [], excludePrefix: [], name: ['a'], excludeName: [] } };
const short = filterOf('2026-11-16T00:10:00Z', '2026-11-16T01:20:00Z');

const statements: [string, CountSql, readings: number][] = [
  ['by event, of days', groupsSql([days], 'event'), 2],
  ['by event, of days, by name', groupsSql([named], 'event'), 2],
  ['by event, of an hour', groupsSql([short], 'event'), 1],
  ['by resource, of days', groupsSql([days], 'resource'), 2],
  ['by resource, of days, by name', groupsSql([named], 'resource'), 1],
  ['by resource, of an hour', groupsSql([short], 'resource'), 1],
  ['by a label', labelGroupsSql([days], { label: 'env' }), 1],
  ['by the names of labels', labelGroupsSql([days], { label: null }), 1],
  ['by hours', bucketsSql([days], bucketsOf(range, 'hour', 1, now)), 2],
  ['by half hours', bucketsSql([days], bucketsOf(range, 'hour', 0.5, now)), 1],
  ['by hours, of an hour', bucketsSql([short], bucketsOf(range, 'hour', 1, now)), 1],
];

describe.each(statements)('a count %s', (_, { sql, params, settings }, readings) => {
  test('reads the middle and the edges where a projection knows the middle, and looks for one only then', () => {
    expect(sql.match(/FROM events/g)).toHaveLength(readings);
    expect(settings.optimize_use_projections).toBe(readings === 2 ? 1 : 0);
  });

  test('names nothing that it has not made, and binds all that it names', () => {
    const made = new Set([...sql.matchAll(/ AS (\w+)/g)].map(([, name]) => name));
    const used = [...sql.matchAll(/\b(?:part|group|last|bucket)_(?:value|count|first|last|name|place)\b(?!:)/g)];
    const strange = used.map(([name]) => name).filter((name) => !made.has(name) && !(name in params));
    expect(strange).toEqual([]);
    const bound = new Set([...sql.matchAll(/\{(\w+):/g)].map(([, name]) => name));
    expect([...bound].toSorted()).toEqual(Object.keys(params).toSorted());
  });
});
