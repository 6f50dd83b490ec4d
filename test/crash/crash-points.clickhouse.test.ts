/**
 * I1, I3, I8 on the running process under load: killed at every fail point at least once, and Sluice, its engine and
 * both at random instants, without and with power cuts; restarted on the same data folder each time. `npm run crash` is
 * the long form.
 */
import { expect, it } from 'vitest';
import { failPoints } from '../../src/base/fail-point.ts';
import { testSeed as seed } from '../seed.ts';
import { planKills } from './plan.ts';
import { runCrashes } from './run-crashes.ts';

const options = { rate: 150, say: () => undefined };

it('killed at every named point, nothing acknowledged is lost, nothing is stored or seen twice, nobody ' +
  'sees a hole', async () => {
  const kills = planKills(seed, 1, 2, 30);
  const { hits, broken, books } = await runCrashes({ ...options, kills, durability: 'process' });
  expect(broken, `seed ${seed}, ${JSON.stringify(books)}`).toEqual([]);
  expect(Object.keys(hits)).toEqual(expect.arrayContaining([...failPoints]));
}, 300_000);

it.each([
  ['fsync', 'loses nothing acknowledged'],
  ['process', 'starts again with a new epoch, loses what was not synced'],
] as const)(
  '%s mode %s to power cuts, and stores nothing twice',
  async (durability, _promise) => {
    const kills = planKills(seed, 0, 4);
    const { hits, broken, books } = await runCrashes({ ...options, kills, durability, powerCutSeed: seed });
    expect(broken, `seed ${seed}, ${JSON.stringify(books)}`).toEqual([]);
    expect(hits['power cut']).toBe(2);
    expect(books['lost'] ?? 0).toBe((books['acknowledged'] ?? 0) - (books['rows'] ?? 0) - (books['deadLetters'] ?? 0));
  },
  300_000,
);
