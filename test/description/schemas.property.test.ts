/**
 * The schema of a filter and its reader mean the same. (The schema of an event is held against the rules of events by
 * test/event-text/event-rules.property.test.ts.)
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ValidationIssue } from '../../schemas/validation-issue.ts';
import { filterBounds } from '../../src/filter/filter-bounds.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { filterFrom, sampleEvents } from '../filter/arbitraries.ts';
import { misfits } from './documents.ts';

const events = sampleEvents(40, 7);
const filter = filterFrom(events);
const place = ['components', 'schemas', 'Filter'];
const now = new Date('2026-11-22T12:00:00Z');

function issuesOf(sent: unknown): readonly ValidationIssue[] {
  const checked = validateFilter(sent, { loc: [], now, openEnded: false });
  return checked.ok ? [] : checked.issues;
}

/** What a schema does not say: how many labels and globs there are in all, which text can be stored, which days are. */
const beyondSchemas = new Set<string>([
  ...Object.values(filterBounds).map(({ type }) => type),
  'string_unicode',
  'value_error',
]);

/** A filter in which one value, wherever it stands, was put in the place of another. */
const disturbed = fc
  .tuple(
    filter,
    fc.nat(),
    fc.constantFrom<unknown>(5, true, '', 'ASC', [], {}, [5], ['a', 'b', 'c'], { a: 'b' }, [[]], 'x'.repeat(201)),
  )
  .map(([sent, nth, odd]) => disturb(sent, nth, odd));

describe('the schema of a filter', () => {
  it('takes every filter of a client', () => {
    fc.assert(
      fc.property(filter, (sent) => {
        expect(misfits('openapi', place, sent)).toBe('');
        expect(misfits('asyncapi', place, sent)).toBe('');
      }),
    );
  });

  it('takes nothing that the server refuses for its form', () => {
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(disturbed, (sent) => {
        const issues = issuesOf(sent).filter(({ type }) => !beyondSchemas.has(type));
        const fits = misfits('openapi', place, sent) === '';
        if (fits) taken += 1;
        else refused += 1;
        if (fits) expect(issues).toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(50);
  });

  it.each([[{ text: {} }], [{ evnt: {} }], [{ related: [{ resources_in_roles: [['a']] }] }], [{ order: 'asc' }]])(
    'and %j is refused by both',
    (sent) => {
      expect(misfits('openapi', place, sent)).not.toBe('');
      expect(issuesOf(sent)).not.toEqual([]);
    },
  );
});

function disturb(sent: unknown, nth: number, odd: unknown): unknown {
  const places = placesIn(sent);
  const [holder, key] = places[nth % places.length] ?? [{}, ''];
  const before = holder[key];
  holder[key] = odd;
  const text = JSON.stringify(sent);
  holder[key] = before;
  return JSON.parse(text);
}

function placesIn(node: unknown): [Record<string, unknown>, string][] {
  if (typeof node !== 'object' || node === null) return [];
  const holder = node as Record<string, unknown>; // a list has keys too
  return Object.keys(holder).flatMap((key) => [
    [holder, key] as [Record<string, unknown>, string],
    ...placesIn(holder[key]),
  ]);
}
