/**
 * A flood of lines, as a law: so many of a minute are written, and the rest is told by its groups, none uncounted.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LeftOut, windowMs } from '../../src/access/left-out.ts';

const linesMax = 20;
const minute = fc.array(fc.nat(250), { maxLength: 600 });

it('writes so many lines of a minute, and tells how many of each group it left out', () => {
  fc.assert(
    fc.property(fc.array(minute, { minLength: 1, maxLength: 3 }), (minutes) => {
      const told = new Map<string, number>();
      let ends: (() => void)[] = [];
      let groupsOfMinute = 0;
      const later = (ms: number, call: () => void): void => {
        expect(ms).toBe(windowMs);
        ends.push(call);
      };
      const bound = new LeftOut(
        linesMax,
        (group, lines) => {
          groupsOfMinute += 1;
          told.set(group, (told.get(group) ?? 0) + lines);
        },
        later,
      );
      let leftOut = 0;
      for (const groups of minutes) {
        const wanted = new Map<string, number>();
        told.clear();
        groupsOfMinute = 0;
        let written = 0;
        for (const group of groups) {
          if (bound.admits(String(group))) written += 1;
          else wanted.set(String(group), (wanted.get(String(group)) ?? 0) + 1);
        }
        expect(ends).toHaveLength(groups.length === 0 ? 0 : 1);
        for (const end of ends) end();
        ends = [];
        expect(written).toBe(Math.min(linesMax, groups.length));
        expect([...told.values()].reduce((sum, lines) => sum + lines, 0)).toBe(groups.length - written);
        expect(groupsOfMinute).toBeLessThanOrEqual(101);
        for (const [group, lines] of told) if (group !== 'others') expect(lines).toBe(wanted.get(group));
        leftOut += groups.length - written;
      }
      expect(bound.total).toBe(leftOut);
    }),
  );
});
