/**
 * The filters of all subscribers have one bound (I4): an equal one costs nothing more, what is released is free again,
 * and what is counted is what the heap really holds.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Filter } from '../../schemas/filter.ts';
import { Failure } from '../../src/base/errors.ts';
import { createHeldFilters, type HeldFilter } from '../../src/feed/held-filters.ts';
import { filterHeapBytes } from '../../src/filter/filter-bytes.ts';
import { FilterIndex } from '../../src/filter/filter-index.ts';
import { filterKey } from '../../src/filter/filter-key.ts';
import { validateFilter } from '../../src/filter/validate-filter.ts';
import { until } from '../../support/poll.ts';
import { filterFrom, sampleEvents } from '../filter/arbitraries.ts';

function valid(sent: unknown): Filter {
  const checked = validateFilter(sent, { loc: [], now: new Date(0), openEnded: true });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues).slice(0, 300));
  return checked.value;
}

const filter = filterFrom(sampleEvents(50, 1)).map(valid);

describe('the filters of all subscribers', () => {
  it('law: count once for each that is held by anybody, and nothing is left when all are released', () => {
    const steps = fc.array(fc.record({ pick: fc.nat(), releases: fc.boolean(), repeats: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 8 }), steps, (filters, all) => {
        const held = createHeldFilters(1e9);
        const open: { of: Filter; hold: HeldFilter }[] = [];
        for (const { pick, releases, repeats } of all) {
          if (releases && open.length > 0) {
            const [gone] = open.splice(pick % open.length, 1);
            gone?.hold.release();
            if (repeats) gone?.hold.release();
          } else {
            const of = filters[pick % filters.length] as Filter; // within its length
            open.push({ of, hold: held.hold([structuredClone(of)]) });
          }
          const distinct = new Map(open.map(({ of }) => [filterKey([of]), filterHeapBytes([of])]));
          expect(held.count).toBe(distinct.size);
          expect(held.heldBytes).toBe([...distinct.values()].reduce((sum, bytes) => sum + bytes, 0));
        }
        for (const { hold } of open) hold.release();
        expect([held.count, held.heldBytes]).toEqual([0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it('beyond the bound are refused by name, but for one that is held already; and taken when there is room again', () => {
    const [one, two] = [valid({ event: { name: ['one'] } }), valid({ event: { name: ['two'] } })];
    const held = createHeldFilters(filterHeapBytes([one]));
    const first = held.hold([one]);
    const later = { ...one, occurred: { since: '2026-01-01T00:00:00Z', until: null } };
    const second = held.hold([later]);
    expect(second.filter.occurred).toEqual(later.occurred);
    expect(second.filter.event).toBe(first.filter.event);
    expect(() => held.hold([two])).toThrow(expect.objectContaining({ failure: 'tooManyFilterBytes' }));
    expect(() => held.hold([two])).toThrow(Failure);
    expect(held.refused).toBe(2);
    first.release();
    second.release();
    held.hold([two]);
  });
});

describe('what a filter is counted for', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // the flag has just been set
  const inHeap = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
  const many = <Item>(count: number, make: () => Item): Item[] => Array.from({ length: count }, make);
  const labelled = (count: number, make: () => string) => ({ resource: { labels: { team: many(count, make) } } });

  /** Of each shape, some hundred kB or many small ones. */
  const shapes: [string, number, () => object][] = [
    ['ids', 6, () => ({ id: { id: many(5_000, randomUUID) } })],
    ['names', 6, () => ({ event: { name: many(9_000, () => hex(5)) } })],
    ['prefixes', 20, () => ({ event: { prefix: many(1_000, () => hex(5)) } })],
    ['ids of resources', 6, () => ({ resource: { id: many(5_000, () => hex(12)) } })],
    ['beginnings of ids', 20, () => ({ resource: { id_prefix: many(1_000, () => hex(6)) } })],
    ['values of a label', 6, () => labelled(9_000, () => hex(4))],
    ['globs', 10, () => labelled(1_000, () => `*${hex(3)}?`)],
    ['label beginnings', 10, () => labelled(1_000, () => `${hex(3)}*`)],
    ['labels', 50, () => ({ resource: { labels: Object.fromEntries(many(50, () => [hex(4), 'a'])) } })],
    ['related resources', 50, () => ({ related: many(50, () => ({ id: [hex(6)] })) })],
    ['roles', 20, () => ({ related: [{ resources_in_roles: many(500, () => [hex(6), hex(3)]) }] })],
    ['any resources', 50, () => ({ any_resource: many(50, () => ({ id: [hex(6)], labels: { a: hex(3) } })) })],
    ['wide characters', 6, () => ({ event: { name: many(2_500, () => `ж${hex(20)}`) } })],
    ['small filters', 3_000, () => ({ event: { name: [hex(8)] }, resource: { labels: { team: [hex(4)] } } })],
  ];

  it.each(shapes)(
    'is no less than the heap has for it, and at most five times as much: %s',
    async (_shape, count, make) => {
      const held = createHeldFilters(1e12);
      const index = new FilterIndex<object>();
      let all: (() => void)[] = [];
      function open(): void {
        const hold = held.hold([valid(JSON.parse(JSON.stringify(make())))]);
        const remove = index.add([hold.filter], hold, hold.fits);
        all.push(() => {
          remove();
          hold.release();
        });
      }
      function close(): void {
        for (const one of all) one();
        all = [];
      }
      // What is compiled and cached at the first time is not the filters'.
      open();
      close();
      const before = inHeap();
      for (let nth = 0; nth < count; nth += 1) open();
      const grownBytes = inHeap() - before;
      expect(held.heldBytes).toBeGreaterThan(grownBytes);
      expect(held.heldBytes).toBeLessThan(5 * grownBytes);
      close();
      // The engine may still know the last one, and what else lay in the heap may go in a later turn.
      await until('all is given back', () => (inHeap() - before < grownBytes / 3 ? true : undefined));
    },
  );
});
