/** The ids that the client makes: UUIDs of version 7, each another, in the order in which they were made. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeId } from '../../client/src/make-id.ts';

it('rise with time, and within a millisecond in the order of the calls', () => {
  const steps = fc.array(fc.record({ stepMs: fc.nat({ max: 2 }), ids: fc.integer({ min: 1, max: 300 }) }));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), steps, (beginMs, all) => {
      let nowMs = beginMs;
      const made: string[] = [];
      for (const { stepMs, ids } of all) {
        nowMs += stepMs;
        // At most what one millisecond has room for.
        if (stepMs === 0 && made.length > 0) continue;
        for (let nth = 0; nth < ids; nth += 1) made.push(makeId(nowMs));
      }
      expect(made.toSorted()).toEqual(made);
      expect(new Set(made).size).toBe(made.length);
      for (const id of made)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const [last] = made.slice(-1);
      if (last !== undefined) expect(Number.parseInt(last.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
    }),
    { numRuns: 50 },
  );
});

it('stay unique beyond the room of a millisecond', () => {
  const made = new Set(Array.from({ length: 20_000 }, () => makeId(1_700_000_000_000)));
  expect(made.size).toBe(20_000);
});
