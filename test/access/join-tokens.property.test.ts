/** However often and in whatever order places are joined, they end up alike, and nothing revoked comes back. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noLimits } from '../../src/access/identity.ts';
import { joinTokens } from '../../src/access/join-tokens.ts';
import type { TokenRecord } from '../../src/access/token-record.ts';

const times = [null, '2026-11-29T00:00:00.000Z', '2026-11-30T00:00:00.000Z'];
const record = (id: number, revoked: string | null): TokenRecord => ({
  ...{ id: String(id), name: `of ${id}`, hash: '', rights: ['read'] as const, filter: null, label: null },
  ...{ limits: noLimits, made: '2026-11-28T00:00:00.000Z', expires: null, revoked },
});
const place = fc
  .dictionary(fc.constantFrom('1', '2', '3', '4'), fc.constantFrom(...times))
  .map((ends) => Object.entries(ends).map(([id, revoked]) => record(Number(id), revoked)));
const sorted = (records: readonly TokenRecord[]) => [...records].sort((a, b) => a.id.localeCompare(b.id));

it('joins places to one result', () => {
  fc.assert(
    fc.property(place, place, place, (a, b, c) => {
      const all = sorted(joinTokens(joinTokens(a, b), c));
      expect(sorted(joinTokens(c, joinTokens(b, a)))).toEqual(all);
      expect(joinTokens(all, b)).toBe(all);
      expect(all.map(({ id }) => id)).toEqual([...new Set([...a, ...b, ...c].map(({ id }) => id))].sort());
      for (const each of [...a, ...b, ...c]) {
        if (each.revoked !== null) expect(all.find(({ id }) => id === each.id)?.revoked).not.toBeNull();
      }
    }),
  );
});
