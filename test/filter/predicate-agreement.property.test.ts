/**
 * I6 without a database: the live predicate means what the reference, written from the specification alone, means, for
 * random events and filters. The SQL's part is in filter-agreement.clickhouse.test.ts.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { insideWindow } from '../../src/filter/parts/occurred.ts';
import { compilePredicate } from '../../src/filter/predicate.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { testSeed } from '../seed.ts';
import { filterFrom, sampleEvents } from './arbitraries.ts';
import { referenceFits } from './reference.ts';

test('the predicate and the reference agree on random filters and events', () => {
  for (let round = 0; round < 4; round += 1) {
    const events = sampleEvents(60, testSeed);
    fc.assert(
      fc.property(filterFrom(events), (sent) => {
        const checked = validateFilter(sent, { loc: [], now: new Date(), openEnded: false });
        if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
        const fits = compilePredicate([checked.value]);
        const found = events.filter(
          (event) => fits(event) && insideWindow(checked.value.occurred, event.body.occurred),
        );
        const wanted = events.filter((event) => referenceFits(sent, event));
        expect(
          found.map(({ seq }) => seq),
          `events of seed ${testSeed}`,
        ).toEqual(wanted.map(({ seq }) => seq));
      }),
      { numRuns: 150 },
    );
  }
});
