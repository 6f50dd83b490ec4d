/**
 * What one reads of the one-line filter by example: what terms mean, and what is refused.
 */
import { describe, expect, it } from 'vitest';
import { parseFilterLine } from '../../client/src/filter-line.ts';
import { durationMs, timeOf } from '../../client/src/filter-line-time.ts';
import type { LineFilter } from '../../client/src/filter-line-types.ts';
import { writeFilterLine } from '../../client/src/write-filter-line.ts';

const filterOf = (line: string): unknown => parseFilterLine(line).filter;

describe('a line', () => {
  it.each([
    ['', {}],
    ['event:door.opened', { event: { name: ['door.opened'] } }],
    ['event:door.* -event:door.closed', { event: { prefix: ['door.'], exclude_name: ['door.closed'] } }],
    ['event:a event:b', { event: { name: ['a', 'b'] } }],
    ['resource:door.7', { resource: { id: ['door.7'] } }],
    ['region=eu region=us* -zone=a', { resource: { labels: { region: ['eu', 'us*'], zone: ['!a'] } } }],
    ['region="north sea"', { resource: { labels: { region: ['north sea'] } } }],
    ['url=http://x:80/a=b', { resource: { labels: { url: ['http://x:80/a=b'] } } }],
    ['"a:b"=c', { resource: { labels: { 'a:b': ['c'] } } }],
    ['related:run.1&role=flow', { related: [{ id: ['run.1'], role: ['flow'] }] }],
    [
      'any:door.*&region=eu any:x',
      { any_resource: [{ id_prefix: ['door.'], labels: { region: ['eu'] } }, { id: ['x'] }] },
    ],
    ['any:role=flow', { any_resource: [{ labels: { 'prefect.resource.role': ['flow'] } }] }],
    ['ann -bob "two words"', { text: { query: 'ann -bob "two words"' } }],
    ['text:"+ann bob"', { text: { query: '+ann bob' } }],
    ['"http://x"', { text: { query: '"http://x"' } }],
  ])('means what it says: %s', (line, filter) => {
    expect(filterOf(line)).toEqual(filter);
  });

  it.each([
    ['http://x', 'There is no field "http"'],
    ['event:a event:b*', 'cannot be said: the API would want both'],
    ['event:*.opened', 'a star can only stand at the end'],
    ['-resource:a', '-resource: cannot be said'],
    ['-region=a -region=b', 'Several terms of the label region'],
    ['event:', 'event: needs a value'],
    ['since:yesterday', 'since:yesterday is no time'],
    ['since:2026-02-30', 'is no time'],
    ['since:1h since:2h', 'stands there twice'],
    ['region="eu', 'is not closed'],
    ['related:a*', 'takes whole ids there'],
    ['x'.repeat(201), '201 characters; 200 are allowed'],
  ])('is refused where the API cannot say it: %s', (line, why) => {
    expect(() => parseFilterLine(line)).toThrow(why);
  });
});

describe('a filter', () => {
  it.each([
    [{ event: { name: ['a*'] } }],
    [{ resource: { labels: { a: [] } } }],
    [{ resource: { labels: { a: ['!b', '!c'] } } }],
    [{ related: [{ id: ['a&b'] }] }],
    [{ related: [{ resources_in_roles: [['a', 'b']] }] }],
    [{ resource: { distinct: true } }],
  ])('that no line says is refused: %j', (filter) => {
    const given = filter as LineFilter; // some of them have what its type has not
    expect(() => writeFilterLine({ filter: given })).toThrow('give it as JSON');
  });
});

describe('a time', () => {
  const nowMs = Date.parse('2026-11-29T08:30:00Z');
  it.each([
    ['10m', '2026-11-29T08:20:00.000Z'],
    ['1.5h', '2026-11-29T07:00:00.000Z'],
    ['2026-11-29', '2026-11-29T00:00:00Z'],
    ['2026-11-29 08:30', '2026-11-29T08:30:00Z'],
    ['2026-11-29T08:30:00.123456+02:00', '2026-11-29T08:30:00.123456+02:00'],
  ])('is as the API takes it: %s', (text, time) => {
    expect(timeOf('since', text, nowMs)).toBe(time);
  });

  it('knows lengths of time', () => {
    expect(['45s', '10m', '12h', '7d', '1w', 'm', ''].map(durationMs)).toEqual([
      45_000,
      600_000,
      43_200_000,
      604_800_000,
      null,
      null,
      null,
    ]);
  });
});
