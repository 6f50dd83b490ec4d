/**
 * I1, I3, I8 on the running process under load: killed at every fail point at least once, and Sluice, its engine and both at
 * random instants; restarted on the same data folder each time. `npm run crash` is the long form.
 */
import { expect, it } from 'vitest';
import { failPoints } from '../../src/fail-point.ts';
import { planKills } from './plan.ts';
import { runCrashes } from './run-crashes.ts';

const seed = Number(process.env['SLUICE_CRASH_SEED'] ?? Date.now() % 1_000_000);

it('killed at every named point, nothing acknowledged is lost, nothing is stored or seen twice, nobody sees a hole', async () => {
  const kills = planKills(seed, 1, 4);
  const { hits, broken, books } = await runCrashes({ kills, durability: 'process', rate: 250, say: () => undefined });
  expect(broken, `seed ${seed}, ${JSON.stringify(books)}`).toEqual([]);
  expect(Object.keys(hits)).toEqual(expect.arrayContaining([...failPoints]));
}, 300_000);
