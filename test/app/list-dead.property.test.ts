/**
 * What an operator is shown of the dead letter: the oldest events that fit the filter that is forced on it, in their
 * order, and whether more of these follow (I14).
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readForcedFilter } from '../../src/access/forced-filter.ts';
import { listDead } from '../../src/app/list-dead.ts';
import { splitRow } from '../../src/event-log/row.ts';
import type { DeadEvent } from '../../src/table-writer/ports.ts';
import { rowLine } from '../../support/rows.ts';

interface Dead {
  readonly tenant: 'a' | 'b';
  readonly day: number;
  readonly name: string;
}

const dead: fc.Arbitrary<Dead> = fc.record({
  tenant: fc.constantFrom('a', 'b'),
  day: fc.integer({ min: 1, max: 3 }),
  name: fc.constantFrom('door.opened', 'door.closed', 'wall'),
});

const two = (number: number): string => String(number).padStart(2, '0');
const rowOf = ({ tenant, day, name }: Dead, seq: number): string => {
  const resource = { 'prefect.resource.id': 'r', tenant };
  return rowLine({ seq, occurred: `2026-01-${two(day)} 00:00:00.000001`, event: name, resource }).slice(0, -1);
};

/** Each with what it means for these events. */
const forced: readonly (readonly [filter: object, fits: (event: Dead) => boolean])[] = [
  [{ resource: { labels: { tenant: ['a'] } } }, ({ tenant }) => tenant === 'a'],
  [{ event: { prefix: ['door.'] } }, ({ name }) => name.startsWith('door.')],
  [{ occurred: { since: '2026-01-02T00:00:00.000001Z' } }, ({ day }) => day >= 2],
  [{ occurred: { until: '2026-01-02T00:00:00.000001Z' } }, ({ day }) => day <= 2],
];

it('law: a listing shows what all forced filters fit, the oldest first, and says whether there are more', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(dead, { maxLength: 250 }),
      fc.subarray([...forced]),
      fc.integer({ min: 1, max: 120 }),
      async (events, chosen, eventsMax) => {
        const entries = events.map((event, nth): DeadEvent => {
          return { seq: nth + 1, epoch: 'e', at: `at ${nth}`, reason: `reason ${nth}`, row: rowOf(event, nth + 1) };
        });
        const filters = chosen.map(([filter]) => {
          const checked = readForcedFilter(filter);
          if (!checked.ok) throw new Error('A filter of this test is none');
          return checked.value;
        });
        const deadLetter = {
          async *entries() {
            yield* entries;
          },
        };
        const wanted = entries
          .filter((_, nth) => chosen.every(([, fits]) => fits(events[nth]!)))
          .map(({ seq, at, reason, row }) => ({ seq, id: splitRow(row).id, since: at, reason }));
        expect(await listDead(deadLetter, eventsMax, filters)).toEqual({
          events: wanted.slice(0, eventsMax),
          more: wanted.length > eventsMax,
        });
      },
    ),
  );
});
