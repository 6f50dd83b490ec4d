/** The allowances of a server: one for each token, few names in the metrics, and a bound on all of them. */
import { describe, expect, it } from 'vitest';
import { createAllowances } from '../../src/access/allowances.ts';
import { everything, type Identity, type Limits, noLimits } from '../../src/access/identity.ts';

const nowMs = 0;
const limited = (name: string, limits: Limits = { ...noLimits, rate: 10 }): Identity => ({
  ...everything,
  ...{ seal: `token:${name}`, name, limits },
});

describe('allowances', () => {
  it('are none for who has no limits, and one for all connections of a token', () => {
    const allowances = createAllowances(noLimits, () => nowMs);
    expect(allowances.of(everything)).toBeNull();
    expect(allowances.of(limited('free', noLimits))).toBeNull();
    expect(allowances.of(limited('a'))).toBe(allowances.of(limited('a')));
    expect(allowances.of(limited('a'))).not.toBe(allowances.of(limited('b')));
  });

  it('take defaults for what a token does not name, and never for the auth string', () => {
    const allowances = createAllowances({ ...noLimits, rate: 1, connections: 1 }, () => nowMs);
    expect(allowances.of(everything)).toBeNull();
    const allowance = allowances.of(limited('a', { ...noLimits, rate: 100 }));
    expect(allowance?.takeBatch(200, 1)).toBeNull();
    expect(allowance?.takeBatch(1, 1)?.failure).toBe('overRate');
    expect(allowance?.enter()).toBeNull();
    expect(allowance?.enter()?.failure).toBe('overConnections');
  });

  it('show 50 names, and count the rest as other', () => {
    const allowances = createAllowances(noLimits, () => nowMs);
    for (let nth = 0; nth < 60; nth += 1) allowances.of(limited(`n${nth}`))?.takeBatch(2, 5);
    expect(allowances.usages.size).toBe(51);
    expect(allowances.usages.get('other')).toMatchObject({ events: 20, bytes: 50 });
    expect(allowances.usages.get('n49')).toMatchObject({ events: 2, bytes: 5 });
  });

  it('are let go when there are too many, but never one that is in use or the newest that owes', () => {
    const allowances = createAllowances(noLimits, () => nowMs);
    const used = allowances.of(limited('used'));
    used?.enter();
    const owing = allowances.of(limited('owing'));
    owing?.takeBatch(1_000, 1);
    for (let nth = 0; nth < 25_000; nth += 1) allowances.of(limited(`n${nth}`));
    expect(allowances.of(limited('used'))).toBe(used);
    expect(allowances.of(limited('owing'))).toBe(owing);
    expect(allowances.of(limited('n0'))?.takeBatch(1, 1)).toBeNull();
  });
});
