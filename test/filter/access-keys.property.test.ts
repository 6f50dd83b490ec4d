/**
 * The maps of the filter index hold what was put into them, however often and in whatever order, and nothing of what
 * was taken out.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactKeys, LabelKeys, PrefixKeys } from '../../src/filter/access-keys.ts';

const key = fc.constantFrom('', 'a', 'ab', 'x'.repeat(60));
const entries = Array.from({ length: 5 }, (_, nth) => ({ nth }));
const step = fc.record({ key, entry: fc.constantFrom(...entries), isAdded: fc.boolean() });
const texts = ['', 'a', 'ab', 'abc', 'abcd', 'b', 'x'.repeat(60), 'x'.repeat(61)];

test.each([
  ['whole texts', () => new ExactKeys<object>(), (text: string, each: string) => text === each],
  // A longer beginning is kept by its first characters.
  ['beginnings', () => new PrefixKeys<object>(), (text: string, each: string) => text.startsWith(each.slice(0, 48))],
])('law: entries by %s are found as in a list of them', (_, make, fits) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 60 }), (steps) => {
      const keys = make();
      const labels = new LabelKeys<object>(make);
      const model = new Map<string, Set<object>>();
      for (const { key: under, entry, isAdded } of steps) {
        if (isAdded) model.set(under, (model.get(under) ?? new Set()).add(entry));
        else model.get(under)?.delete(entry);
        for (const each of [keys, labels.of('one')]) {
          if (isAdded) each.add(under, entry);
          else each.remove(under, entry);
        }
        const left = [...model].flatMap(([at, set]) => [...set].map((of) => [at, of] as const));
        expect([keys.isEmpty, labels.isEmpty]).toEqual([left.length === 0, left.length === 0]);
        expect([keys.count(under), labels.of('one').count(under)]).toEqual(Array(2).fill(model.get(under)?.size ?? 0));
        expect(labels.of('other').count(under)).toBe(0);
        for (const text of texts) {
          const wanted = left.filter(([at]) => fits(text, at)).map(([, of]) => of);
          const [found, ofLabel]: object[][] = [[], []];
          keys.forEach(text, (of) => found!.push(of));
          labels.forEach('one', text, (of) => ofLabel!.push(of));
          labels.forEach('other', text, () => expect.unreachable('the other label has nothing'));
          const inOrder = (all: object[]) => all.map((of) => entries.indexOf(of as { nth: number })).sort();
          expect([inOrder(found!), inOrder(ofLabel!)]).toEqual([inOrder(wanted), inOrder(wanted)]);
        }
      }
    }),
    { numRuns: 60 },
  );
});
