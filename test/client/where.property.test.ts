/**
 * Filters step by step: whatever steps are taken, the API takes the filter, and steps of one part add to each other.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Where, where } from '../../client/src/where.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';

const word = fc.stringMatching(/^[a-z.]{1,8}\*?$/);
const labels = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,4}$/),
  fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
);
const related = fc.record({ id: fc.array(word, { minLength: 1 }), labels }, { requiredKeys: ['id'] });
const step: fc.Arbitrary<(from: Where) => Where> = fc.oneof(
  fc.array(word).map((names) => (from: Where) => from.event(...names)),
  fc.array(word).map((names) => (from: Where) => from.notEvent(...names)),
  fc.array(fc.oneof(word, labels)).map((terms) => (from: Where) => from.resource(...terms)),
  related.map((entry) => (from: Where) => from.related(entry)),
  related.map((entry) => (from: Where) => from.anyResource(entry)),
  fc.uuid().map((id) => (from: Where) => from.id(id)),
  fc
    .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
    .map((date) => (from: Where) => from.since(date)),
  fc.constant((from: Where) => from.text('"a phrase" -not')),
);

it('makes only what the API has', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { filter } = steps.reduce((from, take) => take(from), where());
      const sent: unknown = JSON.parse(JSON.stringify(filter));
      const checked = validateFilter(sent, { loc: [], now: new Date('2026-11-29T00:00:00Z'), openEnded: true });
      expect(checked.ok ? [] : checked.issues).toEqual([]);
    }),
  );
});

it('adds step to step, and leaves the filter before as it was', () => {
  const doors = where().event('door.*', 'lift.moved');
  const { filter } = doors
    .event('gate.open')
    .notEvent('door.x')
    .resource('r.1', { region: ['eu', '!us'] }, 'r.2*');
  expect(doors.filter).toEqual({ event: { name: ['lift.moved'], prefix: ['door.'] } });
  expect(filter).toEqual({
    event: { name: ['lift.moved', 'gate.open'], prefix: ['door.'], exclude_name: ['door.x'] },
    resource: { id: ['r.1'], id_prefix: ['r.2'], labels: { region: ['eu', '!us'] } },
  });
});
