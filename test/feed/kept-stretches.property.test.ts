/**
 * Stretches of the log are kept within a bound, whoever reads and whoever leaves (I4); what goes is the longest unused,
 * and what nobody is to come by.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type KeptStretch, KeptStretches, type StretchReaders } from '../../src/feed/kept-stretches.ts';

const mebibyte = 1024 * 1024;
const boundBytes = 8 * mebibyte;

type Step =
  | { readonly kind: 'keep'; readonly readers: number; readonly mebibytes: number }
  | { readonly kind: 'use' | 'drop'; readonly nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('keep' as const),
    readers: fc.integer({ min: 2, max: 4 }),
    mebibytes: fc.constantFrom(0.5, 1, 3, 9),
  }),
  fc.record({ kind: fc.constantFrom('use' as const, 'use' as const, 'drop' as const), nth: fc.nat(20) }),
);

test('law: what is kept is within the bound, in the order of use, and no longer than somebody is to come by', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const kept = new KeptStretches();
      const stretches: StretchReaders['stretches'] = new Map();
      /** By where they begin, the longest unused first: bytes, and who is to come. */
      let model: { readonly from: number; readonly bytes: number; readonly awaited: number }[] = [];
      const sum = () => model.reduce((bytes, each) => bytes + each.bytes, 0);
      for (const [from, now] of steps.entries()) {
        if (now.kind === 'keep') {
          const bytes = now.mebibytes * mebibyte;
          kept.keep({ stretches, readers: now.readers }, from, { matches: [], last: from, bytes, from: '', to: '' });
          model.push({ from, bytes, awaited: now.readers - 1 });
          while (sum() > boundBytes) model.shift();
        } else {
          const chosen = model[now.nth];
          if (chosen === undefined) continue;
          const entry = stretches.get(chosen.from) as KeptStretch; // the model says that it is there
          model = model.filter((each) => each !== chosen);
          if (now.kind === 'drop') kept.drop(entry);
          else {
            expect(kept.use(entry).last).toBe(chosen.from);
            if (chosen.awaited > 1) model.push({ ...chosen, awaited: chosen.awaited - 1 });
          }
        }
        expect([...stretches.keys()].sort((a, b) => a - b)).toEqual(
          model.map((each) => each.from).sort((a, b) => a - b),
        );
      }
    }),
    { numRuns: 300 },
  );
});
